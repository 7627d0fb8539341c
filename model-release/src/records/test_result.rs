//! The results of the tests of a release.

use endpoint_test::{Outcome, Report, Verdict};
use release_records::{ResourceDescriptor, Statement, TestResult, TestVerdict};

use super::{RecordingRun, subjects};
use crate::{Release, files};

/// The results of the endpoint tests of a release; `results` are the name and the bytes of the
/// file with the report.
pub fn test_result(release: &Release, report: &Report, results: (&str, &[u8]), run: &RecordingRun) -> Statement<TestResult> {
    let (mut passed_tests, mut failed_tests) = (Vec::new(), Vec::new());
    for (name, outcome) in report.targets.iter().flat_map(tests) {
        match outcome {
            Outcome::Passed => passed_tests.push(name),
            Outcome::Skipped => {}
            _ => failed_tests.push(name),
        }
    }
    passed_tests.sort();
    failed_tests.sort();
    let suite = report.suite.iter().filter_map(|suite| Some(ResourceDescriptor::named(&suite.file, suite.digest.as_deref()?)));
    let predicate = TestResult {
        result: if report.verdict == Verdict::Passed { TestVerdict::Passed } else { TestVerdict::Failed },
        configuration: suite.collect(),
        passed_tests,
        warned_tests: Vec::new(),
        failed_tests,
        stage: report.stage.clone(),
        results: ResourceDescriptor::named(results.0, &files::digest(results.1)),
        finished_on: run.time(),
    };
    Statement::new([subjects::release(&release.digest)], predicate)
}

/// The checks and cases of a target, by name.
fn tests(target: &endpoint_test::TargetReport) -> impl Iterator<Item = (String, Outcome)> {
    let place = format!("{}/{}/{}", target.account_id, target.region, target.endpoint);
    let checks = target.checks.iter().map(|check| (format!("check {}", check.name), check.outcome));
    let cases = target.cases.iter().map(|case| (format!("case {}", case.name), case.outcome));
    let load = target.load.iter().map(|load| ("load".to_owned(), load.outcome));
    checks.chain(cases).chain(load).map(move |(name, outcome)| (format!("{place}: {name}"), outcome)).collect::<Vec<_>>().into_iter()
}
