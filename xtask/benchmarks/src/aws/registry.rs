//! SageMaker's model registry: one group whose versions are all approved.

use std::sync::Mutex;

use sandbox::loopback::Answer;
use serde_json::{Value as Json, json};

use super::{GROUP, HOME, REGION};

/// SageMaker's default and maximum.
const PAGE: (usize, usize) = (10, 100);

#[derive(Debug)]
pub(super) struct Registry {
    versions: usize,
    policy: Mutex<Option<String>>,
}

impl Registry {
    pub(super) fn new(versions: usize) -> Self {
        Self { versions, policy: Mutex::default() }
    }

    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Option<Answer> {
        let input: Json = serde_json::from_slice(body).unwrap_or_default();
        let mut policy = self.policy.lock().expect("no answer panics");
        Some(Answer::new(200).json(&match operation {
            "ListModelPackages" => self.page(&input),
            "DescribeModelPackage" => self.package(),
            "DescribeModelPackageGroup" => json!({
                "ModelPackageGroupName": GROUP, "ModelPackageGroupArn": arn("model-package-group", GROUP), "CreationTime": 1,
                "CreatedBy": {}, "ModelPackageGroupStatus": "Completed" }),
            "GetModelPackageGroupPolicy" => match &*policy {
                Some(policy) => json!({ "ResourcePolicy": policy }),
                None => {
                    let missing = json!({ "__type": "ValidationException", "message": "Cannot find Model Package Group policy" });
                    return Some(Answer::new(400).json(&missing));
                }
            },
            "PutModelPackageGroupPolicy" => {
                *policy = input["ResourcePolicy"].as_str().map(str::to_owned);
                json!({ "ModelPackageGroupArn": arn("model-package-group", GROUP) })
            }
            _ => return None,
        }))
    }

    /// A page of the newest versions first.
    fn page(&self, input: &Json) -> Json {
        let size = input["MaxResults"].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE.0).min(PAGE.1);
        let begin: usize = input["NextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let end = (begin + size).min(self.versions);
        let summaries: Vec<_> = (begin..end).map(|index| summary(self.versions - index)).collect();
        let mut page = json!({ "ModelPackageSummaryList": summaries });
        if end < self.versions {
            page["NextToken"] = end.to_string().into();
        }
        page
    }

    fn package(&self) -> Json {
        let image = format!("683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn@sha256:{}", "a".repeat(64));
        let mut package = summary(self.versions);
        package["ModelPackageStatusDetails"] = json!({ "ValidationStatuses": [] });
        package["InferenceSpecification"] = json!({
            "Containers": [{ "Image": image, "ModelDataUrl": "s3://models/iris/model.tar.gz" }],
            "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"] });
        package
    }
}

fn summary(version: usize) -> Json {
    json!({
        "ModelPackageGroupName": GROUP, "ModelPackageVersion": version,
        "ModelPackageArn": arn("model-package", &format!("{GROUP}/{version}")), "CreationTime": 1_700_000_000 + version,
        "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved" })
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:sagemaker:{REGION}:{HOME}:{kind}/{name}")
}
