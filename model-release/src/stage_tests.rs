//! Tests all endpoints of a stage, or one container.

use std::path::Path;
use std::time::Duration;

use endpoint_test::{
    Baseline, CapturedRequests, ChampionResults, CheckPrograms, ContainerTarget, Expected, Interruption, LoadMode, Report, Run, RunOptions,
    Suite, SuiteInfo, Target, TargetInfo, TargetKind, TargetReport, ToolInfo,
};

use crate::baseline::{BaselineAddress, BaselineTarget};
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::manifest::Tool;
use crate::{Expectations, Release, Stage, problems};

/// The message for an endpoint whose tests were interrupted.
pub(crate) const INTERRUPTED: &str = "the run was interrupted before this endpoint was tested";

/// The time that an interrupted run has to finish, before CodeBuild kills it.
const GRACE: Duration = Duration::from_secs(5);

/// How long to wait for a container's response to `/ping` before the next request. SageMaker waits
/// two seconds; a machine with other work may need more.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// The tests of a stage and their options.
#[derive(Debug)]
pub struct StageTests {
    /// The stage.
    pub stage: Stage,
    /// The tests.
    pub suite: Suite,
    /// The suite's data for the report.
    pub suite_info: Option<SuiteInfo>,
    /// The release; optional for a container.
    pub release: Option<Release>,
    /// The expected settings from the release's template.
    pub expectations: Option<Expectations>,
    /// The maximum time until an endpoint is in service.
    pub wait: Duration,
    /// The maximum number of endpoints that are tested concurrently.
    pub jobs: usize,
    /// When to run the load phase.
    pub load: LoadMode,
    /// Whether a run without cases is valid, with only the checks of status, identity and settings.
    pub checks_suffice: bool,
    /// The baseline, which receives the same requests.
    pub compare_with: Option<BaselineAddress>,
    /// The stored results of the champion, for where the baseline cannot be invoked.
    pub champion: Option<ChampionResults>,
    /// The captured requests to send again.
    pub replay: Option<CapturedRequests>,
    /// Whether a difference from the baseline is a failure.
    pub fail_on_difference: bool,
    /// Whether to update golden files.
    pub update_golden: bool,
    /// The settings for the suite's check programs; `None` disables them.
    pub programs: Option<CheckPrograms>,
    /// Only these targets; `None` means all targets of the stage.
    pub only: Option<stack_rollout::Targets>,
    /// The signal to finish early.
    pub interruption: Interruption,
}

/// An observer of a run's progress.
pub trait TestObserver: Clone + Send + Sync + 'static {
    /// The listener for the events of one endpoint.
    fn listener(&self, info: &TargetInfo) -> impl FnMut(endpoint_test::Event) + Send + use<Self>;

    /// Called after the tests of an endpoint.
    fn finished(&self, report: &TargetReport);
}

impl StageTests {
    /// Tests with default options.
    pub fn of(stage: Stage, suite: Suite) -> Self {
        Self {
            stage,
            suite,
            suite_info: None,
            release: None,
            expectations: None,
            wait: Duration::from_mins(30),
            jobs: 1,
            load: LoadMode::default(),
            checks_suffice: false,
            compare_with: None,
            champion: None,
            replay: None,
            fail_on_difference: false,
            update_golden: false,
            programs: None,
            only: None,
            interruption: Interruption::default(),
        }
    }

    /// A suite without cases, for `deploy` and production without a suite. Invokes no model.
    pub fn no_cases() -> Result<Suite, Failure> {
        Suite::parse("version: 1\ncases: []\n", Path::new("identity")).map_err(|error| Diagnostic::error(error.to_string()).into())
    }

    /// The report of these tests.
    pub fn report(&self, targets: Vec<TargetReport>, tool: Tool) -> Report {
        let mut report = Report::assemble(ToolInfo { name: tool.name, version: tool.version }, self.stage.name(), targets);
        report.suite.clone_from(&self.suite_info);
        report.partial = self.suite.partial().cloned();
        if let Some(release) = &self.release {
            report.release = Some(release.digest.clone());
            report.model_package = Some(release.manifest.model_package.arn.clone());
        }
        report
    }

    /// The settings of the suite that a tested target, or a container as the baseline, would ignore.
    pub(crate) fn unsupported_settings(&self, tested: TargetKind) -> Vec<Diagnostic> {
        let baseline = matches!(self.compare_with, Some(BaselineAddress::Container(_))).then_some(TargetKind::Container);
        let mut diagnostics: Vec<_> = [Some(tested), baseline]
            .into_iter()
            .flatten()
            .filter_map(|kind| self.suite.check_for(kind).err())
            .flat_map(|errors| problems::of_suite(&errors, self.suite_info.as_ref()))
            .collect();
        diagnostics.sort_by(|one, other| one.place.cmp(&other.place));
        diagnostics.dedup();
        diagnostics
    }

    fn options(&self, kind: TargetKind) -> RunOptions {
        let usual = RunOptions::default();
        RunOptions {
            describe_timeout: if kind == TargetKind::Container { PING_TIMEOUT } else { usual.describe_timeout },
            wait: self.wait,
            load: self.load,
            checks_suffice: self.checks_suffice,
            interruption: self.interruption.clone(),
            programs: self.programs.clone(),
            update_golden_files: self.update_golden,
            replay: self.replay.clone(),
            ..usual
        }
    }
}

/// Tests a container. `interrupted` completes when the run must finish; `baseline` is a remote one.
pub async fn test_container(
    tests: &StageTests,
    url: &str,
    baseline: Option<BaselineTarget>,
    observer: &impl TestObserver,
    interrupted: impl Future<Output = ()>,
) -> Result<TargetReport, Failure> {
    let target = ContainerTarget::new(url)
        .map_err(|error| Diagnostic::error(error.to_string()).code("container-url").with_hint_opt(error.hint.clone()));
    let mut diagnostics = tests.unsupported_settings(TargetKind::Container);
    let target = match target {
        Ok(target) if diagnostics.is_empty() => target,
        target => {
            diagnostics.splice(0..0, target.err());
            return Err(Failure::new(FailureKind::BadInput, diagnostics));
        }
    };
    let info = TargetInfo { account_id: "local".to_owned(), region: "local".to_owned(), endpoint: url.to_owned(), ..TargetInfo::default() };
    let baseline = match &tests.compare_with {
        None => None,
        Some(BaselineAddress::Container(url)) => Some(BaselineTarget::container(url)?),
        Some(BaselineAddress::SameAccount(name)) => {
            return Err(Diagnostic::error(format!("the account and region of the baseline `{name}` are not known for a container"))
                .code("baseline")
                .with_hint(format!("set the baseline as ACCOUNT/REGION/{name}"))
                .into());
        }
        Some(BaselineAddress::Variant(_)) => {
            return Err(Diagnostic::error("a container has no variants")
                .code("baseline")
                .with_hint("compare two containers by their URLs")
                .into());
        }
        Some(BaselineAddress::Production) => {
            return Err(Diagnostic::error("the endpoint in production is not known for a container")
                .code("baseline")
                .with_hint("set the baseline as ACCOUNT/REGION/NAME")
                .into());
        }
        Some(BaselineAddress::Remote { .. }) => baseline,
    };
    let title = tests.compare_with.as_ref().map(|address| address.title("local", "local")).unwrap_or_default();
    let listener = observer.listener(&info);
    // The model package of a container is not known.
    let expected = Expected::default();
    let report = tokio::select! {
        report = test_target(TargetKind::Container, &target, baseline.as_ref().map(|target| (target, title.as_str())), info.clone(), tests, &expected, listener) => report,
        () = grace_after_interruption(&tests.interruption, interrupted) => {
            TargetReport::errored(info, "run", INTERRUPTED, Some("run the tests again".to_owned()))
        }
    };
    observer.finished(&report);
    Ok(report)
}

/// Runs the suite against one target, and compares it with the baseline, if there is one, of this
/// title.
pub(crate) async fn test_target<T: Target>(
    kind: TargetKind,
    target: &T,
    baseline: Option<(&BaselineTarget, &str)>,
    info: TargetInfo,
    tests: &StageTests,
    expected: &Expected,
    listener: impl FnMut(endpoint_test::Event),
) -> TargetReport {
    let run =
        Run::new(target, &tests.suite).expecting(expected.clone()).options(tests.options(kind)).champion_results(tests.champion.as_ref());
    // Boxed, because a run is a large future.
    match baseline {
        None => Box::pin(run.start(info, listener)).await,
        Some((target, title)) => {
            let is_production = tests.compare_with == Some(BaselineAddress::Production);
            let baseline = Baseline { target, title, fail_on_difference: tests.fail_on_difference, is_production };
            Box::pin(run.compared_with(baseline).start(info, listener)).await
        }
    }
}

/// Waits for an interruption, signals the runs to finish, and completes after the grace period.
pub(crate) async fn grace_after_interruption(interruption: &Interruption, interrupted: impl Future<Output = ()>) {
    interrupted.await;
    interruption.raise();
    tokio::time::sleep(GRACE).await;
}

#[cfg(test)]
mod tests {
    use endpoint_test::Event;

    use super::*;

    #[derive(Clone)]
    struct NoObserver;

    impl TestObserver for NoObserver {
        fn listener(&self, _: &TargetInfo) -> impl FnMut(Event) + Send + use<> {
            |_| {}
        }

        fn finished(&self, _: &TargetReport) {}
    }

    fn tests(suite: &str) -> StageTests {
        let suite = Suite::parse(suite, Path::new("endpoint-tests.yaml")).unwrap();
        StageTests::of(Stage::Staging, suite)
    }

    const SELECTIONS: &str = "version: 1\ndefaults: { target_model: a }\ncases:\n  - { name: it, payload: { csv: '1' }, expect: { status: 201 } }\n  - { name: other, payload: { csv: '1' }, inference_component: b }\n";

    #[tokio::test]
    async fn a_container_is_not_tested_with_settings_that_it_would_ignore() {
        let run =
            |url| async move { test_container(&tests(SELECTIONS), url, None, &NoObserver, std::future::pending()).await.unwrap_err() };
        // The port is never reached.
        let failure = run("http://127.0.0.1:1").await;
        let messages: Vec<_> = failure.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        let expected = [
            "`target_model` is not supported: a container has one model",
            "`inference_component` is not supported: a container has no inference components",
        ];
        assert_eq!((failure.kind, messages), (FailureKind::BadInput, expected.to_vec()));
        // A wrong URL does not hide them.
        let failure = run("http://127.0.0.1:1/ping").await;
        assert_eq!((failure.diagnostics.len(), failure.diagnostics[0].code), (3, Some("container-url")));
    }

    #[test]
    fn a_container_as_the_baseline_must_honour_the_settings_too() {
        let lines = |tests: &StageTests, kind| -> Vec<usize> {
            let line = |diagnostic: &Diagnostic| match &diagnostic.place {
                Some(crate::Place::Source { line, .. }) => *line,
                place => panic!("{place:?}"),
            };
            tests.unsupported_settings(kind).iter().map(line).collect()
        };
        let alone = tests(SELECTIONS);
        assert_eq!(lines(&alone, TargetKind::Endpoint), [4]);
        let compared = StageTests { compare_with: Some(BaselineAddress::Container("http://127.0.0.1:1".to_owned())), ..alone };
        assert_eq!(lines(&compared, TargetKind::Endpoint), [2, 4, 5]);
        assert_eq!(lines(&compared, TargetKind::Container), [2, 5]);
    }

    #[test]
    fn the_ping_of_a_container_is_repeated_within_its_wait_if_there_is_no_response() {
        let tests = tests("version: 1\ncases: []\n");
        assert_eq!(tests.options(TargetKind::Container).describe_timeout, PING_TIMEOUT);
        assert!(PING_TIMEOUT < Duration::from_mins(1));
        assert_eq!(tests.options(TargetKind::Endpoint).describe_timeout, RunOptions::default().describe_timeout);
    }
}
