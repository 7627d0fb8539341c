//! Load on a target, in virtual time where time matters.

mod driving;
mod late;
mod reading;
mod searching;
mod simulated;
mod virtual_time;

use std::path::Path;

use endpoint_test::{Event, LoadReport, Outcome, Run, RunOptions, Suite, TargetInfo, TargetReport, report::ThresholdReport};

use self::simulated::Simulated;
use self::virtual_time::VirtualClock;

/// A suite of one case, with a load.
pub(crate) fn suite(load: &str) -> Suite {
    let case = "version: 1\ncases:\n  - { name: flower, payload: { csv: '1' }, expect: { text: { contains: setosa } } }\n";
    Suite::parse(&format!("{case}load:\n{load}"), Path::new("suite.yaml")).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Runs the suite in virtual time.
pub(crate) fn test(clock: &VirtualClock, target: &Simulated<'_>, load: &str, options: &RunOptions) -> TargetReport {
    listened(clock, target, load, options, |_| {})
}

pub(crate) fn listened(
    clock: &VirtualClock,
    target: &Simulated<'_>,
    load: &str,
    options: &RunOptions,
    on_event: impl FnMut(Event),
) -> TargetReport {
    clock.run(Run::new(target, &suite(load)).options(options.clone()).clock(clock).start(TargetInfo::default(), on_event))
}

/// Runs a load on this target, in virtual time.
pub(crate) fn load(clock: &VirtualClock, target: &Simulated<'_>, load: &str) -> LoadReport {
    *test(clock, target, load, &RunOptions::default()).load.unwrap()
}

pub(crate) fn threshold<'a>(report: &'a LoadReport, text: &str) -> &'a ThresholdReport {
    report.thresholds.iter().find(|threshold| threshold.threshold == text).unwrap_or_else(|| panic!("{text}: {report:#?}"))
}

pub(crate) fn outcome(report: &LoadReport, text: &str) -> Outcome {
    threshold(report, text).outcome
}
