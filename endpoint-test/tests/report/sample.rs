//! A report with everything in it: a pass, a failure, an error, and hostile text.

use endpoint_test::report::{
    CaseComparison, ComparisonReport, DifferenceReport, Latencies, LoadError, LoadFigures, MetricReport, Pace, Percentile, PhaseReport,
    RowReport, RowsReport, Series, SeriesStep, ThresholdReport,
};
use endpoint_test::{CaseReport, CheckReport, LoadReport, Outcome, Report, TargetInfo, TargetReport, ToolInfo, Variant, Verdict};

const GROUP: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz";

/// The whole report.
pub(crate) fn report() -> Report {
    let denied = TargetReport::errored(
        info("333333333333", "eu-west-1"),
        "session",
        "AssumeRole: AccessDenied: User: arn:aws:sts::111111111111:assumed-role/build/7 is not authorized to perform: sts:AssumeRole (request 0a1b)",
        Some(
            "the role's trust policy must name the caller, and the caller's own policy must allow `sts:AssumeRole` on the role".to_owned(),
        ),
    );
    let mut report = Report::assemble(tool(), "staging", vec![denied, failing(), passing()]);
    report.release = Some("sha256:9f2c4e0b7d11a8c35f6a90e1b2d4c6f8a0b1c2d3e4f5061728394a5b6c7d8e9f".to_owned());
    report.commit = Some("4f0c2d9e8b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d".to_owned());
    report.model_package = Some(format!("{GROUP}/13").parse().unwrap());
    report
}

pub(crate) fn tool() -> ToolInfo {
    ToolInfo { name: "xtask".to_owned(), version: "0.1.0".to_owned() }
}

pub(crate) fn info(account: &str, region: &str) -> TargetInfo {
    TargetInfo {
        account_id: account.to_owned(),
        region: region.to_owned(),
        endpoint: "iris-p-abc123xyz-staging".to_owned(),
        role: Some("ml/endpoint-tester".to_owned()),
        environment_name: Some("ds".to_owned()),
        environment_type: Some("staging".to_owned()),
        project_name: Some("iris".to_owned()),
        project_id: Some("p-abc123xyz".to_owned()),
    }
}

/// A target that was described and invoked.
fn target(account: &str, version: u32, verdict: Verdict) -> TargetReport {
    let mut report = TargetReport::errored(info(account, "us-east-1"), "", "", None);
    report.verdict = verdict;
    report.status = Some("InService".to_owned());
    report.endpoint_config = Some(format!("iris-config-{version}"));
    report.duration_ms = 41_200.0;
    report.variants = vec![Variant {
        name: "AllTraffic".to_owned(),
        weight: Some(1.0),
        current_instance_count: Some(2),
        desired_instance_count: Some(2),
        model_name: Some("iris-model".to_owned()),
        model_packages: vec![format!("{GROUP}/{version}")],
        ..Variant::default()
    }];
    report.checks = vec![
        CheckReport { actual: Some("InService".to_owned()), ..check("status", Outcome::Passed) },
        CheckReport {
            actual: Some(format!("{GROUP}/{version}")),
            expected: Some(format!("{GROUP}/13")),
            ..check("identity", Outcome::Passed)
        },
        CheckReport { actual: Some("AllTraffic: weight 1, 2 of 2 instances".to_owned()), ..check("variants", Outcome::Passed) },
        CheckReport { actual: Some("off".to_owned()), ..check("data_capture", Outcome::Passed) },
    ];
    report
}

pub(crate) fn check(name: &str, outcome: Outcome) -> CheckReport {
    CheckReport { name: name.to_owned(), outcome, ..CheckReport::default() }
}

fn passing() -> TargetReport {
    let mut report = target("111111111111", 13, Verdict::Passed);
    report.cases = vec![case("one flower gets a species", 12.31), case("probabilities add up", 18.4), case("wrong input is refused", 9.02)];
    report
}

fn failing() -> TargetReport {
    let mut report = target("222222222222", 12, Verdict::Failed);
    report.checks[1].outcome = Outcome::Failed;
    report.checks[1].message = Some("variant `AllTraffic` serves version 12, but version 13 was approved".to_owned());
    report.checks[1].hint =
        Some("the deployment was probably rolled back, or has not reached this account: see the events of the endpoint's stack".to_owned());
    let mut wrong = case("probabilities add up", 21.7);
    wrong.outcome = Outcome::Failed;
    wrong.checks = vec![
        check("status", Outcome::Passed),
        CheckReport {
            at: Some("/predictions/0/score".to_owned()),
            expected: Some("between 0 and 1".to_owned()),
            actual: Some("1.5".to_owned()),
            message: Some("the number is out of range".to_owned()),
            ..check("json", Outcome::Failed)
        },
    ];
    wrong.reply = Some("{\"predictions\":[{\"label\":\"<script>alert('x')</script>\",\"score\":1.5}]}\u{1b}[2J".to_owned());
    wrong.reproduce =
        Some("aws sagemaker-runtime invoke-endpoint --endpoint-name iris-p-abc123xyz-staging --body '1,2' /dev/stdout".to_owned());
    let mut throttled = case("ten rows at once", 3.1);
    throttled.outcome = Outcome::Errored;
    throttled.checks = Vec::new();
    throttled.message = Some("InvokeEndpoint: ThrottlingException: Rate exceeded (request 99)".to_owned());
    throttled.hint = Some("test fewer targets at once".to_owned());
    report.cases = vec![case("one flower gets a species", 11.2), wrong, throttled];
    report
}

pub(crate) fn case(name: &str, latency_ms: f64) -> CaseReport {
    CaseReport {
        name: name.to_owned(),
        outcome: Outcome::Passed,
        latency_ms: Some(latency_ms),
        status: Some(200),
        request_id: Some("5f1e0c7a-2b3d".to_owned()),
        variant: Some("AllTraffic".to_owned()),
        content_type: Some("application/json".to_owned()),
        checks: vec![
            CheckReport { expected: Some("2xx".to_owned()), actual: Some("200".to_owned()), ..check("status", Outcome::Passed) },
            CheckReport {
                at: Some("/predictions/0/label".to_owned()),
                expected: Some("one of \"setosa\", \"versicolor\", \"virginica\"".to_owned()),
                actual: Some("\"setosa\"".to_owned()),
                ..check("json", Outcome::Passed)
            },
        ],
        ..CaseReport::default()
    }
}

/// A target whose first case has rows, one of which failed, and whose responses differ from another
/// endpoint's in one.
pub(crate) fn labelled() -> Report {
    let mut report = report();
    let target = report.targets.iter_mut().find(|target| target.verdict == Verdict::Passed).unwrap();
    target.comparison = Some(ComparisonReport {
        with: "333333333333/us-east-1/iris-<prod>".to_owned(),
        compared: 150,
        different: 1,
        at_most: Some(0.01),
        ..ComparisonReport::default()
    });
    let case = &mut target.cases[0];
    case.rows = Some(RowsReport {
        total: 150,
        passed: 149,
        failed: 1,
        at_least: 0.97,
        metrics: vec![MetricReport {
            name: "macro_f1".to_owned(),
            value: Some(0.986_666),
            at_least: Some(0.95),
            outcome: Outcome::Passed,
            ..MetricReport::default()
        }],
        median_latency_ms: Some(4.2),
        not_passed: vec![RowReport {
            row: 71,
            line: 72,
            outcome: Outcome::Failed,
            message: Some("the text is different".to_owned()),
            expected: Some("versicolor".to_owned()),
            actual: Some("<b>virginica</b>".to_owned()),
            reproduce: Some("curl --data-raw '5.9,3.2' <url>".to_owned()),
            ..RowReport::default()
        }],
        ..RowsReport::default()
    });
    case.comparison = Some(CaseComparison {
        compared: 150,
        different: 1,
        differences: vec![DifferenceReport {
            row: Some(71),
            at: Some("/predictions/0".to_owned()),
            this: "\"<i>virginica</i>\"".to_owned(),
            other: "\"versicolor\"".to_owned(),
        }],
        latency_ms: Some(9.1),
        ..CaseComparison::default()
    });
    report
}

/// A report whose second target had a load that failed.
pub(crate) fn loaded() -> Report {
    let mut report = report();
    for target in &mut report.targets {
        target.load = match target.verdict {
            Verdict::Errored => Some(LoadReport { message: Some("the target is not in service".to_owned()), ..LoadReport::default() }),
            Verdict::Failed => Some(load()),
            _ => None,
        }
        .map(Box::new);
    }
    report
}

fn load() -> LoadReport {
    let threshold = |threshold: &str, outcome, actual: &str, actual_value, limit_value, percentile| ThresholdReport {
        threshold: threshold.to_owned(),
        outcome,
        actual: Some(actual.to_owned()),
        actual_value: Some(actual_value),
        limit_value,
        percentile,
        ..ThresholdReport::default()
    };
    let missed = ThresholdReport {
        message: Some("`p99 < 100ms` failed: the value is 412 ms".to_owned()),
        hint: Some("response time includes the network".to_owned()),
        ..threshold("p99 < 100ms", Outcome::Failed, "412 ms", 412.0, 100.0, Some(99.0))
    };
    let few = ThresholdReport {
        threshold: "p99.9 < 1s".to_owned(),
        phase: Some("<ramp>".to_owned()),
        outcome: Outcome::Errored,
        limit_value: 1000.0,
        percentile: Some(99.9),
        message: Some("too few responses: 1200, and 10000 are needed".to_owned()),
        ..ThresholdReport::default()
    };
    let figures = LoadFigures {
        sent: 1200,
        passed: 1197,
        errors: 3,
        dropped: 2,
        throughput_per_second: 19.95,
        response_time: latencies(412.0),
        service_time: latencies(40.0),
        ..LoadFigures::default()
    };
    let phase = |name: &str, traffic: &str, counted, start_ms, duration_ms| PhaseReport {
        name: name.to_owned(),
        traffic: traffic.to_owned(),
        counted,
        start_ms,
        duration_ms,
        planned: Some(600),
        figures: figures.clone(),
    };
    let step = |number: u64| SeriesStep {
        sent: 20,
        errors: u64::from(number == 7),
        dropped: u64::from(number == 9),
        p50_ms: (number != 4).then_some(12.0),
        p95_ms: (number != 4).then_some(18.0),
        max_ms: (number != 4).then_some(if number == 8 { 412.0 } else { 25.0 }),
    };
    LoadReport {
        code: None,
        outcome: Outcome::Failed,
        cases: vec!["one flower gets a species".to_owned()],
        arrivals: Some("poisson".to_owned()),
        seed: Some(7),
        max_in_flight: Some(64),
        duration_ms: 61_200.0,
        thresholds: vec![threshold("p95 < 250ms", Outcome::Passed, "18 ms", 18.0, 250.0, Some(95.0)), missed, few],
        total: Some(figures.clone()),
        phases: vec![
            phase("warm-up", "20/s", false, 0.0, 1000.0),
            phase("steady", "20/s", true, 1000.0, 30_000.0),
            phase("<ramp>", "20/s..40/s", true, 31_000.0, 30_000.0),
        ],
        errors: vec![LoadError {
            kind: "model error".to_owned(),
            code: Some("500".to_owned()),
            count: 3,
            example: "<img src=x onerror=alert(1)>\u{1b}[31m out of memory".to_owned(),
            case: "one flower gets a species".to_owned(),
            request_id: Some("5f1e0c7a-2b3d".to_owned()),
        }],
        pace: Some(Pace { outcome: Outcome::Passed, p50_ms: 0.4, p95_ms: 1.1, p99_ms: 1.6, max_ms: 3.0, limit_ms: 20.0 }),
        series: Some(Series { step_ms: 1000.0, steps: (0..61).map(step).collect() }),
        ..LoadReport::default()
    }
}

fn latencies(slowest: f64) -> Latencies {
    let point = |percentile, ms| Percentile { percentile, ms };
    Latencies {
        count: 1200,
        min_ms: 8.0,
        mean_ms: 14.2,
        max_ms: slowest,
        percentiles: vec![point(50.0, 12.0), point(95.0, 18.0), point(99.0, slowest)],
        spectrum: vec![
            point(0.0, 8.0),
            point(50.0, 12.0),
            point(90.0, 15.0),
            point(95.0, 18.0),
            point(99.0, slowest),
            point(100.0, slowest),
        ],
        hdr: None,
    }
}
