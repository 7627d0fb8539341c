//! Runs one suite against one target: waits for it, checks what it serves, sends the requests.

mod case;
mod champion;
mod checks;
mod comparison;
mod expected;
mod gates;
mod invoke;
#[cfg(feature = "load")]
mod load;
mod measure;
mod replay;
mod reproduce;
mod rows;
mod wait;

pub use self::champion::ChampionResults;
pub use self::comparison::Baseline;
use self::comparison::Comparison;
pub use self::expected::{Expected, ExpectedContainer, ExpectedModel, ExpectedSetting, ExpectedVariant, ExpectedVpc};
use crate::clock::{Clock, SystemClock};
use crate::event::Event;
use crate::format::{milliseconds, timestamp};
use crate::options::RunOptions;
use crate::replay::ReplaySettings;
use crate::report::{CaseReport, CheckReport, TargetInfo, TargetReport};
use crate::suite::Suite;
use crate::target::{Description, EndpointStatus, Target};

/// A run of a suite against one target.
///
/// First the run waits for the target. A status that does not change by itself (`Failed`,
/// `OutOfService`, `Deleting`, `UpdateRollbackFailed`) is a failure. A target that is still
/// changing at the deadline, or that cannot be described, is an error: nothing is proven. In both
/// cases the suite's cases are skipped. Then the checks `identity`, `variants` and `data_capture`
/// run, with those for which the release has an expectation, and the cases run one after another,
/// even if a check failed. The suite's load is last. No call is repeated: a response only at the
/// second attempt is a finding.
///
/// ```
/// # use std::path::Path;
/// # use endpoint_test::{Baseline, Expected, Run, RunOptions, Suite, Target, TargetInfo, TargetReport};
/// # async fn example(target: &impl Target, production: &impl Target, suite: &Suite) -> TargetReport {
/// Run::new(target, suite)
///     .expecting(Expected { data_capture: Some(true), ..Expected::default() })
///     .compared_with(Baseline { target: production, title: "iris-prod", fail_on_difference: false, is_production: true })
///     .options(RunOptions { checks_suffice: true, ..RunOptions::default() })
///     .start(TargetInfo::default(), |event| println!("{event:?}"))
///     .await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Run<'a, T, B = T, C = SystemClock> {
    target: &'a T,
    suite: &'a Suite,
    expected: Expected,
    baseline: Option<Baseline<'a, B>>,
    stored: Option<&'a ChampionResults>,
    options: RunOptions,
    clock: C,
}

impl<'a, T: Target> Run<'a, T> {
    /// A run with default options and no expectations besides the suite's.
    pub fn new(target: &'a T, suite: &'a Suite) -> Self {
        let (expected, options) = (Expected::default(), RunOptions::default());
        Self { target, suite, expected, baseline: None, stored: None, options, clock: SystemClock::new() }
    }
}

impl<'a, T: Target, B: Target, C: Clock> Run<'a, T, B, C> {
    /// Checks the target against the release's expectations.
    #[must_use]
    pub fn expecting(self, expected: Expected) -> Self {
        Self { expected, ..self }
    }

    /// Also sends every request to another target and reports different responses.
    ///
    /// A difference is a failure only if the baseline or the suite's `compare` makes it one. In
    /// that case it is an error if the baseline cannot be invoked; otherwise that is only reported.
    #[must_use]
    pub fn compared_with<D: Target>(self, baseline: Baseline<'a, D>) -> Run<'a, T, D, C> {
        let Self { target, suite, expected, stored, options, clock, .. } = self;
        Run { target, suite, expected, baseline: Some(baseline), stored, options, clock }
    }

    /// Compares metrics with stored results where the baseline cannot be invoked, or without one.
    #[must_use]
    pub fn champion_results(self, stored: Option<&'a ChampionResults>) -> Self {
        Self { stored, ..self }
    }

    /// Sets timeouts, the caller's own checks and other options.
    #[must_use]
    pub fn options(self, options: RunOptions) -> Self {
        Self { options, ..self }
    }

    /// Waits and measures by another clock than the system's.
    #[must_use]
    pub fn clock<D: Clock>(self, clock: D) -> Run<'a, T, B, D> {
        let Self { target, suite, expected, baseline, stored, options, .. } = self;
        Run { target, suite, expected, baseline, stored, options, clock }
    }

    /// Runs the suite and always returns a report, with `info` as its head.
    ///
    /// The future may be dropped at any time; [`RunOptions::interruption`] ends it with a report.
    pub async fn start(self, info: TargetInfo, mut on_event: impl FnMut(Event)) -> TargetReport {
        let Self { target, suite, expected, baseline, stored, options, clock } = &self;
        let start = clock.now();
        let mut report = TargetReport { started_at: timestamp(clock.date()), ..TargetReport::new(info.clone()) };
        let waited = tokio::select! {
            biased;
            waited = wait::in_service(*target, options, clock, &mut on_event) => waited,
            () = options.interruption.raised() => WaitResult { check: CheckReport::skipped("status", INTERRUPTED), description: None },
        };
        if let Some(description) = &waited.description {
            describe(&mut report, description);
        }
        let ready = waited.is_in_service();
        report.checks.push(waited.check);
        match waited.description.filter(|_| ready) {
            Some(description) => {
                report.checks.extend(checks::all(&description, &expected.with_variants(&suite.endpoint().variants)));
                let mut options = options.clone();
                if report.asynchronous {
                    options.case_timeout = options.asynchronous_case_timeout;
                }
                let hides_errors = description.asynchronous.as_ref().is_some_and(|queue| queue.failures.is_none());
                let place = reproduce::Place {
                    asynchronous: report.asynchronous,
                    hidden_error_timeout: hides_errors.then_some(self.options.case_timeout),
                    kind: description.kind,
                    endpoint: report.endpoint.clone(),
                    region: report.region.clone(),
                };
                let comparison = Comparison::begin(baseline.as_ref(), *stored, suite.compare(), (&info, &options, clock)).await;
                let runner =
                    case::Runner { target: *target, info: &info, place: &place, options: &options, clock, comparison: &comparison };
                // Boxed, as the load: a future of 20 KB on the stack of every caller.
                report.cases = Box::pin(runner.all(suite.cases(), &mut on_event)).await;
                let (compared, checks) = comparison.end(&report.cases);
                report.comparison = compared;
                report.checks.extend(checks);
                let usual = ReplaySettings::default();
                match (suite.replay(), &options.replay) {
                    (settings, Some(from)) => {
                        let settings = (settings.unwrap_or(&usual), suite.compare());
                        let (replayed, checks) = Box::pin(replay::run(*target, settings, from, &options, clock)).await;
                        report.replay = Some(Box::new(replayed));
                        report.checks.extend(checks);
                    }
                    (Some(_), None) => report.checks.push(CheckReport::skipped("replay", "no captured requests were named")),
                    (None, None) => {}
                }
                #[cfg(feature = "load")]
                if let Some(plan) = suite.load_plan() {
                    report.load = Some(Box::new(Box::pin(load::run(*target, plan, suite, &report, &options, clock, &mut on_event)).await));
                }
            }
            None => {
                let why = "the target is not in service";
                report.cases.extend(suite.cases().iter().map(|case| CaseReport::skipped(case.name(), why)));
                #[cfg(feature = "load")]
                {
                    report.load = suite.load_plan().map(|_| Box::new(crate::report::LoadReport::skipped(why)));
                }
            }
        }
        if options.interruption.is_raised() {
            let check = CheckReport::errored("run", "the run was interrupted: the remaining tests are skipped");
            report.checks.push(check.with_hint("run the tests again"));
        }
        report.ended_at = timestamp(clock.date());
        report.duration_ms = milliseconds(clock.now().saturating_sub(start));
        report.settle(options.checks_suffice)
    }
}

fn describe(report: &mut TargetReport, description: &Description) {
    report.status = Some(description.status.to_string());
    report.endpoint_arn.clone_from(&description.arn);
    report.endpoint_config.clone_from(&description.config_name);
    report.data_capture = description.data_capture;
    report.asynchronous = description.asynchronous.is_some();
    report.variants.clone_from(&description.variants);
}

/// Why the rest of a run is skipped.
const INTERRUPTED: &str = "the run was interrupted";

/// The result of the wait.
struct WaitResult {
    check: CheckReport,
    description: Option<Description>,
}

impl WaitResult {
    fn is_in_service(&self) -> bool {
        self.description.as_ref().is_some_and(|description| description.status == EndpointStatus::InService)
    }
}
