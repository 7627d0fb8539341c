//! Calls to services of which one or two actions are needed: signed and sent by the SDK's own runtime, without the service's crate.
//!
//! The crates of the six services that the preflight asks would cost every build minutes; what it asks of them is a dozen lines each.

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
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Mutex;

use stack_rollout::CallError;
use stack_rollout::aws::innermost;

/// What a form keeps as it is (RFC 3986, unreserved characters).
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The whole of a call.
const DEADLINE: Duration = Duration::from_secs(30);
/// Credentials that run out sooner than this are taken anew.
const MARGIN: Duration = Duration::from_mins(1);

/// A service that is asked.
#[derive(Debug)]
pub(super) struct Service {
    /// The name in `AWS_ENDPOINT_URL_…` and in profiles.
    pub(super) id: &'static str,
    /// The name that requests are signed for.
    pub(super) signing_name: &'static str,
    /// What its host names begin with.
    pub(super) host: &'static str,
    /// What `x-amz-target` begins with, for services that speak JSON.
    pub(super) target: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) bucket_region: Option<String>,
    pub(super) body: Vec<u8>,
}

/// A request before it is signed.
struct UnsignedRequest<'a> {
    method: &'static str,
    path_and_query: &'a str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// Calls as one session in one region.
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

    /// Calls an action of a service that speaks AWS JSON 1.1.
    pub(super) async fn json(&self, service: &Service, operation: &'static str, body: &Value) -> Result<Value, CallError> {
        let headers =
            vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", format!("{}.{operation}", service.target))];
        let asked = UnsignedRequest { method: "POST", path_and_query: "/", headers, body: body.to_string().into_bytes() };
        let answer = self.send(service, operation, asked).await?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status < 300 {
            return Ok(value);
        }
        let text = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)).and_then(Value::as_str).map(str::to_owned);
        // `com.amazonaws.kms#NotFoundException`, or `NotFoundException:http://…`
        let code = text(["__type", "code"])
            .map(|code| code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default().to_owned());
        Err(refusal(operation, &answer, code, text(["message", "Message"])))
    }

    /// Calls an action of AWS IAM, which speaks the Query protocol; the answer is XML.
    pub(super) async fn iam(&self, operation: &'static str, parameters: &[(&str, &str)]) -> Result<String, CallError> {
        const IAM: Service = Service { id: "IAM", signing_name: "iam", host: "iam", target: "" };
        let pairs = [("Action", operation), ("Version", "2010-05-08")].into_iter().chain(parameters.iter().copied());
        let body = pairs.map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, UNRESERVED))).collect::<Vec<_>>().join("&");
        let headers = vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
        let answer =
            self.send(&IAM, operation, UnsignedRequest { method: "POST", path_and_query: "/", headers, body: body.into_bytes() }).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status < 300 {
            return Ok(text);
        }
        Err(refusal(operation, &answer, element(&text, "Code"), element(&text, "Message")))
    }

    /// Asks Amazon S3 for something without its body, or for a list.
    pub(super) async fn s3(&self, operation: &'static str, method: &'static str, path_and_query: &str) -> Result<Answer, CallError> {
        const S3: Service = Service { id: "S3", signing_name: "s3", host: "s3", target: "" };
        self.send(&S3, operation, UnsignedRequest { method, path_and_query, headers: Vec::new(), body: Vec::new() }).await
    }

    /// Who asks, spelled as the SDKs spell it, for CloudTrail.
    fn user_agent(&self) -> String {
        let library = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        self.config.app_name().map_or_else(|| library.to_owned(), |name| format!("{library} app/{}", name.as_ref()))
    }

    async fn send(&self, service: &Service, operation: &'static str, asked: UnsignedRequest<'_>) -> Result<Answer, CallError> {
        let unusable = |message: String| CallError::unusable(operation, message);
        let Some(http_client) = self.config.http_client() else { return Err(unusable("there is no HTTP client".to_owned())) };
        let (endpoint, region) = self.endpoint(service);
        let credentials = self.credentials(operation).await?;
        let url = format!("{}{}", endpoint.trim_end_matches('/'), asked.path_and_query);
        let signed = signature(service, &region, &url, &asked, credentials).map_err(unusable)?;
        let UnsignedRequest { method, path_and_query, headers, body } = asked;
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
            .deserializer::<Answer, Infallible>(|response| {
                let header = |name: &str| response.headers().get(name).map(str::to_owned);
                Ok(Answer {
                    status: response.status().as_u16(),
                    request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")),
                    bucket_region: header("x-amz-bucket-region"),
                    body: response.body().bytes().unwrap_or_default().to_vec(),
                })
            })
            .build();
        operation_to_run.invoke(()).await.map_err(|error| CallError::unreachable(operation, innermost(&error)))
    }

    /// The session's credentials, taken once and kept while they last.
    async fn credentials(&self, operation: &'static str) -> Result<Credentials, CallError> {
        let mut kept = self.credentials.lock().await;
        let lasts = |credentials: &Credentials| credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + MARGIN);
        if let Some(credentials) = kept.as_ref().filter(|credentials| lasts(credentials)) {
            return Ok(credentials.clone());
        }
        let Some(provider) = self.config.credentials_provider() else {
            return Err(CallError::unusable(operation, "there are no credentials"));
        };
        let fresh = provider.provide_credentials().await;
        let fresh = fresh.map_err(|error| CallError::unusable(operation, innermost(&error)))?;
        *kept = Some(fresh.clone());
        Ok(fresh)
    }

    /// Where a service is, and the region that its requests are signed for. `AWS_ENDPOINT_URL` and its siblings win, as with the SDK.
    fn endpoint(&self, service: &Service) -> (String, String) {
        let region = self.region().to_owned();
        let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let own = key.ok().and_then(|key| self.config.service_config().and_then(|config| config.load_config(key)));
        let suffix = domain(&region);
        if service.host == "iam" {
            // IAM has one place a partition.
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

/// The domain of a region's partition.
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

/// The headers that sign a request.
fn signature(
    service: &Service,
    region: &str,
    url: &str,
    asked: &UnsignedRequest<'_>,
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
    let headers = asked.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let request = SignableRequest::new(asked.method, url, headers, SignableBody::Bytes(&asked.body)).map_err(|error| error.to_string())?;
    let (instructions, _) = sign(request, &parameters).map_err(|error| error.to_string())?.into_parts();
    let (headers, _) = instructions.into_parts();
    Ok(headers.iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

pub(super) fn refusal(operation: &'static str, answer: &Answer, code: Option<String>, message: Option<String>) -> CallError {
    CallError {
        operation,
        unreachable: code.is_none() && answer.status >= 500,
        code: code.or_else(|| Some(format!("HTTP {}", answer.status)).filter(|_| answer.status < 500)),
        message: message.unwrap_or_else(|| format!("an answer with HTTP status {}", answer.status)),
        request_id: answer.request_id.clone(),
    }
}

/// The text of the first element of this name in an XML answer of AWS.
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
