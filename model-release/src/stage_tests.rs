//! Tests all endpoints of a stage, or one container.

use std::path::Path;
use std::time::Duration;

use endpoint_test::{
    Baseline, CheckPrograms, ContainerTarget, Expected, Interruption, LoadMode, Report, Run, RunOptions, Suite, SuiteInfo, Target,
    TargetInfo, TargetReport, ToolInfo,
};

use crate::baseline::{BaselineAddress, BaselineTarget};
use crate::diagnostic::{Diagnostic, Failure};
use crate::manifest::Tool;
use crate::{Expectations, Release, Stage};

/// The message for an endpoint whose tests were interrupted.
pub(crate) const INTERRUPTED: &str = "the run was interrupted before this endpoint was tested";

/// The time that an interrupted run has to finish, before CodeBuild kills it.
const GRACE: Duration = Duration::from_secs(5);

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
    /// Whether a difference from the baseline is a failure.
    pub fail_on_difference: bool,
    /// Whether to update golden files.
    pub update_golden: bool,
    /// The settings for the suite's check programs; `None` disables them.
    pub programs: Option<CheckPrograms>,
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
            fail_on_difference: false,
            update_golden: false,
            programs: None,
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

    fn options(&self) -> RunOptions {
        RunOptions {
            wait: self.wait,
            load: self.load,
            checks_suffice: self.checks_suffice,
            interruption: self.interruption.clone(),
            programs: self.programs.clone(),
            update_golden_files: self.update_golden,
            ..RunOptions::default()
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
        .map_err(|error| Failure::from(Diagnostic::error(error.to_string()).code("container-url").with_hint_opt(error.hint.clone())))?;
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
        Some(BaselineAddress::Remote { .. }) => baseline,
    };
    let listener = observer.listener(&info);
    // The model package of a container is not known.
    let expected = Expected::default();
    let report = tokio::select! {
        report = test_target(&target, baseline.as_ref(), info.clone(), tests, &expected, listener) => report,
        () = grace_after_interruption(&tests.interruption, interrupted) => {
            TargetReport::errored(info, "run", INTERRUPTED, Some("run the tests again".to_owned()))
        }
    };
    observer.finished(&report);
    Ok(report)
}

/// Runs the suite against one target, and compares it with the baseline if there is one.
pub(crate) async fn test_target<T: Target>(
    target: &T,
    baseline: Option<&BaselineTarget>,
    info: TargetInfo,
    tests: &StageTests,
    expected: &Expected,
    listener: impl FnMut(endpoint_test::Event),
) -> TargetReport {
    let run = Run::new(target, &tests.suite).expecting(expected.clone()).options(tests.options());
    // Boxed, because a run is a large future.
    match baseline {
        None => Box::pin(run.start(info, listener)).await,
        Some(target) => {
            let title = tests.compare_with.as_ref().map(|address| address.title(&info.account_id, &info.region)).unwrap_or_default();
            let baseline = Baseline { target, title: &title, fail_on_difference: tests.fail_on_difference };
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
