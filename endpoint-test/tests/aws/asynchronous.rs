//! Asynchronous endpoints: requests are queued, responses are read from S3.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use endpoint_test::{
    Asynchronous, Clock, InvokeError, Outcome, Report, Request, Run, RunOptions, Suite, Target, TargetErrorKind, TargetInfo, ToolInfo,
    report,
};

use crate::canned::{Call, Canned, CannedResponse, header, json};
use crate::fake_clock::FakeClock;

const DESCRIBED: &str = r#"{"EndpointName":"iris-staging","EndpointStatus":"InService","EndpointArn":"arn:aws:sagemaker:us-east-1:222222222222:endpoint/iris-staging",
    "EndpointConfigName":"c","ProductionVariants":[{"VariantName":"AllTraffic","CurrentWeight":1.0}],
    "AsyncInferenceConfig":{"OutputConfig":{"S3OutputPath":"s3://answers/iris/","S3FailurePath":"s3://answers/failures/"}}}"#;

const CHOKED: &str = r#"Received client error (400) from primary with message "it choked"."#;

fn request(body: &str) -> Request {
    Request { body: body.to_owned().into(), content_type: "text/csv".to_owned(), timeout: Duration::from_mins(10), ..Request::default() }
}

fn s3_error(status: u16, code: &str, message: &str) -> CannedResponse {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    CannedResponse { status, headers: "content-type: application/xml\r\n".to_owned(), body }
}

fn absent() -> CannedResponse {
    s3_error(404, "NoSuchKey", "The specified key does not exist.")
}

fn object(body: String) -> CannedResponse {
    CannedResponse { status: 200, headers: "content-type: application/json\r\n".to_owned(), body }
}

/// An AWS with an asynchronous endpoint; `object` returns the S3 object of a key.
async fn asynchronous(object: impl Fn(&str) -> CannedResponse + Send + Sync + 'static) -> Canned {
    Canned::serving(move |call: &Call| {
        let line = call.head.lines().next().unwrap_or_default();
        match call.operation.as_str() {
            "DescribeEndpoint" => json(DESCRIBED),
            "DescribeEndpointConfig" => json(
                r#"{"EndpointConfigName":"c","ProductionVariants":[{"VariantName":"AllTraffic","ModelName":"m","InitialVariantWeight":1.0}]}"#,
            ),
            "DescribeModel" => json(r#"{"ModelName":"m"}"#),
            _ if line.contains("/async-invocations") => CannedResponse {
                status: 202,
                headers: "x-amzn-requestid: req-1\r\nx-amzn-sagemaker-outputlocation: s3://answers/iris/1.out\r\n\
                          x-amzn-sagemaker-failurelocation: s3://answers/failures/1.out\r\n"
                    .to_owned(),
                body: r#"{"InferenceId":"1"}"#.to_owned(),
            },
            _ if line.starts_with("PUT /answers/iris/endpoint-test-input/") => CannedResponse { status: 200, headers: String::new(), body: String::new() },
            _ => object(line.strip_prefix("GET /").and_then(|rest| rest.split(['?', ' ']).next()).unwrap_or_default()),
        }
    })
    .await
}

fn call_to<'a>(calls: &'a [Call], part: &str) -> &'a Call {
    calls.iter().find(|call| call.head.lines().next().unwrap_or_default().contains(part)).unwrap()
}

#[tokio::test]
async fn a_response_is_polled_until_it_is_in_s3() {
    let polls = AtomicUsize::new(0);
    let aws = asynchronous(move |key| match key {
        "answers/iris/1.out" if polls.fetch_add(1, Ordering::Relaxed) >= 2 => object(r#"{"species":"setosa"}"#.to_owned()),
        _ => absent(),
    })
    .await;
    let target = crate::target(&aws);
    let described = target.describe().await.unwrap().asynchronous.unwrap();
    let locations = Asynchronous { output: Some("s3://answers/iris/".to_owned()), failures: Some("s3://answers/failures/".to_owned()) };
    assert_eq!(described, locations);
    let response = target.invoke(&request("5.1,3.5")).await.unwrap();
    assert_eq!(&response.body[..], br#"{"species":"setosa"}"#);
    assert_eq!((response.content_type.as_deref(), response.request_id.as_deref()), (Some("application/json"), Some("req-1")));
    let calls = aws.calls();
    let sent = call_to(&calls, "/async-invocations");
    assert_eq!(sent.body, "5.1,3.5");
    assert_eq!(header(&sent.head, "x-amzn-sagemaker-requestttlseconds"), Some("600"));
    assert!(!calls.iter().any(|call| call.head.starts_with("PUT ") || call.operation == "InvokeEndpoint"));
}

#[tokio::test]
async fn an_object_in_the_failure_location_is_the_models_error() {
    let aws = asynchronous(|key| if key == "answers/failures/1.out" { object(CHOKED.to_owned()) } else { absent() }).await;
    let target = crate::target(&aws);
    target.describe().await.unwrap();
    let Err(InvokeError::Model(failure)) = target.invoke(&request("1")).await else { panic!("expected the model's error") };
    assert_eq!((failure.message.as_str(), failure.status, failure.request_id.as_deref()), (CHOKED, Some(400), Some("req-1")));
}

#[tokio::test]
async fn a_payload_too_large_for_the_queue_is_uploaded_to_s3() {
    let aws = asynchronous(|key| if key == "answers/iris/1.out" { object("{}".to_owned()) } else { absent() }).await;
    let target = crate::target(&aws);
    target.describe().await.unwrap();
    target.invoke(&request(&"1".repeat(128_000))).await.unwrap();
    assert!(!aws.calls().iter().any(|call| call.head.starts_with("PUT ")));
    target.invoke(&request(&"1".repeat(128_001))).await.unwrap();
    let calls = aws.calls();
    let put = call_to(&calls, "PUT /answers/iris/endpoint-test-input/").head.lines().next().unwrap().to_owned();
    let key = put.strip_prefix("PUT /").unwrap().split(['?', ' ']).next().unwrap();
    let last = calls.iter().rfind(|call| call.head.contains("/async-invocations")).unwrap();
    assert_eq!(header(&last.head, "x-amzn-sagemaker-inputlocation"), Some(format!("s3://{key}").as_str()));
    assert_eq!(last.body, "");
}

#[tokio::test]
async fn a_response_above_the_limit_is_the_models_failure() {
    let long = "x".repeat(25_000_001);
    let aws = asynchronous(move |key| if key == "answers/iris/1.out" { object(long.clone()) } else { absent() }).await;
    let target = crate::target(&aws);
    target.describe().await.unwrap();
    let Err(InvokeError::Model(failure)) = target.invoke(&request("1")).await else { panic!("the response is too long") };
    assert_eq!(failure.message, "the response is longer than 25000000 bytes");
}

#[tokio::test]
async fn a_missing_permission_to_read_responses_is_reported() {
    // Without `s3:ListBucket`, S3 responds to a missing object as to a forbidden one: only the
    // timeout shows which it is.
    let aws = asynchronous(|_| s3_error(403, "AccessDenied", "Access Denied")).await;
    let clock = FakeClock::default();
    let target = crate::target(&aws).clock(&clock);
    target.describe().await.unwrap();
    let Err(InvokeError::Target(error)) = target.invoke(&request("1")).await else { panic!("nothing was read") };
    assert!(clock.now() < request("1").timeout, "before the caller's timeout: {:?}", clock.now());
    assert_eq!(error.kind, TargetErrorKind::AccessDenied);
    assert!(error.hint.unwrap().contains("`s3:GetObject`"));
    // If S3 names the missing permission, the error is immediate.
    let aws = asynchronous(|_| s3_error(403, "AccessDenied", "role/tester is not authorized to perform: s3:GetObject")).await;
    let target = crate::target(&aws);
    target.describe().await.unwrap();
    let Err(InvokeError::Target(error)) = target.invoke(&request("1")).await else { panic!("nothing was read") };
    assert!(error.to_string().contains("s3://answers/iris/1.out"), "{error}");
    assert_eq!(aws.calls().iter().filter(|call| call.head.starts_with("GET ")).count(), 1);
}

#[tokio::test]
async fn a_part_of_the_endpoint_cannot_be_selected() {
    let aws = asynchronous(|_| absent()).await;
    let target = crate::target(&aws);
    target.describe().await.unwrap();
    let named = Request { target_variant: Some("Blue".to_owned()), ..request("1") };
    let Err(InvokeError::Target(error)) = target.invoke(&named).await else { panic!("expected a refusal") };
    assert!(error.kind == TargetErrorKind::Refused && error.to_string().contains("`target_variant`"), "{error}");
    assert!(!aws.calls().iter().any(|call| call.head.contains("/async-invocations")));
}

#[tokio::test]
async fn a_run_passes_its_cases_explains_its_latencies_and_refuses_the_load() {
    let aws = asynchronous(|key| if key == "answers/iris/1.out" { object("setosa".to_owned()) } else { absent() }).await;
    let suite = |load: &str| {
        let text =
            format!("version: 1\ncases: [{{ name: it, payload: {{ csv: '1' }}, expect: {{ text: {{ contains: setosa }} }} }}]\n{load}");
        Suite::parse(&text, Path::new("suite.yaml")).unwrap()
    };
    let options = RunOptions::default();
    let found = Run::new(&crate::target(&aws), &suite("")).options(options.clone()).start(TargetInfo::default(), |_| {}).await;
    assert_eq!(found.cases[0].outcome, Outcome::Passed, "{:?}", found.cases[0]);
    assert!(found.asynchronous && found.load.is_none());
    let loaded = suite("load: { phases: [{ name: steady, rate: 5/s, for: 1s }], thresholds: [errors == 0] }\n");
    let found = Run::new(&crate::target(&aws), &loaded).options(options.clone()).start(TargetInfo::default(), |_| {}).await;
    let load = found.load.clone().unwrap();
    assert_eq!(load.outcome, Outcome::Errored);
    assert!(load.message.unwrap().contains("asynchronous") && load.hint.is_some());
    assert_eq!(aws.calls().iter().filter(|call| call.head.contains("/async-invocations")).count(), 2, "one for each run's case");
    let report = Report::assemble(ToolInfo::default(), "staging", vec![found]);
    for text in [report::table(&report), report::html(&report)] {
        assert!(text.contains("last until the response is in S3"), "{text}");
    }
}
