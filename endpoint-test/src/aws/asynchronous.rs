//! Invokes an asynchronous endpoint: queues the request, and reads the response from Amazon S3.

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
use crate::target::{Asynchronous, InvokeError, MAX_BODY, ModelFailure, ModelResponse, Request, TargetError, TargetErrorKind};

/// The largest payload that the request itself carries, in bytes (InvokeEndpointAsync, "Body"). A
/// larger one is uploaded to S3.
const MAX_INLINE: usize = 128_000;

/// The folder below the endpoint's own output to which larger payloads are uploaded.
pub(super) const INPUT: &str = "endpoint-test-input";

/// How long a request may wait in the queue, in seconds (InvokeEndpointAsync, "RequestTTLSeconds").
const TIME_TO_LIVE: (u64, u64) = (60, 21_600);

/// The longest time that InvokeEndpointAsync itself may take.
const ENQUEUE: Duration = Duration::from_mins(1);

/// Poll soon at first, for a fast model, and then less often, for a slow one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(5);

const HINT: &str = "invoking an asynchronous endpoint needs `sagemaker:InvokeEndpointAsync` on it, `s3:GetObject` on its output and failure \
                    locations, `s3:ListBucket` on their bucket, `s3:PutObject` below `endpoint-test-input/` there for payloads of more than \
                    128,000 bytes, and `kms:Decrypt` if the output is encrypted with a KMS key";

/// An asynchronous endpoint and its clients.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    pub(super) runtime: &'a aws_sdk_sagemakerruntime::Client,
    pub(super) s3: &'a aws_sdk_s3::Client,
    pub(super) endpoint: &'a str,
    pub(super) settings: &'a Asynchronous,
}

/// Where the response to a request will be written.
struct Ticket {
    output: String,
    failure: Option<String>,
    request_id: Option<String>,
}

struct Object {
    content_type: Option<String>,
    /// `None` if it is too long.
    body: Option<Bytes>,
}

impl Queue<'_> {
    /// Queues a request and waits for its response until the request's timeout.
    pub(super) async fn invoke<C: Clock>(&self, request: &Request, clock: &C) -> Result<ModelResponse, InvokeError> {
        let start = clock.now();
        let ticket = self.enqueue(request).await?;
        let mut pause = FIRST_PAUSE;
        loop {
            let mut obstacle = None;
            if let Some(object) = self.look(&ticket.output, &mut obstacle).await? {
                let too_long = || failed(format!("the response is longer than {MAX_BODY} bytes"), &ticket);
                return Ok(ModelResponse {
                    // Success is all that is known of the container's status: the 202 of
                    // InvokeEndpointAsync only confirms that the request is queued.
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
            // Report the obstacle just before the timeout: afterwards the caller no longer waits.
            if let Some(obstacle) = obstacle
                && clock.now().saturating_sub(start) + next >= request.timeout
            {
                return Err(obstacle.into());
            }
            clock.sleep(next).await;
            pause = pause.mul_f64(1.5).min(MAX_PAUSE);
        }
    }

    async fn enqueue(&self, request: &Request) -> Result<Ticket, TargetError> {
        refuse_what_a_queue_cannot_do(request)?;
        let location = if request.body.len() > MAX_INLINE { Some(self.upload(request).await?) } else { None };
        let body = location.is_none().then(|| Blob::new(request.body.to_vec()));
        let timeout = TimeoutConfig::builder().operation_timeout(request.timeout.min(ENQUEUE)).build();
        // A request does not stay in the queue longer than the caller waits.
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
            let message = "the response has no output location";
            return Err(TargetError::new(TargetErrorKind::Other, message).operation("InvokeEndpointAsync").request_id(request_id));
        };
        Ok(Ticket { output: location, failure: output.failure_location.filter(|url| !url.is_empty()), request_id })
    }

    /// Uploads a payload that is too large for the queue to the output location.
    async fn upload(&self, request: &Request) -> Result<String, TargetError> {
        let refused = |message: String| TargetError::new(TargetErrorKind::Refused, message).operation("PutObject");
        let Some(folder) = &self.settings.output else {
            let size = request.body.len();
            let message = format!("the payload has {size} bytes; without an output location in S3 the limit is {MAX_INLINE}");
            return Err(refused(message).with_hint("set `S3OutputPath` in the endpoint configuration"));
        };
        let url = format!("{}/{INPUT}/{:032x}", folder.trim_end_matches('/'), fastrand::u128(..));
        let (bucket, key) = objects::bucket_and_key(&url).ok_or_else(|| refused(format!("`{folder}` is not an S3 URI")))?;
        let put = self.s3.put_object().bucket(bucket).key(key).content_type(&request.content_type);
        put.body(ByteStream::from(request.body.clone()))
            .send()
            .await
            .map_err(|error| with_hint(target_error("PutObject", error)).about(&url))?;
        Ok(url)
    }

    /// The object at an S3 URI; `None` if it may still appear, with the obstacle, if any.
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
                // Without `s3:ListBucket`, S3 responds to a missing object as to a forbidden one.
                let may_come =
                    error.kind.is_temporary() || (error.kind == TargetErrorKind::AccessDenied && !error.message.contains("s3:GetObject"));
                if !may_come {
                    return Err(error);
                }
                *obstacle = Some(error);
                Ok(None)
            }
        }
    }
}

/// InvokeEndpointAsync cannot select a part of the endpoint: another part proves nothing.
fn refuse_what_a_queue_cannot_do(request: &Request) -> Result<(), TargetError> {
    let Some(key) = request.selections().next() else { return Ok(()) };
    let message = format!("an asynchronous endpoint cannot be invoked with `{key}`");
    let hint = format!("remove `{key}`: InvokeEndpointAsync cannot select a part of the endpoint");
    Err(TargetError::new(TargetErrorKind::Refused, message).operation("InvokeEndpointAsync").with_hint(hint))
}

fn with_hint(error: TargetError) -> TargetError {
    if error.kind == TargetErrorKind::AccessDenied { error.with_hint(HINT) } else { error }
}

fn failed(message: String, ticket: &Ticket) -> InvokeError {
    InvokeError::Model(ModelFailure { status: status(&message), message, request_id: ticket.request_id.clone(), ..ModelFailure::default() })
}

/// The container's status, which SageMaker gives only in its message: `Received client error (400)
/// from primary with message …`.
fn status(message: &str) -> Option<u16> {
    let words = ["Received client error (", "Received server error ("];
    let rest = words.iter().find_map(|words| message.split_once(words)).map(|(_, rest)| rest)?;
    rest.split_once(')')?.0.parse().ok().filter(|status| *status >= 100)
}

fn text(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}
