use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{CutOff, TooLong, body_fault, failed, is_whole_xml};
use crate::Fault;

/// An error of a service, with or without a code.
#[derive(Debug)]
struct ServiceError(ErrorMetadata);

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("service error")
    }
}

impl std::error::Error for ServiceError {}

impl ProvideErrorMetadata for ServiceError {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

fn response(status: u16, body: SdkBody) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().unwrap(), body);
    response.headers_mut().insert("x-amzn-requestid", "request-1");
    response
}

fn of_service(status: u16, code: Option<&str>) -> SdkError<ServiceError, HttpResponse> {
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = code {
        metadata = metadata.code(code).message("the message of AWS");
    }
    SdkError::service_error(ServiceError(metadata.build()), response(status, SdkBody::empty()))
}

#[test]
fn a_code_decides_and_without_one_the_status() {
    for (status, code, fault) in [
        (503, Some("SlowDown"), Some(Fault::Throttled)),
        (503, Some("ServiceUnavailable"), Some(Fault::Unavailable)),
        (500, Some("SomethingNew"), Some(Fault::Unavailable)),
        (400, Some("ValidationException"), None),
        (503, None, Some(Fault::Unavailable)),
        (403, None, Some(Fault::AccessDenied)),
        (404, None, Some(Fault::NotOfAws)),
    ] {
        let failed = failed(&of_service(status, code));
        assert_eq!((failed.fault, failed.code.as_deref(), failed.status), (fault, code, Some(status)));
        assert_eq!(failed.request_id.as_deref(), Some("request-1"));
    }
    assert_eq!(failed(&of_service(400, Some("X"))).message, "the message of AWS");
    assert_eq!(failed(&of_service(502, None)).message, "HTTP status 502 without an error code of AWS");
}

#[test]
fn a_connection_a_time_limit_and_credentials_are_distinguished() {
    let of_connector = |error: ConnectorError| failed(&SdkError::<ServiceError, _>::dispatch_failure(error)).fault;
    let reset = || Box::new(io::Error::other("connection reset"));
    assert_eq!(of_connector(ConnectorError::io(reset())), Some(Fault::Connection));
    assert_eq!(of_connector(ConnectorError::timeout(reset())), Some(Fault::Timeout));
    let missing = Box::new(CredentialsError::not_loaded("no provider has any"));
    assert_eq!(of_connector(ConnectorError::other(missing, None)), Some(Fault::MissingCredentials));
    let refused = Box::new(io::Error::other("the proxy refused the credentials"));
    assert_eq!(of_connector(ConnectorError::io(refused)), Some(Fault::Connection), "the words do not decide");
    assert_eq!(failed(&SdkError::<ServiceError, _>::timeout_error("late")).fault, Some(Fault::Timeout));
}

#[test]
fn a_broken_response_is_cut_off_too_long_or_not_of_aws() {
    let of_response = |error: Box<dyn std::error::Error + Send + Sync>, body| {
        failed(&SdkError::<ServiceError, _>::response_error(error, response(200, body)))
    };
    let cut_off = of_response("connection closed".into(), SdkBody::taken());
    assert_eq!((cut_off.fault, cut_off.message.as_str()), (Some(Fault::CutOff), "connection closed"));
    let reset = ConnectorError::io(CutOff(Some("connection closed".into())).into());
    let cut_off = failed(&SdkError::<ServiceError, _>::dispatch_failure(reset));
    assert_eq!((cut_off.fault, cut_off.message.as_str()), (Some(Fault::CutOff), "the response is not complete: connection closed"));
    assert_eq!(failed(&of_service(200, None)).fault, Some(Fault::NotOfAws), "a body that does not parse");
    let too_long = of_response(TooLong(128 << 20).into(), SdkBody::taken());
    assert_eq!((too_long.fault, too_long.message.as_str()), (Some(Fault::TooLong), "the response has more than 128 MiB"));
    assert_eq!(of_response("not JSON".into(), SdkBody::from("<html>")).fault, Some(Fault::NotOfAws));
}

#[test]
fn a_part_of_an_xml_document_is_not_a_whole_one() {
    let whole = "<?xml version=\"1.0\"?>\n<R xmlns=\"x\"><A><R>1</R></A></R>\n";
    assert!(is_whole_xml(whole.as_bytes()) && is_whole_xml(b"<R/>") && is_whole_xml(b"<R></R >"));
    let last = whole.trim_end().len();
    for end in 0..last {
        assert!(!is_whole_xml(&whole.as_bytes()[..end]), "{}", &whole[..end]);
    }
    for text in ["", "{}", "<R><A/>", "<R>1</A>", "<html><p>sign in"] {
        assert!(!is_whole_xml(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_body_that_ends_too_early_is_too_long_or_has_another_checksum_is_distinguished() {
    assert_eq!(body_fault(&CutOff(None)), Fault::CutOff);
    assert_eq!(body_fault(&io::Error::other("end of file before message length reached")), Fault::CutOff);
    assert_eq!(body_fault(&TooLong(1 << 20)), Fault::TooLong);
    let other = "body checksum mismatch. expected body checksum to be 00 but it was 01";
    assert_eq!(body_fault(&io::Error::other(other)), Fault::NotOfAws);
}
