//! What every target has, asked as `plan` asks it: of a release that is built into a folder of its own and thrown away.

use aws_names::Region;
use model_registry::Selection;
use model_registry::documents::NoDocuments;
use model_registry::snapshot::Snapshot;
use model_release::aws::{Caller, Session, TargetSessions, check_targets};
use model_release::configuration::Configuration;
use model_release::preflight::{PlannedRollout, Scope};
use model_release::release_build::{BuildRequest, Home, RegionalSelection};
use model_release::{Diagnostic, DoctorReport, Failure, FailureKind, PackageSelection, RegistryAccess, Release, Stage, deploy, problems};
use serde_json::json;
use stack_rollout::{Observed, observe_without_overrides, plan};
use tempfile::TempDir;

use crate::cli::{DoctorOptions, PreferenceOptions};
use crate::printer::Printer;
use crate::progress;
use crate::project::Project;
use crate::release_build;
use crate::requests::{self, BuildCommand};

/// What the targets are looked at with.
pub(super) struct Look<'a> {
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
pub(super) async fn check(look: &Look<'_>, mut command: BuildCommand, report: &mut DoctorReport) -> Result<(), Failure> {
    const PACKAGE: &str = "model-package-choice";
    const RELEASE: &str = "release";
    let folder = TempDir::new().map_err(|error| Diagnostic::error(format!("no temporary folder can be made: {error}")))?;
    // Nothing may be uploaded: what the template names goes into a folder, which is thrown away.
    command.artifact_dir = Some(folder.path().to_owned());
    let group = command.request.group.name().to_string();
    let quiet = Printer { quiet: true, ..look.printer };
    let access = |region: Option<&Region>| look.session.registry_access(region);
    let (built, without_package) =
        match Box::pin(release_build::build(quiet, look.project, &command, look.inputs, access, &home(look))).await {
            Ok(built) => {
                report.ok(PACKAGE, built.manifest.model_package.arn.clone());
                (built, false)
            }
            Err(failure) => {
                let check = if failure.kind == FailureKind::BadInput { RELEASE } else { PACKAGE };
                report.failure(check, &group, &failure);
                // All that has nothing to do with the model package can still be checked.
                let placeholder = placeholder(look, &mut command.request)?;
                let access = |_: Option<&Region>| placeholder.clone();
                match Box::pin(release_build::build(quiet, look.project, &command, look.inputs, access, &home(look))).await {
                    Ok(built) => (built, true),
                    Err(again) => {
                        if failure.kind != FailureKind::BadInput {
                            report.failure(RELEASE, &group, &again);
                        }
                        report.not_reached("targets", "every target", "no release can be made, so what the stacks need is not known");
                        return Ok(());
                    }
                }
            }
        };
    let release = Release::of(built);
    for (stage, known) in Stage::ALL.into_iter().zip(look.known) {
        if known {
            targets_of(look, &release, stage, Scope::Everything { without_package }, report).await?;
        } else {
            report.not_reached("targets", &format!("every {stage} target"), "the stage's accounts are not known");
        }
    }
    Ok(())
}

async fn targets_of(look: &Look<'_>, release: &Release, stage: Stage, scope: Scope, report: &mut DoctorReport) -> Result<(), Failure> {
    const STACK_SET: &str = "stack-set";
    let stage_targets = release.manifest.stage(stage);
    let set = look.options.stack_set(stage, &stage_targets.env_type);
    let asked = requests::rollout(release, &set, &PreferenceOptions::default())?;
    let stack_sets = look.session.stack_sets(asked.call_as);
    let observed = match observe_without_overrides(&stack_sets, &asked.release.stack_set).await {
        Ok(observed) => {
            let found = match &observed.stack_set {
                Some(_) => format!("{} stack{}", observed.instances.len(), if observed.instances.len() == 1 { "" } else { "s" }),
                None => "not there yet".to_owned(),
            };
            report.ok(STACK_SET, format!("{}: {found}", stage_targets.stack_set));
            observed
        }
        Err(error) => {
            report.failure(STACK_SET, &stage_targets.stack_set, &deploy::refused(&error, asked.call_as));
            Observed::default()
        }
    };
    let plan = plan(&asked.release, &observed);
    for problem in &plan.problems {
        let finding = problems::of_rollout(problem);
        let hint = finding.hint.clone().or_else(|| Some("docs/commands.md, plan".to_owned()));
        report.failed(STACK_SET, &stage_targets.stack_set, finding.with_hint_opt(hint));
    }
    let sessions = TargetSessions::new(look.session, release, stage_targets, &set.role.target_role()?, "doctor");
    let rollout = PlannedRollout { release, request: &asked, observed: &observed, plan: &plan, scope };
    report.preflight(&check_targets(look.session, &sessions, &rollout, progress::preflight(look.printer)).await);
    Ok(())
}

fn home(look: &Look<'_>) -> Home {
    Home { account: Some(look.caller.account.clone()), region: Some(look.session.region().to_owned()) }
}

/// A registry with one package of each region that stands for the one that is to come, and a request that takes it.
fn placeholder(look: &Look<'_>, request: &mut BuildRequest) -> Result<RegistryAccess<Snapshot, NoDocuments>, Failure> {
    let own = look.session.region().to_owned();
    let regions = if request.regions.is_empty() { vec![own.clone()] } else { request.regions.clone() };
    request.selection = PackageSelection { selection: Some(Selection::LatestApproved), allow_unapproved: false, policy: None, event: None };
    request.regional_packages =
        regions.iter().filter(|region| **region != own).map(|region| (region.clone(), RegionalSelection::SameVersion)).collect();
    let (group, partition) = (request.group.name().to_string(), &look.caller.partition);
    let account = request.group.account().map_or_else(|| look.caller.account.to_string(), ToString::to_string);
    let package = |region: &Region, created: &str| {
        json!({
            "ModelPackageGroupName": group,
            "ModelPackageVersion": 1,
            "ModelPackageArn": format!("arn:{partition}:sagemaker:{region}:{account}:model-package/{group}/1"),
            "CreationTime": created,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": "Approved",
            "InferenceSpecification": { "Containers": [{ "Image": "placeholder" }] },
        })
    };
    // The session's own region has the newest.
    let others = regions.iter().filter(|region| **region != own).map(|region| package(region, "2026-01-01T00:00:00Z"));
    let packages: Vec<_> = std::iter::once(package(&own, "2026-01-02T00:00:00Z")).chain(others).collect();
    let text = json!({ "schema_version": 1, "describe-model-package": packages }).to_string();
    let registry = Snapshot::parse(&text).map_err(|problems| Failure::from(Diagnostic::error(problems.to_string())))?;
    Ok(RegistryAccess { registry, documents: NoDocuments })
}
