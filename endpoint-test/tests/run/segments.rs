//! Metrics by segment, percentiles of the latency over rows, and rows of JSON Lines.

use std::sync::Mutex;
use std::time::Duration;

use endpoint_test::{CaseReport, InvokeError, MetricReport, ModelFailure, Outcome, Request, Run, Suite, TargetError, TargetErrorKind};

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response};
use crate::{info, suite};

type Reply = CallResult<Result<endpoint_test::ModelResponse, InvokeError>>;

async fn run(suite: &Suite, clock: &FakeClock, respond: impl Fn(&Request) -> Reply + Send + Sync) -> CaseReport {
    let target = Scripted::new(vec![Ok(healthy())]).responding(respond);
    Run::new(&target, suite).clock(clock).start(info(), |_| {}).await.cases.remove(0)
}

/// A suite over a file with this number of rows in each region; all labels are `a`.
fn regions(regions: &[(&str, usize)], metrics: &str) -> Result<Suite, Vec<String>> {
    let mut data = "x,region,label\n".to_owned();
    for (region, rows) in regions {
        for row in 0..*rows {
            data.extend([region, row.to_string().as_str(), ",", region, ",a\n"]);
        }
    }
    let text = format!(
        "version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ file: data.csv, columns: [x] }} }}\n    expect:\n      metrics: {{ label: label, prediction: text, {metrics} }}\n"
    );
    let loaded = suite(&text).load_files(|_| Ok(data.clone().into()));
    loaded.map_err(|errors| errors.problems().iter().map(|problem| problem.message.clone()).collect())
}

/// Predicts `a`, but `b` for the first rows of a region.
fn wrong_for(region: &'static str, rows: usize) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| {
        let text = std::str::from_utf8(&request.body).unwrap();
        let is_wrong = text.strip_prefix(region).and_then(|row| row.parse::<usize>().ok()).is_some_and(|row| row < rows);
        CallResult::Now(Ok(response(if is_wrong { "b" } else { "a" })))
    }
}

fn found(report: &CaseReport) -> Vec<(String, Option<usize>, Option<f64>, Outcome)> {
    let metrics = &report.rows.as_ref().unwrap().metrics;
    let found = |metric: &MetricReport| {
        (metric.segment.clone().unwrap_or_default(), metric.rows, metric.value.map(|value| (value * 100.0).round() / 100.0), metric.outcome)
    };
    metrics.iter().map(found).collect()
}

const EACH: &str = "segment: { column: region, min_rows: 10 }, accuracy: { at_least: 0.8, each_segment: { at_least: 0.7 } }";

#[tokio::test]
async fn a_weak_segment_fails_although_all_rows_together_pass() {
    let suite = regions(&[("north", 40), ("south", 10), ("west", 3)], EACH).unwrap();
    let report = run(&suite, &FakeClock::default(), wrong_for("south", 5)).await;
    assert_eq!(
        found(&report),
        [
            (String::new(), None, Some(0.91), Outcome::Passed),
            ("north".to_owned(), Some(40), Some(1.0), Outcome::Passed),
            ("south".to_owned(), Some(10), Some(0.5), Outcome::Failed),
            ("west".to_owned(), Some(3), Some(1.0), Outcome::Skipped),
        ]
    );
    let messages: Vec<_> = report.checks.iter().filter_map(|check| Some((check.outcome, check.message.as_deref()?))).collect();
    assert_eq!(
        messages,
        [
            (Outcome::Failed, "the accuracy of the segment `south` is 0.5; first wrong row: row 41 (line 42), expected `a`, found `b`"),
            (Outcome::Skipped, "the accuracy of the segment `west` is not judged: it has 3 of 10 rows"),
        ]
    );
    assert_eq!(report.outcome, Outcome::Failed);
    // A small segment is never judged, however wrong it is.
    let report = run(&suite, &FakeClock::default(), wrong_for("west", 3)).await;
    assert_eq!((report.outcome, found(&report)[3].2), (Outcome::Passed, Some(0.0)));
}

#[tokio::test]
async fn without_a_limit_segments_are_only_reported() {
    let suite = regions(&[("north", 40), ("", 30)], "segment: region, accuracy: { at_least: 0.5 }").unwrap();
    let report = run(&suite, &FakeClock::default(), wrong_for("north", 40)).await;
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(found(&report)[1], ("(empty)".to_owned(), Some(30), Some(1.0), Outcome::Skipped));
    assert_eq!(found(&report)[2], ("north".to_owned(), Some(40), Some(0.0), Outcome::Skipped));
    // A limit for segments alone does not judge all rows.
    let suite = regions(&[("north", 40), ("south", 40)], "segment: region, accuracy: { each_segment: { at_least: 0.4 } }").unwrap();
    let report = run(&suite, &FakeClock::default(), wrong_for("north", 20)).await;
    assert_eq!((report.outcome, found(&report)[0].3, found(&report)[1].3), (Outcome::Passed, Outcome::Skipped, Outcome::Passed));
}

#[test]
fn segments_that_cannot_be_judged_are_refused_before_anything_is_sent() {
    let none = regions(&[("north", 9), ("south", 2)], EACH).unwrap_err();
    assert_eq!(none, ["`data.csv`: no segment of the column `region` has 10 rows; set `min_rows` to judge smaller ones"]);
    assert!(regions(&[("north", 9)], "segment: region, accuracy: { at_least: 0.8 }").is_ok());
    let many: Vec<String> = (0..101).map(|index| format!("r{index}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), 1)).collect();
    let error = regions(&many, "segment: region, accuracy: { at_least: 0.8 }").unwrap_err();
    assert_eq!(error, ["`data.csv`: the column `region` has 101 different values; the limit of segments is 100"]);
    let error = regions(&[("north", 40)], "segment: regoin, accuracy: { at_least: 0.8 }").unwrap_err();
    assert_eq!(error, ["`data.csv` has no column `regoin`"]);
}

/// A suite over this number of rows, with these limits of their latency.
fn timed(rows: usize, latency: &str) -> Suite {
    let data: String = std::iter::once("x\n".to_owned()).chain((0..rows).map(|row| format!("{row}\n"))).collect();
    let text = format!(
        "version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ file: data.csv }} }}\n    expect_each: {{ at_least: 0 }}\n    expect: {{ latency: {latency} }}\n"
    );
    suite(&text).load_files(|_| Ok(data.clone().into())).unwrap()
}

/// The response to row N after N milliseconds.
fn after(clock: &FakeClock) -> impl Fn(&Request) -> Reply + Send + Sync {
    |request| {
        let row: u64 = std::str::from_utf8(&request.body).unwrap().parse().unwrap();
        clock.advance(Duration::from_millis(row));
        CallResult::Now(Ok(response("a")))
    }
}

#[tokio::test]
async fn percentiles_over_rows_have_limits_and_are_metrics() {
    let clock = FakeClock::default();
    let report = run(&timed(100, "{ p50: 49ms, p95: 94ms, p99: 97ms, max: 99ms }"), &clock, after(&clock)).await;
    let metrics: Vec<_> =
        report.rows.as_ref().unwrap().metrics.iter().map(|metric| (metric.name.as_str(), metric.value, metric.outcome)).collect();
    assert_eq!(
        metrics,
        [
            ("latency_p50_ms", Some(49.0), Outcome::Passed),
            ("latency_p95_ms", Some(94.0), Outcome::Passed),
            ("latency_p99_ms", Some(98.0), Outcome::Failed),
            ("latency_max_ms", Some(99.0), Outcome::Passed),
        ]
    );
    let failed = report.checks.iter().find(|check| check.outcome == Outcome::Failed).unwrap();
    assert_eq!(failed.message.as_deref(), Some("the p99 of the latency is above 97 ms: 2 rows took longer"));
    assert_eq!((failed.expected.as_deref(), failed.actual.as_deref()), (Some("p99 at most 97 ms"), Some("98 ms")));
    assert_eq!(report.rows.unwrap().p95_latency_ms, Some(94.0));
}

#[tokio::test]
async fn a_fast_refusal_does_not_make_the_model_look_fast() {
    let clock = FakeClock::default();
    let slow = after(&clock);
    // Of 40 rows, the model refuses 20 at once; the other 20 take from 20 to 39 ms.
    let report =
        run(&timed(40, "{ p50: 25ms }"), &clock, |request| match std::str::from_utf8(&request.body).unwrap().parse::<u64>().unwrap() {
            row if row < 20 => CallResult::Now(Err(InvokeError::Model(ModelFailure {
                status: Some(400),
                message: "no".to_owned(),
                ..ModelFailure::default()
            }))),
            _ => slow(request),
        })
        .await;
    // Every figure is over the same rows.
    let rows = report.rows.unwrap();
    assert_eq!((rows.metrics[0].value, rows.median_latency_ms, rows.p95_latency_ms), (Some(29.0), Some(29.0), Some(38.0)));
    assert_eq!((report.outcome, report.latency_ms), (Outcome::Failed, Some(39.0)));
}

#[tokio::test]
async fn without_any_response_there_is_no_latency() {
    let refuse = |_: &Request| CallResult::Now(Err(InvokeError::Model(ModelFailure { status: Some(400), ..ModelFailure::default() })));
    let report = run(&timed(20, "{ p95: 25ms }"), &FakeClock::default(), refuse).await;
    let check = report.checks.iter().find(|check| check.name == "latency").unwrap();
    assert_eq!(check.outcome, Outcome::Errored);
    assert_eq!(check.message.as_deref(), Some("the p95 of the latency is unknown: no row got a response"));
    let rows = report.rows.unwrap();
    assert_eq!((rows.median_latency_ms, rows.p95_latency_ms, report.latency_ms), (None, None, None));
}

#[tokio::test]
async fn rows_that_could_not_be_tested_leave_a_percentile_unknown_unless_it_is_proven() {
    let throttle_first = |count: u64, clock: &'static FakeClock| {
        let slow = after(clock);
        let seen = Mutex::new(0);
        move |request: &Request| {
            let mut seen = seen.lock().unwrap();
            *seen += 1;
            // Every second one, so that the run does not give up.
            if *seen <= 2 * count && seen.is_multiple_of(2) {
                return CallResult::Now(Err(TargetError::new(TargetErrorKind::Throttled, "slow down").into()));
            }
            slow(request)
        }
    };
    let clock: &'static FakeClock = Box::leak(Box::default());
    let report = run(&timed(40, "{ p95: 39ms }"), clock, throttle_first(4, clock)).await;
    let metric = &report.rows.as_ref().unwrap().metrics[0];
    assert_eq!((metric.outcome, metric.value), (Outcome::Errored, None));
    let report = run(&timed(40, "{ p95: 30ms }"), clock, throttle_first(4, clock)).await;
    assert_eq!(report.rows.unwrap().metrics[0].outcome, Outcome::Failed);
}

#[test]
fn too_few_rows_and_wrong_keys_are_refused() {
    let load = |rows: usize, latency: &str| {
        let data: String = std::iter::once("x\n".to_owned()).chain((0..rows).map(|row| format!("{row}\n"))).collect();
        let text = format!(
            "version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ file: data.csv }} }}\n    expect: {{ latency: {latency} }}\n"
        );
        let parsed =
            Suite::parse(&text, std::path::Path::new("suite.yaml")).and_then(|suite| suite.load_files(|_| Ok(data.clone().into())));
        parsed.map_err(|errors| errors.problems().iter().map(|problem| problem.message.clone()).collect::<Vec<_>>())
    };
    assert_eq!(load(12, "{ p99: 1s, p50: 1s }").unwrap_err(), ["`data.csv`: `p99` of the latency needs at least 100 rows, and it has 12"]);
    assert!(load(1, "{ max: 1s }").is_ok() && load(20, "{ p95: 1s }").is_ok());
    assert_eq!(load(12, "{}").unwrap_err(), ["`latency` has no limit"]);
    assert_eq!(load(12, "{ p98: 1s }").unwrap_err(), ["unknown key `p98` in `latency` of all rows"]);
    assert_eq!(load(12, "{ p50: fast }").unwrap_err(), ["`p50` must be a duration above zero and at most an hour"]);
}

/// The requests and the warnings of a suite with this `rows` and this file.
fn sent(rows: &str, file: &str, metrics: &str) -> (Vec<(String, String)>, Vec<String>) {
    let text = format!("version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ {rows} }} }}\n    expect: {{ metrics: {metrics} }}\n");
    let suite = suite(&text).load_files(|_| Ok(file.as_bytes().to_vec())).unwrap_or_else(|errors| panic!("{errors}"));
    let requests = suite.cases()[0].requests(Duration::from_secs(1));
    let bodies = requests.into_iter().map(|request| (request.content_type, String::from_utf8(request.body.to_vec()).unwrap())).collect();
    (
        bodies,
        suite.warnings().iter().map(|problem| format!("{}; {}", problem.message, problem.hint.as_deref().unwrap_or_default())).collect(),
    )
}

const METRICS: &str = "{ label: label, prediction: text, accuracy: { at_least: 1 } }";

#[test]
fn a_line_of_json_lines_is_sent_as_it_is_or_in_another_format() {
    let file = "{\"inputs\":\"so good\",\"n\":5.10,\"label\":\"POSITIVE\"}\n{\"inputs\":\"7\",\"label\":\"NEGATIVE\"}\n";
    let (requests, warnings) = sent("file: reviews.jsonl, drop: label", file, METRICS);
    assert_eq!(
        requests,
        [
            ("application/jsonlines".to_owned(), "{\"inputs\":\"so good\",\"n\":5.10}".to_owned()),
            ("application/jsonlines".to_owned(), "{\"inputs\":\"7\"}".to_owned()),
        ]
    );
    assert!(warnings.is_empty(), "{warnings:?}");
    let (requests, _) = sent("file: reviews.ndjson, columns: [inputs], as: json_object, first: 1", file, METRICS);
    assert_eq!(requests, [("application/json".to_owned(), "{\"inputs\":\"so good\"}".to_owned())]);
    let (requests, _) = sent("file: reviews.JSONLINES, columns: [n, inputs], as: csv", file, METRICS);
    assert_eq!(requests[0], ("text/csv".to_owned(), "5.10,so good".to_owned()));
}

#[test]
fn mistakes_in_json_lines_have_their_line() {
    let problems = |rows: &str, file: &str| {
        let text =
            format!("version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ {rows} }} }}\n    expect: {{ metrics: {METRICS} }}\n");
        let loaded =
            Suite::parse(&text, std::path::Path::new("suite.yaml")).and_then(|suite| suite.load_files(|_| Ok(file.as_bytes().to_vec())));
        loaded.unwrap_err().problems().iter().map(|problem| problem.message.clone()).collect::<Vec<_>>()
    };
    let good = "{\"x\":1,\"label\":\"a\"}\n";
    assert_eq!(problems("file: d.jsonl, header: false", good), ["`header` is for CSV files: JSON Lines have a name for each value"]);
    assert_eq!(problems("file: d.jsonl, drop: label", &format!("{good}\n{{\"x\":2}}\n")), ["line 3 of `d.jsonl` has no `label`"]);
    assert_eq!(problems("file: d.jsonl, drop: lable", good), ["`d.jsonl` has no column `lable`"]);
    assert!(problems("file: d.jsonl", "[1]")[0].starts_with("`d.jsonl` cannot be read as rows: line 1 is not a JSON object"));
}

#[test]
fn a_label_that_the_model_gets_is_a_warning_and_a_segment_is_none() {
    let file = "x,region,label\n1,north,a\n";
    let metrics = "{ label: label, segment: region, prediction: text, accuracy: { at_least: 1 } }";
    assert_eq!(
        sent("file: data.csv", file, metrics).1,
        ["the model gets the column `label` of `data.csv`, which has the expected values; do not send it: `drop: label`"]
    );
    assert_eq!(
        sent("file: data.csv, columns: [x, label]", file, metrics).1,
        ["the model gets the column `label` of `data.csv`, which has the expected values; remove `label` from `columns`"]
    );
    for rows in ["file: data.csv, drop: label", "file: data.csv, columns: [x, region]"] {
        assert!(sent(rows, file, metrics).1.is_empty(), "{rows}");
    }
    // Each label is named once, also that of `equals_column`, and one that is a segment, too.
    let text =
        "version: 1\ncases:\n  - name: it\n    payload: { rows: { file: data.csv } }\n    expect_each: { text: { equals_column: label } }
    expect: { metrics: { label: label, segment: label, prediction: text, accuracy: { at_least: 1 } } }\n";
    assert_eq!(suite(text).load_files(|_| Ok(file.into())).unwrap().warnings().len(), 1);
}
