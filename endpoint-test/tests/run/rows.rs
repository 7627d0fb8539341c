//! Cases with rows, and their metrics.

use std::sync::atomic::{AtomicUsize, Ordering};

use endpoint_test::{CaseReport, Event, Outcome, Request, Run, RunOptions, Suite, TargetError, TargetErrorKind, Verdict};

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response};
use crate::{approved, info, suite};

const DATA: &str = "size,label\n1,small\n2,small\n8,large\n9,large\n";

/// A suite with one case over [`DATA`].
fn with_rows(rest: &str) -> Suite {
    let text = format!(
        "version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ file: data.csv, drop: label }} }}\n    accept: application/json\n{rest}"
    );
    suite(&text).load_files(|_| Ok(DATA.into())).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A model that calls every size from this one on large.
fn model(border: f64) -> impl Fn(&Request) -> CallResult<Result<endpoint_test::ModelResponse, endpoint_test::InvokeError>> + Send + Sync {
    move |request| {
        let size: f64 = std::str::from_utf8(&request.body).unwrap().parse().unwrap();
        let label = if size >= border { "large" } else { "small" };
        CallResult::Now(Ok(response(&format!(r#"{{"label":"{label}","score":{}}}"#, size / 10.0))))
    }
}

async fn case(
    suite: &Suite,
    respond: impl Fn(&Request) -> CallResult<Result<endpoint_test::ModelResponse, endpoint_test::InvokeError>> + Send + Sync,
) -> CaseReport {
    let target = Scripted::new(vec![Ok(healthy())]).responding(respond);
    let (expected, options) = (approved(), RunOptions::default());
    Run::new(&target, suite)
        .expecting(expected.clone())
        .options(options.clone())
        .clock(&FakeClock::default())
        .start(info(), |_| {})
        .await
        .cases
        .remove(0)
}

#[tokio::test]
async fn each_row_is_a_request_and_at_least_decides() {
    let each = "    expect_each: { json: [{ at: /label, equals_column: label }], at_least: 0.75 }\n";
    // One of four is wrong: enough pass.
    let report = case(&with_rows(each), model(9.0)).await;
    let rows = report.rows.as_ref().unwrap();
    assert_eq!((report.outcome, rows.total, rows.passed, rows.failed), (Outcome::Passed, 4, 3, 1));
    let wrong = &rows.not_passed[0];
    assert_eq!((wrong.row, wrong.line, wrong.actual.as_deref()), (3, 4, Some("\"small\"")));
    assert!(wrong.expected.as_deref().unwrap().starts_with("large"));
    assert!(wrong.reproduce.as_deref().unwrap().starts_with("printf %s 8 | aws "), "{wrong:?}");
    // Two of four are wrong: too many.
    let report = case(&with_rows(each), model(100.0)).await;
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.checks[0].message.as_deref(), Some("2 of 4 rows are not as expected"));
}

#[tokio::test]
async fn a_failed_metric_shows_a_wrong_row_and_what_to_check_if_all_are_wrong() {
    let metrics = |prediction: &str| {
        with_rows(&format!("    expect:\n      metrics: {{ label: label, prediction: {prediction}, accuracy: {{ at_least: 0.8 }} }}\n"))
    };
    let one = case(&metrics("/label"), model(9.0)).await.checks.pop().unwrap();
    let example = "first wrong row: row 3 (line 4), expected `large`, found `small`";
    assert_eq!((one.message.unwrap(), one.hint), (format!("the accuracy is 0.75; {example}"), None));
    let all = case(&metrics("/score"), model(9.0)).await.checks.pop().unwrap();
    let example = "first wrong row: row 1 (line 2), expected `small`, found `0.1`";
    assert_eq!(all.message.unwrap(), format!("the accuracy is 0; {example}"));
    assert_eq!(all.hint.as_deref(), Some("every row is wrong: `prediction` must select the prediction in the response"));
    // A value that is too good has no wrong row to show.
    let most = with_rows("    expect:\n      metrics: { label: label, prediction: /label, accuracy: { at_most: 0.5 } }\n");
    assert_eq!(case(&most, model(9.0)).await.checks.pop().unwrap().message.as_deref(), Some("the accuracy is 0.75"));
}

#[tokio::test]
async fn metrics_over_all_rows_have_limits() {
    let metrics = "    expect:\n      metrics:\n        { label: label, prediction: /label, score: /score, positive: large, accuracy: { at_least: 0.8 },
          recall: { at_least: 0.5 }, auc: { at_least: 1 } }\n";
    let report = case(&with_rows(metrics), model(9.0)).await;
    let metrics = &report.rows.as_ref().unwrap().metrics;
    let found: Vec<_> = metrics.iter().map(|metric| (metric.name.as_str(), metric.value, metric.outcome)).collect();
    assert_eq!(
        found,
        [
            ("accuracy", Some(0.75), Outcome::Failed),
            ("recall", Some(0.5), Outcome::Passed),
            // The scores separate large from small whatever the threshold.
            ("auc", Some(1.0), Outcome::Passed),
        ]
    );
    assert_eq!(report.outcome, Outcome::Failed);
}

#[tokio::test]
async fn rows_that_could_not_be_tested_are_an_error_and_a_proven_failure_outranks_it() {
    let throttled = || TargetError::new(TargetErrorKind::Throttled, "slow down").into();
    let each = with_rows("    expect_each: { json: [{ at: /label, equals_column: label }], at_least: 0.5 }\n");
    let calls = AtomicUsize::new(0);
    let report = case(&each, |request| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => CallResult::Now(Err(throttled())),
        _ => model(5.0)(request),
    })
    .await;
    assert_eq!((report.outcome, report.rows.unwrap().errored), (Outcome::Errored, 1));
    let calls = AtomicUsize::new(0);
    let report = case(&each, |request| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => CallResult::Now(Err(throttled())),
        _ => model(-1.0)(request),
    })
    .await;
    // One is unknown, one is right, two… only one more is wrong: half may be, so nothing is proven.
    assert_eq!(report.outcome, Outcome::Errored);
    let report = case(&each, |_| CallResult::Now(Ok(response(r#"{"label":"huge"}"#)))).await;
    assert_eq!(report.outcome, Outcome::Failed);
}

#[tokio::test]
async fn a_target_that_refuses_row_after_row_is_given_up() {
    let many: String = std::iter::once("size,label\n".to_owned()).chain((0..500).map(|number| format!("{number},small\n"))).collect();
    let text = "version: 1\ncases:\n  - { name: it, payload: { rows: { file: data.csv, drop: label } } }\n";
    let suite = suite(text).load_files(|_| Ok(many.clone().into_bytes())).unwrap();
    let calls = AtomicUsize::new(0);
    let report = case(&suite, |_| {
        calls.fetch_add(1, Ordering::Relaxed);
        CallResult::Now(Err(TargetError::new(TargetErrorKind::AccessDenied, "no").into()))
    })
    .await;
    assert_eq!((report.outcome, report.rows.unwrap().errored), (Outcome::Errored, 500));
    assert_eq!(calls.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn concurrent_rows_give_the_same_report_in_the_same_order() {
    let rows = |at_once| {
        let text = format!(
            "version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ file: data.csv, drop: label, at_once: {at_once} }} }}
    expect_each: {{ json: [{{ at: /label, equals_column: label }}] }}\n"
        );
        suite(&text).load_files(|_| Ok(DATA.into())).unwrap()
    };
    assert_eq!(case(&rows(1), model(100.0)).await, case(&rows(64), model(100.0)).await);
}

#[tokio::test]
async fn progress_is_reported_for_every_row() {
    let target = Scripted::new(vec![Ok(healthy())]).responding(model(5.0));
    let suite = with_rows("");
    let mut rows = Vec::new();
    let report = Run::new(&target, &suite)
        .clock(&FakeClock::default())
        .start(info(), |event| {
            if let Event::RowFinished { done, rows: of, .. } = event {
                rows.push((done, of));
            }
        })
        .await;
    assert_eq!((report.verdict, rows), (Verdict::Passed, vec![(1, 4), (2, 4), (3, 4), (4, 4)]));
}

#[test]
fn a_missing_column_is_reported_where_it_is_used() {
    let text = "version: 1\ncases:\n  - name: it\n    payload: { rows: { file: data.csv, drop: [lable] } }\n    expect_each: { text: { equals_column: answer } }\n";
    let errors = suite(text).load_files(|_| Ok(DATA.into())).unwrap_err();
    let messages: Vec<_> = errors.problems().iter().map(|problem| (problem.message.as_str(), problem.place.unwrap().line)).collect();
    assert_eq!(messages, [("`data.csv` has no column `lable`", 4), ("`data.csv` has no column `answer`", 5)]);
}
