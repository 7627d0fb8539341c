//! Checks every target as `plan` does, for a release in a temporary folder.

use aws_names::Region;
use model_release::aws::{Caller, Session, TargetSessions, check_targets};
use model_release::configuration::Configuration;
use model_release::preflight::{PlannedRollout, Scope};
use model_release::release_build::Home;
use model_release::{Diagnostic, DoctorReport, Failure, FailureKind, Release, Stage, approved_bytes, deploy};
use stack_rollout::{Observed, observe_without_overrides, plan};
use tempfile::TempDir;

use crate::progress;
use crate::release_build;
use crate::requests::{self, BuildCommand};
use command_line::{DoctorOptions, PreferenceOptions};
use terminal::{Printer, Project};

/// The inputs of the checks.
pub(super) struct TargetChecks<'a> {
    pub(super) printer: Printer,
    pub(super) project: &'a Project,
    pub(super) options: &'a DoctorOptions,
    pub(super) session: &'a Session,
    pub(super) caller: &'a Caller,
    pub(super) inputs: &'a Configuration,
    /// Whether the accounts of each stage are known.
    pub(super) known: [bool; 2],
}

/// Chooses the model package as `build` would, and checks every target of both stages.
pub(super) async fn check(checks: &TargetChecks<'_>, mut command: BuildCommand, report: &mut DoctorReport) -> Result<(), Failure> {
    const PACKAGE: &str = "model-package-choice";
    const RELEASE: &str = "release";
    let folder = TempDir::new().map_err(|error| Diagnostic::error(format!("cannot create a temporary folder: {error}")))?;
    // Uploads nothing: the template's artifacts are written to the temporary folder.
    command.artifact_dir = Some(folder.path().to_owned());
    let group = command.request.group.name().to_string();
    let quiet = Printer { quiet: true, ..checks.printer };
    let access = |region: Option<&Region>| checks.session.registry_access(region);
    let home = home(checks);
    let mut found = Vec::new();
    let (built, without_package) =
        match Box::pin(release_build::build(quiet, checks.project, &command, checks.inputs, access, &home, &mut found)).await {
            Ok(built) => {
                report.ok(PACKAGE, built.manifest.model_package.arn.clone());
                (built, false)
            }
            Err(failure) => {
                let check = if failure.kind == FailureKind::BadInput { RELEASE } else { PACKAGE };
                report.failure(check, &group, &failure);
                // All checks that do not need the model package can still run.
                let placeholder = command.request.select_placeholder(&home, &checks.caller.partition)?;
                let access = |_: Option<&Region>| placeholder.clone();
                let mut of_placeholder = Vec::new();
                match Box::pin(release_build::build(quiet, checks.project, &command, checks.inputs, access, &home, &mut of_placeholder))
                    .await
                {
                    Ok(built) => (built, true),
                    Err(again) => {
                        if failure.kind != FailureKind::BadInput {
                            report.failure(RELEASE, &group, &again);
                        }
                        report.not_reached("targets", "every target", "no release can be built, so the needs of the stacks are unknown");
                        return Ok(());
                    }
                }
            }
        };
    let unread = found.into_iter().filter(|finding| finding.code == Some(approved_bytes::NOT_KNOWN));
    for finding in unread {
        report.failure("approved-bytes", &group, &Failure::new(FailureKind::Nothing, vec![finding]));
    }
    let release = Release::of(built);
    for (stage, known) in Stage::ALL.into_iter().zip(checks.known) {
        if known {
            targets_of(checks, &release, stage, Scope::Everything { without_package }, report).await?;
        } else {
            report.not_reached("targets", &format!("every {stage} target"), "the stage's accounts are unknown");
        }
    }
    Ok(())
}

async fn targets_of(
    checks: &TargetChecks<'_>,
    release: &Release,
    stage: Stage,
    scope: Scope,
    report: &mut DoctorReport,
) -> Result<(), Failure> {
    const STACK_SET: &str = "stack-set";
    let stage_targets = release.manifest.stage(stage);
    let set = checks.options.stack_set(stage, &stage_targets.env_type);
    let request = requests::rollout(release, &set, &PreferenceOptions::default(), &[])?;
    let stack_sets = checks.session.stack_sets(request.call_as);
    let observed = match observe_without_overrides(&stack_sets, &request.release.stack_set).await {
        Ok(observed) => {
            let found = match &observed.stack_set {
                Some(_) => format!("{} stack{}", observed.instances.len(), if observed.instances.len() == 1 { "" } else { "s" }),
                None => "does not exist yet".to_owned(),
            };
            report.ok(STACK_SET, format!("{}: {found}", stage_targets.stack_set));
            observed
        }
        Err(error) => {
            report.failure(STACK_SET, &stage_targets.stack_set, &deploy::refused(&error, request.call_as));
            Observed::default()
        }
    };
    let plan = plan(&request.release, &observed);
    for problem in &plan.problems {
        let finding = Diagnostic::from(problem);
        let hint = finding.hint.clone().or_else(|| Some("docs/commands.md, plan".to_owned()));
        report.failed(STACK_SET, &stage_targets.stack_set, finding.with_hint_opt(hint));
    }
    let sessions = TargetSessions::new(checks.session, release, stage_targets, &requests::target_role(&set.role)?, "doctor");
    let rollout = PlannedRollout { release, request: &request, observed: &observed, plan: &plan, scope };
    report.preflight(&check_targets(checks.session, &sessions, &rollout, progress::preflight(checks.printer)).await);
    Ok(())
}

fn home(checks: &TargetChecks<'_>) -> Home {
    Home { account: Some(checks.caller.account.clone()), region: Some(checks.session.region().to_owned()) }
}
