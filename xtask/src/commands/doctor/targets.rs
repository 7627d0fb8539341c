//! What every target has, asked as `plan` asks it: of a release that is built into a folder of its own and thrown away.

use model_registry::documents::NoDocuments;
use model_registry::snapshot::Snapshot;
use serde_json::json;
use stack_rollout::{Observed, observe_without_overrides, plan};
use tempfile::TempDir;

use super::report::Report;
use crate::aws::{Caller, Session};
use crate::choice::{Source, Wanted};
use crate::cli::{ChoiceOptions, DoctorOptions, PreferenceOptions, Stage};
use crate::commands::build::{self, BuildRequest, Home, RegionalSelection};
use crate::commands::deploy;
use crate::configuration::Configuration;
use crate::diagnostic::{Diagnostic, Failure};
use crate::exit::Exit;
use crate::manifest::Release;
use crate::preflight::{self, Rollout, Scope};
use crate::printer::Printer;
use crate::project::Project;
use crate::stack_set_request;
use crate::target_sessions::TargetSessions;

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

/// Chooses the model package as `build` would, and asks every target of both stages.
pub(super) async fn check(look: &Look<'_>, mut request: BuildRequest, report: &mut Report) -> Result<(), Failure> {
    const PACKAGE: &str = "model-package-choice";
    const RELEASE: &str = "release";
    let folder = TempDir::new().map_err(|error| Diagnostic::error(format!("no temporary folder can be made: {error}")))?;
    request.output_dir = folder.path().join("release");
    // Nothing may be uploaded: what the template names goes into a folder.
    request.artifact_dir = Some(folder.path().join("artifacts"));
    let group = request.group.name().to_string();
    let quiet = Printer { quiet: true, ..look.printer };
    let source = |region: Option<&str>| look.session.registry_source(region);
    let without_package = match Box::pin(build::build(quiet, look.project, &request, look.inputs, source, home(look))).await {
        Ok(manifest) => {
            report.ok(PACKAGE, manifest.model_package.arn);
            false
        }
        Err(failure) => {
            let check = if failure.exit == Exit::BadInput { RELEASE } else { PACKAGE };
            report.failure(check, &group, &failure);
            // All that has nothing to do with the model package can still be asked.
            let placeholder = placeholder(look, &mut request)?;
            let source = |_: Option<&str>| placeholder.clone();
            if let Err(again) = Box::pin(build::build(quiet, look.project, &request, look.inputs, source, home(look))).await {
                if failure.exit != Exit::BadInput {
                    report.failure(RELEASE, &group, &again);
                }
                report.not_reached("targets", "every target", "no release can be made, so what the stacks need is not known");
                return Ok(());
            }
            true
        }
    };
    let release = Release::read(&request.output_dir, None)?;
    for (stage, known) in Stage::ALL.into_iter().zip(look.known) {
        if known {
            targets_of(look, &request, &release, stage, Scope::Everything { without_package }, report).await?;
        } else {
            report.not_reached("targets", &format!("every {stage} target"), "the stage's accounts are not known");
        }
    }
    Ok(())
}

async fn targets_of(
    look: &Look<'_>,
    request: &BuildRequest,
    release: &Release,
    stage: Stage,
    scope: Scope,
    report: &mut Report,
) -> Result<(), Failure> {
    const STACK_SET: &str = "stack-set";
    let stage_targets = release.manifest.stage(stage);
    let set = look.options.stack_set(stage, &stage_targets.env_type);
    let asked = stack_set_request::read(&request.output_dir, release, &set, &PreferenceOptions::default())?;
    let stack_sets = look.session.stack_sets(asked.call_as);
    let observed = match observe_without_overrides(&stack_sets, &asked.release.stack_set).await {
        Ok(observed) => {
            let found = match &observed.stack_set {
                Some(_) => preflight::plural(observed.instances.len(), "stack"),
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
        report.failed(STACK_SET, &stage_targets.stack_set, &problem.message, problem.hint.as_deref().unwrap_or("docs/commands.md, plan"));
    }
    let sessions = TargetSessions::new(look.session, release, stage_targets, &set.role, "doctor");
    let rollout = Rollout { release, request: &asked, observed: &observed, plan: &plan, scope };
    report.preflight(&preflight::ask(look.printer, look.session, &sessions, &rollout).await);
    Ok(())
}

fn home(look: &Look<'_>) -> Home {
    Home { account: look.caller.account.parse().ok(), region: Some(look.session.region.clone()) }
}

/// A registry with one package of each region that stands for the one that is to come, and a request that takes it.
fn placeholder(look: &Look<'_>, request: &mut BuildRequest) -> Result<Source<Snapshot, NoDocuments>, Failure> {
    let own = look.session.region.clone();
    let regions = if request.regions.is_empty() { vec![own.clone()] } else { request.regions.clone() };
    request.wanted = Wanted::read(None, &ChoiceOptions::default(), Some(&request.group), &mut Vec::new())
        .ok_or_else(|| Failure::from(Diagnostic::error("no model package can be stood in for")))?;
    request.regional_packages =
        regions.iter().filter(|region| **region != own).map(|region| (region.clone(), RegionalSelection::SameVersion)).collect();
    let (group, partition) = (request.group.name().to_string(), &look.caller.partition);
    let account = request.group.account().map_or_else(|| look.caller.account.clone(), ToString::to_string);
    let package = |region: &str, created: &str| {
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
    Ok(Source { registry, documents: NoDocuments })
}
