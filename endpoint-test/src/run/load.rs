//! The suite's load: whether it runs, and which requests it sends.

use super::INTERRUPTED;
use crate::clock::Clock;
use crate::event::Event;
use crate::load::{self, LoadPlan, LoadRequest};
use crate::options::{LoadMode, RunOptions};
use crate::report::{LoadReport, Outcome, TargetReport};
use crate::suite::Suite;
use crate::target::{Request, Target};

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
fn requests<'a>(plan: &LoadPlan, suite: &'a Suite, options: &RunOptions) -> Result<Vec<LoadRequest<'a>>, String> {
    let mut requests = Vec::new();
    for name in plan.cases() {
        let case = suite.cases().iter().find(|case| case.name() == name).ok_or_else(|| format!("there is no case `{name}`"))?;
        let exchanges = case.exchanges(plan.timeout.unwrap_or(options.case_timeout));
        if exchanges.is_empty() {
            return Err(format!("the payload of the case `{name}` was not read"));
        }
        let check = plan.check_replies && (case.whole.at_least.value >= 1.0 || exchanges.len() == 1);
        requests.extend(exchanges.into_iter().map(|(row, request)| {
            let request = Request { timeout: plan.timeout.unwrap_or(request.timeout), ..request };
            LoadRequest { case: case.name(), request, row, expectation: &case.expectation, check }
        }));
    }
    Ok(requests)
}
