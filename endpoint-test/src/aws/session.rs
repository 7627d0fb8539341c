//! A session in a target's account: one role, assumed for one purpose and restricted to it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_names::Arn;
use aws_sdk_sts::Client;
use aws_sdk_sts::types::Tag;
use serde_json::{Value as Json, json};

use super::asynchronous::INPUT;
use super::failure::target_error;
use crate::target::{TargetError, TargetErrorKind};

/// If a role assumes another role, the session lasts an hour at most, and a request for more is
/// refused. In CodeBuild the caller is always a role.
const DURATION_SECONDS: i32 = 3600;

/// The longest inline session policy, in characters (AssumeRole, "Policy").
const MAX_POLICY: usize = 2048;

/// Which role is assumed, where and for what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionRequest {
    /// The target's account.
    pub account: String,
    /// The target's region.
    pub region: String,
    /// The role: its ARN, or its name with its path, such as `service-role/tester`.
    pub role: String,
    /// The caller's partition, such as `aws-cn`; `aws` when empty.
    pub partition: String,
    /// The session name that CloudTrail shows, such as a pipeline execution. Any text: other
    /// characters than AWS allows are replaced.
    pub session_name: String,
    /// The external ID that the role's trust policy may require.
    pub external_id: Option<String>,
    /// Session tags, for which the role's trust policy must also allow `sts:TagSession`.
    pub tags: Vec<(String, String)>,
    /// The endpoints that the session may invoke. If empty, it has all permissions of its role.
    pub endpoints: Vec<String>,
    /// The S3 locations to which the asynchronous ones write, if known: `s3://bucket/folder`.
    pub async_output_locations: Vec<String>,
}

/// Assumes a role and returns a configuration with its credentials and the target's region, and
/// otherwise a copy of `base`. For the caller's own account use `base` itself.
///
/// The role is assumed at once, so that a refusal is reported here and not by the first call. It is
/// assumed again whenever the session is about to expire. The session policy allows describing, and
/// invoking the named endpoints, and no more.
///
/// # Errors
///
/// The role belongs to another account than the target's, or AssumeRole failed.
pub async fn session(base: &SdkConfig, request: &SessionRequest) -> Result<SdkConfig, TargetError> {
    let role_arn = role_arn(request)?;
    let mut sts = aws_sdk_sts::config::Builder::from(base);
    if base.region().is_none() {
        sts = sts.region(Region::new(request.region.clone()));
    }
    let role = AssumedRole { client: Client::from_conf(sts.build()), role_arn, request: request.clone(), first: Mutex::default() };
    let credentials = role.assume().await?;
    *role.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials);
    Ok(base
        .clone()
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(role))
        .region(Region::new(request.region.clone()))
        .build())
}

/// Credentials from AssumeRole. The SDK caches them until they expire.
struct AssumedRole {
    client: Client,
    role_arn: String,
    request: SessionRequest,
    /// The credentials of the first call, returned once.
    first: Mutex<Option<Credentials>>,
}

impl fmt::Debug for AssumedRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AssumedRole").field("role_arn", &self.role_arn).finish_non_exhaustive()
    }
}

impl AssumedRole {
    async fn assume(&self) -> Result<Credentials, TargetError> {
        let request = &self.request;
        let tags = request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect::<Result<Vec<_>, _>>();
        let tags = tags.map_err(|error| TargetError::new(TargetErrorKind::Refused, error.to_string()).operation("AssumeRole"))?;
        let output = self
            .client
            .assume_role()
            .role_arn(&self.role_arn)
            .role_session_name(session_name(&request.session_name))
            .duration_seconds(DURATION_SECONDS)
            .set_external_id(request.external_id.clone())
            .set_tags((!tags.is_empty()).then_some(tags))
            .set_policy(policy(request))
            .send()
            .await
            .map_err(|error| target_error("AssumeRole", error).about(&format!("role `{}`", self.role_arn)))?;
        let Some(credentials) = output.credentials.filter(|credentials| !credentials.access_key_id.is_empty()) else {
            return Err(TargetError::new(TargetErrorKind::Other, "the response has no credentials").operation("AssumeRole"));
        };
        let expiry = SystemTime::try_from(credentials.expiration).unwrap_or_else(|_| SystemTime::now() + Duration::from_mins(15));
        Ok(Credentials::new(
            credentials.access_key_id,
            credentials.secret_access_key,
            Some(credentials.session_token),
            Some(expiry),
            "endpoint-test",
        ))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        future::ProvideCredentials::new(async move {
            match first {
                Some(credentials) => Ok(credentials),
                None => self.assume().await.map_err(CredentialsError::provider_error) as provider::Result,
            }
        })
    }
}

fn role_arn(request: &SessionRequest) -> Result<String, TargetError> {
    let role = request.role.trim();
    if !role.starts_with("arn:") {
        let partition = if request.partition.is_empty() { "aws" } else { &request.partition };
        return Ok(format!("arn:{partition}:iam::{}:role/{}", request.account, role.trim_start_matches('/').trim_start_matches("role/")));
    }
    if role.parse::<Arn>().is_ok_and(|role| role.account().is_some_and(|account| *account == *request.account.as_str())) {
        return Ok(role.to_owned());
    }
    let message = format!("the role `{role}` does not belong to account {}", request.account);
    let hint = "give the role's name instead of its ARN: it then means the role with this name in each account".to_owned();
    Err(TargetError::new(TargetErrorKind::Refused, message).operation("AssumeRole").with_hint(hint))
}

/// 2 to 64 of AWS's characters, `[\w+=,.@-]`; others become hyphens.
fn session_name(name: &str) -> String {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
    let name: String = name.trim().chars().map(|character| if allowed(character) { character } else { '-' }).take(64).collect();
    if name.len() < 2 { "endpoint-test".to_owned() } else { name }
}

/// The permissions that the session keeps: describing, and invoking the named endpoints.
fn policy(request: &SessionRequest) -> Option<String> {
    if request.endpoints.is_empty() {
        return None;
    }
    let partition = if request.partition.is_empty() { "aws" } else { &request.partition };
    let resource = |name: &str| format!("arn:{partition}:sagemaker:{}:{}:{name}", request.region, request.account);
    // SageMaker writes names in ARNs in lower case, and IAM is case-sensitive.
    let mut endpoints: Vec<_> = request.endpoints.iter().flat_map(|name| [name.clone(), name.to_ascii_lowercase()]).collect();
    endpoints.sort_unstable();
    endpoints.dedup();
    let document = |endpoints: Vec<String>| {
        let mut actions = vec!["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"];
        if !request.async_output_locations.is_empty() {
            actions.push("sagemaker:InvokeEndpointAsync");
        }
        let mut statements = vec![
            json!({ "Effect": "Allow", "Action": actions, "Resource": endpoints }),
            json!({ "Effect": "Allow", "Action": ["sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"],
                    "Resource": [resource("endpoint-config/*"), resource("model/*")] }),
            // For endpoints with inference components: IAM checks a request to one against both.
            json!({ "Effect": "Allow", "Action": ["sagemaker:DescribeInferenceComponent", "sagemaker:InvokeEndpoint"],
                    "Resource": resource("inference-component/*") }),
            // ListInferenceComponents does not support resource-level permissions.
            json!({ "Effect": "Allow", "Action": "sagemaker:ListInferenceComponents", "Resource": "*" }),
        ];
        statements.extend(async_output_statements(request, partition));
        json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
    };
    let exact = document(endpoints.iter().map(|name| resource(&format!("endpoint/{name}"))).collect());
    // Too many endpoints for one policy: allow all of the account and region.
    Some(if exact.len() <= MAX_POLICY { exact } else { document(vec![resource("endpoint/*")]) })
}

/// What responses of asynchronous endpoints need: reading them, checking whether they exist,
/// uploading larger payloads beside them, and the KMS key, only through S3.
fn async_output_statements(request: &SessionRequest, partition: &str) -> Vec<Json> {
    let places: Vec<(&str, &str)> = request
        .async_output_locations
        .iter()
        .filter_map(|url| url.strip_prefix("s3://"))
        .map(|place| place.split_once('/').unwrap_or((place, "")))
        .filter(|(bucket, _)| !bucket.is_empty())
        .map(|(bucket, folder)| (bucket, folder.trim_matches('/')))
        .collect();
    if places.is_empty() {
        return Vec::new();
    }
    let below = |rest: &str| -> BTreeSet<String> {
        let objects = places.iter().map(|(bucket, folder)| match *folder {
            "" => format!("arn:{partition}:s3:::{bucket}/{rest}"),
            folder => format!("arn:{partition}:s3:::{bucket}/{folder}/{rest}"),
        });
        objects.collect()
    };
    let buckets: BTreeSet<_> = places.iter().map(|(bucket, _)| format!("arn:{partition}:s3:::{bucket}")).collect();
    let suffix = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    vec![
        json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": below("*") }),
        json!({ "Effect": "Allow", "Action": "s3:PutObject", "Resource": below(&format!("{INPUT}/*")) }),
        json!({ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": buckets }),
        json!({ "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*",
                "Condition": { "StringEquals": { "kms:ViaService": format!("s3.{}.{suffix}", request.region) } } }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(role: &str) -> SessionRequest {
        SessionRequest { account: "222222222222".into(), region: "eu-west-1".into(), role: role.into(), ..SessionRequest::default() }
    }

    #[test]
    fn a_role_name_may_have_a_path() {
        let arn = |role| role_arn(&request(role)).unwrap();
        assert_eq!(arn("tester"), "arn:aws:iam::222222222222:role/tester");
        assert_eq!(arn("/ml/tester"), "arn:aws:iam::222222222222:role/ml/tester");
        assert_eq!(arn("arn:aws-cn:iam::222222222222:role/tester"), "arn:aws-cn:iam::222222222222:role/tester");
    }

    #[test]
    fn a_role_of_another_account_is_refused() {
        assert_eq!(role_arn(&request("arn:aws:iam::333333333333:role/tester")).unwrap_err().kind, TargetErrorKind::Refused);
    }

    #[test]
    fn a_session_name_is_made_of_aws_characters() {
        assert_eq!(session_name("iris: run 7/ü"), "iris--run-7--");
        assert_eq!(session_name(&"x".repeat(100)).len(), 64);
        assert_eq!(session_name("a"), "endpoint-test");
    }

    #[test]
    fn the_session_policy_names_the_endpoints_and_stays_within_its_limit() {
        let mut request = request("tester");
        assert_eq!(policy(&request), None);
        request.endpoints = vec!["Iris".into()];
        let policy_text = policy(&request).unwrap();
        assert!(policy_text.contains(r#""arn:aws:sagemaker:eu-west-1:222222222222:endpoint/Iris""#));
        assert!(policy_text.contains(r#""arn:aws:sagemaker:eu-west-1:222222222222:endpoint/iris""#));
        request.endpoints = (0..40).map(|number| format!("{}{number}", "e".repeat(60))).collect();
        let policy_text = policy(&request).unwrap();
        assert!(policy_text.len() <= MAX_POLICY && policy_text.contains("endpoint/*"));
    }
    #[test]
    fn only_an_asynchronous_endpoint_adds_its_output_location() {
        let mut request = request("tester");
        request.endpoints = vec!["iris".into()];
        let at_once = policy(&request).unwrap();
        assert!(!at_once.contains("s3:") && !at_once.contains("Async"));
        request.async_output_locations = vec!["s3://answers/iris/".into(), "s3://answers".into(), "not a location".into()];
        let asynchronous: Json = serde_json::from_str(&policy(&request).unwrap()).unwrap();
        assert!(asynchronous.to_string().len() <= MAX_POLICY);
        let resources = |action: &str| {
            let of = asynchronous["Statement"].as_array().unwrap().iter().find(|statement| statement["Action"] == action).unwrap();
            of["Resource"].clone()
        };
        assert_eq!(resources("s3:GetObject"), json!(["arn:aws:s3:::answers/*", "arn:aws:s3:::answers/iris/*"]));
        assert_eq!(
            resources("s3:PutObject"),
            json!(["arn:aws:s3:::answers/endpoint-test-input/*", "arn:aws:s3:::answers/iris/endpoint-test-input/*"])
        );
        assert_eq!(resources("s3:ListBucket"), json!(["arn:aws:s3:::answers"]));
        assert_eq!(asynchronous["Statement"][0]["Action"][2], "sagemaker:InvokeEndpointAsync");
    }
}
