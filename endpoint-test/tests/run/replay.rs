//! Captured requests that are sent again.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use endpoint_test::{
    CapturedRequests, CheckReport, InvokeError, ModelFailure, Outcome, ReplayReport, Run, RunOptions, TargetError, TargetErrorKind,
    TargetReport, Verdict,
};
use serde_json::json;

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response};
use crate::{info, suite};

const CASE: &str = "cases:\n  - { name: one, payload: { csv: '1' }, expect: { status: 200 } }\n";

fn record(id: usize, input: &str, output: Option<&str>) -> String {
    let body =
        |mode: &str, data: &str| json!({ "observedContentType": "application/json", "mode": mode, "data": data, "encoding": "JSON" });
    let mut data = json!({ "endpointInput": body("INPUT", input) });
    if let Some(output) = output {
        data["endpointOutput"] = body("OUTPUT", output);
    }
    let event = json!({ "eventId": format!("event-{id}"), "inferenceTime": format!("2026-11-26T10:{:02}:00Z", id % 60) });
    json!({ "captureData": data, "eventMetadata": event, "eventVersion": "0" }).to_string() + "\n"
}

/// Records whose captured scores are the numbers of a thousand.
fn records(count: usize) -> String {
    (0..count).map(|id| record(id, &json!({ "number": id }).to_string(), Some(&json!({ "score": score(id, 0) }).to_string()))).collect()
}

fn score(id: usize, shift: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let score = ((id * 37 + shift) % 1000) as f64;
    score / 1000.0
}

/// A model whose scores are shifted.
fn model<'a>(shift: usize) -> Scripted<'a> {
    Scripted::new(vec![Ok(healthy())]).responding(move |request| {
        let request: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let id = usize::try_from(request["number"].as_u64().unwrap_or_default()).unwrap();
        CallResult::Now(Ok(response(&json!({ "score": score(id, shift) }).to_string())))
    })
}

async fn run(target: &Scripted<'_>, replay: &str, text: String, clock: &FakeClock) -> TargetReport {
    let suite = suite(&format!("version: 1\n{replay}\n{CASE}"));
    let replay = Some(CapturedRequests::Memory(vec![("day.jsonl".to_owned(), text.into())]));
    Run::new(target, &suite).options(RunOptions { replay, ..RunOptions::default() }).clock(clock).start(info(), |_| {}).await
}

fn check<'a>(report: &'a TargetReport, name: &str) -> &'a CheckReport {
    report.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("{name}: {:?}", report.checks))
}

fn replay(report: &TargetReport) -> &ReplayReport {
    report.replay.as_ref().unwrap()
}

const SCORED: &str = "replay: { score: /score, per_second: 1000, at_most: 0.02, psi: 0.2, ks: 0.1 }";

#[tokio::test]
async fn the_same_model_has_no_difference_and_no_drift() {
    let report = run(&model(0), SCORED, records(500), &FakeClock::default()).await;
    assert_eq!(report.verdict, Verdict::Passed, "{:?}", report.checks);
    let replay = replay(&report);
    assert_eq!((replay.sent, replay.compared, replay.different, replay.unusable, replay.errored), (500, 500, 0, 0, 0));
    let dates = (replay.captured_from.as_deref(), replay.captured_to.as_deref());
    assert_eq!(dates, (Some("2026-11-26T10:00:00Z"), Some("2026-11-26T10:59:00Z")));
    let drift = replay.drift.as_ref().unwrap();
    assert_eq!((drift.of.as_str(), drift.pairs, drift.bins, drift.ks), ("scores", 500, 10, Some(0.0)));
    assert!(drift.psi.abs() < 1e-12 && drift.p_value == Some(1.0) && drift.psi_by_chance > 0.05, "{drift:?}");
    assert!((0.05..0.15).contains(&drift.visible_ks.unwrap()), "{drift:?}");
    assert_eq!(replay.latency.as_ref().unwrap().count, 500);
}

#[tokio::test]
async fn another_model_differs_and_its_scores_drift() {
    let halved = Scripted::new(vec![Ok(healthy())]).responding(|request| {
        let request: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let id = usize::try_from(request["number"].as_u64().unwrap_or_default()).unwrap();
        CallResult::Now(Ok(response(&json!({ "score": score(id, 0) / 2.0 }).to_string())))
    });
    let report = run(&halved, SCORED, records(500), &FakeClock::default()).await;
    for name in ["replay differences", "replay psi", "replay ks"] {
        assert_eq!(check(&report, name).outcome, Outcome::Failed, "{:?}", check(&report, name));
    }
    let found = replay(&report);
    assert_eq!((check(&report, "replay").outcome, found.differences.len()), (Outcome::Passed, 20));
    let first = &found.differences[0];
    assert_eq!((first.record.as_str(), first.at.as_deref()), ("day.jsonl:10", Some("/score")));
    assert!(found.drift.as_ref().unwrap().p_value.unwrap() < 1e-9);
    // What is observed decides nothing.
    let observed = "replay: { score: /score, per_second: 1000, at_most: 0, observe: true, psi: { at_most: 0.2, observe: true } }";
    let report = run(&halved, observed, records(500), &FakeClock::default()).await;
    assert_eq!((report.verdict, check(&report, "replay psi").would_be), (Verdict::Passed, Some(Outcome::Failed)));
}

#[tokio::test]
async fn a_drift_that_chance_explains_is_not_proven() {
    let strict = "replay: { score: /score, per_second: 1000, psi: 0.0001, ks: 0.0001 }";
    let report = run(&model(60), strict, records(40), &FakeClock::default()).await;
    assert_eq!(report.verdict, Verdict::NotProven);
    for name in ["replay psi", "replay ks"] {
        assert_eq!(check(&report, name).outcome, Outcome::NotProven, "{:?}", check(&report, name));
    }
    // A share with a confidence, too.
    let sure = "replay: { per_second: 1000, at_most: { value: 0.01, confidence: 0.95 } }";
    let report = run(&model(0), sure, records(40), &FakeClock::default()).await;
    assert_eq!(check(&report, "replay differences").outcome, Outcome::NotProven);
    assert_eq!(check(&run(&model(0), sure, records(400), &FakeClock::default()).await, "replay differences").outcome, Outcome::Passed);
}

#[tokio::test]
async fn classes_drift_by_their_counts() {
    let line = |id: usize| {
        record(id, &json!({ "number": id }).to_string(), Some(if id.is_multiple_of(2) { r#"{"class":"a"}"# } else { r#"{"class":"b"}"# }))
    };
    let all_b = Scripted::new(vec![Ok(healthy())]).responding(|_| CallResult::Now(Ok(response(r#"{"class":"b"}"#))));
    let suite = "replay: { score: /class, per_second: 1000, psi: 0.2 }";
    let report = run(&all_b, suite, (0..100).map(line).collect(), &FakeClock::default()).await;
    let drift = replay(&report).drift.as_ref().unwrap();
    assert_eq!((drift.of.as_str(), drift.bins, drift.ks), ("classes", 2, None));
    assert_eq!(check(&report, "replay psi").outcome, Outcome::Failed);
    // There is no distance of classes.
    let report =
        run(&all_b, "replay: { score: /class, per_second: 1000, ks: 0.2 }", (0..9).map(line).collect(), &FakeClock::default()).await;
    assert_eq!(check(&report, "replay ks").outcome, Outcome::Errored);
}

#[tokio::test]
async fn requests_keep_to_their_rate_and_number() {
    let clock = FakeClock::default();
    let report = run(&model(0), "replay: { per_second: 2, requests: 7, at_once: 3 }", records(20), &clock).await;
    assert_eq!(replay(&report).sent, 7);
    // The seventh begins three seconds after the first.
    assert_eq!(endpoint_test::Clock::now(&clock), std::time::Duration::from_secs(3));
}

#[tokio::test]
async fn what_cannot_be_used_is_located_and_a_few_of_many_are_no_error() {
    let mut text = records(300);
    text += "not a record\n";
    text += &record(300, "{}", None);
    let report = run(&model(0), "replay: { per_second: 1000 }", text, &FakeClock::default()).await;
    let found = replay(&report);
    assert_eq!((report.verdict, found.sent, found.compared, found.unusable), (Verdict::Passed, 301, 300, 1));
    assert_eq!(found.unusable_records[0].record, "day.jsonl:301");
    let torn: String = (0..100).map(|_| "{\"captureData\":\n").collect();
    let report = run(&model(0), "replay: { per_second: 1000 }", records(100) + &torn, &FakeClock::default()).await;
    assert_eq!((report.verdict, replay(&report).unusable, replay(&report).unusable_records.len()), (Verdict::Errored, 100, 20));
    assert!(check(&report, "replay").message.as_deref().unwrap().starts_with("100 of 200 records could not be used"));
    let report = run(&model(0), "replay: { per_second: 1000 }", "x\n".to_owned(), &FakeClock::default()).await;
    let message = check(&report, "replay").message.as_deref().unwrap();
    assert_eq!(message, "no captured request could be sent; day.jsonl:1: it is not JSON, from column 1 on");
}

#[tokio::test]
async fn errors_of_the_model_are_differences_and_a_target_without_responses_ends_the_replay() {
    let refusing = Scripted::new(vec![Ok(healthy())]).responding(|_| {
        let failure = ModelFailure { status: Some(500), message: "out of memory".to_owned(), ..ModelFailure::default() };
        CallResult::Now(Err(InvokeError::Model(failure)))
    });
    let report = run(&refusing, "replay: { per_second: 1000, at_most: 0.1 }", records(30), &FakeClock::default()).await;
    assert_eq!((replay(&report).refused, replay(&report).different), (30, 30));
    assert_eq!(check(&report, "replay differences").outcome, Outcome::Failed);
    assert_eq!(replay(&report).differences[0].this, "an error with status 500");
    let failing = Scripted::new(vec![Ok(healthy())])
        .responding(|_| CallResult::Now(Err(TargetError::new(TargetErrorKind::AccessDenied, "not allowed").into())));
    let report = run(&failing, "replay: { per_second: 1000, at_once: 1 }", records(30), &FakeClock::default()).await;
    assert_eq!((report.verdict, replay(&report).sent), (Verdict::Errored, 5));
    assert!(check(&report, "replay").message.as_deref().unwrap().contains("5 of 5 captured requests got no response"));
}

#[tokio::test]
async fn without_captured_requests_a_replay_is_skipped() {
    let suite = suite(&format!("version: 1\n{SCORED}\n{CASE}"));
    let report = Run::new(&model(0), &suite).clock(FakeClock::default()).start(info(), |_| {}).await;
    assert_eq!((report.verdict, check(&report, "replay").outcome), (Verdict::Passed, Outcome::Skipped));
    let replay = Some(CapturedRequests::Folder("no/such/folder".into()));
    let options = RunOptions { replay, ..RunOptions::default() };
    let report = Run::new(&model(0), &suite).options(options).clock(FakeClock::default()).start(info(), |_| {}).await;
    assert_eq!(report.verdict, Verdict::Errored);
    assert!(check(&report, "replay").message.as_deref().unwrap().contains("`no/such/folder` cannot be read"));
}

/// A secret in every place where a record can have one: fields that the policy names, an echo in the
/// captured response, and records that cannot be used.
#[tokio::test]
async fn a_planted_secret_is_in_no_request_report_or_message() {
    const SECRET: &str = "hunter2-4111111111111111";
    let named =
        json!({ "customer": { "name": SECRET, "card": 4_111_111_111_111_111_u64 }, "rows": [[1, SECRET]], "number": 1 }).to_string();
    let echo = json!({ "score": 0.5, "why": format!("because of {SECRET}"), "customer": SECRET }).to_string();
    let base64 = |text: &str| STANDARD.encode(text);
    let raw = |content_type: &str, data: &str, encoding: &str| {
        let input = json!({ "observedContentType": content_type, "mode": "INPUT", "data": data, "encoding": encoding });
        json!({ "captureData": { "endpointInput": input }, "eventMetadata": { "eventId": "1" }, "eventVersion": "0" }).to_string() + "\n"
    };
    let lines = [
        record(1, &named, Some(&echo)),
        // The policy does not fit these: they are not sent.
        record(2, &json!({ "customr": { "name": SECRET } }).to_string(), Some(&echo)),
        record(3, SECRET, Some(SECRET)),
        raw("text/csv", &format!("1,{SECRET}"), "CSV"),
        raw("application/octet-stream", &base64(SECRET), "BASE64"),
        raw("application/json", SECRET, "BASE64"),
        raw("application/json", &named, SECRET),
        raw(SECRET, &named, "BASE64"),
        // These are no records.
        record(4, &named, None).replace("INPUT", SECRET),
        record(5, &named, None).replace("event-5", &format!("{SECRET} {SECRET}")),
        record(6, &named, None).replace("\"eventVersion\":\"0\"", &format!("\"eventVersion\":\"{SECRET}\"")),
        record(7, &named, None)[..60].to_owned() + SECRET + "\n",
        format!("{{\"captureData\": \"{SECRET}\"}}\n"),
        format!("{SECRET}\n"),
    ];
    let sent = Mutex::new(Vec::new());
    let target = Scripted::new(vec![Ok(healthy())]).responding(|request| {
        sent.lock().unwrap().push(format!("{request:?}"));
        // A model that repeats its request, in its response and in its errors.
        if sent.lock().unwrap().len().is_multiple_of(2) {
            let message = String::from_utf8_lossy(&request.body).into_owned();
            return CallResult::Now(Err(InvokeError::Model(ModelFailure { status: Some(400), message, ..ModelFailure::default() })));
        }
        CallResult::Now(Ok(response(&String::from_utf8_lossy(&request.body))))
    });
    let policy = "replay:\n  per_second: 1000\n  score: /why\n  psi: { at_most: 0.2, observe: true }\n  redact:\n    - { at: /customer/name, replace_with: someone }\n    \
                  - { at: /customer/card, drop: true }\n    - $.rows[*][1]\n";
    let text: String = lines.concat() + &record(8, &named, Some(&echo));
    let mut events = Vec::new();
    let suite = suite(&format!("version: 1\n{policy}\n{CASE}"));
    let replay = Some(CapturedRequests::Memory(vec![("day.jsonl".to_owned(), text.into())]));
    let run = Run::new(&target, &suite).options(RunOptions { replay, ..RunOptions::default() }).clock(FakeClock::default());
    let report = run.start(info(), |event| events.push(format!("{event:?}"))).await;
    let found = report.replay.as_ref().unwrap();
    assert_eq!((found.sent, found.unusable), (2, 13), "{found:?}");
    assert_eq!(found.redacted, ["/customer/name", "/customer/card", "$.rows[*][1]"]);
    assert!(!found.differences.is_empty());
    let whole = endpoint_test::Report::assemble(endpoint_test::ToolInfo::default(), "staging", vec![report.clone()]);
    let mut written = vec![format!("{report:?}"), endpoint_test::report::json(&whole), format!("{suite:?}")];
    #[cfg(feature = "render")]
    {
        use endpoint_test::report;
        written.extend([report::html(&whole), report::junit(&whole), report::table(&whole), whole.summary()]);
    }
    let sent = sent.lock().unwrap().clone();
    assert!(sent.iter().any(|request| request.contains("someone")), "{sent:?}");
    for text in written.iter().chain(&events).chain(&sent) {
        for secret in ["hunter2", "4111111111111111", &base64(SECRET)[..16]] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn a_wrong_replay_section_is_an_error_of_the_suite() {
    for (replay, message) in [
        ("{ from: ../captured }", "`../captured` is not a folder below that of this file"),
        ("{ from: /captured }", "is not a folder below that of this file"),
        ("{ per_second: 0 }", "`per_second` must be above zero and at most 1000"),
        ("{ requests: 0 }", "`requests` must be a whole number from 1 to 1000000"),
        ("{ psi: 0.2 }", "`psi` needs `score`"),
        ("{ score: /a, ks: -1 }", "`ks` must be a number of at least zero"),
        ("{ observe: true }", "`observe` beside `at_most` is for it, and there is none"),
        ("{ redact: [name] }", "`name` is not a JSON Pointer"),
        ("{ redact: [] }", "`redact` must be a list with at least one member"),
        ("{ redact: [{ optional: true }] }", "a field of `redact` needs either `at` or `column`"),
        ("{ redact: [{ at: /a, column: 1 }] }", "a field of `redact` needs either `at` or `column`"),
        ("{ redact: [{ column: 1, drop: true }] }", "`drop` is for a key of JSON, without `replace_with`"),
        ("{ redact: [{ at: /a, replace: x }] }", "unknown key `replace` in a field of `redact`"),
        ("{ form: x }", "unknown key `form` in `replay`"),
    ] {
        let text = format!("version: 1\nreplay: {replay}\n{CASE}");
        let errors = endpoint_test::Suite::parse(&text, std::path::Path::new("suite.yaml")).unwrap_err().to_string();
        assert!(errors.contains(message), "{replay}: {errors}");
    }
}

/// Files of data capture, with the responses of each variant to the same requests.
fn of_variants(production: &[(usize, f64)], shadow: &[(usize, f64)]) -> CapturedRequests {
    let lines = |scores: &[(usize, f64)]| -> String {
        scores
            .iter()
            .map(|(id, score)| record(*id, r#"{"who":"Ada L."}"#, Some(&json!({ "score": score, "for": "Ada L." }).to_string())))
            .collect()
    };
    let file = |variant: &str| format!("iris/{variant}/2026/11/26/10/a.jsonl");
    CapturedRequests::Memory(vec![(file("AllTraffic"), lines(production).into()), (file("Challenger"), lines(shadow).into())])
}

#[tokio::test]
async fn a_shadow_variant_is_compared_with_production_by_event_id_and_nothing_is_sent() {
    let production: Vec<_> = (0..200).map(|id| (id, score(id, 0))).collect();
    let mut shadow: Vec<_> = (3..200).rev().map(|id| (id, score(id, 0))).collect();
    shadow[0].1 = 7.0;
    let target = Scripted::new(vec![Ok(healthy())]).responding(|request| {
        assert_eq!(request.body.as_ref(), b"1", "only the case is sent");
        CallResult::Now(Ok(response("x")))
    });
    let text = "replay: { shadow: Challenger, score: /score, at_most: 0.02, psi: 0.2, redact: [/who] }";
    let run = async |captured: CapturedRequests, text: &str| {
        let suite = suite(&format!("version: 1\n{text}\n{CASE}"));
        let options = RunOptions { replay: Some(captured), ..RunOptions::default() };
        Run::new(&target, &suite).options(options).clock(FakeClock::default()).start(info(), |_| {}).await
    };
    let report = run(of_variants(&production, &shadow), text).await;
    let found = replay(&report);
    assert_eq!(report.verdict, Verdict::Passed, "{:?}", report.checks);
    assert_eq!((found.sent, found.compared, found.different, found.unmatched), (0, 197, 1, 3));
    assert_eq!((found.differences[0].this.as_str(), found.differences[0].event_id.as_str()), ("7.0", "event-199"));
    assert!(
        !endpoint_test::report::json(&endpoint_test::Report::assemble(endpoint_test::ToolInfo::default(), "staging", vec![report.clone()]))
            .contains("Ada")
    );
    let worse: Vec<_> = production.iter().map(|(id, score)| (*id, score / 3.0)).collect();
    let report = run(of_variants(&production, &worse), text).await;
    assert_eq!((check(&report, "replay psi").outcome, check(&report, "replay differences").outcome), (Outcome::Failed, Outcome::Failed));
    let report = run(of_variants(&production, &[]), text).await;
    assert_eq!((report.verdict, replay(&report).unmatched), (Verdict::Errored, 200));
    assert!(check(&report, "replay").message.as_deref().unwrap().starts_with("no captured response of the shadow variant"));
}
