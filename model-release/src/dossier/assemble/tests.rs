//! The results of tests, shortened.

use endpoint_test::{LoadReport, Outcome, Report, TargetReport, Verdict};

use super::super::claim::Claim;
use super::super::document::{Latency, TestMetric, TestedTarget, Tests};
use super::super::wording::line;

/// The most findings of a target, and the most metrics.
const MOST: usize = 60;

pub(super) fn summary(report: &Report) -> Tests {
    let mut targets: Vec<_> = report.targets.iter().map(target).collect();
    targets.sort_by_key(|target| target.verdict == Verdict::Passed.as_str());
    Tests {
        verdict: report.verdict.as_str().to_owned(),
        summary: line(&report.summary()),
        started_at: report.started_at.as_deref().map(line),
        ended_at: report.ended_at.as_deref().map(line),
        suite: report.suite.as_ref().map(|suite| line(&suite.file)),
        suite_digest: report.suite.as_ref().and_then(|suite| suite.digest.as_deref()).map(line),
        latency: worst(&targets.iter().filter_map(|target| target.latency.as_ref()).collect::<Vec<_>>()),
        metrics: report
            .metrics()
            .iter()
            .take(MOST)
            .map(|metric| TestMetric {
                case: line(metric.case),
                name: line(&metric.worst.title()),
                value: metric.worst.value.filter(|value| value.is_finite()),
                limit: line(&metric.worst.limit()),
                outcome: metric.worst.outcome.as_str().to_owned(),
            })
            .collect(),
        targets,
    }
}

fn target(target: &TargetReport) -> TestedTarget {
    let ran = || target.cases.iter().filter(|case| case.outcome != Outcome::Skipped);
    TestedTarget {
        account_id: line(&target.account_id),
        region: line(&target.region),
        endpoint: line(&target.endpoint),
        verdict: target.verdict.as_str().to_owned(),
        passed: ran().filter(|case| case.outcome == Outcome::Passed).count(),
        cases: ran().count(),
        slowest_ms: target.slowest_ms(),
        latency: target.load.as_deref().and_then(latency),
        rate_search: target.load.as_deref().and_then(|load| load.rate_search.as_ref()).map(|found| line(&found.sentence())),
        findings: findings(target),
    }
}

fn latency(load: &LoadReport) -> Option<Latency> {
    // Latencies at rates that break the thresholds are not those of the endpoint's load.
    let total = load.total.as_ref().filter(|_| load.rate_search.is_none())?;
    let of = |wanted: f64| {
        let is_wanted = |known: &&endpoint_test::report::Percentile| (known.percentile - wanted).abs() < 1e-9;
        total.response_time.percentiles.iter().find(is_wanted).map(|known| known.ms)
    };
    Some(Latency {
        p50_ms: of(50.0),
        p95_ms: of(95.0),
        p99_ms: of(99.0),
        requests: total.sent,
        errors: total.errors,
        throughput_per_second: total.throughput_per_second,
    })
}

/// The largest latencies of all targets, and the sums of requests, errors and throughput. A
/// percentile that one target does not have is not known.
fn worst(all: &[&Latency]) -> Claim<Latency> {
    let largest = |of: fn(&Latency) -> Option<f64>| {
        all.iter().map(|latency| of(latency)).try_fold(0.0, |largest: f64, value| Some(largest.max(value?)))
    };
    if all.is_empty() {
        return Claim::not_known("no load was run");
    }
    let latency = Latency {
        p50_ms: largest(|latency| latency.p50_ms),
        p95_ms: largest(|latency| latency.p95_ms),
        p99_ms: largest(|latency| latency.p99_ms),
        requests: all.iter().map(|latency| latency.requests).sum(),
        errors: all.iter().map(|latency| latency.errors).sum(),
        throughput_per_second: all.iter().map(|latency| latency.throughput_per_second).sum(),
    };
    Claim::measured(latency, "load on staging, from the client")
}

/// What did not pass at a target, a line each.
fn findings(target: &TargetReport) -> Vec<String> {
    let said = |what: String, outcome: Outcome, why: Option<&str>| {
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        line(&format!("{what} {outcome}{why}"))
    };
    let checks = target.checks.iter().filter(|check| check.outcome.is_wrong());
    let checks = checks.map(|check| said(format!("check `{}`", check.name), check.outcome, check.message.as_deref()));
    let cases = target.cases.iter().filter(|case| case.outcome.is_wrong()).map(|case| {
        let wrong = || case.checks.iter().find(|check| check.outcome.is_wrong()).and_then(|check| check.message.as_deref());
        said(format!("case “{}”", case.name), case.outcome, case.message.as_deref().or_else(wrong))
    });
    let load = target.load.iter().filter(|load| load.outcome.is_wrong()).map(|load| {
        let wrong =
            || load.thresholds.iter().find(|threshold| threshold.outcome.is_wrong()).and_then(|threshold| threshold.message.as_deref());
        said("load".to_owned(), load.outcome, load.message.as_deref().or_else(wrong))
    });
    checks.chain(cases).chain(load).take(MOST).collect()
}
