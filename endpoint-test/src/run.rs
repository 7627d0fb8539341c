//! One suite against one target: wait until it is in service, check what it serves, then ask it the suite's questions.

mod case;
mod checks;
mod event;
mod reproduce;
mod wait;

use std::time::Duration;

pub use self::event::Event;
use crate::clock::{Clock, SystemClock};
use crate::report::{CaseReport, TargetInfo, TargetReport};
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
        }
    }
}

/// Runs a suite against one target, and reports whatever happens.
///
/// First the target is waited for. A status that nobody leaves without acting (`Failed`, `OutOfService`, `Deleting`,
/// `UpdateRollbackFailed`) is a failure. A target that is still changing at the deadline, or that cannot be described,
/// is an error: nothing is proven. In both cases the suite's cases are skipped. Then the checks `identity`, `variants`
/// and `data_capture` are made, and the cases run one after another, even when a check failed: more evidence does no
/// harm. No call is repeated: a reply that comes only at the second attempt is a finding.
///
/// `on_event` hears of progress. The future may be dropped at any time.
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
    let waited = wait::in_service(target, options, clock, &mut on_event).await;
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
                let case = case::run(target, &place, case, options, clock).await;
                on_event(Event::CaseFinished { index, of: suite.cases().len(), case: Box::new(case.clone()) });
                report.cases.push(case);
            }
        }
        None => {
            let why = "the target is not in service";
            report.cases.extend(suite.cases().iter().map(|case| CaseReport::skipped(case.name(), why)));
        }
    }
    report.duration_ms = milliseconds(clock.now().saturating_sub(start));
    report.settle()
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
