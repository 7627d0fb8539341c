//! Limits with a confidence: passed, failed and not proven; and limits that are only observed.

use endpoint_test::{CaseReport, FindingCode, Outcome, Run, TargetReport, Verdict};

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response};
use crate::{info, suite};

/// Rows with the label `yes` or `no`; the model returns the column `says` and a score.
fn rows(right: usize, wrong: usize) -> String {
    let line = |index: usize, is_right: bool| {
        let label = if index.is_multiple_of(2) { "yes" } else { "no" };
        let says = if is_right == (label == "yes") { "yes" } else { "no" };
        format!("{says},{label},{}\n", if is_right { "1" } else { "3" })
    };
    let lines = (0..right).map(|index| line(index, true)).chain((right..right + wrong).map(|index| line(index, false)));
    "says,label,size\n".to_owned() + &lines.collect::<String>()
}

async fn run(expect: &str, right: usize, wrong: usize) -> TargetReport {
    let text = format!("version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ file: data.csv, drop: label }} }}\n{expect}");
    let suite = suite(&text).load_files(|_| Ok(rows(right, wrong).into())).unwrap_or_else(|errors| panic!("{errors}"));
    let target = Scripted::new(vec![Ok(healthy())]).responding(|request| {
        let text = std::str::from_utf8(&request.body).unwrap();
        let (says, size) = text.trim().split_once(',').unwrap();
        let score = if says == "yes" { 0.9 } else { 0.1 };
        CallResult::Now(Ok(response(&format!(r#"{{"says":"{says}","score":{score},"size":{size}}}"#))))
    });
    Run::new(&target, &suite).clock(FakeClock::default()).start(info(), |_| {}).await
}

async fn with_metric(metric: &str, right: usize, wrong: usize) -> (TargetReport, CaseReport) {
    let sources = "label: label, prediction: /says, score: /score, positive: 'yes'";
    let report = run(&format!("    expect: {{ metrics: {{ {sources}, {metric} }} }}\n"), right, wrong).await;
    let case = report.cases[0].clone();
    (report, case)
}

#[tokio::test]
async fn thirty_right_rows_prove_nine_tenths_and_twenty_nine_do_not() {
    let gate = "accuracy: { at_least: { value: 0.9, confidence: 0.95 } }";
    for (right, wrong, outcome, verdict) in [
        (30, 0, Outcome::Passed, Verdict::Passed),
        (29, 1, Outcome::NotProven, Verdict::NotProven),
        (28, 0, Outcome::NotProven, Verdict::NotProven),
        (20, 10, Outcome::Failed, Verdict::Failed),
    ] {
        let (report, case) = with_metric(gate, right, wrong).await;
        assert_eq!((case.outcome, report.verdict), (outcome, verdict), "{right} of {}", right + wrong);
        let metric = &case.rows.as_ref().unwrap().metrics[0];
        let (interval, bound) = (metric.interval.as_ref().unwrap(), metric.lower_bound.as_ref().unwrap());
        assert_eq!((interval.method.as_str(), interval.rows), ("exact", right + wrong));
        assert!(interval.low < bound.value.unwrap() && bound.value.unwrap() <= metric.value.unwrap());
    }
    let (_, case) = with_metric(gate, 29, 1).await;
    let check = case.checks.last().unwrap();
    let message = "the accuracy 0.966667 does not prove at least 0.9 with 95% confidence: the 95% bound is 0.8514 (exact, 30 rows)";
    assert_eq!((check.message.as_deref(), check.code), (Some(message), Some(FindingCode::NotProven)));
    // The number alone keeps its meaning.
    assert_eq!(with_metric("accuracy: { at_least: 0.9 }", 28, 2).await.1.outcome, Outcome::Passed);
    assert_eq!(with_metric("accuracy: { at_least: 0.95 }", 28, 2).await.1.outcome, Outcome::Failed);
}

#[tokio::test]
async fn every_metric_can_be_proven_not_proven_and_proven_wrong() {
    for name in ["accuracy", "precision", "recall", "f1", "macro_precision", "macro_recall", "macro_f1", "auc"] {
        let gate = format!("{name}: {{ at_least: {{ value: 0.9, confidence: 0.95 }} }}");
        for (right, wrong, outcome) in [(600, 12, Outcome::Passed), (10, 0, Outcome::NotProven), (120, 80, Outcome::Failed)] {
            let (_, case) = with_metric(&gate, right, wrong).await;
            let found = case.checks.last().unwrap();
            assert_eq!(found.outcome, outcome, "{name}, {right} right and {wrong} wrong: {found:?}");
        }
    }
    for name in ["mae", "rmse"] {
        let of = |right: usize, wrong: usize| {
            let sources = "label: size, prediction: /size";
            let expect = format!("    expect: {{ metrics: {{ {sources}, {name}: {{ at_most: {{ value: 0.5, confidence: 0.95 }} }} }} }}\n");
            async move { run(&expect, right, wrong).await.cases.remove(0) }
        };
        // The prediction is the label: no error, and labels 1 and 3 as their range.
        assert_eq!(of(80, 20).await.outcome, Outcome::Passed, "{name}");
        let few = of(3, 2).await;
        assert_eq!(few.outcome, Outcome::NotProven, "{name}: {few:?}");
        // All labels are 1: nothing shows how far a prediction can be off.
        let same = of(30, 0).await;
        let message = same.checks.last().unwrap().message.clone().unwrap();
        assert!(same.outcome == Outcome::NotProven && message.contains("every row has the same label"), "{message}");
    }
}

#[tokio::test]
async fn a_share_of_rows_and_a_segment_can_need_a_proof() {
    let each = |at_least: &str| format!("    expect_each: {{ json: [{{ at: /says, equals_column: label }}], {at_least} }}\n");
    let proof = each("at_least: { value: 0.9, confidence: 0.95 }");
    for (right, wrong, outcome) in [(30, 0, Outcome::Passed), (29, 1, Outcome::NotProven), (20, 10, Outcome::Failed)] {
        let case = run(&proof, right, wrong).await.cases.remove(0);
        assert_eq!(case.checks[0].outcome, outcome);
        assert_eq!(case.rows.unwrap().passed_interval.unwrap().rows, right + wrong);
    }
    let segments = "segment: { column: says, min_rows: 5 }, accuracy: { each_segment: { at_least: { value: 0.8, confidence: 0.9 } } }";
    let (report, case) = with_metric(segments, 30, 0).await;
    assert_eq!(case.outcome, Outcome::Passed, "{report:#?}");
    let (report, _) = with_metric(segments, 16, 0).await;
    assert_eq!(report.verdict, Verdict::NotProven);
}

#[tokio::test]
async fn an_observed_limit_is_reported_and_decides_nothing() {
    let (report, case) = with_metric("accuracy: { at_least: 0.9, observe: true }", 20, 10).await;
    assert_eq!((report.verdict, case.outcome), (Verdict::Passed, Outcome::Passed));
    let (check, metric) = (case.checks.last().unwrap(), &case.rows.as_ref().unwrap().metrics[0]);
    assert_eq!((check.outcome, check.would_be), (Outcome::Observed, Some(Outcome::Failed)));
    assert!(check.message.as_deref().unwrap().starts_with("observed, would fail: the accuracy is 0.666667"));
    assert_eq!((metric.outcome, metric.would_be), (Outcome::Observed, Some(Outcome::Failed)));
    let each = "    expect_each: { json: [{ at: /says, equals_column: label }], at_least: 0.9, observe: true }\n";
    let latency =
        "    expect: { latency: { max: { at_most: 1h, observe: true }, p50: { at_most: 1h, confidence: 0.9, observe: true } } }\n";
    let report = run(&format!("{each}{latency}"), 20, 10).await;
    let marks: Vec<_> = report.cases[0].checks.iter().map(|check| (check.name.as_str(), check.outcome, check.would_be)).collect();
    let passed = Some(Outcome::Passed);
    assert_eq!(
        marks,
        [
            ("rows", Outcome::Observed, Some(Outcome::Failed)),
            ("latency", Outcome::Observed, passed),
            ("latency", Outcome::Observed, passed)
        ]
    );
    // A metric without a limit is reported, too.
    let (_, case) = with_metric("accuracy: { observe: true }", 20, 10).await;
    let metric = &case.rows.unwrap().metrics[0];
    assert_eq!((metric.outcome, metric.would_be, metric.interval.is_some()), (Outcome::Skipped, None, true));
}

#[tokio::test]
async fn an_observed_latency_of_one_case_does_not_fail_it() {
    let text = |max: &str| {
        format!(
            "version: 1\ncases:\n  - name: it\n    payload: {{ csv: '1' }}\n    expect: {{ latency: {{ max: {max} }} }}\n    timeout: 2s\n"
        )
    };
    // The target does not respond within the timeout, which is longer than the limit.
    let target = Scripted::new(vec![Ok(healthy())]).responding(|_| CallResult::Never);
    for (max, outcome) in [("1s", Outcome::Failed), ("{ at_most: 1s, observe: true }", Outcome::Errored)] {
        let suite = suite(&text(max));
        let report = Run::new(&target, &suite).clock(FakeClock::default()).start(info(), |_| {}).await;
        assert_eq!(report.cases[0].outcome, outcome);
    }
}
