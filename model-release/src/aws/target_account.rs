//! [`TargetAccount`] on AWS.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_names::resource_name;
use aws_types::SdkConfig;
use call_fault::Fault;
use call_fault::sdk::is_whole_xml;
use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use stack_rollout::aws::CloudFormationStacks;
use stack_rollout::preflight::{ArtifactName, ArtifactReader, ArtifactState, ImageName, PackageState, Presence, TargetAccount};
use stack_rollout::status::KeyState;
use stack_rollout::{CallError, CallErrorKind};
use tokio::sync::OnceCell;

use super::s3_listing::S3Listing;
use super::signed_call::{IAM, Response, Service, SignedCaller, UNRESERVED, call_error, element, list, members, missing, repeated, text};

const SSM: Service = Service { id: "SSM", signing_name: "ssm", host: "ssm", target: "AmazonSSM" };
pub(super) const SAGEMAKER: Service = Service { id: "SageMaker", signing_name: "sagemaker", host: "api.sagemaker", target: "SageMaker" };
const ECR: Service = Service { id: "ECR", signing_name: "ecr", host: "api.ecr", target: "AmazonEC2ContainerRegistry_V20150921" };
pub(super) const KMS: Service = Service { id: "KMS", signing_name: "kms", host: "kms", target: "TrentService" };
const QUOTAS: Service =
    Service { id: "Service Quotas", signing_name: "servicequotas", host: "servicequotas", target: "ServiceQuotasV20190624" };

const CLOUDWATCH: Service = Service { id: "CloudWatch", signing_name: "monitoring", host: "monitoring", target: "" };

/// The maximum number of alarms in a request.
const MOST_ALARMS: usize = 100;

pub(super) const ENDPOINT: &str = "AWS::SageMaker::Endpoint";

/// In a path, slashes are not encoded either.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

fn encoded(text: &str, keeps: &'static AsciiSet) -> String {
    utf8_percent_encode(text, keeps).to_string()
}

/// The maximum number of pages of a list; more mean that the list does not end.
const MOST_PAGES: usize = 200;

/// SageMaker's quota codes by instance type, which are the same in every account. The first account
/// lists all quotas to find one, and the others wait for it; without a code, each account lists.
#[derive(Debug, Clone, Default)]
pub struct QuotaCodes(Arc<Mutex<HashMap<String, QuotaCode>>>);

type QuotaCode = Arc<OnceCell<Option<String>>>;

/// A session in a target.
#[derive(Debug)]
pub struct AwsTargetAccount {
    calls: SignedCaller,
    stacks: CloudFormationStacks,
    codes: QuotaCodes,
}

impl AwsTargetAccount {
    /// A target account with this configuration, which needs an HTTP client.
    pub fn new(config: &SdkConfig, codes: QuotaCodes) -> Self {
        Self { calls: SignedCaller::new(config), stacks: CloudFormationStacks::from_config(config), codes }
    }

    /// Reads a list page by page until `found` returns a value.
    async fn pages<T>(
        &self,
        service: &Service,
        operation: &'static str,
        mut body: Value,
        member: &'static str,
        mut found: impl FnMut(&[Value]) -> Option<T>,
    ) -> Result<Option<T>, CallError> {
        body["MaxResults"] = 100.into();
        for _ in 0..MOST_PAGES {
            let page = self.calls.json(service, operation, &body).await?;
            let found = found(list(operation, &page, member)?);
            if found.is_some() || !page["NextToken"].is_string() {
                return Ok(found);
            }
            body["NextToken"] = page["NextToken"].clone();
        }
        Err(CallError::unusable(operation, format!("the list does not end: it has more than {MOST_PAGES} pages")))
    }

    /// The CloudWatch alarms that a stack has created, by name, with their state.
    pub(super) async fn alarms_of_stack(&self, stack_id: &str) -> Result<Vec<(String, String)>, CallError> {
        const OPERATION: &str = "DescribeAlarms";
        let names = self.stacks.physical_ids(stack_id, "AWS::CloudWatch::Alarm").await?;
        let mut states = Vec::with_capacity(names.len());
        for names in names.chunks(MOST_ALARMS) {
            let indexed: Vec<_> = (1..).zip(names).map(|(index, name)| (format!("AlarmNames.member.{index}"), name)).collect();
            let parameters: Vec<_> = indexed.iter().map(|(key, name)| (key.as_str(), name.as_str())).collect();
            let xml = repeated(|| self.calls.query(&CLOUDWATCH, "2010-08-01", OPERATION, &parameters)).await?;
            let described: BTreeMap<_, _> =
                members(&xml).into_iter().filter_map(|alarm| Some((element(alarm, "AlarmName")?, element(alarm, "StateValue")?))).collect();
            for name in names {
                let state = described.get(name).ok_or_else(|| missing(OPERATION, name))?;
                states.push((name.clone(), state.clone()));
            }
        }
        Ok(states)
    }

    /// The applied quota, or else the default one.
    async fn listed_quota(&self, name: &str) -> Result<Option<Value>, CallError> {
        match self.find_quota("ListServiceQuotas", name).await? {
            Some(quota) => Ok(Some(quota)),
            None => self.find_quota("ListAWSDefaultServiceQuotas", name).await,
        }
    }

    async fn find_quota(&self, operation: &'static str, name: &str) -> Result<Option<Value>, CallError> {
        let named = |quotas: &[Value]| quotas.iter().find(|quota| quota["QuotaName"] == name).cloned();
        self.pages(&QUOTAS, operation, json!({ "ServiceCode": "sagemaker" }), "Quotas", named).await
    }

    /// Calls S3. The result is that of the object or bucket.
    async fn s3(
        &self,
        operation: &'static str,
        method: &'static str,
        path_and_query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Presence<Response>, CallError> {
        let response = self.calls.s3(operation, method, path_and_query, headers).await?;
        // Another server's page is not S3's: it proves nothing about the object.
        if response.request_id.is_none() && response.bucket_region.is_none() && response.status < 500 {
            return Err(CallError::unusable(
                operation,
                format!("a response with HTTP status {} is not from S3: it has none of its headers", response.status),
            ));
        }
        if response.bucket_region.as_deref().is_some_and(|region| region != self.calls.region()) {
            return Ok(Presence::OtherRegion);
        }
        match response.status {
            200..=299 => Ok(Presence::Found(response)),
            301 | 307 => Ok(Presence::OtherRegion),
            404 => Ok(Presence::Missing),
            // A HEAD response has no body with an error code.
            403 => Err(call_error(
                operation,
                &response,
                Some("AccessDenied".to_owned()),
                Some("access to the object is denied, or it does not exist".to_owned()),
            )),
            status if method == "HEAD" => {
                let cause = Some(Fault::of_head_status(status));
                Err(CallError { cause, ..call_error(operation, &response, None, None) })
            }
            _ => Err(call_error(operation, &response, None, None)),
        }
    }

    /// All objects with a prefix, page by page.
    async fn listing(&self, bucket: &str, prefix: &str) -> Result<Presence<ArtifactState>, CallError> {
        const OPERATION: &str = "ListObjectsV2";
        let first = format!("/{}?list-type=2&prefix={}", encoded(bucket, UNRESERVED), encoded(prefix, UNRESERVED));
        let mut listing = S3Listing::default();
        let mut page = first.clone();
        loop {
            let response = match self.s3(OPERATION, "GET", &page, &[]).await? {
                Presence::Found(response) => response,
                Presence::Missing => return Ok(Presence::Missing),
                Presence::OtherRegion => return Ok(Presence::OtherRegion),
            };
            let body = String::from_utf8_lossy(&response.body);
            if !(body.contains("<ListBucketResult") && is_whole_xml(&response.body)) {
                return Err(missing(OPERATION, "Contents"));
            }
            match listing.add_page(&body) {
                Some(token) => page = format!("{first}&continuation-token={}", encoded(&token, UNRESERVED)),
                None => break,
            }
        }
        Ok(listing.state().map_or(Presence::Missing, |state| Presence::Found(ArtifactState::Prefix(state))))
    }
}

fn is_not_found(error: &CallError) -> bool {
    error.code.as_deref().is_some_and(|code| {
        matches!(
            code,
            "NotFoundException" | "NoSuchResourceException" | "NoSuchEntity" | "RepositoryNotFoundException" | "ImageNotFoundException"
        )
    })
}

/// `None` if the error is "not found".
fn optional<T>(response: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match response {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

impl ArtifactReader for AwsTargetAccount {
    async fn image(&self, image: &ImageName) -> Result<Presence<Option<String>>, CallError> {
        let id =
            if image.reference.contains(':') { json!({ "imageDigest": image.reference }) } else { json!({ "imageTag": image.reference }) };
        let body = json!({ "registryId": image.account, "repositoryName": image.repository, "imageIds": [id] });
        let Some(response) = optional(self.calls.json(&ECR, "BatchGetImage", &body).await)? else { return Ok(Presence::Missing) };
        let images = list("BatchGetImage", &response, "images")?;
        let Some(found) = images.first() else { return Ok(Presence::Missing) };
        Ok(Presence::Found(found["imageId"]["imageDigest"].as_str().map(str::to_owned)))
    }

    async fn artifact(&self, artifact: &ArtifactName) -> Result<Presence<ArtifactState>, CallError> {
        let ArtifactName { bucket, key, is_prefix } = artifact;
        if *is_prefix {
            return self.listing(bucket, key).await;
        }
        let path = format!("/{}/{}", encoded(bucket, UNRESERVED), encoded(key, PATH));
        let head = async |headers| self.s3("HeadObject", "HEAD", &path, headers).await;
        let response = match head(&[("x-amz-checksum-mode", "ENABLED")]).await {
            // The checksum of an encrypted object needs `kms:Decrypt`, and its ETag does not.
            Err(error) if error.kind() == CallErrorKind::AccessDenied => head(&[]).await,
            response => response,
        };
        Ok(match response? {
            Presence::Found(response) => Presence::Found(ArtifactState::Object(response.object)),
            Presence::Missing => Presence::Missing,
            Presence::OtherRegion => Presence::OtherRegion,
        })
    }
}

impl TargetAccount for AwsTargetAccount {
    async fn ssm_parameter_types(&self, names: &[String]) -> Result<BTreeMap<String, String>, CallError> {
        let response = self.calls.json(&SSM, "GetParameters", &json!({ "Names": names, "WithDecryption": false })).await?;
        let described = list("GetParameters", &response, "Parameters")?.iter();
        // AWS returns a name with a version or label without the selector.
        let requested = |found: &Value| {
            let (name, arn) = (found["Name"].as_str()?, found["ARN"].as_str().unwrap_or_default());
            let selector = found["Selector"].as_str().unwrap_or_default();
            names.iter().find(|requested| *requested == name || **requested == format!("{name}{selector}") || *requested == arn).cloned()
        };
        Ok(described.filter_map(|found| Some((requested(found)?, found["Type"].as_str().unwrap_or_default().to_owned()))).collect())
    }

    async fn model_package(&self, arn: &str) -> Result<Option<PackageState>, CallError> {
        let body = json!({ "ModelPackageName": arn, "IncludedData": "MetadataOnly" });
        let response = match self.calls.json(&SAGEMAKER, "DescribeModelPackage", &body).await {
            // SageMaker has no specific error code for a package that does not exist.
            Err(error) if error.code.as_deref() == Some("ValidationException") && error.message.contains("not exist") => return Ok(None),
            response => optional(response)?,
        };
        let Some(described) = response else { return Ok(None) };
        Ok(Some(PackageState {
            status: text("DescribeModelPackage", &described, "ModelPackageStatus")?.into(),
            approval_status: described["ModelApprovalStatus"].as_str().unwrap_or_default().into(),
            description: described,
        }))
    }

    async fn key_state(&self, arn: &str) -> Result<Option<KeyState>, CallError> {
        let response = optional(self.calls.json(&KMS, "DescribeKey", &json!({ "KeyId": arn })).await)?;
        let Some(response) = response else { return Ok(None) };
        Ok(Some(text("DescribeKey", &response["KeyMetadata"], "KeyState")?.into()))
    }

    async fn endpoints_like(&self, text: &str) -> Result<Vec<String>, CallError> {
        let mut names = Vec::new();
        let on_page = |endpoints: &[Value]| {
            names.extend(endpoints.iter().filter_map(|found| found["EndpointName"].as_str().map(str::to_owned)));
            None::<()>
        };
        self.pages(&SAGEMAKER, "ListEndpoints", json!({ "NameContains": text }), "Endpoints", on_page).await?;
        Ok(names)
    }

    async fn endpoints_of_stack(&self, stack_id: &str) -> Result<Vec<String>, CallError> {
        let arns = self.stacks.physical_ids(stack_id, ENDPOINT).await?;
        Ok(arns.iter().map(|arn| resource_name(arn).to_owned()).collect())
    }

    async fn stack_status(&self, stack_id: &str) -> Result<Option<String>, CallError> {
        self.stacks.status(stack_id).await
    }

    async fn instance_quota(&self, instance_type: &str) -> Result<Option<u32>, CallError> {
        let name = format!("{instance_type} for endpoint usage");
        let cell = Arc::clone(self.codes.0.lock().unwrap_or_else(PoisonError::into_inner).entry(instance_type.to_owned()).or_default());
        let mut listed = None;
        let code = cell.get_or_init(|| async {
            let found = self.listed_quota(&name).await;
            let code = found.as_ref().ok().and_then(|quota| quota.as_ref()?["QuotaCode"].as_str().map(str::to_owned));
            listed = Some(found);
            code
        });
        let code = code.await.clone();
        let quota = match (listed, code) {
            (Some(listed), _) => listed?,
            (None, Some(code)) => {
                let body = json!({ "ServiceCode": "sagemaker", "QuotaCode": code });
                match optional(self.calls.json(&QUOTAS, "GetServiceQuota", &body).await)? {
                    Some(response) => Some(response["Quota"].clone()),
                    // Without an applied quota, the default quota applies.
                    None => optional(self.calls.json(&QUOTAS, "GetAWSDefaultServiceQuota", &body).await)?
                        .map(|response| response["Quota"].clone()),
                }
            }
            (None, None) => self.listed_quota(&name).await?,
        };
        let Some(quota) = quota else { return Ok(None) };
        let value = quota["Value"].as_f64().ok_or_else(|| missing("GetServiceQuota", "Value"))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a quota of instances is a small integer")]
        Ok(Some(value.max(0.0) as u32))
    }

    async fn trust_policy(&self, role: &str) -> Result<Option<String>, CallError> {
        // `GetRole` expects the name without the path.
        let name = resource_name(role);
        let Some(xml) = optional(self.calls.query(&IAM, "2010-05-08", "GetRole", &[("RoleName", name)]).await)? else { return Ok(None) };
        let document = element(&xml, "AssumeRolePolicyDocument").ok_or_else(|| missing("GetRole", "AssumeRolePolicyDocument"))?;
        Ok(Some(percent_decode_str(&document).decode_utf8_lossy().into_owned()))
    }
}
