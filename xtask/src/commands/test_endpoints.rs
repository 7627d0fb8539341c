//! `test-staging` and `test-prod`: test every endpoint of a stage, and write the results.

mod golden;

use std::path::Path;
use std::time::Duration;

#[cfg(feature = "aws")]
use endpoint_test::Verdict;
use endpoint_test::{ChampionResults, LoadMode, Suite, SuiteOptions, TargetReport};
use model_release::history::tested;
use model_release::{
    BaselineAddress, BaselineTarget, Diagnostic, Expectations, Failure, FailureKind, Release, Stage, StageTests, champion, stop_on_errors,
    test_container,
};
use stack_rollout::Targets;

use crate::captured_requests::captured_requests;
use crate::check_programs::Programs;
use crate::history::Recorder;
use crate::progress::EndpointProgress;
use crate::record::Recording;
use crate::requests;
use crate::signatures::Signatures;
use crate::signing::Signing;
use crate::suite_file::{SMOKE_SUITE, SUITE, SuiteFile, default_suite};
use crate::suite_samples::with_samples;
use crate::suite_variables;
use crate::targets;
use crate::test_results::{self, ResultFiles};
use command_line::{OwnChecks, RoleOptions, TestOptions, non_empty};
use terminal::{Exit, Printer, Project, interrupted};

/// The default wait for an endpoint to be in service, in seconds: large models take long.
const ENDPOINT_WAIT: u64 = 1800;
/// The default wait for a container on this machine to respond, in seconds.
const CONTAINER_WAIT: u64 = 60;

pub(crate) async fn run(printer: Printer, project: &Project, stage: Stage, options: &TestOptions) -> Result<Exit, Failure> {
    let load = load_mode(stage, options)?;
    let production = is_production(stage, options);
    let compare_with = non_empty(options.compare_with.as_ref()).map(BaselineAddress::parse).transpose()?;
    if compare_with == Some(BaselineAddress::Production) && stage == Stage::Prod {
        return Err(Diagnostic::error("`production` is what `test-prod` tests").code("baseline").with_hint("name another endpoint").into());
    }
    let is_release_named = options.release.build_dir.is_some() || non_empty(options.release.release_sha256.as_ref()).is_some();
    // A local container can be tested before the first build.
    let needs_release = options.endpoint_url.is_none() || is_release_named;
    let release = match needs_release.then(|| requests::release(project, &options.release)) {
        // What sends nothing needs a release only for the values of its parameters.
        Some(Err(_)) if (options.list || options.check) && !is_release_named => None,
        release => release.transpose()?,
    };
    if let Some(release) = &release {
        check_config(release, stage, non_empty(options.build_config.as_ref()))?;
        Signatures::check(printer, project, &options.signatures, release).await?;
    }
    let targets = only_targets(stage, options, release.as_ref())?;
    let recorded = release.as_ref().filter(|_| options.endpoint_url.is_none());
    let recording = Recording::read(&options.record, stage, "Tested", recorded, None)?;
    let suite_options = SuiteOptions {
        variables: suite_variables::values(&options.variables, stage, release.as_ref())?,
        golden_files_may_be_missing: options.update_golden,
    };
    let path = project.path(options.suite.as_deref(), default_suite(project, stage));
    let read = if production && options.suite.is_none() && !path.is_file() {
        let message =
            format!("`{SMOKE_SUITE}` and `{SUITE}` do not exist: only the status, identity and settings of each endpoint are checked");
        printer.diagnostic(&Diagnostic::warning(message).with_hint("add a few low-cost cases for production in `test/smoke-tests.yaml`"));
        None
    } else {
        Some(SuiteFile::read(&path, &suite_options)?)
    };
    let (suite, suite_info) = match read {
        Some(read) => (read.suite, Some(read.info)),
        None => (StageTests::no_cases()?, None),
    };
    let suite = if options.cases.is_empty() { suite } else { only(suite, &options.cases)? };
    if options.list {
        let listing = suite.listing();
        printer.result(&listing, endpoint_test::report::case_list(&listing).trim_end());
        return Ok(Exit::Done);
    }
    if options.check {
        let outlook = suite.outlook();
        printer.result(&outlook, endpoint_test::report::outlook(&outlook).trim_end());
        return Ok(if outlook.can_pass() { Exit::Done } else { Exit::NotProven });
    }
    if options.own_checks == OwnChecks::Forbidden {
        refuse_own_checks(&suite, &path)?;
    }
    for warning in suite.warnings() {
        printer.diagnostic(&Diagnostic::warning(&warning.message).with_hint_opt(warning.hint.clone()).file(&path));
    }
    let uid = options.own_checks_uid.filter(|_| !suite.own_checks().is_empty());
    let programs = Programs::in_folder(&project.root, uid)?;
    let signing = Signing::open(&options.signing).await?;
    let results = ResultFiles::new(project.folder(options.results_dir.as_deref(), "test-results"), &options.test_results)?;
    let usual_wait = Duration::from_secs(if options.endpoint_url.is_some() { CONTAINER_WAIT } else { ENDPOINT_WAIT });
    let expectations = match &release {
        Some(release) if options.endpoint_url.is_none() => Some(Expectations::read(release, stage)?),
        _ => None,
    };
    let champion = champion_results(project, options, compare_with.as_ref(), &results, release.as_ref())?;
    let replay = captured_requests(non_empty(options.replay.as_ref()), &suite, &path).await?;
    let suite = with_samples(suite, options.sample_payloads.as_deref(), release.as_ref()).await?;
    let tests = StageTests {
        suite_info,
        release,
        expectations,
        wait: options.wait.map(Duration::from_secs).or(suite.endpoint().ready_within).unwrap_or(usual_wait),
        jobs: options.jobs.max(1),
        load,
        checks_suffice: production,
        compare_with,
        champion,
        replay,
        fail_on_difference: options.fail_on_difference,
        update_golden: options.update_golden,
        programs: Some(programs.settings.clone()),
        only: targets,
        ..StageTests::of(stage, suite)
    };

    let (tests, reports) = match &options.endpoint_url {
        Some(url) => {
            let baseline = remote_baseline(&tests, &options.role).await?;
            let report = Box::pin(test_container(&tests, url, baseline, &EndpointProgress::new(printer, 1), interrupted())).await?;
            (tests, vec![report])
        }
        None => Box::pin(endpoints(printer, tests, options)).await?,
    };
    let report = tests.report(reports, crate::tool());
    let mut exit = test_results::finish(printer, &results, &report, tests.release.as_ref(), &signing).await;
    // A container, and a part of the tests, say nothing about a stage.
    let is_whole = options.endpoint_url.is_none() && options.cases.is_empty();
    if let Some(release) = tests.release.as_ref().filter(|_| is_whole) {
        let recorded = async {
            let history = Recorder::open(printer, &options.history, release, Some(stage), &signing).await?;
            history.with_files(results.evidence(&report, &signing), |files| tested(&report, release, stage, files)).await
        };
        if let Err(failure) = recorded.await {
            printer.diagnostics(&failure.diagnostics);
            exit = exit.worst(failure.kind.into());
        }
    }
    if options.update_golden
        && let Err(failure) = golden::write(printer, &path, &report)
    {
        if exit != Exit::Failed {
            return Err(failure);
        }
        printer.diagnostics(&failure.diagnostics);
    }
    recording.after(printer, exit).await
}

#[cfg(feature = "aws")]
async fn endpoints(printer: Printer, tests: StageTests, options: &TestOptions) -> Result<(StageTests, Vec<TargetReport>), Failure> {
    let access = crate::session::test_access(&options.role)?;
    let observer = |targets| EndpointProgress::new(printer, targets);
    let tested = model_release::aws::test_endpoints(tests, &access, crate::session::open(), observer, interrupted());
    let (tests, mut reports) = Box::pin(tested).await?;
    let bake = options.bake.filter(|minutes| *minutes > 0 && reports.iter().all(|report| report.verdict == Verdict::Passed));
    if let (Some(minutes), Some(release)) = (bake, &tests.release) {
        printer.step("Watching", format_args!("the alarms of the endpoints for {minutes} min"));
        let (session, time) = (crate::session::open().await?, Duration::from_secs(u64::from(minutes) * 60));
        let watch = model_release::aws::AlarmWatch { session: &session, release, stage: tests.stage, role: &access.role, time };
        Box::pin(watch.watch(&stack_rollout::SystemClock::new(), &mut reports, interrupted())).await;
    }
    Ok((tests, reports))
}

#[cfg(not(feature = "aws"))]
async fn endpoints(_: Printer, tests: StageTests, _: &TestOptions) -> Result<(StageTests, Vec<TargetReport>), Failure> {
    crate::without_aws(&format!("test-{}", tests.stage), "name a local container with --endpoint-url").await
}

/// The endpoint in another account that a container is compared with, if there is one.
#[cfg(feature = "aws")]
async fn remote_baseline(tests: &StageTests, role: &RoleOptions) -> Result<Option<BaselineTarget>, Failure> {
    let Some(address @ BaselineAddress::Remote { .. }) = &tests.compare_with else { return Ok(None) };
    let access = crate::session::test_access(role)?;
    let session = crate::session::open().await?;
    model_release::aws::remote_baseline(address, &access, session).await.map(Some)
}

#[cfg(not(feature = "aws"))]
async fn remote_baseline(tests: &StageTests, _: &RoleOptions) -> Result<Option<BaselineTarget>, Failure> {
    match &tests.compare_with {
        Some(BaselineAddress::Remote { .. }) => crate::without_aws("--compare-with", "compare with a container by its URL").await,
        _ => Ok(None),
    }
}

/// The targets in the accounts that the options name; `None` for all.
fn only_targets(stage: Stage, options: &TestOptions, release: Option<&Release>) -> Result<Option<Targets>, Failure> {
    let accounts = non_empty(options.accounts.as_ref());
    let named = [("--accounts", accounts.is_some()), ("--bake", options.bake.is_some_and(|minutes| minutes > 0))];
    if options.endpoint_url.is_some()
        && let Some((option, _)) = named.into_iter().find(|(_, is_named)| *is_named)
    {
        return Err(Diagnostic::error("a container has no account and no alarms").named(option).into());
    }
    let (Some(text), Some(release)) = (accounts, release) else { return Ok(None) };
    let mut diagnostics = Vec::new();
    let accounts = targets::accounts(text, "--accounts, TEST_ACCOUNTS", &mut diagnostics);
    stop_on_errors(diagnostics)?;
    release.targets(stage, Some(&accounts), None).map(Some)
}

/// The stored results for where the endpoint of --compare-with cannot be invoked.
fn champion_results(
    project: &Project,
    options: &TestOptions,
    compare_with: Option<&BaselineAddress>,
    results: &ResultFiles,
    release: Option<&Release>,
) -> Result<Option<ChampionResults>, Failure> {
    if let Some(file) = non_empty(options.champion_results.as_ref()) {
        return Ok(Some(champion::read_results(&project.path(Some(Path::new(file)), file), release)?));
    }
    let build_dir = project.folder(options.release.build_dir.as_deref(), "deploy");
    let is_production = compare_with == Some(&BaselineAddress::Production);
    Ok(if is_production { champion::usual_results(&build_dir, &results.path(), release) } else { None })
}

/// A container on this machine is not production, for both stages.
fn is_production(stage: Stage, options: &TestOptions) -> bool {
    stage == Stage::Prod && options.endpoint_url.is_none()
}

/// Load takes capacity from production's callers, so it needs an explicit option.
fn load_mode(stage: Stage, options: &TestOptions) -> Result<LoadMode, Failure> {
    let production = is_production(stage, options);
    if options.load_on_production && !production {
        return Err(Diagnostic::error("only `test-prod` tests production endpoints").named("--load-on-production").into());
    }
    if options.load_anyway && production && !options.load_on_production {
        return Err(Diagnostic::error("load on production needs --load-on-production")
            .named("--load-anyway")
            .with_hint("add --load-on-production if production has the capacity")
            .into());
    }
    Ok(match options {
        TestOptions { no_load: true, .. } => LoadMode::Never("--no-load skips it"),
        TestOptions { load_anyway: true, .. } => LoadMode::Anyway,
        TestOptions { load_on_production: false, .. } if production => LoadMode::Never("load on production needs --load-on-production"),
        _ => LoadMode::AfterSuccess,
    })
}

/// The suite with only these cases.
fn only(suite: Suite, names: &[String]) -> Result<Suite, Failure> {
    let known: Vec<_> = suite.cases().iter().map(|case| format!("`{}`", case.name())).collect();
    suite.only(names).map_err(|unknown| {
        let diagnostics = unknown.iter().map(|unknown| {
            let hint = unknown.nearest.as_ref().map(|name| format!("did you mean `{name}`?"));
            let diagnostic = Diagnostic::error(unknown.to_string()).named("--case").detail(format!("its cases are {}", known.join(", ")));
            diagnostic.with_hint(hint.unwrap_or_else(|| "`--list` lists the cases".to_owned()))
        });
        Failure::new(FailureKind::BadInput, diagnostics.collect())
    })
}

/// Refuses a suite that runs programs, and names all of them.
fn refuse_own_checks(suite: &Suite, path: &Path) -> Result<(), Failure> {
    let refused = |(case, command): (&str, &[String])| {
        Diagnostic::error(format!("the case `{case}` runs a program, `{}`, and own checks are forbidden here", command.join(" ")))
            .file(path)
            .with_hint("use the suite's expectations instead, or allow own checks: --own-checks, OWN_CHECKS")
    };
    stop_on_errors(suite.own_checks().into_iter().map(refused).collect()).map(drop)
}

/// In a pipeline for the Python seed, `BUILD_CONFIG` names the stage: it must be the tested one.
fn check_config(release: &Release, stage: Stage, config: Option<&str>) -> Result<(), Failure> {
    let Some(config) = config else { return Ok(()) };
    match release.manifest.stage_of_config(config) {
        Some(found) if found == stage => Ok(()),
        Some(found) => Err(Diagnostic::error(format!("`{config}` is the configuration of the {found} stage, and this tests {stage}"))
            .named("--build-config, BUILD_CONFIG")
            .with_hint(format!("run `test-{found}`, or name `{}`", release.manifest.stage(stage).config))
            .into()),
        None => Err(Diagnostic::error(format!("the release has no configuration `{config}`"))
            .named("--build-config, BUILD_CONFIG")
            .with_hint(format!("this stage's is `{}`", release.manifest.stage(stage).config))
            .into()),
    }
}
