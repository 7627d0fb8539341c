//! One suite against one target: wait until it is in service, check what it serves, then ask it the suite's questions.

mod case;
mod checks;
mod event;
mod reproduce;
mod wait;

use std::time::Duration;

pub use self::event::Event;
use crate::clock::{Clock, SystemClock};
use crate::interruption::Interruption;
use crate::load;
use crate::report::{CaseReport, CheckReport, LoadReport, Outcome, TargetInfo, TargetReport};
use crate::suite::Suite;
use crate::target::{Description, EndpointStatus, Target};

/// What the release says that a target serves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// The ARN of the model package that was approved; without it the check `identity` is skipped.
    pub model_package_arn: Option<String>,
    /// Whether requests and replies must be captured; without it the check `data_capture` only records what is.
    pub data_capture: Option<bool>,
}

/// How patient a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long to wait for `InService` in all.
    pub wait: Duration,
    /// The time between two looks at the status; each is spread by a quarter either way, so that runs over many
    /// accounts do not knock all at once.
    pub poll: Duration,
    /// How long one `describe` may take.
    pub describe_timeout: Duration,
    /// How long a case waits for its reply, unless the suite says otherwise.
    pub case_timeout: Duration,
    /// Whether the suite's load is put on the target.
    pub load: LoadMode,
    /// Raised by whoever wants the run to end with what it has found until then.
    pub interruption: Interruption,
}

/// Whether the suite's load is put on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadMode {
    /// When nothing failed before: a load on a model that is wrong costs money and proves nothing.
    #[default]
    AfterSuccess,
    /// Whatever failed before.
    Anyway,
    /// Not at all.
    Never,
}

impl Default for Options {
    /// Waits up to fifteen minutes, looking every ten seconds. A case waits 70 seconds: AWS gives a container 60, and
    /// advises ten more at the client's side.
    fn default() -> Self {
        Self {
            wait: Duration::from_mins(15),
            poll: Duration::from_secs(10),
            describe_timeout: Duration::from_mins(1),
            case_timeout: Duration::from_secs(70),
            load: LoadMode::default(),
            interruption: Interruption::default(),
        }
    }
}

/// Runs a suite against one target, and reports whatever happens.
///
/// First the target is waited for. A status that nobody leaves without acting (`Failed`, `OutOfService`, `Deleting`,
/// `UpdateRollbackFailed`) is a failure. A target that is still changing at the deadline, or that cannot be described,
/// is an error: nothing is proven. In both cases the suite's cases are skipped. Then the checks `identity`, `variants`
/// and `data_capture` are made, and the cases run one after another, even when a check failed: more evidence does no
/// harm. The suite's [load](crate::load) comes last. No call is repeated: a reply that comes only at the second attempt is a
/// finding.
///
/// `on_event` hears of progress. The future may be dropped at any time; [`Options::interruption`] ends it with a report.
pub async fn run<T: Target>(
    target: &T,
    info: TargetInfo,
    suite: &Suite,
    expected: &Expected,
    options: &Options,
    on_event: impl FnMut(Event),
) -> TargetReport {
    run_with_clock(target, info, suite, expected, options, &SystemClock::new(), on_event).await
}

/// [`run`] by a clock of the caller's.
pub async fn run_with_clock<T: Target, C: Clock>(
    target: &T,
    info: TargetInfo,
    suite: &Suite,
    expected: &Expected,
    options: &Options,
    clock: &C,
    mut on_event: impl FnMut(Event),
) -> TargetReport {
    let start = clock.now();
    let mut report = TargetReport::new(info);
    let waited = tokio::select! {
        biased;
        waited = wait::in_service(target, options, clock, &mut on_event) => waited,
        () = options.interruption.raised() => Waited { check: CheckReport::skipped("status", "the run was interrupted"), description: None },
    };
    if let Some(description) = &waited.description {
        describe(&mut report, description);
    }
    let ready = waited.is_in_service();
    report.checks.push(waited.check);
    match waited.description.filter(|_| ready) {
        Some(description) => {
            report.checks.extend(checks::all(&description, expected));
            let place = reproduce::Place { kind: description.kind, endpoint: report.endpoint.clone(), region: report.region.clone() };
            for (index, case) in suite.cases().iter().enumerate() {
                on_event(Event::CaseStarted { index, of: suite.cases().len(), name: case.name().to_owned() });
                let case = tokio::select! {
                    biased;
                    case = case::run(target, &place, case, options, clock) => case,
                    () = options.interruption.raised() => break,
                };
                on_event(Event::CaseFinished { index, of: suite.cases().len(), case: Box::new(case.clone()) });
                report.cases.push(case);
            }
            let left = suite.cases().iter().skip(report.cases.len());
            report.cases.extend(left.map(|case| CaseReport::skipped(case.name(), "the run was interrupted")));
            if let Some(plan) = suite.load_plan() {
                report.load = Some(Box::new(match no_load(&report, options) {
                    Some(why) => LoadReport::skipped(why),
                    None => load::run(target, plan, suite, options, clock, &mut on_event).await,
                }));
            }
        }
        None => {
            let why = "the target is not in service";
            report.cases.extend(suite.cases().iter().map(|case| CaseReport::skipped(case.name(), why)));
            report.load = suite.load_plan().map(|_| Box::new(LoadReport::skipped(why)));
        }
    }
    if options.interruption.is_raised() {
        let message = Some("the run was interrupted: what it had not looked at is skipped".to_owned());
        let check = CheckReport { message, ..CheckReport::new("run", Outcome::Errored) };
        report.checks.push(check.hint("run the tests again"));
    }
    report.duration_ms = milliseconds(clock.now().saturating_sub(start));
    report.settle()
}

/// Why the suite's load is not put on the target.
fn no_load(report: &TargetReport, options: &Options) -> Option<&'static str> {
    let wrong = |outcome: Outcome| matches!(outcome, Outcome::Failed | Outcome::Errored);
    let outcomes = report.checks.iter().map(|check| check.outcome).chain(report.cases.iter().map(|case| case.outcome));
    match options.load {
        _ if options.interruption.is_raised() => Some("the run was interrupted"),
        LoadMode::Never => Some("it was asked for no load"),
        LoadMode::AfterSuccess if outcomes.into_iter().any(wrong) => Some("not everything before it passed"),
        LoadMode::AfterSuccess | LoadMode::Anyway => None,
    }
}

fn describe(report: &mut TargetReport, description: &Description) {
    report.status = Some(description.status.to_string());
    report.endpoint_arn.clone_from(&description.arn);
    report.endpoint_config.clone_from(&description.config_name);
    report.data_capture = description.data_capture;
    report.variants.clone_from(&description.variants);
}

/// Milliseconds to a hundredth: finer than any network is steady.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

/// What the wait came to.
struct Waited {
    check: crate::report::CheckReport,
    description: Option<Description>,
}

impl Waited {
    fn is_in_service(&self) -> bool {
        self.description.as_ref().is_some_and(|description| description.status == EndpointStatus::InService)
    }
}
