//! Intervals, what is not proven, what is observed, and a comparison, in every rendering.

use endpoint_test::report::{
    BoundReport, ClassFlip, ComparisonReport, FlipsReport, IntervalReport, LatencyComparison, MetricComparison, MetricReport, RowFlip,
    RowsReport, ThresholdReport,
};
use endpoint_test::{CheckReport, LoadReport, Outcome, Report, TargetReport, Verdict, report};
use insta::assert_snapshot;

use crate::sample::{case, check, info, tool};

fn interval(low: f64, high: f64, method: &str, rows: usize) -> IntervalReport {
    IntervalReport { low, high, level: 0.95, method: method.to_owned(), rows }
}

fn bound(value: Option<f64>) -> BoundReport {
    BoundReport { value, confidence: 0.95 }
}

/// A target with a metric of each outcome, and a comparison.
pub(crate) fn compared() -> Report {
    let metric = |name: &str, value: f64, outcome: Outcome| MetricReport {
        name: name.to_owned(),
        value: Some(value),
        at_least: Some(0.9),
        outcome,
        ..MetricReport::default()
    };
    let mut rows = case("flowers", 4.0);
    rows.outcome = Outcome::NotProven;
    rows.checks.push(CheckReport {
        message: Some(
            "the accuracy 0.9667 does not prove at least 0.9 with 95% confidence: the 95% bound is 0.8514 (exact, 30 rows)".to_owned(),
        ),
        hint: Some("add rows".to_owned()),
        ..check("accuracy", Outcome::NotProven)
    });
    rows.rows = Some(RowsReport {
        total: 30,
        passed: 30,
        passed_interval: Some(interval(0.884_3, 1.0, "exact", 30)),
        metrics: vec![
            MetricReport {
                interval: Some(interval(0.827_8, 0.999_2, "exact", 30)),
                lower_bound: Some(bound(Some(0.8514))),
                ..metric("accuracy", 0.966_67, Outcome::NotProven)
            },
            MetricReport { would_be: Some(Outcome::Failed), ..metric("macro_f1", 0.85, Outcome::Observed) },
        ],
        ..RowsReport::default()
    });
    let mut fast = case("one flower", 2.0);
    fast.checks.push(CheckReport {
        would_be: Some(Outcome::Failed),
        message: Some("observed, would fail: the response took 2 ms, more than 1 ms".to_owned()),
        ..check("latency", Outcome::Observed)
    });
    let mut target = TargetReport::errored(info("222222222222", "us-east-1"), "status", "", None);
    target.verdict = Verdict::NotProven;
    target.checks = vec![CheckReport {
        message: Some("the accuracy is 0.9667, and 1 of `iris-<prod>`".to_owned()),
        ..check("comparison of accuracy", Outcome::Failed)
    }];
    target.cases = vec![rows, fast];
    target.comparison = Some(ComparisonReport {
        with: "333333333333/us-east-1/iris-<prod>".to_owned(),
        compared: 30,
        different: 1,
        metrics: vec![
            MetricComparison {
                case: "flowers".to_owned(),
                name: "accuracy".to_owned(),
                this: Some(0.966_67),
                other: Some(1.0),
                gain: Some(interval(-0.167, 0.083, "Tango", 30)),
                no_worse_than: Some(0.01),
                lower_bound: Some(bound(Some(-0.141))),
                p_value: Some(1.0),
                outcome: Outcome::NotProven,
                would_be: None,
            },
            MetricComparison { case: "flowers".to_owned(), name: "macro_f1".to_owned(), this: Some(0.95), ..MetricComparison::default() },
        ],
        latency: vec![
            LatencyComparison {
                name: "p50".to_owned(),
                this_ms: Some(4.0),
                other_ms: Some(4.1),
                ratio: Some(interval(0.8, 1.05, "order statistics, MOVER", 30)),
                at_most_times: 1.1,
                upper_bound: bound(Some(1.03)),
                rows: 30,
                outcome: Outcome::Passed,
                would_be: None,
            },
            LatencyComparison {
                name: "p99".to_owned(),
                this_ms: Some(9.0),
                other_ms: Some(8.0),
                at_most_times: 1.1,
                upper_bound: bound(None),
                rows: 30,
                outcome: Outcome::Observed,
                would_be: Some(Outcome::NotProven),
                ..LatencyComparison::default()
            },
        ],
        flips: Some(FlipsReport {
            compared: 30,
            changed: 1,
            better: 0,
            worse: 1,
            classes: vec![ClassFlip { label: "versicolor".into(), other: "versicolor".into(), this: "<virginica>".into(), rows: 1 }],
            rows: vec![RowFlip {
                case: "flowers".into(),
                row: 17,
                line: 18,
                label: "versicolor".into(),
                other: "versicolor".into(),
                this: "<virginica>".into(),
            }],
        }),
        gates: Some(2),
        ..ComparisonReport::default()
    });
    target.load = Some(Box::new(LoadReport {
        outcome: Outcome::Passed,
        thresholds: vec![ThresholdReport {
            threshold: "p95 < 1ms".to_owned(),
            outcome: Outcome::Observed,
            would_be: Some(Outcome::Failed),
            actual: Some("2 ms".to_owned()),
            message: Some("`p95 < 1ms` failed: the value is 2 ms".to_owned()),
            ..ThresholdReport::default()
        }],
        ..LoadReport::default()
    }));
    Report::assemble(tool(), "staging", vec![target])
}

#[test]
fn the_terminal_has_the_intervals_and_both_endpoints_values() {
    assert_snapshot!(report::table(&compared()), @r#"
    endpoint iris-p-abc123xyz-staging
    VERDICT     ACCOUNT       REGION     STATUS  CHECKS  CASES  SLOWEST
    not proven  222222222222  us-east-1  -       0/1     1/2    4.0 ms

    not proven 222222222222/us-east-1/iris-p-abc123xyz-staging (role
      ml/endpoint-tester)
      failed check comparison of accuracy: the accuracy is 0.9667, and 1 of
          `iris-<prod>`
      not proven case "flowers"
        accuracy: the accuracy 0.9667 does not prove at least 0.9 with 95%
          confidence: the 95% bound is 0.8514 (exact, 30 rows)
          hint: add rows
        variant AllTraffic, status 200, request 5f1e0c7a-2b3d

    observed at 222222222222/us-east-1/iris-p-abc123xyz-staging
      case "one flower" latency: observed, would fail: the response took 2 ms, more
        than 1 ms

    222222222222/us-east-1/iris-p-abc123xyz-staging compared with
      333333333333/us-east-1/iris-<prod>: 1 of 30 responses differ
      not proven             accuracy     0.9667 here, 1 there (no worse than 0.01,
                             95% bound of the gain -0.141)
                             gain: 95% interval -0.167 to 0.083 (Tango, 30 rows);
                             McNemar p = 1
      -                      macro_f1     0.95 here, unknown there
      passed                 latency p50  4.0 ms here, 4.1 ms there (at most 1.1
                             times, 95% bound of the ratio 1.03)
                             ratio: 95% interval 0.8 to 1.05 (order statistics,
                             MOVER, 30 rows)
      observed (not proven)  latency p99  9.0 ms here, 8.0 ms there (at most 1.1
                             times, 95% bound of the ratio unknown with 30 rows)
      1 of 30 rows have another class: 0 became right, 1 became wrong
        row 17 (line 18), versicolor: <virginica> here, versicolor there

    metrics of case "flowers"
      not proven         accuracy  0.9667 (at least 0.9, 95% bound 0.8514)
                         95% interval 0.8278 to 0.9992 (exact, 30 rows)
      observed (failed)  macro_f1  0.85 (at least 0.9)

    passed load on 222222222222/us-east-1/iris-p-abc123xyz-staging
      observed (failed)  p95 < 1ms  2 ms

    not proven (1 target: 1 not proven)
    "#);
}

#[test]
fn junit_has_what_is_not_proven_as_a_failure_of_its_own_type() {
    assert_snapshot!(report::junit(&compared()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="xtask staging" tests="4" skipped="1" failures="2" errors="0" time="0.000">
        <testsuite name="222222222222/us-east-1/iris-p-abc123xyz-staging" tests="4" skipped="1" errors="0" failures="2" time="0.000">
            <properties>
                <property name="role" value="ml/endpoint-tester"/>
                <property name="comparison" value="1 of 30 responses differ from those of 333333333333/us-east-1/iris-&lt;prod&gt;"/>
                <property name="comparison of accuracy" value="0.9667 here, 1 there (no worse than 0.01, 95% bound of the gain -0.141): not proven; gain: 95% interval -0.167 to 0.083 (Tango, 30 rows); McNemar p = 1"/>
                <property name="comparison of macro_f1" value="0.95 here, unknown there: -"/>
                <property name="comparison of latency p50" value="4.0 ms here, 4.1 ms there (at most 1.1 times, 95% bound of the ratio 1.03): passed; ratio: 95% interval 0.8 to 1.05 (order statistics, MOVER, 30 rows)"/>
                <property name="comparison of latency p99" value="9.0 ms here, 8.0 ms there (at most 1.1 times, 95% bound of the ratio unknown with 30 rows): observed (not proven)"/>
                <property name="comparison of classes" value="1 of 30 rows have another class: 0 became right, 1 became wrong"/>
            </properties>
            <testcase name="comparison of accuracy" classname="checks">
                <failure message="the accuracy is 0.9667, and 1 of `iris-&lt;prod&gt;`" type="checks">comparison of accuracy: the accuracy is 0.9667, and 1 of `iris-&lt;prod&gt;`</failure>
            </testcase>
            <testcase name="flowers" classname="cases" time="0.004">
                <properties>
                    <property name="accuracy" value="0.9667 (at least 0.9, 95% bound 0.8514): not proven; 95% interval 0.8278 to 0.9992 (exact, 30 rows)"/>
                    <property name="macro_f1" value="0.85 (at least 0.9): observed (failed)"/>
                </properties>
                <failure message="the accuracy 0.9667 does not prove at least 0.9 with 95% confidence: the 95% bound is 0.8514 (exact, 30 rows)" type="not_proven">accuracy: the accuracy 0.9667 does not prove at least 0.9 with 95% confidence: the 95% bound is 0.8514 (exact, 30 rows)
      hint: add rows
    variant: AllTraffic
    request id: 5f1e0c7a-2b3d</failure>
                <system-out>accuracy 0.9667 (at least 0.9, 95% bound 0.8514): not proven; 95% interval 0.8278 to 0.9992 (exact, 30 rows)
    macro_f1 0.85 (at least 0.9): observed (failed)</system-out>
            </testcase>
            <testcase name="one flower" classname="cases" time="0.002">
                <properties>
                    <property name="latency" value="observed, would fail: the response took 2 ms, more than 1 ms"/>
                </properties>
                <system-out>latency observed, would fail: the response took 2 ms, more than 1 ms</system-out>
            </testcase>
            <testcase name="p95 &lt; 1ms" classname="load">
                <skipped message="observed (failed): `p95 &lt; 1ms` failed: the value is 2 ms"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn the_summary_has_the_gates_of_the_comparison() {
    assert_snapshot!(compared().summary(), @"0 of 1 endpoints passed; not proven accuracy 0.9667 (at least 0.9, 95% bound 0.8514); observed macro_f1 0.85 (at least 0.9); compared with 333333333333/us-east-1/iris-<prod>: accuracy 0.9667, there 1, latency p50 4.0 ms, there 4.1 ms, latency p99 9.0 ms, there 8.0 ms");
}

#[test]
fn the_page_has_bars_a_chart_and_the_changed_classes() {
    let page = report::html(&compared());
    for part in [
        "staging: <b>not proven</b>",
        "1 of 1 endpoint not proven: the rows are too few to decide",
        "class=\"badge not proven\"",
        "class=\"badge observed\"",
        "<svg class=\"interval not proven\"",
        "aria-label=\"accuracy 0.9667; 95% interval 0.8278 to 0.9992 (exact, 30 rows); limit at least 0.9, 95% bound 0.8514\"",
        "<svg class=\"gains\"",
        "1 of 30 rows have another class: 0 became right, 1 became wrong",
        "&lt;virginica&gt;",
        "no worse than 0.01, 95% bound of the gain -0.141",
        "unknown with 30 rows",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[test]
fn invalid_figures_draw_no_bar() {
    let mut report = compared();
    let target = &mut report.targets[0];
    target.cases[0].rows.as_mut().unwrap().metrics[0].interval.as_mut().unwrap().low = f64::NAN;
    let comparison = target.comparison.as_mut().unwrap();
    comparison.metrics[0].gain.as_mut().unwrap().high = f64::INFINITY;
    comparison.latency[0].at_most_times = -1.0;
    let page = report::html(&report);
    assert!(!page.contains("<svg"), "{page}");
}

#[test]
fn a_comparison_reads_back_from_json_unchanged() {
    let report = compared();
    assert_eq!(serde_json::from_str::<Report>(&report::json(&report)).unwrap(), report);
    assert!(report::json(&report).contains("\"verdict\": \"not_proven\""));
}
