//! Runs against a scripted target: waiting, checks of the endpoint, and outcomes of its responses.

mod approved;
mod asynchronous;
mod cases;
mod checks;
mod comparisons;
mod expectations;
#[path = "../support/fake_clock.rs"]
mod fake_clock;
mod identity;
mod numbers;
mod own_checks;
mod proofs;
mod replay;
mod rows;
mod scripted;
mod segments;
mod tabular;
mod times;
mod wait;

use std::path::Path;

use endpoint_test::{Event, Expected, Run, RunOptions, Suite, TargetInfo, TargetReport};

use self::scripted::{APPROVED, FakeClock, Scripted};

/// A suite with one case that every healthy endpoint passes.
const ONE_CASE: &str =
    "version: 1\ncases:\n  - name: one flower\n    payload: { csv: '5.1,3.5,1.4,0.2' }\n    expect: { text: { equals: setosa } }\n";

fn suite(text: &str) -> Suite {
    Suite::parse(text, Path::new("suite.yaml")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn info() -> TargetInfo {
    TargetInfo { account_id: "222222222222".into(), region: "us-east-1".into(), endpoint: "iris-staging".into(), ..TargetInfo::default() }
}

fn approved() -> Expected {
    Expected { model_package_arn: Some(APPROVED.parse().unwrap()), ..Expected::default() }
}

/// Runs a suite with the default options, and collects the events.
async fn run_all(target: &Scripted<'_>, text: &str, expected: &Expected, clock: &FakeClock) -> (TargetReport, Vec<Event>) {
    let mut events = Vec::new();
    let report = Run::new(target, &suite(text)).expecting(expected.clone()).clock(clock).start(info(), |event| events.push(event)).await;
    (report, events)
}

#[test]
fn a_run_can_be_spawned() {
    fn spawnable(_: impl Future + Send) {}
    let (target, clock) = (Scripted::new(Vec::new()), FakeClock::default());
    let (suite, expected, options) = (suite(ONE_CASE), approved(), RunOptions::default());
    spawnable(Run::new(&target, &suite).expecting(expected.clone()).options(options.clone()).clock(&clock).start(info(), |_| {}));
}

/// One check of a report by its name.
fn check<'a>(report: &'a TargetReport, name: &str) -> &'a endpoint_test::CheckReport {
    report.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no check {name} in {report:#?}"))
}
