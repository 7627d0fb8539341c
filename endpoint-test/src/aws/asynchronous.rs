//! Asks an asynchronous endpoint: the request goes into its queue, and the answer is waited for in Amazon S3.

use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sagemakerruntime::config::Builder;
use aws_sdk_sagemakerruntime::config::timeout::TimeoutConfig;
use aws_sdk_sagemakerruntime::operation::RequestId;
use aws_sdk_sagemakerruntime::primitives::Blob;
use bytes::Bytes;

use super::bounded::Bounded;
use super::failure::target_error;
use super::objects;
use crate::clock::{Clock, spread};
use crate::target::{Asynchronous, InvokeError, MAX_BODY, ModelFailure, Reply, Request, TargetError, TargetErrorKind};

/// The largest payload that goes into the queue itself, in bytes (InvokeEndpointAsync, "Body"); a larger one goes to S3.
const LONGEST_INLINE: usize = 128_000;

/// The folder below the endpoint's own output in which larger payloads are put.
pub(super) const INPUT: &str = "endpoint-test-input";

/// How long a request may wait in the queue, in seconds (InvokeEndpointAsync, "RequestTTLSeconds").
const TIME_TO_LIVE: (u64, u64) = (60, 21_600);

/// The longest that the queue itself may take to answer.
const ENQUEUE: Duration = Duration::from_mins(1);

/// The first look is soon, for a model that is quick; later ones are rarer, for one that is not.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

const HINT: &str = "asking an asynchronous endpoint needs `sagemaker:InvokeEndpointAsync` on it, `s3:GetObject` on its output and failure \
                    locations, `s3:ListBucket` on their bucket, `s3:PutObject` below `endpoint-test-input/` there for payloads of more than \
                    128,000 bytes, and `kms:Decrypt` where the answers have a key";

/// An asynchronous endpoint, and how it is reached.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    pub(super) runtime: &'a aws_sdk_sagemakerruntime::Client,
    pub(super) s3: &'a aws_sdk_s3::Client,
    pub(super) endpoint: &'a str,
    pub(super) settings: &'a Asynchronous,
}

/// Where the answer of a request will be.
struct Ticket {
    output: String,
    failure: Option<String>,
    request_id: Option<String>,
}

/// What is in S3.
struct Object {
    content_type: Option<String>,
    /// `None` when it is too long.
    body: Option<Bytes>,
}

impl Queue<'_> {
    /// Puts a request into the queue and waits for its answer, for as long as the caller waits.
    pub(super) async fn invoke<C: Clock>(&self, request: &Request, clock: &C) -> Result<Reply, InvokeError> {
        let start = clock.now();
        let ticket = self.enqueue(request).await?;
        let mut pause = FIRST_PAUSE;
        loop {
            let mut obstacle = None;
            if let Some(object) = self.look(&ticket.output, &mut obstacle).await? {
                let too_long = || failed(format!("the reply is longer than {MAX_BODY} bytes"), &ticket);
                return Ok(Reply {
                    // Only that it is a success is known: the 202 of InvokeEndpointAsync says that the request was taken.
                    status: 200,
                    content_type: object.content_type,
                    body: object.body.ok_or_else(too_long)?,
                    variant: None,
                    request_id: ticket.request_id,
                });
            }
            if let Some(failure) = &ticket.failure
                && let Some(object) = self.look(failure, &mut obstacle).await?
            {
                let message = object.body.map_or_else(|| format!("{failure} is longer than {MAX_BODY} bytes"), |body| text(&body));
                return Err(failed(message, &ticket));
            }
            let next = spread(pause, fastrand::f64());
            // What may have kept the answer from being seen is told before the time is up: later nobody listens.
            if let Some(obstacle) = obstacle
                && clock.now().saturating_sub(start) + next >= request.timeout
            {
                return Err(obstacle.into());
            }
            clock.sleep(next).await;
            pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
        }
    }

    async fn enqueue(&self, request: &Request) -> Result<Ticket, TargetError> {
        refuse_what_a_queue_cannot_do(request)?;
        let location = if request.body.len() > LONGEST_INLINE { Some(self.upload(request).await?) } else { None };
        let body = location.is_none().then(|| Blob::new(request.body.to_vec()));
        let timeout = TimeoutConfig::builder().operation_timeout(request.timeout.min(ENQUEUE)).build();
        // A request that nobody waits for any more need not be answered.
        let time_to_live = request.timeout.as_secs().clamp(TIME_TO_LIVE.0, TIME_TO_LIVE.1);
        let output = self
            .runtime
            .invoke_endpoint_async()
            .endpoint_name(self.endpoint)
            .set_body(body)
            .set_input_location(location)
            .content_type(&request.content_type)
            .set_accept(request.accept.clone())
            .set_custom_attributes(request.custom_attributes.clone())
            .set_inference_id(request.inference_id.clone())
            .set_request_ttl_seconds(i32::try_from(time_to_live).ok())
            .customize()
            .interceptor(Bounded)
            .config_override(Builder::default().timeout_config(timeout))
            .send()
            .await
            .map_err(|error| with_hint(target_error("InvokeEndpointAsync", error)))?;
        let request_id = output.request_id().map(str::to_owned);
        let Some(location) = output.output_location else {
            let message = "the reply does not say where the answer will be";
            return Err(TargetError::new(TargetErrorKind::Other, message).operation("InvokeEndpointAsync").request_id(request_id));
        };
        Ok(Ticket { output: location, failure: output.failure_location.filter(|url| !url.is_empty()), request_id })
    }

    /// Puts a payload that is too large for the queue beside the answers.
    async fn upload(&self, request: &Request) -> Result<String, TargetError> {
        let refused = |message: String| TargetError::new(TargetErrorKind::Refused, message).operation("PutObject");
        let Some(folder) = &self.settings.output else {
            let size = request.body.len();
            let message = format!("the payload has {size} bytes, and {LONGEST_INLINE} are the most without an output location in S3");
            return Err(refused(message).with_hint("give the endpoint's configuration an `S3OutputPath`"));
        };
        let url = format!("{}/{INPUT}/{:032x}", folder.trim_end_matches('/'), fastrand::u128(..));
        let (bucket, key) = objects::bucket_and_key(&url).ok_or_else(|| refused(format!("`{folder}` is not a place in S3")))?;
        let put = self.s3.put_object().bucket(bucket).key(key).content_type(&request.content_type);
        put.body(ByteStream::from(request.body.clone()))
            .send()
            .await
            .map_err(|error| with_hint(target_error("PutObject", error)).about(&url))?;
        Ok(url)
    }

    /// What is at a place in S3; nothing for an object that may yet come, with what may be in its way.
    async fn look(&self, url: &str, obstacle: &mut Option<TargetError>) -> Result<Option<Object>, TargetError> {
        let Some((bucket, key)) = objects::bucket_and_key(url) else {
            return Err(TargetError::new(TargetErrorKind::Other, format!("`{url}` is not the S3 URI of an object"))
                .operation("InvokeEndpointAsync"));
        };
        match self.s3.get_object().bucket(bucket).key(key).send().await {
            Ok(output) => {
                let content_type = output.content_type;
                Ok(Some(Object { content_type, body: objects::read(url, output.body, MAX_BODY).await? }))
            }
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => Ok(None),
            Err(error) => {
                let error = with_hint(target_error("GetObject", error)).about(url);
                // Without `s3:ListBucket` S3 answers for an object that is not there yet as for one that is forbidden.
                let may_come =
                    error.kind.is_passing() || (error.kind == TargetErrorKind::AccessDenied && !error.message.contains("s3:GetObject"));
                if !may_come {
                    return Err(error);
                }
                *obstacle = Some(error);
                Ok(None)
            }
        }
    }
}

/// InvokeEndpointAsync has no fields for a part of the endpoint: an answer of any other would prove nothing.
fn refuse_what_a_queue_cannot_do(request: &Request) -> Result<(), TargetError> {
    let named = [
        ("target_variant", request.target_variant.is_some()),
        ("target_model", request.target_model.is_some()),
        ("target_container", request.target_container.is_some()),
        ("inference_component", request.inference_component.is_some()),
    ];
    match named.iter().find(|(_, given)| *given) {
        Some((name, _)) => {
            let message = format!("an asynchronous endpoint cannot be asked with a `{name}`");
            let hint = format!("leave out `{name}`: which part of the endpoint answers is not the caller's to say here");
            Err(TargetError::new(TargetErrorKind::Refused, message).operation("InvokeEndpointAsync").with_hint(hint))
        }
        None => Ok(()),
    }
}

fn with_hint(error: TargetError) -> TargetError {
    if error.kind == TargetErrorKind::AccessDenied { error.with_hint(HINT) } else { error }
}

fn failed(message: String, ticket: &Ticket) -> InvokeError {
    InvokeError::Model(ModelFailure { status: status(&message), message, request_id: ticket.request_id.clone(), ..ModelFailure::default() })
}

/// The container's status, which SageMaker says in words only: `Received client error (400) from primary with message …`.
fn status(message: &str) -> Option<u16> {
    let words = ["Received client error (", "Received server error ("];
    let rest = words.iter().find_map(|words| message.split_once(words)).map(|(_, rest)| rest)?;
    rest.split_once(')')?.0.parse().ok().filter(|status| *status >= 100)
}

fn text(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}
