//! The tests of a stage: every endpoint of all its accounts and regions at once, or one container.

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

/// What is said of an endpoint whose tests were cut off.
pub(crate) const INTERRUPTED: &str = "the run was interrupted before this endpoint was tested";

/// How long a run may take to end with what it has. CodeBuild kills a build some seconds after it has asked it to end.
const GRACE: Duration = Duration::from_secs(5);

/// What is tested, with which tests, and how.
#[derive(Debug)]
pub struct StageTests {
    /// The stage.
    pub stage: Stage,
    /// The tests.
    pub suite: Suite,
    /// What the report says of the suite.
    pub suite_info: Option<SuiteInfo>,
    /// The release; a container can be tested without one.
    pub release: Option<Release>,
    /// What the release's template says of its endpoints.
    pub expectations: Option<Expectations>,
    /// How long an endpoint may take to be in service.
    pub wait: Duration,
    /// How many endpoints are tested at once.
    pub jobs: usize,
    /// When the load is put on.
    pub load: LoadMode,
    /// Whether status, identity and settings alone are a test.
    pub checks_suffice: bool,
    /// Another endpoint that gets the same requests.
    pub compare_with: Option<BaselineAddress>,
    /// Whether a difference from it is a failure.
    pub fail_on_difference: bool,
    /// Whether golden files are written anew.
    pub update_golden: bool,
    /// What the programs of a suite's own checks run with; without it none is run.
    pub programs: Option<CheckPrograms>,
    /// Raised when the run has to end with what it has.
    pub interruption: Interruption,
}

/// What hears of a run's progress.
pub trait TestObserver: Clone + Send + Sync + 'static {
    /// What hears of one endpoint's events.
    fn listener(&self, info: &TargetInfo) -> impl FnMut(endpoint_test::Event) + Send + use<Self>;

    /// An endpoint's tests have ended.
    fn finished(&self, report: &TargetReport);
}

impl StageTests {
    /// Tests of a suite with nothing special about them.
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

    /// A suite without cases: what `deploy` checks of each endpoint, and production's tests where a project has none. No model is invoked.
    pub fn no_cases() -> Result<Suite, Failure> {
        Suite::parse("version: 1\ncases: []\n", Path::new("identity")).map_err(|error| Diagnostic::error(error.to_string()).into())
    }

    /// The report of these tests over these targets.
    pub fn report(&self, targets: Vec<TargetReport>, tool: Tool) -> Report {
        let mut report = Report::assemble(ToolInfo { name: tool.name, version: tool.version }, self.stage.name(), targets);
        report.suite.clone_from(&self.suite_info);
        if let Some(release) = &self.release {
            report.release = Some(release.digest.clone());
            report.model_package = Some(release.manifest.model_package.arn.to_string());
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

/// Tests a container. `interrupted` ends when the run has to end; `baseline` is the target of `tests.compare_with`, where it is remote.
pub async fn test_container(
    tests: &StageTests,
    url: &str,
    baseline: Option<BaselineTarget>,
    observer: &impl TestObserver,
    interrupted: impl Future<Output = ()>,
) -> Result<TargetReport, Failure> {
    let target = ContainerTarget::new(url)
        .map_err(|error| Failure::from(Diagnostic::error(error.to_string()).code("container-url").hint(error.hint.clone())))?;
    let info = TargetInfo { account_id: "local".to_owned(), region: "local".to_owned(), endpoint: url.to_owned(), ..TargetInfo::default() };
    let baseline = match &tests.compare_with {
        None => None,
        Some(BaselineAddress::Container(url)) => Some(BaselineTarget::container(url)?),
        Some(BaselineAddress::SameAccount(name)) => {
            return Err(Diagnostic::error(format!("a container has no account and region in which `{name}` could be"))
                .code("baseline")
                .hint(format!("give them too: ACCOUNT/REGION/{name}"))
                .into());
        }
        Some(BaselineAddress::Remote { .. }) => baseline,
    };
    let listener = observer.listener(&info);
    // A container serves whatever is in it: which model package that is, only an endpoint can say.
    let expected = Expected::default();
    let report = tokio::select! {
        report = test_target(&target, baseline.as_ref(), info.clone(), tests, &expected, listener) => report,
        () = cut_off(&tests.interruption, interrupted) => {
            TargetReport::errored(info, "run", INTERRUPTED, Some("run the tests again".to_owned()))
        }
    };
    observer.finished(&report);
    Ok(report)
}

/// Runs the suite against one target, compared with a baseline where there is one.
pub(crate) async fn test_target<T: Target>(
    target: &T,
    baseline: Option<&BaselineTarget>,
    info: TargetInfo,
    tests: &StageTests,
    expected: &Expected,
    listener: impl FnMut(endpoint_test::Event),
) -> TargetReport {
    let run = Run::new(target, &tests.suite).expecting(expected.clone()).options(tests.options());
    // A run is a large future, and the commands that wait for it are not to be.
    match baseline {
        None => Box::pin(run.start(info, listener)).await,
        Some(target) => {
            let title = tests.compare_with.as_ref().map(|address| address.title(&info.account_id, &info.region)).unwrap_or_default();
            let baseline = Baseline { target, title: &title, fail_on_difference: tests.fail_on_difference };
            Box::pin(run.compared_with(baseline).start(info, listener)).await
        }
    }
}

/// At an interruption the runs are asked to end with what they have; this returns when they had the time to.
pub(crate) async fn cut_off(interruption: &Interruption, interrupted: impl Future<Output = ()>) {
    interrupted.await;
    interruption.raise();
    tokio::time::sleep(GRACE).await;
}
