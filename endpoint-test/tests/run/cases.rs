//! Outcomes of a model's responses.

use std::time::Duration;

use endpoint_test::{
    CaseReport, EndpointStatus, InvokeError, MAX_BODY, ModelFailure, ModelResponse, Outcome, Run, RunOptions, TargetError, TargetErrorKind,
    Verdict,
};
use proptest::prelude::*;

use crate::scripted::{CallResult, FakeClock, Scripted, bytes_response, healthy, response, with_status};
use crate::{approved, info, run_all, suite};

/// Runs one case with this `expect` against a model with this response.
async fn case(expect: &str, respond: impl Fn() -> CallResult<Result<ModelResponse, InvokeError>> + Send + Sync) -> CaseReport {
    let text = format!("version: 1\ncases:\n  - name: it\n    payload: {{ csv: '1' }}\n    timeout: 2s\n    expect: {expect}\n");
    let target = Scripted::new(vec![Ok(healthy())]).responding(|_| respond());
    run_all(&target, &text, &approved(), &FakeClock::default()).await.0.cases.remove(0)
}

async fn responded(expect: &str, body: &str) -> CaseReport {
    case(expect, || CallResult::Now(Ok(response(body)))).await
}

/// The messages of the checks that did not pass.
fn wrong(case: &CaseReport) -> Vec<&str> {
    case.checks.iter().filter(|check| check.outcome != Outcome::Passed).filter_map(|check| check.message.as_deref()).collect()
}

#[tokio::test]
async fn a_case_without_expectations_requires_a_body() {
    assert_eq!(responded("{}", "x").await.outcome, Outcome::Passed);
    assert_eq!(wrong(&responded("{}", "").await), ["the response has no body"]);
}

#[tokio::test]
async fn text_is_compared_without_the_line_break_at_its_end() {
    assert_eq!(responded("{ text: { equals: setosa } }", "setosa\r\n").await.outcome, Outcome::Passed);
    assert_eq!(
        wrong(&responded("{ text: { equals: setosa, contains: virginica, matches: '^v' } }", "setosa\n").await),
        ["the response does not contain the text", "the response does not match the pattern"]
    );
}

#[tokio::test]
async fn every_wrong_value_of_a_json_response_is_reported() {
    let expect = "{ json: [
        { at: /predictions/0/score, between: [0, 1] },
        { at: /predictions/0/label, one_of: [setosa, versicolor] },
        { at: /predictions/1/label, equals: setosa },
        { at: /predictions, length: 2, type: object },
        { at: /predictions/0, equals: { label: virginica, score: 1.25 }, abs: 0.2 },
        { at: '', type: object } ] }";
    let case = responded(expect, r#"{"predictions":[{"label":"virginica","score":1.5}]}"#).await;
    assert_eq!(
        wrong(&case),
        [
            "the number is out of range",
            "the value is none of these",
            "there is nothing at `/predictions/1/label`: `/predictions` is a list of 1",
            "the value's type is array",
            "the value's length is 1",
            "`/score` below it is 1.5, not 1.25",
        ]
    );
    assert_eq!(case.checks.iter().filter(|check| check.outcome == Outcome::Passed).count(), 2);
}

#[tokio::test]
async fn a_number_may_be_off_by_its_tolerance() {
    let body = "[0.12345, 100.4]";
    let expect = |tolerance: &str| format!("{{ json: [{{ at: '', equals: [0.1234, 100]{tolerance} }}] }}");
    assert_eq!(responded(&expect(", abs: 1e-4, rel: 0.005"), body).await.outcome, Outcome::Passed);
    assert_eq!(wrong(&responded(&expect(""), body).await), ["`/0` below it is 0.12345, not 0.1234"]);
}

#[tokio::test]
async fn between_includes_both_ends() {
    for (body, outcome) in [("0", Outcome::Passed), ("1.0", Outcome::Passed), ("-0.001", Outcome::Failed), ("1.001", Outcome::Failed)] {
        assert_eq!(responded("{ json: [{ at: '', between: [0, 1] }] }", body).await.outcome, outcome, "{body}");
    }
    assert_eq!(wrong(&responded("{ json: [{ at: '', between: [0, 1] }] }", "'a'").await).len(), 1);
}

#[tokio::test]
async fn a_media_type_is_compared_without_its_parameters() {
    assert_eq!(responded("{ content_type: text/csv }", "x").await.outcome, Outcome::Passed);
    let case = responded("{ content_type: application/json }", "x").await;
    assert_eq!(wrong(&case), ["the response's media type is text/csv; charset=utf-8, not application/json"]);
}

#[tokio::test]
async fn a_slow_response_fails_with_its_latency() {
    let clock = FakeClock::default();
    let target = Scripted::new(vec![Ok(healthy())]).responding(|_| {
        clock.advance(Duration::from_millis(450));
        CallResult::Now(Ok(response("setosa")))
    });
    let text = "version: 1\ncases:\n  - name: it\n    payload: { csv: '1' }\n    expect: { latency: { max: 300ms } }\n";
    let (report, _) = run_all(&target, text, &approved(), &clock).await;
    assert_eq!(wrong(&report.cases[0]), ["the response took 450 ms, more than 300 ms"]);
    assert_eq!(report.cases[0].latency_ms, Some(450.0));
}

#[tokio::test]
async fn no_response_in_time_is_an_error_unless_a_latency_is_expected() {
    let case_without = case("{}", || CallResult::Never).await;
    assert_eq!((case_without.outcome, case_without.message.as_deref()), (Outcome::Errored, Some("no response within 2 s")));
    let case_with = case("{ latency: { max: 1s } }", || CallResult::Never).await;
    assert_eq!(case_with.outcome, Outcome::Failed);
    let case_longer = case("{ latency: { max: 5s } }", || CallResult::Never).await;
    assert_eq!(case_longer.outcome, Outcome::Errored);
}

fn refusal() -> Result<ModelResponse, InvokeError> {
    Err(InvokeError::Model(ModelFailure {
        status: Some(400),
        message: "could not convert string to float: 'abc'".to_owned(),
        log_stream_arn: Some("arn:aws:logs:us-east-1:222222222222:log-group:x".to_owned()),
        request_id: Some("77".to_owned()),
    }))
}

#[tokio::test]
async fn a_models_own_error_is_a_failure_with_its_status_message_and_log_stream() {
    let case = case("{}", || CallResult::Now(refusal())).await;
    assert_eq!(case.outcome, Outcome::Failed);
    assert_eq!(wrong(&case), ["the model returned an error with status 400: could not convert string to float: 'abc'"]);
    assert_eq!((case.status, case.request_id.as_deref()), (Some(400), Some("77")));
    assert!(case.log_stream_arn.is_some() && case.checks[0].hint.as_deref().unwrap().contains("log-group:x"));
}

#[tokio::test]
async fn a_models_error_may_be_expected() {
    let expect = "{ model_error: { status: 400, message_contains: could not convert } }";
    assert_eq!(case(expect, || CallResult::Now(refusal())).await.outcome, Outcome::Passed);
    assert_eq!(case("{ model_error: {} }", || CallResult::Now(refusal())).await.outcome, Outcome::Passed);
    let other = case("{ model_error: { status: 415, message_contains: media type } }", || CallResult::Now(refusal())).await;
    assert_eq!(wrong(&other), ["the model's error has status 400, not 415", "the model's message does not contain `media type`"]);
    assert_eq!(wrong(&responded(expect, "setosa").await), ["the model responded without the expected error"]);
}

#[tokio::test]
async fn an_error_before_the_model_is_an_error_even_if_a_model_error_is_expected() {
    for expect in ["{}", "{ model_error: {} }"] {
        let denied = || TargetError::new(TargetErrorKind::AccessDenied, "not authorized").operation("InvokeEndpoint").with_hint("ask");
        let case = case(expect, || CallResult::Now(Err(denied().into()))).await;
        assert_eq!((case.outcome, case.message.as_deref()), (Outcome::Errored, Some("InvokeEndpoint: not authorized")));
        assert_eq!(case.hint.as_deref(), Some("ask"));
    }
}

#[tokio::test]
async fn hostile_responses_are_failures_and_nothing_worse() {
    let deep = "[".repeat(200_000);
    assert!(
        wrong(&responded("{ json: [{ at: '', type: array }] }", &deep).await)[0]
            .starts_with("the response is not JSON: recursion limit exceeded")
    );
    let text = case("{ text: { contains: x } }", || CallResult::Now(Ok(bytes_response(vec![b'a', 0xff, 0xfe])))).await;
    assert_eq!(wrong(&text), ["the response is not UTF-8 text: byte 2 of 3 is invalid"]);
    let huge = case("{}", || CallResult::Now(Ok(bytes_response(vec![b'x'; MAX_BODY + 1])))).await;
    assert_eq!(huge.outcome, Outcome::Failed);
    assert!(huge.reply.unwrap().ends_with("x… (25000001 bytes in all)"));
}

#[tokio::test]
async fn a_case_that_did_not_pass_has_a_command_to_repeat_it() {
    assert_eq!(responded("{}", "x").await.reproduce, None);
    let command = responded("{ text: { equals: y } }", "x").await.reproduce.unwrap();
    assert!(
        command.starts_with("printf %s 1 | aws sagemaker-runtime invoke-endpoint --endpoint-name iris-staging --region us-east-1"),
        "{command}"
    );
}

#[tokio::test]
async fn a_suite_without_cases_is_empty() {
    let (report, _) = run_all(&Scripted::new(vec![Ok(healthy())]), "version: 1\ncases: []\n", &approved(), &FakeClock::default()).await;
    assert_eq!(report.verdict, Verdict::Empty);
}

#[tokio::test]
async fn checks_alone_are_a_test_with_checks_suffice() {
    let options = RunOptions { checks_suffice: true, ..RunOptions::default() };
    let verdict = async |descriptions, cases: &str| {
        let (target, suite) = (Scripted::new(descriptions), suite(&format!("version: 1\ncases: {cases}\n")));
        Run::new(&target, &suite)
            .expecting(approved())
            .options(options.clone())
            .clock(&FakeClock::default())
            .start(info(), |_| {})
            .await
            .verdict
    };
    assert_eq!(verdict(vec![Ok(healthy())], "[]").await, Verdict::Passed);
    assert_eq!(verdict(vec![Ok(with_status(EndpointStatus::Failed))], "[]").await, Verdict::Failed);
    assert_eq!(verdict(vec![Err(TargetErrorKind::AccessDenied)], "[]").await, Verdict::Errored);
    // With cases, the cases decide.
    let unknown = "[{ name: it, payload: { csv: x }, expect: { text: { equals: nothing } } }]";
    assert_eq!(verdict(vec![Ok(healthy())], unknown).await, Verdict::Failed);
}

proptest! {
    #[test]
    fn no_response_makes_a_run_panic(body in prop::collection::vec(any::<u8>(), 0..200), status in 200u16..400) {
        let expect = "{ content_type: text/csv, text: { equals: a, matches: 'b' }, json: [{ at: /a/0, equals: [1, { b: 2 }], rel: 0.1 }, { at: '', length: 2 }] }";
        let respond = || CallResult::Now(Ok(ModelResponse { status, ..bytes_response(body.clone()) }));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let case = runtime.block_on(case(expect, respond));
        prop_assert!(matches!(case.outcome, Outcome::Passed | Outcome::Failed));
    }
}
