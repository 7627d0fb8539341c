//! One suite against one target: wait until it is in service, check what it serves, then ask it the suite's questions.

mod ask;
mod case;
mod checks;
mod comparison;
mod expected;
mod load;
mod reproduce;
mod rows;
mod wait;

use std::sync::{Mutex, PoisonError};

pub use self::comparison::Other;
pub use self::expected::{Expected, ExpectedVariant, Setting, Vpc};
use crate::clock::{Clock, SystemClock};
use crate::event::Event;
use crate::format::milliseconds;
use crate::options::Options;
use crate::report::{CaseReport, CheckReport, LoadReport, Outcome, TargetInfo, TargetReport};
use crate::suite::Suite;
use crate::target::{Description, EndpointStatus, InvokeError, Reply, Request, Target, TargetError};

/// Runs a suite against one target, and reports whatever happens.
///
/// First the target is waited for. A status that nobody leaves without acting (`Failed`, `OutOfService`, `Deleting`,
/// `UpdateRollbackFailed`) is a failure. A target that is still changing at the deadline, or that cannot be described,
/// is an error: nothing is proven. In both cases the suite's cases are skipped. Then the checks `identity`, `variants`
/// and `data_capture` are made, with those that the release has an expectation for, and the cases run one after another,
/// even when a check failed: more evidence does no harm. The suite's [load](crate::load) comes last. No call is repeated: a
/// reply that comes only at the second attempt is a finding.
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
    on_event: impl FnMut(Event),
) -> TargetReport {
    run_beside::<T, Nobody, C>(target, None, info, suite, expected, options, clock, on_event).await
}

/// [`run_with_clock`] that puts every question to another target too, such as the one in production, and reports where the
/// two answer differently.
///
/// A difference is a failure only where `other` or the suite's `compare` says so. When the other target cannot be asked,
/// that is an error in the same case, and else only told.
#[expect(clippy::too_many_arguments, reason = "the arguments of `run`, with the other target and the clock")]
pub async fn run_beside<T: Target, O: Target, C: Clock>(
    target: &T,
    other: Option<&Other<'_, O>>,
    info: TargetInfo,
    suite: &Suite,
    expected: &Expected,
    options: &Options,
    clock: &C,
    mut on_event: impl FnMut(Event),
) -> TargetReport {
    let start = clock.now();
    let mut report = TargetReport::new(info.clone());
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
            report.checks.extend(checks::all(&description, &expected.with_variants(&suite.endpoint().variants)));
            let patient;
            let options = if description.asynchronous.is_some() {
                patient = Options { case_timeout: options.asynchronous_case_timeout, ..options.clone() };
                &patient
            } else {
                options
            };
            let asynchronous = description.asynchronous.is_some();
            let place =
                reproduce::Place { asynchronous, kind: description.kind, endpoint: report.endpoint.clone(), region: report.region.clone() };
            let comparison = comparison::Comparison::begin(other, suite.compare(), options, clock).await;
            let on_event = Mutex::new(&mut on_event);
            let runner = case::Runner { target, info: &info, place: &place, options, clock, comparison: &comparison };
            for (index, case) in suite.cases().iter().enumerate() {
                let of = suite.cases().len();
                case::tell(&on_event, Event::CaseStarted { index, of, name: case.name().to_owned() });
                let on_row = |done, rows| case::tell(&on_event, Event::RowFinished { index, of, done, rows });
                let case = tokio::select! {
                    biased;
                    case = runner.run(case, &on_row) => case,
                    () = options.interruption.raised() => break,
                };
                case::tell(&on_event, Event::CaseFinished { index, of, case: Box::new(case.clone()) });
                report.cases.push(case);
            }
            let left = suite.cases().iter().skip(report.cases.len());
            report.cases.extend(left.map(|case| CaseReport::skipped(case.name(), "the run was interrupted")));
            let (compared, check) = comparison.end(&report.cases);
            report.comparison = compared;
            report.checks.extend(check);
            if let Some(plan) = suite.load_plan() {
                let on_event = on_event.into_inner().unwrap_or_else(PoisonError::into_inner);
                report.load = Some(Box::new(load::run(target, plan, suite, &report, options, clock, on_event).await));
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
    report.settle(options.checks_suffice)
}

fn describe(report: &mut TargetReport, description: &Description) {
    report.status = Some(description.status.to_string());
    report.endpoint_arn.clone_from(&description.arn);
    report.endpoint_config.clone_from(&description.config_name);
    report.data_capture = description.data_capture;
    report.asynchronous = description.asynchronous.is_some();
    report.variants.clone_from(&description.variants);
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

/// The other target of a run that compares with none.
enum Nobody {}

impl Target for Nobody {
    async fn describe(&self) -> Result<Description, TargetError> {
        match *self {}
    }

    async fn invoke(&self, _: &Request) -> Result<Reply, InvokeError> {
        match *self {}
    }
}
