//! Calls services without their SDK crates: signs and sends the requests with the SDK's runtime.
//!
//! The preflight and the explanation of failed stacks need a few actions of seven services; the
//! crates of five of them would slow down every build. A call is sent once; its caller repeats it
//! ([`repeated`]).

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use call_fault::{Fault, sdk};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Mutex;

use stack_rollout::CallError;
use stack_rollout::preflight::ObjectState;

/// Characters that are not encoded in a form (RFC 3986, unreserved characters).
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const DEADLINE: Duration = Duration::from_secs(30);
/// Credentials that expire within this time are refreshed.
const MARGIN: Duration = Duration::from_mins(1);
/// The pauses before a call that was throttled or failed for the moment is repeated.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(3)];

#[derive(Debug)]
pub(super) struct Service {
    /// The name in `AWS_ENDPOINT_URL_…` and in profiles.
    pub(super) id: &'static str,
    pub(super) signing_name: &'static str,
    /// The prefix of its host names.
    pub(super) host: &'static str,
    /// The prefix of `x-amz-target`, for services with a JSON protocol.
    pub(super) target: &'static str,
}

pub(super) const IAM: Service = Service { id: "IAM", signing_name: "iam", host: "iam", target: "" };

#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) bucket_region: Option<String>,
    /// What S3's headers say about an object.
    pub(super) object: ObjectState,
    pub(super) body: Vec<u8>,
}

/// Makes a call, and repeats it if it was throttled or failed for the moment.
pub(super) async fn repeated<T, F: Future<Output = Result<T, CallError>>>(call: impl Fn() -> F) -> Result<T, CallError> {
    let mut result = call().await;
    for pause in PAUSES {
        if !result.as_ref().is_err_and(CallError::is_transient) {
            break;
        }
        tokio::time::sleep(pause).await;
        result = call().await;
    }
    result
}

struct UnsignedRequest<'a> {
    method: &'static str,
    path_and_query: &'a str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// Calls with the credentials and region of one session.
#[derive(Debug)]
pub(super) struct SignedCaller {
    config: SdkConfig,
    credentials: Mutex<Option<Credentials>>,
}

impl SignedCaller {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self { config: config.clone(), credentials: Mutex::default() }
    }

    pub(super) fn region(&self) -> &str {
        self.config.region().map_or("us-east-1", |region| region.as_ref())
    }

    /// Calls an action of a service with the AWS JSON 1.1 protocol.
    pub(super) async fn json(&self, service: &Service, operation: &'static str, body: &Value) -> Result<Value, CallError> {
        let headers =
            vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", format!("{}.{operation}", service.target))];
        let request = UnsignedRequest { method: "POST", path_and_query: "/", headers, body: body.to_string().into_bytes() };
        let response = self.send(service, operation, request).await?;
        let value: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if response.status < 300 {
            return Ok(value);
        }
        let text = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)).and_then(Value::as_str).map(str::to_owned);
        // `com.amazonaws.kms#NotFoundException`, or `NotFoundException:http://…`
        let code = text(["__type", "code"])
            .map(|code| code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default().to_owned());
        Err(call_error(operation, &response, code, text(["message", "Message"])))
    }

    /// As [`SignedCaller::json`], and repeats a call that was throttled or failed for the moment.
    pub(super) async fn json_repeated(&self, service: &Service, operation: &'static str, body: &Value) -> Result<Value, CallError> {
        repeated(|| self.json(service, operation, body)).await
    }

    /// Calls an action of a service with the Query protocol. Returns XML.
    pub(super) async fn query(
        &self,
        service: &Service,
        version: &str,
        operation: &'static str,
        parameters: &[(&str, &str)],
    ) -> Result<String, CallError> {
        let pairs = [("Action", operation), ("Version", version)].into_iter().chain(parameters.iter().copied());
        let body = pairs.map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, UNRESERVED))).collect::<Vec<_>>().join("&");
        let headers = vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
        let response = self
            .send(service, operation, UnsignedRequest { method: "POST", path_and_query: "/", headers, body: body.into_bytes() })
            .await?;
        let text = String::from_utf8_lossy(&response.body).into_owned();
        if response.status < 300 {
            return Ok(text);
        }
        Err(call_error(operation, &response, element(&text, "Code"), element(&text, "Message")))
    }

    pub(super) async fn s3(
        &self,
        operation: &'static str,
        method: &'static str,
        path_and_query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Response, CallError> {
        const S3: Service = Service { id: "S3", signing_name: "s3", host: "s3", target: "" };
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.send(&S3, operation, UnsignedRequest { method, path_and_query, headers, body: Vec::new() }).await
    }

    /// The user agent, in the format of the SDKs, for CloudTrail.
    fn user_agent(&self) -> String {
        let library = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        self.config.app_name().map_or_else(|| library.to_owned(), |name| format!("{library} app/{}", name.as_ref()))
    }

    async fn send(&self, service: &Service, operation: &'static str, request: UnsignedRequest<'_>) -> Result<Response, CallError> {
        let unusable = |message: String| CallError::unusable(operation, message);
        let Some(http_client) = self.config.http_client() else { return Err(unusable("there is no HTTP client".to_owned())) };
        let (endpoint, region) = self.endpoint(service);
        let credentials = self.credentials(operation).await?;
        let url = format!("{}{}", endpoint.trim_end_matches('/'), request.path_and_query);
        let signed = signature(service, &region, &url, &request, credentials).map_err(unusable)?;
        let UnsignedRequest { method, path_and_query, headers, body } = request;
        let mut sent: Vec<(&'static str, String)> = headers;
        sent.extend(signed);
        sent.push(("user-agent", self.user_agent()));
        let path = path_and_query.to_owned();
        let mut builder = Operation::builder()
            .service_name(service.id)
            .operation_name(operation)
            .http_client(http_client)
            .endpoint_url(endpoint.trim_end_matches('/'))
            .no_auth()
            .no_retry()
            .timeout_config(TimeoutConfig::builder().operation_timeout(DEADLINE).connect_timeout(Duration::from_secs(5)).build());
        if let Some(sleep) = self.config.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        if let Some(version) = self.config.behavior_version() {
            builder = builder.behavior_version(version);
        }
        let operation_to_run = builder
            .serializer(move |(): ()| {
                let mut request = HttpRequest::new(SdkBody::from(body.clone()));
                request.set_method(method)?;
                request.set_uri(path.as_str())?;
                for (name, value) in &sent {
                    request.headers_mut().insert(*name, value.clone());
                }
                Ok(request)
            })
            .deserializer::<Response, Infallible>(|response| {
                let header = |name: &str| response.headers().get(name).map(str::to_owned);
                Ok(Response {
                    status: response.status().as_u16(),
                    request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")),
                    bucket_region: header("x-amz-bucket-region"),
                    object: ObjectState {
                        etag: header("etag").map(|etag| etag.trim_matches('"').to_owned()),
                        // A bucket without versions has the version `null`.
                        version_id: header("x-amz-version-id").filter(|version| version != "null"),
                        sha256: header("x-amz-checksum-sha256"),
                        size: header("content-length").and_then(|length| length.parse().ok()),
                    },
                    body: response.body().bytes().unwrap_or_default().to_vec(),
                })
            })
            .build();
        operation_to_run
            .invoke(())
            .await
            .map_err(|error| CallError { cause: sdk::fault(&error), ..CallError::unreachable(operation, sdk::innermost(&error)) })
    }

    /// The session's credentials, cached until shortly before they expire.
    async fn credentials(&self, operation: &'static str) -> Result<Credentials, CallError> {
        let mut cached = self.credentials.lock().await;
        let is_valid = |credentials: &Credentials| credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + MARGIN);
        if let Some(credentials) = cached.as_ref().filter(|credentials| is_valid(credentials)) {
            return Ok(credentials.clone());
        }
        let Some(provider) = self.config.credentials_provider() else {
            return Err(without_credentials(operation, "there are no credentials".to_owned()));
        };
        let fresh = provider.provide_credentials().await;
        let fresh = fresh.map_err(|error| without_credentials(operation, sdk::innermost(&error)))?;
        *cached = Some(fresh.clone());
        Ok(fresh)
    }

    /// The endpoint of a service and its signing region. `AWS_ENDPOINT_URL` and service-specific
    /// variables override it, as in the SDK.
    fn endpoint(&self, service: &Service) -> (String, String) {
        let region = self.region().to_owned();
        let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let own = key.ok().and_then(|key| self.config.service_config().and_then(|config| config.load_config(key)));
        let suffix = domain(&region);
        if service.host == "iam" {
            // IAM has one endpoint for each partition.
            let (host, signed_for) = match region.as_str() {
                region if region.starts_with("cn-") => ("iam.cn-north-1", "cn-north-1"),
                region if region.starts_with("us-gov-") => ("iam.us-gov", "us-gov-west-1"),
                region if region.starts_with("us-iso") || region.starts_with("eusc-") => ("iam", region),
                _ => ("iam", "us-east-1"),
            };
            let url = own.or_else(|| self.config.endpoint_url().map(str::to_owned)).unwrap_or_else(|| format!("https://{host}.{suffix}"));
            return (url, signed_for.to_owned());
        }
        let url = own.or_else(|| self.config.endpoint_url().map(str::to_owned));
        (url.unwrap_or_else(|| format!("https://{}.{region}.{suffix}", service.host)), region)
    }
}

fn domain(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "amazonaws.com.cn",
        region if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        region if region.starts_with("us-isof-") => "csp.hci.ic.gov",
        region if region.starts_with("eu-isoe-") => "cloud.adc-e.uk",
        region if region.starts_with("us-iso-") => "c2s.ic.gov",
        region if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

fn signature(
    service: &Service,
    region: &str,
    url: &str,
    request: &UnsignedRequest<'_>,
    credentials: Credentials,
) -> Result<Vec<(&'static str, String)>, String> {
    let mut settings = SigningSettings::default();
    if service.signing_name == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service.signing_name)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let headers = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let request =
        SignableRequest::new(request.method, url, headers, SignableBody::Bytes(&request.body)).map_err(|error| error.to_string())?;
    let (instructions, _) = sign(request, &parameters).map_err(|error| error.to_string())?.into_parts();
    let (headers, _) = instructions.into_parts();
    Ok(headers.iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

fn without_credentials(operation: &'static str, message: String) -> CallError {
    CallError { cause: Some(Fault::MissingCredentials), ..CallError::unusable(operation, message) }
}

/// The error of a successful response without a member that AWS always returns.
pub(super) fn missing(operation: &'static str, member: &str) -> CallError {
    CallError::unusable(operation, format!("the response is not usable: it has no `{member}`"))
}

/// A list that AWS always returns, empty or not.
pub(super) fn list<'a>(operation: &'static str, response: &'a Value, member: &str) -> Result<&'a [Value], CallError> {
    response[member].as_array().map(Vec::as_slice).ok_or_else(|| missing(operation, member))
}

/// A text that AWS always returns.
pub(super) fn text<'a>(operation: &'static str, response: &'a Value, member: &str) -> Result<&'a str, CallError> {
    response[member].as_str().ok_or_else(|| missing(operation, member))
}

pub(super) fn call_error(operation: &'static str, response: &Response, code: Option<String>, message: Option<String>) -> CallError {
    let cause = code.is_none().then(|| Fault::of_status(response.status));
    CallError {
        operation,
        unreachable: cause.is_some_and(Fault::is_temporary),
        cause,
        code: code.or_else(|| Some(format!("HTTP {}", response.status)).filter(|_| response.status < 500)),
        message: message.unwrap_or_else(|| format!("the response has HTTP status {}", response.status)),
        request_id: response.request_id.clone(),
        region: None,
    }
}

/// The text of the first element with this name in an XML response.
pub(super) fn element(xml: &str, name: &str) -> Option<String> {
    let begin = xml.find(&format!("<{name}>"))? + name.len() + 2;
    let end = xml[begin..].find(&format!("</{name}>"))? + begin;
    let text = &xml[begin..end];
    Some(
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&apos;", "'")
            .replace("&amp;", "&"),
    )
}

/// The `member` elements of the lists in an XML response, without those inside of another one.
pub(super) fn members(xml: &str) -> Vec<&str> {
    const BEGIN: &str = "<member>";
    const END: &str = "</member>";
    let mut found = Vec::new();
    let (mut depth, mut begin, mut at) = (0_usize, 0, 0);
    while let Some(next) = xml[at..].find("member>").map(|offset| at + offset + "member>".len()) {
        if xml[..next].ends_with(END) {
            let was_inside = depth > 0;
            depth = depth.saturating_sub(1);
            if was_inside && depth == 0 {
                found.push(&xml[begin..next - END.len()]);
            }
        } else if xml[..next].ends_with(BEGIN) {
            if depth == 0 {
                begin = next;
            }
            depth += 1;
        }
        at = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outer_members_of_lists_are_found() {
        let alarm =
            |name: &str| format!("<member><Dimensions><member><Name>N</Name></member></Dimensions><AlarmName>{name}</AlarmName></member>");
        let xml = format!("<R><MetricAlarms>{}{}</MetricAlarms><CompositeAlarms/></R>", alarm("a"), alarm("b"));
        let names: Vec<_> = members(&xml).into_iter().filter_map(|alarm| element(alarm, "AlarmName")).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(members("<R><MetricAlarms/></R>").is_empty() && members("</member></member><member>").is_empty());
    }
}
