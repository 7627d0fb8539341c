//! `rollback`: deploys an earlier release again, from the history, with the checks of a deployment.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use model_release::aws::{StagePlan, plan_stage};
use model_release::history::{Deployed, EventKind, GoingBack, ReleaseName, approved};
use model_release::records::TrustedKeys;
use model_release::{Diagnostic, Failure, FailureKind, Level, Release, Stage, plan_report};

use crate::deployment;
use crate::history::{self, ProjectHistory};
use crate::requests;
use crate::session;
use command_line::{DeployOptions, RollbackOptions, non_empty};
use terminal::{Exit, Printer, Project, files};

pub(crate) async fn run(printer: Printer, project: &Project, options: &RollbackOptions) -> Result<Exit, Failure> {
    let (deploy, stage) = (&options.deploy, options.deploy.set.stage);
    let to: Option<ReleaseName> = non_empty(options.to.as_ref()).map(str::parse).transpose().map_err(Failure::from)?;
    let reason = non_empty(options.reason.as_ref()).map(str::to_owned);
    if options.skip_staging && reason.is_none() {
        return Err(Diagnostic::error("an emergency needs a reason, which is recorded").named("--reason, ROLLBACK_REASON").into());
    }
    let policy = requests::release_policy(Some(project), deploy.signatures.release_policy.as_deref())?;
    let trusted = TrustedKeys::required(policy.as_ref(), deploy.signatures.require_signature)?;
    let trusted = Some(trusted).filter(|trusted| !trusted.is_empty());
    let id = history::project_id(project, options.sagemaker_project_id.as_ref())?;
    let history = history::open(non_empty(deploy.history.history.as_ref()), &id).await?;
    let (now, before) = history.last_two(stage, trusted.as_ref()).await?;
    let digest = match (&to, &before) {
        (Some(name), _) => history.named(stage, name, trusted.as_ref()).await?,
        (None, Some(before)) => before.release.clone(),
        (None, None) => {
            let message = format!("no record says that another release was deployed to {stage} before");
            return Err(Failure::new(FailureKind::Nothing, vec![Diagnostic::error(message).code("nothing-to-go-back-to")]));
        }
    };
    let below = format!("rollback/{stage}/{}", digest.trim_start_matches("sha256:").get(..16).unwrap_or(&digest));
    let folder = project.folder(deploy.set.release.build_dir.as_deref(), &below);
    let release = fetch(printer, &history, &digest, &folder).await?;
    let deploy = with_evidence(printer, options, &history, &release, trusted.as_ref(), &folder).await?;
    let session = session::open().await?;
    let checked = Failure::both(
        release.check_registry(|region| session.registry(Some(region))).await,
        Box::pin(release.check_bytes(|region| session.artifacts(region))).await,
    );
    printer.diagnostics(&checked?.1.warnings);
    show(printer, &deploy, &release, now.as_ref(), reason.as_deref()).await?;
    confirm(printer, options.yes)?;
    let going_back = GoingBack {
        from: now.as_ref().map(|now| now.release.clone()),
        from_model_package: now.map(|now| now.model_package),
        reason,
        skipped_staging: options.skip_staging,
    };
    Box::pin(deployment::run(printer, project, &deploy, &release, Some(going_back))).await
}

/// Writes the files of the release, verified by their digests.
async fn fetch(printer: Printer, history: &ProjectHistory, digest: &str, folder: &Path) -> Result<Release, Failure> {
    let fetched = history.release(digest).await?;
    files::write_all(folder, fetched.files)?;
    printer.step("Fetched", format_args!("{digest} to {}", files::shown(folder)));
    Release::open_approved(folder, Some(digest))
}

/// The options of the deployment, with the evidence that the history has of the release.
async fn with_evidence(
    printer: Printer,
    options: &RollbackOptions,
    history: &ProjectHistory,
    release: &Release,
    trusted: Option<&TrustedKeys>,
    folder: &Path,
) -> Result<DeployOptions, Failure> {
    let mut deploy = options.deploy.clone();
    // After going back, the registry shows which version is deployed.
    deploy.record.record.get_or_insert_default();
    if deploy.set.stage != Stage::Prod {
        return Ok(deploy);
    }
    if options.skip_staging {
        deploy.staging_tests.without_staging_tests = true;
        return Ok(deploy);
    }
    if deploy.staging_tests.staging_results.is_none() {
        deploy.staging_tests.staging_results = Some(staging_results(history, release, trusted, folder).await?);
    }
    if release.required_approval().is_some() {
        let of_release = |event: &model_release::history::Event| approved(&event.facts).cloned();
        match history.newest_about(Stage::Prod, EventKind::Checked, &release.digest, trusted, of_release).await? {
            Some((_, approval)) => printer.step("Approved", approval.summary()),
            None => {
                let message = "the release policy requires an approval, and no record says that this release was approved";
                return Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error(message).code("no-approval-in-history")]));
            }
        }
    }
    Ok(deploy)
}

async fn staging_results(
    history: &ProjectHistory,
    release: &Release,
    trusted: Option<&TrustedKeys>,
    folder: &Path,
) -> Result<PathBuf, Failure> {
    let found = history.passed_staging_tests(release, trusted).await?;
    let results = found.iter().flatten().map(|(name, _)| name).find(|name| !name.ends_with(".sigstore.json")).cloned();
    let (Some(results), Some(found)) = (results, found) else {
        let message = "no record says that this release passed the tests of staging";
        return Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error(message).code("no-staging-tests-in-history")]));
    };
    let folder = folder.join("staging-tests");
    files::write_all(&folder, found)?;
    Ok(folder.join(results))
}

/// Shows what will change.
async fn show(
    printer: Printer,
    options: &DeployOptions,
    release: &Release,
    now: Option<&Deployed>,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let session = session::open().await?;
    let request = requests::rollout(release, &options.set, &options.preferences, &options.reapply)?;
    let stack_sets = session.stack_sets(request.call_as);
    let StagePlan { document, .. } = plan_stage(&stack_sets, release, options.set.stage, &request, crate::tool()).await?;
    let from =
        now.map_or_else(|| "no recorded release".to_owned(), |now| format!("{} ({}), deployed {}", now.release, now.model_package, now.at));
    let reason = reason.map(|reason| format!("\n  why   {reason}")).unwrap_or_default();
    let to = format!("{} ({})", release.digest, release.manifest.model_package.arn);
    printer.line(format_args!("Going back in {}:\n  from  {from}\n  to    {to}{reason}\n", options.set.stage));
    printer.line(plan_report::text(&document, printer.verbose > 0));
    Ok(())
}

fn confirm(printer: Printer, is_confirmed: bool) -> Result<(), Failure> {
    if is_confirmed {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        let diagnostic = Diagnostic::error("going back needs confirmation, and standard input is not a terminal");
        return Err(diagnostic.with_hint("add --yes").into());
    }
    printer.line("Type `yes` to deploy it, anything else to change nothing:");
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Nothing, vec![Diagnostic::new(Level::Warning, "nothing was changed")]))
}
