//! The command that asks the same by hand: the first thing that whoever looks into a failure wants.

use std::fmt::Write as _;

use crate::target::{Request, TargetKind};

/// The longest body that is written into a command, in bytes.
const LONGEST_BODY: usize = 2000;

/// Where a request goes.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) kind: TargetKind,
    /// Whether the answer comes to S3.
    pub(super) asynchronous: bool,
    pub(super) endpoint: String,
    pub(super) region: String,
}

/// A command for a POSIX shell; none for a body that is long or is not text.
pub(super) fn command(place: &Place, request: &Request) -> Option<String> {
    let body = std::str::from_utf8(&request.body).ok().filter(|body| body.len() <= LONGEST_BODY && !body.contains('\0'))?;
    Some(match place.kind {
        TargetKind::Endpoint => invoke_endpoint(place, request, body),
        TargetKind::Container => curl(place, request, body),
    })
}

fn invoke_endpoint(place: &Place, request: &Request, body: &str) -> String {
    let operation = if place.asynchronous { "invoke-endpoint-async" } else { "invoke-endpoint" };
    let mut command = format!("aws sagemaker-runtime {operation} --endpoint-name {}", quote(&place.endpoint));
    let options = [
        ("region", Some(&place.region).filter(|region| !region.is_empty())),
        ("target-variant", request.target_variant.as_ref()),
        ("target-model", request.target_model.as_ref()),
        ("target-container-hostname", request.target_container.as_ref()),
        ("inference-component-name", request.inference_component.as_ref()),
        ("inference-id", request.inference_id.as_ref()),
        ("custom-attributes", request.custom_attributes.as_ref()),
        ("accept", request.accept.as_ref()),
        ("content-type", Some(&request.content_type)),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            // Writing to a string does not fail.
            let _ = write!(command, " --{name} {}", quote(value));
        }
    }
    let _ = write!(command, " --cli-binary-format raw-in-base64-out --body {}", quote(body));
    if !place.asynchronous {
        command.push_str(" /dev/stdout");
    }
    command
}

fn curl(place: &Place, request: &Request, body: &str) -> String {
    let mut command = format!("curl --header {}", quote(&format!("content-type: {}", request.content_type)));
    if let Some(accept) = &request.accept {
        let _ = write!(command, " --header {}", quote(&format!("accept: {accept}")));
    }
    let _ = write!(command, " --data-raw {} {}", quote(body), quote(&format!("{}/invocations", place.endpoint.trim_end_matches('/'))));
    command
}

/// One word of a POSIX shell, whatever is in it.
fn quote(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use proptest::prelude::*;

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
        Place { kind, asynchronous: false, endpoint: endpoint.to_owned(), region: "eu-west-1".to_owned() }
    }

    #[test]
    fn an_endpoint_is_asked_with_the_aws_command_line() {
        let command = command(&place(TargetKind::Endpoint, "iris"), &request("it's 1,2")).unwrap();
        assert_eq!(
            command,
            "aws sagemaker-runtime invoke-endpoint --endpoint-name iris --region eu-west-1 --target-variant Blue --accept application/json \
             --content-type text/csv --cli-binary-format raw-in-base64-out --body 'it'\\''s 1,2' /dev/stdout"
        );
    }

    #[test]
    fn a_container_is_asked_with_curl() {
        let command = command(&place(TargetKind::Container, "http://127.0.0.1:8080/"), &request("1,2")).unwrap();
        assert_eq!(
            command,
            "curl --header 'content-type: text/csv' --header 'accept: application/json' --data-raw 1,2 http://127.0.0.1:8080/invocations"
        );
    }

    #[test]
    fn what_is_long_or_no_text_is_not_written_out() {
        assert_eq!(command(&place(TargetKind::Endpoint, "iris"), &request(&"x".repeat(2001))), None);
        let binary = Request { body: vec![0xff].into(), ..request("") };
        assert_eq!(command(&place(TargetKind::Endpoint, "iris"), &binary), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[cfg(unix)]
        #[test]
        fn a_shell_reads_a_quoted_text_as_it_was(text in "[^\0]{0,40}") {
            let output = Command::new("sh").arg("-c").arg(format!("printf %s {}", quote(&text))).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
    }
}
