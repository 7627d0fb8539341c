//! Metrics and times in every rendering, also of what passed.

use endpoint_test::report::{MetricReport, RowsReport};
use endpoint_test::{CaseReport, Outcome, PartialRun, Report, TargetReport, Verdict, report};
use insta::assert_snapshot;

use crate::sample::{case, info, tool};

fn metric(name: &str, value: f64, at_least: Option<f64>, outcome: Outcome) -> MetricReport {
    MetricReport { name: name.to_owned(), value: Some(value), at_least, outcome, ..MetricReport::default() }
}

fn of_segment(segment: &str, rows: usize, metric: MetricReport) -> MetricReport {
    MetricReport { segment: Some(segment.to_owned()), rows: Some(rows), ..metric }
}

fn labelled(name: &str, metrics: Vec<MetricReport>) -> CaseReport {
    CaseReport { rows: Some(RowsReport { total: 150, passed: 150, metrics, ..RowsReport::default() }), ..case(name, 4.0) }
}

/// A report over a target in each account, that passed between these seconds of a minute.
fn over(targets: Vec<(&str, (u32, u32), Vec<CaseReport>)>) -> Report {
    let targets = targets.into_iter().map(|(account, (start, end), cases)| {
        let mut target = TargetReport::errored(info(account, "us-east-1"), "status", "", None);
        target.checks.clear();
        target.verdict = Verdict::Passed;
        target.started_at = Some(format!("2026-11-27T12:00:{start:02}.250Z"));
        target.ended_at = Some(format!("2026-11-27T12:00:{end:02}.500Z"));
        target.duration_ms = f64::from(end - start) * 1000.0 + 250.0;
        target.cases = cases;
        target
    });
    Report::assemble(tool(), "staging", targets.collect())
}

fn passing() -> Report {
    let metrics = |accuracy| {
        vec![
            metric("accuracy", accuracy, Some(0.9), Outcome::Passed),
            MetricReport { at_least: None, at_most: Some(0.5), ..metric("rmse", 0.25, None, Outcome::Passed) },
            of_segment("north", 3, metric("accuracy", 2.0 / 3.0, Some(0.8), Outcome::Skipped)),
        ]
    };
    over(vec![
        ("222222222222", (10, 20), vec![labelled("flowers", metrics(0.95))]),
        ("111111111111", (5, 15), vec![labelled("flowers", metrics(0.973_33))]),
    ])
}

#[test]
fn the_terminal_has_the_metrics_of_a_run_that_passed() {
    assert_snapshot!(report::table(&passing()), @r#"
    endpoint iris-p-abc123xyz-staging
    VERDICT  ACCOUNT       REGION     STATUS  CHECKS  CASES  SLOWEST
    passed   111111111111  us-east-1  -       -       1/1    4.0 ms
    passed   222222222222  us-east-1  -       -       1/1    4.0 ms

    metrics of case "flowers"
      passed   accuracy                    0.95 to 0.9733 (at least 0.9)
               worst at 222222222222/us-east-1/iris-p-abc123xyz-staging
      passed   rmse                        0.25 (at most 0.5)
      skipped  accuracy of north (3 rows)  0.6667 (at least 0.8)

    passed (2 targets: 2 passed)
    "#);
}

#[test]
fn junit_has_the_metrics_of_a_case_that_passed_and_the_times() {
    assert_snapshot!(report::junit(&passing()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="xtask staging" tests="2" skipped="0" failures="0" errors="0" timestamp="2026-11-27T12:00:05.250+00:00" time="20.500">
        <testsuite name="111111111111/us-east-1/iris-p-abc123xyz-staging" tests="1" skipped="0" errors="0" failures="0" timestamp="2026-11-27T12:00:05.250+00:00" time="10.250">
            <properties>
                <property name="role" value="ml/endpoint-tester"/>
                <property name="started_at" value="2026-11-27T12:00:05.250Z"/>
                <property name="ended_at" value="2026-11-27T12:00:15.500Z"/>
            </properties>
            <testcase name="flowers" classname="cases" time="0.004">
                <properties>
                    <property name="accuracy" value="0.9733 (at least 0.9): passed"/>
                    <property name="rmse" value="0.25 (at most 0.5): passed"/>
                    <property name="accuracy of north" value="0.6667 (at least 0.8): skipped"/>
                </properties>
                <system-out>accuracy 0.9733 (at least 0.9): passed
    rmse 0.25 (at most 0.5): passed
    accuracy of north 0.6667 (at least 0.8): skipped</system-out>
            </testcase>
        </testsuite>
        <testsuite name="222222222222/us-east-1/iris-p-abc123xyz-staging" tests="1" skipped="0" errors="0" failures="0" timestamp="2026-11-27T12:00:10.250+00:00" time="10.250">
            <properties>
                <property name="role" value="ml/endpoint-tester"/>
                <property name="started_at" value="2026-11-27T12:00:10.250Z"/>
                <property name="ended_at" value="2026-11-27T12:00:20.500Z"/>
            </properties>
            <testcase name="flowers" classname="cases" time="0.004">
                <properties>
                    <property name="accuracy" value="0.95 (at least 0.9): passed"/>
                    <property name="rmse" value="0.25 (at most 0.5): passed"/>
                    <property name="accuracy of north" value="0.6667 (at least 0.8): skipped"/>
                </properties>
                <system-out>accuracy 0.95 (at least 0.9): passed
    rmse 0.25 (at most 0.5): passed
    accuracy of north 0.6667 (at least 0.8): skipped</system-out>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn the_approver_reads_each_metric_with_its_limit() {
    assert_eq!(
        passing().summary(),
        "2 of 2 endpoints passed; accuracy 0.95 to 0.9733 (at least 0.9); rmse 0.25 (at most 0.5); 1 more metric in the report"
    );
    // Limits of different cases are not mixed.
    let report = over(vec![(
        "111111111111",
        (0, 1),
        vec![
            labelled("easy", vec![metric("accuracy", 0.95, Some(0.9), Outcome::Passed)]),
            labelled("hard", vec![metric("accuracy", 0.6, Some(0.7), Outcome::Failed)]),
        ],
    )]);
    assert_eq!(report.summary(), "1 of 1 endpoints passed; easy: accuracy 0.95 (at least 0.9); failed hard: accuracy 0.6 (at least 0.7)");
    let page = report::html(&report);
    assert!(page.contains("Over labelled rows: accuracy 0.95 (at least 0.9) in “easy”, accuracy 0.6 (at least 0.7) in “hard”"), "{page}");
}

#[test]
fn a_long_summary_is_bounded_and_counts_what_is_missing() {
    let cases = (0..50).map(|index| labelled(&format!("case {index}"), vec![metric("accuracy", 0.95, Some(0.9), Outcome::Passed)]));
    let summary = over(vec![("111111111111", (0, 1), cases.collect())]).summary();
    assert!(summary.chars().count() < 400 && summary.contains("case 0: accuracy"), "{summary}");
    assert!(summary.ends_with(" more metrics in the report"), "{summary}");
}

#[test]
fn a_rounded_value_is_on_the_same_side_of_its_limit() {
    let near = metric("accuracy", 0.899_999_7, Some(0.9), Outcome::Failed);
    let report = over(vec![("111111111111", (0, 1), vec![labelled("flowers", vec![near])])]);
    assert_eq!(report.summary(), "1 of 1 endpoints passed; failed accuracy 0.8999997 (at least 0.9)");
}

#[test]
fn a_failed_segment_is_named_to_the_approver_and_is_listed_among_many() {
    let segment = |index: usize| {
        let outcome = if index == 40 { Outcome::Failed } else { Outcome::Passed };
        of_segment(&format!("s{index}"), 50, metric("accuracy", if index == 40 { 0.5 } else { 0.9 }, Some(0.8), outcome))
    };
    let report = over(vec![("111111111111", (0, 1), vec![labelled("flowers", (0..50).map(segment).collect())])]);
    assert!(report.summary().contains("failed accuracy of s40 0.5 (at least 0.8); 49 more metrics in the report"), "{}", report.summary());
    let table = report::table(&report);
    assert!(table.contains("failed   accuracy of s40 (50 rows)  0.5 (at least 0.8)"), "{table}");
    assert!(table.contains("… and 39 more, in the JSON report and on the HTML page"), "{table}");
}

#[test]
fn the_report_begins_with_its_first_target_and_ends_with_its_last() {
    let report = passing();
    assert_eq!(report.started_at.as_deref(), Some("2026-11-27T12:00:05.250Z"));
    assert_eq!(report.ended_at.as_deref(), Some("2026-11-27T12:00:20.500Z"));
    let page = report::html(&report);
    assert!(page.contains("from 2026-11-27 12:00:05 UTC<br>to 2026-11-27 12:00:20 UTC"), "{page}");
    assert!(page.contains("tested from 2026-11-27 12:00:10 UTC for 10.25 s"), "{page}");
    assert!(report::json(&report).contains("\"started_at\": \"2026-11-27T12:00:05.250Z\""));
}

#[test]
fn every_rendering_says_that_a_run_was_partial() {
    let mut report = passing();
    report.partial = Some(PartialRun { cases: vec!["flowers".to_owned()], of: 5 });
    assert!(report.summary().starts_with("partial run: 1 of 5 cases; 2 of 2 endpoints passed; "), "{}", report.summary());
    assert!(report::table(&report).ends_with("passed (2 targets: 2 passed); partial run: 1 of 5 cases\n"));
    assert_eq!(report::junit(&report).matches("<property name=\"partial_run\" value=\"1 of 5 cases\"/>").count(), 2);
    assert!(report::html(&report).contains("Partial run: 1 of 5 cases, which is no evidence for production"));
    let read: Report = serde_json::from_str(&report::json(&report)).unwrap();
    assert_eq!(read.partial, report.partial);
    assert!(!report::json(&passing()).contains("partial") && !report::junit(&passing()).contains("partial_run"));
}

#[test]
fn a_hostile_name_is_one_harmless_line_for_the_approver() {
    let cases = ["a\u{202e}b", "c\u{85}d"]
        .map(|name| labelled(name, vec![of_segment("x\ny", 9, metric("accuracy", 0.5, Some(0.9), Outcome::Failed))]));
    let summary = over(vec![("111111111111", (0, 1), cases.to_vec())]).summary();
    assert!(summary.contains("failed a\\u{202e}b: accuracy of x\\ny 0.5") && !summary.contains('\n'), "{summary}");
}
