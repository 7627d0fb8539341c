//! `test-staging` and `test-prod`: every endpoint of a stage, all accounts at once, and the evidence in files.

#[cfg(feature = "aws")]
mod expectations;
mod golden;
mod other;
mod programs;
mod progress;
mod results;
mod samples;
mod targets;
mod variables;

use std::path::Path;
use std::time::Duration;

use endpoint_test::{Interruption, LoadMode, Report, Suite, SuiteInfo, SuiteOptions, TargetReport, Verdict};

use crate::cli::{OwnChecks, RoleOptions, Stage, TestOptions, given};
use crate::commands::build::stage_of_config;
use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
use crate::exit::Exit;
use crate::files;
use crate::manifest::Release;
use crate::printer::Printer;
use crate::project::Project;
use crate::record::Recording;
#[cfg(feature = "aws")]
pub(crate) use expectations::Expectations;
use other::Address;
use programs::Programs;

/// The project's own tests.
const SUITE: &str = "test/endpoint-tests.yaml";
/// The few requests that production gets, if the project has any.
const SMOKE_SUITE: &str = "test/smoke-tests.yaml";

/// How long an endpoint may take to be in service, in seconds: large models take their time.
const ENDPOINT_WAIT: u64 = 1800;
/// How long a container on this machine may take to answer, in seconds.
const CONTAINER_WAIT: u64 = 60;

/// What is tested, with which tests, and how.
#[derive(Debug)]
pub(crate) struct TestRun {
    pub(crate) stage: Stage,
    pub(crate) suite: Suite,
    /// What the report says of the suite.
    pub(crate) suite_info: Option<SuiteInfo>,
    pub(crate) release: Option<Release>,
    /// What the release's template says of its endpoints.
    #[cfg(feature = "aws")]
    pub(crate) expectations: Option<Expectations>,
    pub(crate) wait: Duration,
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "a container is one target"))]
    pub(crate) jobs: usize,
    pub(crate) load: LoadMode,
    /// Whether status, identity and settings alone are a test.
    pub(crate) checks_suffice: bool,
    /// Another endpoint that is asked the same.
    pub(crate) compare_with: Option<Address>,
    pub(crate) fail_on_difference: bool,
    pub(crate) update_golden: bool,
    pub(crate) programs: Programs,
    /// Raised when the run has to end with what it has.
    pub(crate) interruption: Interruption,
}

impl TestRun {
    /// A run of a suite with nothing special about it.
    pub(crate) fn of(stage: Stage, suite: Suite) -> Self {
        Self {
            stage,
            suite,
            suite_info: None,
            release: None,
            #[cfg(feature = "aws")]
            expectations: None,
            wait: Duration::from_secs(ENDPOINT_WAIT),
            jobs: 1,
            load: LoadMode::default(),
            checks_suffice: false,
            compare_with: None,
            fail_on_difference: false,
            update_golden: false,
            programs: Programs::none(),
            interruption: Interruption::default(),
        }
    }
}

/// A suite that was read from its file.
struct ReadSuite {
    suite: Suite,
    info: SuiteInfo,
}

pub(crate) async fn run(printer: Printer, project: &Project, stage: Stage, options: &TestOptions) -> Result<Exit, Failure> {
    let load = load_mode(stage, options)?;
    let production = is_production(stage, options);
    let compare_with = given(options.compare_with.as_ref()).map(Address::parse).transpose()?;
    let build_dir = options.release.build_dir.clone().unwrap_or_else(|| project.target("deploy"));
    let approved = options.release.approved()?;
    let release = match (&options.endpoint_url, &options.release.build_dir, &approved) {
        // A local container can be tested before anything was built.
        (Some(_), None, None) => None,
        _ => Some(Release::read(&build_dir, approved.as_deref())?),
    };
    if let Some(release) = &release {
        check_config(release, stage, given(options.build_config.as_ref()))?;
    }
    let recorded = release.as_ref().filter(|_| options.endpoint_url.is_none());
    let recording = Recording::read(&options.record, stage, "Tested", recorded, None)?;
    let suite_options = SuiteOptions {
        variables: variables::values(&options.variables, stage, release.as_ref().map(|release| (release, build_dir.as_path())))?,
        golden_files_may_be_missing: options.update_golden,
    };
    let default_suite = default_suite(project, stage);
    let path = project.path(options.suite.as_deref(), default_suite);
    let read = if production && options.suite.is_none() && !path.is_file() {
        let message =
            format!("there is no `{SMOKE_SUITE}` and no `{SUITE}`: only status, identity and settings of each endpoint are checked");
        printer.diagnostic(&Diagnostic::warning(message).hinting("write a few cheap cases for production into `test/smoke-tests.yaml`"));
        None
    } else {
        Some(read_suite(&path, &suite_options)?)
    };
    let (suite, suite_info) = match read {
        Some(read) => (read.suite, Some(read.info)),
        None => (no_cases()?, None),
    };
    if options.own_checks == OwnChecks::Forbidden {
        refuse_own_checks(&suite, &path)?;
    }
    for warning in suite.warnings() {
        printer.diagnostic(&Diagnostic::warning(&warning.message).hint(warning.hint.clone()).file(&path));
    }
    let results =
        results::ResultFiles::new(options.results_dir.clone().unwrap_or_else(|| project.target("test-results")), &options.test_results)?;
    let usual_wait = Duration::from_secs(if options.endpoint_url.is_some() { CONTAINER_WAIT } else { ENDPOINT_WAIT });
    #[cfg(feature = "aws")]
    let expectations = match &release {
        Some(release) if options.endpoint_url.is_none() => Some(Expectations::read(&build_dir, release, stage)?),
        _ => None,
    };
    let uid = options.own_checks_uid.filter(|_| !suite.own_checks().is_empty());
    let programs = Programs::in_folder(&project.root, uid)?;
    let suite = with_samples(suite, options.sample_payloads.as_deref(), release.as_ref()).await?;
    let run = TestRun {
        suite_info,
        release,
        #[cfg(feature = "aws")]
        expectations,
        wait: options.wait.map(Duration::from_secs).or(suite.endpoint().ready_within).unwrap_or(usual_wait),
        jobs: options.jobs.max(1),
        load,
        checks_suffice: production,
        compare_with,
        fail_on_difference: options.fail_on_difference,
        update_golden: options.update_golden,
        programs,
        ..TestRun::of(stage, suite)
    };

    let (run, reports) = match &options.endpoint_url {
        Some(url) => {
            let report = targets::container(printer, &run, url, &options.role).await?;
            (run, vec![report])
        }
        None => Box::pin(endpoints(printer, run, &options.role)).await?,
    };
    let report = results::report(&run, reports);
    let exit = finish(printer, &results, &report)?;
    if options.update_golden {
        golden::write(printer, &path, &report)?;
    }
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
    let release = Release::read(build_dir, None)?;
    let variables = variables::values(&[], stage, Some((&release, build_dir)))?;
    let read = read_suite(&project.root.join(SUITE), &SuiteOptions { variables, ..SuiteOptions::default() })?;
    let results = results::ResultFiles::new(results_dir.to_owned(), "test-results")?;
    let run = TestRun {
        suite_info: Some(read.info),
        release: Some(release),
        wait: Duration::from_secs(30),
        programs: Programs::in_folder(&project.root, None)?,
        ..TestRun::of(stage, read.suite)
    };
    let report = targets::container(printer, &run, url, &RoleOptions::default()).await?;
    finish(printer, &results, &results::report(&run, vec![report]))
}

/// The suite with the model package's sample payloads, where it sends any.
async fn with_samples(suite: Suite, file: Option<&Path>, release: Option<&Release>) -> Result<Suite, Failure> {
    if !suite.wants_samples() {
        return Ok(suite);
    }
    let samples = match (file, release) {
        (Some(path), _) => Ok(samples::from_file(path)?),
        (None, Some(release)) => samples::from_model_package(release).await,
        (None, None) => Err("there is no release that says whose sample payloads to send: name a file with --sample-payloads".to_owned()),
    };
    Ok(suite.with_samples(samples.as_ref().map_err(String::as_str)))
}

#[cfg(feature = "aws")]
pub(crate) async fn endpoints(printer: Printer, run: TestRun, role: &RoleOptions) -> Result<(TestRun, Vec<TargetReport>), Failure> {
    Box::pin(targets::endpoints(printer, run, role)).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
async fn endpoints(_: Printer, run: TestRun, _: &RoleOptions) -> Result<(TestRun, Vec<TargetReport>), Failure> {
    Err(crate::without_aws(&format!("test-{}", run.stage), "name a local container with --endpoint-url"))
}

/// Writes the results and says what they come to.
fn finish(printer: Printer, results: &results::ResultFiles, report: &Report) -> Result<Exit, Failure> {
    results.write(report)?;
    printer.result(report, endpoint_test::report::table(report).trim_end());
    printer.step("Written", results.describe());
    Ok(exit(report))
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

/// A container on this machine is not production, whichever stage it is tested for.
fn is_production(stage: Stage, options: &TestOptions) -> bool {
    stage == Stage::Prod && options.endpoint_url.is_none()
}

/// Load takes capacity from the callers of production: it is put there only by somebody who says so.
fn load_mode(stage: Stage, options: &TestOptions) -> Result<LoadMode, Failure> {
    let production = is_production(stage, options);
    if options.load_on_production && !production {
        return Err(Diagnostic::error("only `test-prod` tests production endpoints").named("--load-on-production").into());
    }
    if options.load_anyway && production && !options.load_on_production {
        return Err(Diagnostic::error("production gets no load unless that is said")
            .named("--load-anyway")
            .hinting("add --load-on-production if the callers of production can bear it")
            .into());
    }
    Ok(match options {
        TestOptions { no_load: true, .. } => LoadMode::Never("--no-load skips it"),
        TestOptions { load_anyway: true, .. } => LoadMode::Anyway,
        TestOptions { load_on_production: false, .. } if production => {
            LoadMode::Never("production gets load only with --load-on-production")
        }
        _ => LoadMode::AfterSuccess,
    })
}

/// What `deploy` checks of each endpoint, and `test-prod` where the project has no tests: the model gets no request.
pub(crate) fn no_cases() -> Result<Suite, Failure> {
    Suite::parse("version: 1\ncases: []\n", Path::new("identity")).map_err(|error| Diagnostic::error(error.to_string()).into())
}

/// Production has tests of its own, where a project wrote them.
fn default_suite(project: &Project, stage: Stage) -> &'static str {
    if stage == Stage::Prod && project.root.join(SMOKE_SUITE).is_file() { SMOKE_SUITE } else { SUITE }
}

fn read_suite(path: &Path, options: &SuiteOptions) -> Result<ReadSuite, Failure> {
    let text = files::read_text(path).map_err(|diagnostic| diagnostic.hinting("name the tests with --suite"))?;
    let suite = Suite::load_with(path, options).map_err(|errors| {
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
    })?;
    let info = SuiteInfo { file: files::shown(path), name: suite.name().map(str::to_owned), digest: Some(files::digest(text.as_bytes())) };
    Ok(ReadSuite { suite, info })
}

/// Refuses a suite that would run programs of its own, naming all of them.
fn refuse_own_checks(suite: &Suite, path: &Path) -> Result<(), Failure> {
    let refused = |(case, command): (&str, &[String])| {
        Diagnostic::error(format!("the case `{case}` runs a program, `{}`, and own checks are forbidden here", command.join(" ")))
            .file(path)
            .hinting("write the check with the expectations of a suite, or have own checks allowed: --own-checks, OWN_CHECKS")
    };
    stop_on_errors(suite.own_checks().into_iter().map(refused).collect()).map(drop)
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
