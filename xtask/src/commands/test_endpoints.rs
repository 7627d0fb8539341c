//! `test-staging` and `test-prod`: every endpoint of a stage, all accounts at once, and the evidence in files.

mod progress;
mod results;
mod targets;

use std::path::Path;
use std::time::Duration;

use endpoint_test::{Interruption, LoadMode, Report, Suite, TargetReport, Verdict};

use crate::cli::{RoleOptions, Stage, TestOptions, given};
use crate::commands::build::stage_of_config;
use crate::diagnostic::{Diagnostic, Failure};
use crate::exit::Exit;
use crate::files;
use crate::manifest::Release;
use crate::printer::Printer;
use crate::project::Project;
use crate::record::Recording;

/// The project's own tests.
const SUITE: &str = "test/endpoint-tests.yaml";
/// The few questions that production is asked, where the project has them.
const SMOKE_SUITE: &str = "test/smoke-tests.yaml";

/// How long an endpoint may take to be in service, in seconds: large models take their time.
const ENDPOINT_WAIT: u64 = 1800;
/// How long a container on this machine may take to answer, in seconds.
const CONTAINER_WAIT: u64 = 60;

/// What is tested, with which tests, and where the results go.
#[derive(Debug)]
pub(crate) struct TestRun {
    pub(crate) stage: Stage,
    pub(crate) suite: Suite,
    pub(crate) release: Option<Release>,
    pub(crate) wait: Duration,
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "a container is one target"))]
    pub(crate) jobs: usize,
    pub(crate) load: LoadMode,
    /// Raised when the run has to end with what it has.
    pub(crate) interruption: Interruption,
}

pub(crate) async fn run(printer: Printer, project: &Project, stage: Stage, options: &TestOptions) -> Result<Exit, Failure> {
    let suite = read_suite(&project.path(options.suite.as_deref(), default_suite(project, stage)))?;
    let build_dir = options.build_dir.clone().unwrap_or_else(|| project.target("deploy"));
    let release = match (&options.endpoint_url, &options.build_dir) {
        // A local container can be tested before anything was built.
        (Some(_), None) => None,
        _ => Some(Release::read(&build_dir)?),
    };
    if let Some(release) = &release {
        check_config(release, stage, given(options.build_config.as_ref()))?;
    }
    let recorded = release.as_ref().filter(|_| options.endpoint_url.is_none());
    let recording = Recording::read(&options.record, stage, "Tested", recorded, None)?;
    let results =
        results::ResultFiles::new(options.results_dir.clone().unwrap_or_else(|| project.target("test-results")), &options.test_results)?;
    let run = TestRun {
        stage,
        suite,
        release,
        wait: Duration::from_secs(options.wait.unwrap_or(if options.endpoint_url.is_some() { CONTAINER_WAIT } else { ENDPOINT_WAIT })),
        jobs: options.jobs.max(1),
        load: load_mode(options),
        interruption: Interruption::default(),
    };

    let (run, reports) = match &options.endpoint_url {
        Some(url) => {
            let report = targets::container(printer, &run, url).await?;
            (run, vec![report])
        }
        None => Box::pin(endpoints(printer, run, &options.role)).await?,
    };
    let exit = finish(printer, &run, &results, reports)?;
    recording.after(printer, exit).await
}

/// Tests a container on this machine with the project's own tests, as part of another command.
pub(crate) async fn container(
    printer: Printer,
    project: &Project,
    stage: Stage,
    build_dir: &Path,
    results_dir: &Path,
    url: &str,
) -> Result<Exit, Failure> {
    let suite = read_suite(&project.root.join(SUITE))?;
    let results = results::ResultFiles::new(results_dir.to_owned(), "test-results")?;
    let run = TestRun {
        stage,
        suite,
        release: Some(Release::read(build_dir)?),
        wait: Duration::from_secs(30),
        jobs: 1,
        load: LoadMode::default(),
        interruption: Interruption::default(),
    };
    let report = targets::container(printer, &run, url).await?;
    finish(printer, &run, &results, vec![report])
}

#[cfg(feature = "aws")]
pub(crate) async fn endpoints(printer: Printer, run: TestRun, role: &RoleOptions) -> Result<(TestRun, Vec<TargetReport>), Failure> {
    targets::endpoints(printer, run, role).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
async fn endpoints(_: Printer, run: TestRun, _: &RoleOptions) -> Result<(TestRun, Vec<TargetReport>), Failure> {
    Err(crate::without_aws(&format!("test-{}", run.stage), "name a local container with --endpoint-url"))
}

/// Writes the results and says what they come to.
fn finish(printer: Printer, run: &TestRun, results: &results::ResultFiles, targets: Vec<TargetReport>) -> Result<Exit, Failure> {
    let report = results::report(run, targets);
    results.write(&report)?;
    printer.result(&report, endpoint_test::report::table(&report).trim_end());
    printer.step("Written", results.describe());
    Ok(exit(&report))
}

/// A proven failure outranks an unknown, and that outranks nothing at all.
fn exit(report: &Report) -> Exit {
    let exit = |verdict| match verdict {
        Verdict::Passed | Verdict::Skipped => Exit::Done,
        Verdict::Failed => Exit::Failed,
        Verdict::Errored => Exit::Unreachable,
        Verdict::Empty => Exit::Nothing,
    };
    report.targets.iter().map(|target| exit(target.verdict)).fold(exit(report.verdict), Exit::worst)
}

fn load_mode(options: &TestOptions) -> LoadMode {
    match (options.no_load, options.load_anyway) {
        (true, _) => LoadMode::Never,
        (false, true) => LoadMode::Anyway,
        (false, false) => LoadMode::AfterSuccess,
    }
}

/// Production has tests of its own, where a project wrote them.
fn default_suite(project: &Project, stage: Stage) -> &'static str {
    if stage == Stage::Prod && project.root.join(SMOKE_SUITE).is_file() { SMOKE_SUITE } else { SUITE }
}

pub(crate) fn read_suite(path: &Path) -> Result<Suite, Failure> {
    let text = files::read_text(path).map_err(|diagnostic| diagnostic.hinting("name the tests with --suite"))?;
    Suite::load(path).map_err(|errors| {
        let diagnostics = errors
            .problems()
            .iter()
            .map(|problem| {
                let diagnostic = Diagnostic::error(&problem.message).hint(problem.hint.clone());
                match &problem.place {
                    Some(place) => diagnostic.source(&files::shown(path), place.line, place.column, &text),
                    None => diagnostic.file(path),
                }
            })
            .collect();
        Failure::new(Exit::BadInput, diagnostics)
    })
}

/// `BUILD_CONFIG` names the stage in a pipeline that was made for the Python seed: it must be the stage that is tested.
fn check_config(release: &Release, stage: Stage, config: Option<&str>) -> Result<(), Failure> {
    let Some(config) = config else { return Ok(()) };
    match stage_of_config(&release.manifest, config) {
        Some(found) if found == stage => Ok(()),
        Some(found) => Err(Diagnostic::error(format!("`{config}` is the configuration of the {found} stage, and this tests {stage}"))
            .named("--build-config, BUILD_CONFIG")
            .hint(format!("run `test-{found}`, or name `{}`", release.manifest.stage(stage).config))
            .into()),
        None => Err(Diagnostic::error(format!("the release has no configuration `{config}`"))
            .named("--build-config, BUILD_CONFIG")
            .hint(format!("this stage's is `{}`", release.manifest.stage(stage).config))
            .into()),
    }
}
