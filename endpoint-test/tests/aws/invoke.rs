//! Invoking an endpoint.

use std::time::Duration;

use endpoint_test::{InvokeError, Request, Target, TargetErrorKind};

use crate::canned::{Canned, CannedResponse, error, header};
use crate::target;

fn request() -> Request {
    Request {
        body: "5.1,3.5".into(),
        content_type: "text/csv".to_owned(),
        accept: Some("application/json".to_owned()),
        custom_attributes: Some("trace=1".to_owned()),
        target_variant: Some("Blue".to_owned()),
        timeout: Duration::from_mins(10),
        ..Request::default()
    }
}

#[tokio::test]
async fn requests_and_responses_are_passed_on_completely() {
    let headers = "content-type: text/csv\r\nx-amzn-requestid: req-9\r\nx-amzn-invoked-production-variant: Blue\r\n".to_owned();
    let aws = Canned::start([("InvokeEndpoint", CannedResponse { status: 200, headers, body: "setosa\n".to_owned() })]).await;
    let response = target(&aws).invoke(&request()).await.unwrap();
    assert_eq!(
        (response.status, response.body.as_ref(), response.content_type.as_deref()),
        (200, b"setosa\n".as_slice(), Some("text/csv"))
    );
    assert_eq!((response.variant.as_deref(), response.request_id.as_deref()), (Some("Blue"), Some("req-9")));
    let call = &aws.calls()[0];
    assert!(call.head.starts_with("POST /endpoints/iris-staging/invocations "), "{}", call.head);
    for (name, value) in [
        ("content-type", "text/csv"),
        ("accept", "application/json"),
        ("x-amzn-sagemaker-custom-attributes", "trace=1"),
        ("x-amzn-sagemaker-target-variant", "Blue"),
    ] {
        assert_eq!(header(&call.head, name), Some(value));
    }
    assert_eq!(call.body, "5.1,3.5");
}

#[tokio::test]
async fn a_models_own_error_has_its_status_message_and_log_stream() {
    let body = r#"{"OriginalStatusCode":400,"OriginalMessage":"could not convert 'abc'","LogStreamArn":"arn:aws:logs:x","Message":"Received client error (400)","ErrorCode":"x"}"#;
    let headers = "x-amzn-requestid: req-9\r\nx-amzn-errortype: ModelError\r\n".to_owned();
    let aws = Canned::start([("InvokeEndpoint", CannedResponse { status: 424, headers, body: body.to_owned() })]).await;
    let Err(InvokeError::Model(failure)) = target(&aws).invoke(&request()).await else { panic!("expected the model's error") };
    assert_eq!((failure.status, failure.message.as_str()), (Some(400), "could not convert 'abc'"));
    assert_eq!((failure.log_stream_arn.as_deref(), failure.request_id.as_deref()), (Some("arn:aws:logs:x"), Some("req-9")));
}

#[tokio::test]
async fn an_error_before_the_model_is_not_its_failure_and_not_retried() {
    for (status, code, kind) in [
        (503, "ServiceUnavailable", TargetErrorKind::Unavailable),
        (429, "ModelNotReadyException", TargetErrorKind::Unavailable),
        (400, "ThrottlingException", TargetErrorKind::Throttled),
        (403, "AccessDeniedException", TargetErrorKind::AccessDenied),
        (400, "ValidationError", TargetErrorKind::NotFound),
        (500, "InternalFailure", TargetErrorKind::Unavailable),
    ] {
        let aws =
            Canned::start([("InvokeEndpoint", error(status, code, "Endpoint iris-staging of account 222222222222 not found."))]).await;
        let Err(InvokeError::Target(error)) = target(&aws).invoke(&request()).await else { panic!("{code}") };
        assert_eq!((error.kind, error.code.as_deref()), (kind, Some(code)));
        assert_eq!(aws.calls().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_case_waits_no_longer_than_its_timeout() {
    // A server that accepts connections and never responds.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut aws = Canned::start([]).await;
    aws.url = format!("http://{}", listener.local_addr().unwrap());
    let request = Request { timeout: Duration::from_millis(80), ..request() };
    let Err(InvokeError::Target(error)) = target(&aws).invoke(&request).await else { panic!("expected a timeout") };
    assert_eq!(error.kind, TargetErrorKind::Timeout);
}
