//! The command that repeats a request manually: the first step of an investigation.

use std::fmt::Write as _;
use std::time::Duration;

use crate::shell;
use crate::target::{Request, TargetKind};

/// The longest command that is printed, in bytes: JUnit's messages have room for one.
const MAX_LENGTH: usize = 3000;

/// The destination of a request.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) kind: TargetKind,
    /// Whether the response is written to S3.
    pub(super) asynchronous: bool,
    /// How long to wait for an error of the model that its endpoint does not report, unless the case
    /// says it: an asynchronous endpoint without a failure location.
    pub(super) hidden_error_timeout: Option<Duration>,
    pub(super) endpoint: String,
    pub(super) region: String,
}

/// A command for a POSIX shell, on one line; `None` if it is very long or cannot be written.
pub(super) fn command(place: &Place, request: &Request) -> Option<String> {
    let command = match place.kind {
        TargetKind::Endpoint => invoke_endpoint(place, request)?,
        TargetKind::Container => curl(place, request),
    };
    (command.len() <= MAX_LENGTH).then_some(command)
}

/// Version 1 of the AWS CLI reads `--body` as it is, version 2 as base64; both accept a file.
fn invoke_endpoint(place: &Place, request: &Request) -> Option<String> {
    let operation = if place.asynchronous { "invoke-endpoint-async" } else { "invoke-endpoint" };
    let part = [
        ("target-variant", request.target_variant.as_ref()),
        ("target-model", request.target_model.as_ref()),
        ("target-container-hostname", request.target_container.as_ref()),
        ("inference-component-name", request.inference_component.as_ref()),
    ];
    // InvokeEndpointAsync cannot select a part of the endpoint.
    if place.asynchronous && part.iter().any(|(_, value)| value.is_some()) {
        return None;
    }
    let options = [
        ("region", Some(&place.region).filter(|region| !region.is_empty())),
        ("inference-id", request.inference_id.as_ref()),
        ("custom-attributes", request.custom_attributes.as_ref()),
        ("accept", request.accept.as_ref()),
        ("content-type", Some(&request.content_type)),
    ];
    let body = shell::printf(&request.body);
    let mut command = format!("{body} | aws sagemaker-runtime {operation} --endpoint-name {}", shell::word(&place.endpoint));
    for (name, value) in part.into_iter().chain(options) {
        if let Some(value) = value {
            // After a `=` a value may begin with a hyphen. Writing to a string does not fail.
            let separator = if value.starts_with('-') { '=' } else { ' ' };
            let _ = write!(command, " --{name}{separator}{}", shell::word(value));
        }
    }
    command.push_str(" --body fileb:///dev/stdin");
    if !place.asynchronous {
        command.push_str(" /dev/stdout");
    }
    Some(command)
}

fn curl(place: &Place, request: &Request) -> String {
    let mut command = format!("{} | curl", shell::printf(&request.body));
    let headers = [
        ("content-type", Some(&request.content_type)),
        ("accept", request.accept.as_ref()),
        ("x-amzn-sagemaker-custom-attributes", request.custom_attributes.as_ref()),
        ("x-amzn-sagemaker-inference-id", request.inference_id.as_ref()),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            let _ = write!(command, " --header {}", shell::word(&format!("{name}: {value}")));
        }
    }
    let _ = write!(command, " --data-binary @- {}", shell::word(&format!("{}/invocations", place.endpoint.trim_end_matches('/'))));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: &str) -> Request {
        Request {
            body: body.to_owned().into(),
            content_type: "text/csv".to_owned(),
            accept: Some("application/json".to_owned()),
            target_variant: Some("Blue".to_owned()),
            timeout: Duration::from_secs(1),
            ..Request::default()
        }
    }

    fn place(kind: TargetKind, endpoint: &str) -> Place {
        Place { kind, asynchronous: false, hidden_error_timeout: None, endpoint: endpoint.to_owned(), region: "eu-west-1".to_owned() }
    }

    #[test]
    fn an_endpoint_is_invoked_with_the_aws_cli() {
        let command = command(&place(TargetKind::Endpoint, "iris"), &request("it's 1,2")).unwrap();
        assert_eq!(
            command,
            "printf %s 'it'\\''s 1,2' | aws sagemaker-runtime invoke-endpoint --endpoint-name iris --target-variant Blue --region eu-west-1 \
             --accept application/json --content-type text/csv --body fileb:///dev/stdin /dev/stdout"
        );
    }

    #[test]
    fn a_container_is_invoked_with_curl_and_all_headers_of_the_request() {
        let (attributes, id) = (Some("trace=1".to_owned()), Some("abc".to_owned()));
        let request = Request { custom_attributes: attributes, inference_id: id, ..request("1,2") };
        let command = command(&place(TargetKind::Container, "http://127.0.0.1:8080/"), &request).unwrap();
        assert_eq!(
            command,
            "printf %s 1,2 | curl --header 'content-type: text/csv' --header 'accept: application/json' \
             --header 'x-amzn-sagemaker-custom-attributes: trace=1' --header 'x-amzn-sagemaker-inference-id: abc' \
             --data-binary @- http://127.0.0.1:8080/invocations"
        );
    }

    #[test]
    fn a_long_command_is_not_printed() {
        assert_eq!(command(&place(TargetKind::Endpoint, "iris"), &request(&"x".repeat(MAX_LENGTH))), None);
    }

    #[test]
    fn no_command_is_printed_that_the_aws_cli_refuses() {
        let queue = Place { asynchronous: true, ..place(TargetKind::Endpoint, "iris") };
        assert_eq!(command(&queue, &request("1,2")), None);
        let whole = Request { target_variant: None, ..request("1,2") };
        assert!(command(&queue, &whole).unwrap().ends_with("--body fileb:///dev/stdin"));
    }
}
