//! A simulated AWS on loopback, with a registry, a bucket, endpoints and a stack set.

mod endpoints;
mod registry;
mod stack_set;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub(crate) use endpoints::VOLUME_KEY;
use sandbox::loopback::{Answer, Loopback, Request};
use serde_json::json;
pub use stack_set::account;

/// The account of the pipeline.
pub const HOME: &str = "111111111111";
/// The region.
pub const REGION: &str = "us-east-1";
/// The model package group.
pub const GROUP: &str = "iris-p-abc123xyz";

/// What the simulated AWS has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Contents {
    /// The approved versions in the registry.
    pub versions: usize,
    /// The accounts of the stack set, with an instance in each.
    pub accounts: usize,
    /// The time before each response.
    pub latency: Duration,
}

/// The simulated AWS. Dropping it stops it.
#[derive(Debug)]
pub struct Aws {
    server: Loopback,
    requests: Arc<AtomicUsize>,
}

impl Aws {
    /// Starts it. Fails if there is no free port.
    pub fn start(contents: Contents) -> io::Result<Self> {
        let requests = Arc::<AtomicUsize>::default();
        let received = Arc::clone(&requests);
        let registry = registry::Registry::new(contents.versions);
        let stack_set = stack_set::StackSet::new(contents.accounts);
        let server = Loopback::start(move |request| {
            received.fetch_add(1, Ordering::Relaxed);
            let answer = match request.header("x-amz-target").and_then(|target| target.strip_prefix("SageMaker.")) {
                Some(operation) => {
                    registry.answer(operation, &request.body).or_else(|| endpoints::answer(operation)).unwrap_or_else(|| invalid(operation))
                }
                None if request.path.contains("/invocations") => endpoints::invoked(),
                None if request.method != "POST" => object(request),
                None => {
                    let form = Form(request.text());
                    let action = form.field("Action").unwrap_or_default();
                    security_token(&action).or_else(|| stack_set.answer(&action, &form)).unwrap_or_else(|| invalid(&action))
                }
            };
            answer.after(contents.latency)
        })?;
        Ok(Self { server, requests })
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The requests since the last call of this function.
    pub fn take_requests(&self) -> usize {
        self.requests.swap(0, Ordering::Relaxed)
    }
}

/// A form of the Query protocol.
struct Form(String);

impl Form {
    fn field(&self, name: &str) -> Option<String> {
        let value = self.0.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(value.replace("%3A", ":"))
    }
}

/// A response of the Query protocol.
fn xml(action: &str, result: &str) -> Answer {
    Answer::new(200).body(
        "text/xml",
        format!(
            r#"<{action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><{action}Result>{result}</{action}Result></{action}Response>"#
        ),
    )
}

fn invalid(operation: &str) -> Answer {
    let message = format!("the benchmark has no response for `{operation}`");
    Answer::new(400).json(&json!({ "__type": "ValidationException", "message": message }))
}

fn security_token(action: &str) -> Option<Answer> {
    let result = match action {
        "GetCallerIdentity" => {
            format!("<Account>{HOME}</Account><Arn>arn:aws:iam::{HOME}:role/build</Arn><UserId>x</UserId>")
        }
        "AssumeRole" => "<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                         <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
            .to_owned(),
        _ => return None,
    };
    Some(xml(action, &result))
}

/// S3: the bucket of models has every object, and the bucket of artifacts accepts every object.
fn object(request: &Request) -> Answer {
    let path = request.path.split('?').next().unwrap_or_default().trim_matches('/');
    let (is_model, is_bucket) = (path.contains("models"), !path.contains('/'));
    let status = if request.method == "HEAD" && !is_model && !is_bucket { 404 } else { 200 };
    let answer = Answer::new(status).header("x-amz-request-id", "R1").header("etag", "\"d41d8cd98f00b204e9800998ecf8427e\"");
    let checksum = |answer: Answer, (name, value): &(String, String)| {
        if name.starts_with("x-amz-checksum-") { answer.header(name, value) } else { answer }
    };
    let answer = request.headers.iter().fold(answer, checksum);
    if is_model { answer.header("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT") } else { answer }
}
