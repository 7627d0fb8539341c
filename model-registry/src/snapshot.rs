//! A registry from a file: what the AWS CLI's list and describe calls print.
//!
//! ```json
//! {
//!   "schema_version": 1,
//!   "model_package_group": "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris",
//!   "list-model-packages": { "ModelPackageSummaryList": [ … ] },
//!   "describe-model-package": [ { … }, … ]
//! }
//! ```
//!
//! The members under `list-model-packages` and `describe-model-package` are the CLI's own output, whatever else is in it. What
//! `aws sagemaker list-model-packages` prints is a snapshot by itself; its packages then have no images and no artifacts.

use std::cmp::Reverse;
use std::future::{Future, ready};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::arn::ModelPackageArn;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::ModelPackageGroup;
use crate::package::{ModelPackage, PackageSummary, RegistrationType};
use crate::registry::{PackageQuery, Page, Registry};

/// What a [`RegistryError`] of a snapshot names as its operation.
pub const OPERATION: &str = "registry snapshot";

/// The one version of the envelope.
const SCHEMA_VERSION: u32 = 1;

/// A registry from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    packages: Vec<ModelPackage>,
}

/// The text is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SnapshotError {
    message: String,
    position: Option<(usize, usize)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    schema_version: u32,
    #[serde(default)]
    model_package_group: Option<String>,
    #[serde(rename = "list-model-packages")]
    list: List,
    #[serde(rename = "describe-model-package", default)]
    descriptions: Vec<Description>,
}

#[derive(Deserialize)]
struct List {
    #[serde(rename = "ModelPackageSummaryList")]
    packages: Vec<Description>,
}

/// What list and describe have in common, and what only describe has. AWS adds fields at any time: the others are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the names are AWS's")]
struct Description {
    model_package_arn: String,
    #[serde(default)]
    model_package_description: Option<String>,
    creation_time: Json,
    model_package_status: String,
    #[serde(default)]
    model_approval_status: Option<String>,
    #[serde(default)]
    model_package_registration_type: Option<String>,
    #[serde(default)]
    inference_specification: Option<InferenceSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InferenceSpecification {
    #[serde(default)]
    containers: Vec<Container>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    model_data_url: Option<String>,
    #[serde(default)]
    model_data_source: Option<ModelDataSource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModelDataSource {
    #[serde(default)]
    s3_data_source: Option<S3DataSource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3DataSource {
    #[serde(default)]
    s3_uri: Option<String>,
}

impl Snapshot {
    /// Reads a snapshot.
    pub fn parse(text: &str) -> Result<Self, SnapshotError> {
        let shape: Json = serde_json::from_str(text).map_err(|error| SnapshotError::of_json(&error, "it is not JSON"))?;
        let envelope = if shape.get("ModelPackageSummaryList").is_some() {
            let list: List =
                serde_json::from_str(text).map_err(|error| SnapshotError::of_json(&error, "this is not what the AWS CLI prints"))?;
            Envelope { schema_version: SCHEMA_VERSION, model_package_group: None, list, descriptions: Vec::new() }
        } else {
            serde_json::from_str(text).map_err(|error| SnapshotError::of_json(&error, "it has another shape"))?
        };
        if envelope.schema_version != SCHEMA_VERSION {
            return Err(SnapshotError::new(format!("it has version {}; version {SCHEMA_VERSION} is known", envelope.schema_version)));
        }
        if let Some(group) = &envelope.model_package_group {
            group.parse::<ModelPackageGroup>().map_err(|error| SnapshotError::new(error.to_string()))?;
        }
        let mut packages = Vec::new();
        for listed in &envelope.list.packages {
            let described = envelope.descriptions.iter().find(|description| description.model_package_arn == listed.model_package_arn);
            packages.push(described.unwrap_or(listed).package()?);
        }
        packages.sort_by_key(|package: &ModelPackage| Reverse((package.created, package.version)));
        Ok(Self { packages })
    }

    fn of_group<'a>(&'a self, group: &'a ModelPackageGroup) -> impl Iterator<Item = &'a ModelPackage> {
        self.packages.iter().filter(|package| {
            package.version.is_some()
                && package.group.as_str().eq_ignore_ascii_case(group.name().as_str())
                && group.account().is_none_or(|account| account == package.arn.account())
        })
    }
}

impl Registry for Snapshot {
    fn packages(&self, query: &PackageQuery) -> impl Future<Output = Result<Page, RegistryError>> + Send {
        let begin = query.next_token.as_deref().and_then(|token| token.parse::<usize>().ok()).unwrap_or(0);
        let matching: Vec<_> = self
            .of_group(&query.group)
            .filter(|package| query.approval_status.as_ref().is_none_or(|status| *status == package.approval_status))
            .collect();
        let end = begin.saturating_add(query.page_size.into()).min(matching.len());
        let packages = matching.get(begin..end).unwrap_or_default().iter().map(|package| summary(package)).collect();
        let next_token = (end < matching.len()).then(|| end.to_string());
        ready(Ok(Page { packages, next_token }))
    }

    fn describe(&self, arn: &ModelPackageArn) -> impl Future<Output = Result<ModelPackage, RegistryError>> + Send {
        let found = self.packages.iter().find(|package| package.arn.same_package(arn)).cloned();
        ready(found.ok_or_else(|| not_found(format!("the snapshot has no model package `{arn}`"))))
    }

    fn version(&self, group: &ModelPackageGroup, version: u32) -> impl Future<Output = Result<ModelPackageArn, RegistryError>> + Send {
        let found = self.of_group(group).find(|package| package.version == Some(version)).map(|package| package.arn.clone());
        ready(found.ok_or_else(|| not_found(format!("the snapshot has no version {version} of `{}`", group.name()))))
    }
}

fn summary(package: &ModelPackage) -> PackageSummary {
    PackageSummary {
        arn: package.arn.clone(),
        approval_status: package.approval_status.clone(),
        status: package.status.clone(),
        registration: package.registration.clone(),
        created: package.created,
    }
}

fn not_found(message: String) -> RegistryError {
    RegistryError::new(OPERATION, RegistryErrorKind::NotFound, message)
}

impl Description {
    fn package(&self) -> Result<ModelPackage, SnapshotError> {
        let arn: ModelPackageArn =
            self.model_package_arn.parse().map_err(|error: crate::ParseArnError| SnapshotError::new(error.to_string()))?;
        let containers = self.inference_specification.as_ref().map(|specification| specification.containers.as_slice()).unwrap_or_default();
        let data = |container: &Container| {
            container.model_data_url.clone().or_else(|| container.model_data_source.as_ref()?.s3_data_source.as_ref()?.s3_uri.clone())
        };
        Ok(ModelPackage {
            group: arn.name().clone(),
            version: arn.version(),
            // A package without an approval status was registered without asking for one: nobody approved it.
            approval_status: self.model_approval_status.as_deref().unwrap_or("PendingManualApproval").into(),
            status: self.model_package_status.as_str().into(),
            registration: self.model_package_registration_type.as_deref().map_or(RegistrationType::Registered, Into::into),
            created: timestamp(&self.creation_time)
                .ok_or_else(|| SnapshotError::new(format!("`CreationTime` of `{arn}` is `{}`, not a time", self.creation_time)))?,
            description: self.model_package_description.clone(),
            images: containers.iter().filter_map(|container| container.image.clone()).collect(),
            model_data: containers.iter().filter_map(data).collect(),
            arn,
        })
    }
}

/// The CLI prints ISO 8601 with an offset, and seconds since 1970 where it is set to `cli_timestamp_format = wire`.
fn timestamp(json: &Json) -> Option<Timestamp> {
    match json {
        Json::String(text) => text.parse().ok(),
        Json::Number(number) => {
            let seconds = number.as_f64()?;
            #[expect(clippy::cast_possible_truncation, reason = "a time outside of the range is refused by `from_millisecond`")]
            Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
        }
        _ => None,
    }
}

impl SnapshotError {
    fn new(message: String) -> Self {
        Self { message, position: None }
    }

    fn of_json(error: &serde_json::Error, what: &str) -> Self {
        let text = error.to_string();
        let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
        Self { message: format!("{what}: {reason}"), position: Some((error.line().max(1), error.column().max(1))) }
    }

    /// The line and the column, both from 1, where they are known.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::Snapshot;
    use crate::ApprovalStatus;

    #[test]
    fn what_the_cli_prints_is_a_snapshot_by_itself() {
        let text = r#"{ "ModelPackageSummaryList": [{
            "ModelPackageGroupName": "iris", "ModelPackageVersion": 1,
            "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1",
            "CreationTime": 1767225600.5, "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved", "NewField": {}
        }] }"#;
        let snapshot = Snapshot::parse(text).unwrap();
        assert_eq!(snapshot.packages[0].approval_status, ApprovalStatus::Approved);
        assert_eq!(snapshot.packages[0].created.to_string(), "2026-01-01T00:00:00.5Z");
    }

    #[test]
    fn what_is_no_snapshot_is_refused_with_its_place() {
        let error = Snapshot::parse("{\n  \"schema_version\": 1,\n  \"list\": {}\n}").unwrap_err();
        assert!(error.to_string().contains("unknown field `list`"), "{error}");
        assert_eq!(error.position().unwrap().0, 3);
        assert!(Snapshot::parse("{").unwrap_err().to_string().starts_with("it is not JSON"));
        let wrong_time = r#"{ "ModelPackageSummaryList": [{ "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1",
            "CreationTime": "yesterday", "ModelPackageStatus": "Completed" }] }"#;
        assert!(Snapshot::parse(wrong_time).unwrap_err().to_string().contains("not a time"));
    }
}
