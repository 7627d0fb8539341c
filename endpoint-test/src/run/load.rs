//! The suite's load: whether it runs, and which requests it sends.

use super::INTERRUPTED;
use crate::clock::Clock;
use crate::event::Event;
use crate::load::{self, LoadCase, LoadPlan, LoadRequests};
use crate::options::{LoadMode, RunOptions};
use crate::report::{LoadReport, Outcome, TargetReport};
use crate::suite::Suite;
use crate::target::Target;

/// Runs the suite's load on a target that is in service, unless there is a reason not to.
pub(super) async fn run<T: Target, C: Clock>(
    target: &T,
    plan: &LoadPlan,
    suite: &Suite,
    before: &TargetReport,
    options: &RunOptions,
    clock: &C,
    on_event: &mut impl FnMut(Event),
) -> LoadReport {
    if let Some(why) = skipped(before, options) {
        return LoadReport::skipped(why);
    }
    if before.asynchronous {
        return LoadReport::errored(
            "a load is not supported for an asynchronous endpoint: its latency is that of its queue",
            "remove `load`, or put it into a separate suite for a real-time endpoint",
        );
    }
    match requests(plan, suite, options) {
        Ok(requests) => load::run(target, plan, &requests, &options.interruption, clock, on_event).await,
        Err(message) => LoadReport { outcome: Outcome::Errored, ..LoadReport::skipped(message) },
    }
}

/// Why the suite's load is skipped.
fn skipped(before: &TargetReport, options: &RunOptions) -> Option<&'static str> {
    let mut outcomes = before.checks.iter().map(|check| check.outcome).chain(before.cases.iter().map(|case| case.outcome));
    match options.load {
        _ if options.interruption.is_raised() => Some(INTERRUPTED),
        LoadMode::Never(why) => Some(why),
        LoadMode::AfterSuccess if outcomes.any(Outcome::is_wrong) => Some("not everything before it passed"),
        LoadMode::AfterSuccess | LoadMode::Anyway => None,
    }
}

/// The plan's requests, in turn; for a case with rows, one for each row.
fn requests<'a>(plan: &LoadPlan, suite: &'a Suite, options: &RunOptions) -> Result<LoadRequests<'a>, String> {
    let mut requests = LoadRequests::default();
    for name in plan.cases() {
        let case = suite.cases().iter().find(|case| case.name() == name).ok_or_else(|| format!("there is no case `{name}`"))?;
        let case = LoadCase::new(case, plan.timeout, options.case_timeout, plan.check_replies);
        requests.push(case.ok_or_else(|| format!("the payload of the case `{name}` was not read"))?);
    }
    Ok(requests)
}
