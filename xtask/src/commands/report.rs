//! `report`: writes the release dossier, one page for the person who approves a release.

use std::path::{Path, PathBuf};

use endpoint_test::Report;
use model_registry::documents::Mirror;
use model_release::approved_bytes::NoArtifacts;
use model_release::dossier::{self, Dossier, Evidence, Source};
use model_release::{Diagnostic, Failure, RegistryAccess, Release};

use crate::report_commands::Paths;
use crate::{report_commands, requests, snapshot};
use command_line::{EvidenceOptions, ReportOptions, non_empty};
use terminal::files::{self, FileSet};
use terminal::{Exit, Printer, Project};

/// The name of the files, without extension.
const NAME: &str = "release-dossier";

/// The results file in the folder of a test run.
const RESULTS: &str = "test-results.json";

/// Why what is in no file is not known.
const NOT_READ: &str = if cfg!(feature = "aws") {
    "it was not read: --offline makes no call to AWS"
} else {
    "it was not read: this program was built without AWS"
};

pub(crate) async fn run(printer: Printer, project: &Project, options: &ReportOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.release)?;
    let folder = project.folder(options.output_dir.as_deref(), "dossier");
    files::check_result(&folder.join(format!("{NAME}.html")))?;
    let named = &options.evidence;
    let default = project.target("test-results");
    let staging = results_file(named.staging_results.as_deref().unwrap_or(&default));
    let mut evidence = Evidence::without(crate::tool(), NOT_READ);
    evidence.pipeline_execution = non_empty(named.pipeline_execution.as_ref()).map(str::to_owned);
    evidence.staging = if named.staging_results.is_none() && !staging.exists() {
        Err(format!("there are no results of the staging tests: `{}` does not exist", files::shown(&staging)))
    } else {
        Ok(results(&staging, "name the results of `test-staging`, or their folder")?)
    };
    evidence.production = match &named.production_results {
        None => Err("no results of production were passed".to_owned()),
        Some(path) => Ok(results(&results_file(path), "name the results of `test-prod`, or their folder")?),
    };
    if let Some(path) = &named.plan {
        let hint = "`plan --stage prod --format json` prints one";
        evidence.plan = Ok(Source::read(path, "a plan in JSON").map_err(|diagnostic| diagnostic.with_hint(hint))?);
    }
    Box::pin(read_from_aws(printer, options, &release, &mut evidence)).await?;

    let mut dossier = dossier::assemble(&release, &evidence);
    let build_dir = project.folder(options.release.build_dir.as_deref(), "deploy");
    report_commands::add(&mut dossier, &release, &Paths { build_dir, staging, pipeline: non_empty(named.pipeline.as_ref()) });
    write(&dossier, &folder)?;
    printer.result(&dossier, dossier::text(&dossier));
    printer.step("Written", format_args!("{NAME}.html, .md, .env, .json in {}", files::shown(&folder)));
    Ok(Exit::Done)
}

/// Reads results of endpoint tests.
fn results(path: &Path, hint: &str) -> Result<Source<Report>, Diagnostic> {
    Source::read(path, "a results file of endpoint tests").map_err(|diagnostic| diagnostic.with_hint(hint))
}

/// The file itself, or the results in the folder.
fn results_file(path: &Path) -> PathBuf {
    files::relative(if path.is_dir() { path.join(RESULTS) } else { path.to_owned() })
}

fn write(dossier: &Dossier, folder: &Path) -> Result<(), Failure> {
    let mut set = FileSet::default();
    set.add(folder.join(format!("{NAME}.html")), dossier::html(dossier));
    set.add(folder.join(format!("{NAME}.md")), dossier::markdown(dossier));
    let variables = [("APPROVAL_SUMMARY", dossier::approval_summary(dossier))];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    set.add(folder.join(format!("{NAME}.env")), files::shell_variables(&variables));
    set.add(folder.join(format!("{NAME}.json")), dossier::json(dossier));
    set.write()
}

/// Reads the registry snapshot, if one is named.
async fn read_snapshot(options: &EvidenceOptions, release: &Release, evidence: &mut Evidence) -> Result<bool, Failure> {
    let Some(file) = &options.registry else { return Ok(false) };
    let saved = snapshot::read(file)?;
    let access =
        |_: &_| RegistryAccess { registry: saved.clone(), documents: Mirror::new(snapshot::mirror(file)), artifacts: None::<NoArtifacts> };
    drop(evidence.read_registry(release, &format!("registry snapshot {}", file.display()), access).await);
    Ok(true)
}

/// Reads the plan and the registry from AWS, unless files are named. What AWS refuses is not known,
/// with a warning: the dossier shows what is there.
#[cfg(feature = "aws")]
async fn read_from_aws(printer: Printer, options: &ReportOptions, release: &Release, evidence: &mut Evidence) -> Result<(), Failure> {
    use std::sync::Arc;

    use model_release::Stage;
    use model_release::aws::{StagePlan, TargetSessions, deployed_endpoints, plan_stage};

    let named = &options.evidence;
    let warned = async |mut failure: Failure| {
        crate::session::locate(&mut failure).await;
        let mut why = Vec::new();
        for mut diagnostic in failure.diagnostics {
            diagnostic.level = model_release::Level::Warning;
            printer.diagnostic(&diagnostic);
            why.push(diagnostic.message);
        }
        why.join("; ")
    };
    let session = match (named.offline, named.plan.is_some() && named.registry.is_some()) {
        (false, false) => match crate::session::open().await {
            Ok(session) => Ok(session),
            Err(failure) => Err(warned(failure).await),
        },
        (true, _) => Err(NOT_READ.to_owned()),
        (_, true) => Err("it was read from a file".to_owned()),
    };
    if named.plan.is_none() {
        evidence.plan = match &session {
            Err(why) => Err(why.clone()),
            Ok(session) => {
                let set = options.stack_set(Stage::Prod);
                let request = requests::rollout(release, &set, &command_line::PreferenceOptions::default(), &[])?;
                let stack_sets = session.stack_sets(request.call_as);
                let stage = release.manifest.stage(Stage::Prod);
                let sessions = TargetSessions::new(session, release, stage, &requests::target_role(&options.role)?, "report");
                match plan_stage(&stack_sets, release, Stage::Prod, &request, crate::tool()).await {
                    Err(failure) => Err(warned(failure).await),
                    Ok(StagePlan { observed, mut document, .. }) => {
                        if observed.stack_set.is_some() {
                            let serving = deployed_endpoints(&Arc::new(sessions), &stage.endpoints, &request, &observed).await;
                            printer.diagnostics(&model_release::unread_endpoints(&serving));
                            printer.diagnostics(&document.add_endpoints(Stage::Prod, serving));
                        }
                        Ok(Source { value: document, from: "CloudFormation and SageMaker".to_owned() })
                    }
                }
            }
        };
    }
    if !read_snapshot(named, release, evidence).await? {
        match session {
            Ok(session) => {
                let failed = evidence.read_registry(release, "SageMaker", |region| session.registry_access(Some(region))).await;
                if !failed.is_empty() {
                    warned(Failure::new(model_release::FailureKind::Unreachable, failed)).await;
                }
            }
            Err(why) => evidence.registry = Err(why),
        }
    }
    Ok(())
}

#[cfg(not(feature = "aws"))]
async fn read_from_aws(_: Printer, options: &ReportOptions, release: &Release, evidence: &mut Evidence) -> Result<(), Failure> {
    read_snapshot(&options.evidence, release, evidence).await.map(drop)
}
