//! Writes a snapshot: the same packages give the same bytes.

use serde_json::{Map, Value as Json, json};

use super::{SCHEMA_VERSION, Snapshot, containers};
use crate::life_cycle::LifeCycle;
use crate::package::{Detail, ModelPackage, Person};

pub(super) fn write(snapshot: &Snapshot) -> String {
    let list: Vec<_> = snapshot.listed.iter().map(summary).collect();
    let described = snapshot.all().filter(|package| package.detail == Detail::Described);
    let mut document = Map::new();
    document.insert("schema_version".to_owned(), json!(SCHEMA_VERSION));
    if let Some(group) = &snapshot.group {
        document.insert("model_package_group".to_owned(), json!(group.to_string()));
    }
    let mut page = Object::default();
    page.0.insert("ModelPackageSummaryList".to_owned(), list.into());
    page.put("NextToken", snapshot.next_token.as_deref());
    document.insert("list-model-packages".to_owned(), Json::Object(page.0));
    document.insert("describe-model-package".to_owned(), described.map(description).collect());
    let mut text = serde_json::to_string_pretty(&document).expect("plain data always serialises");
    text.push('\n');
    text
}

/// The list entry of a package.
fn summary(package: &ModelPackage) -> Json {
    let mut object = Object::default();
    if let Some(version) = package.version {
        object.put("ModelPackageGroupName", Some(package.group.as_str()));
        object.0.insert("ModelPackageVersion".to_owned(), json!(version));
    } else {
        object.put("ModelPackageName", Some(package.group.as_str()));
    }
    object.put("ModelPackageArn", Some(package.arn.as_str()));
    object.put("ModelPackageDescription", package.description.as_deref());
    object.put("CreationTime", Some(&package.created.to_string()));
    object.put("ModelPackageStatus", Some(package.status.as_str()));
    object.put("ModelApprovalStatus", Some(package.approval_status.as_str()));
    object.put("ModelPackageRegistrationType", Some(package.registration.as_str()));
    if let Some(life_cycle) = &package.life_cycle {
        object.0.insert("ModelLifeCycle".to_owned(), life_cycle_object(life_cycle));
    }
    Json::Object(object.0)
}

/// The description of a package: the list entry, and more.
fn description(package: &ModelPackage) -> Json {
    let Json::Object(members) = summary(package) else { return Json::Null };
    let mut object = Object(members);
    object.put("ApprovalDescription", package.approval_description.as_deref());
    object.put("LastModifiedTime", package.last_modified.map(|time| time.to_string()).as_deref());
    if let Some(status) = &package.model_card_status {
        object.0.insert("ModelCard".to_owned(), json!({ "ModelCardStatus": status }));
    }
    for (name, person) in [("CreatedBy", &package.created_by), ("LastModifiedBy", &package.last_modified_by)] {
        if let Some(person) = person {
            object.0.insert(name.to_owned(), person_object(person));
        }
    }
    let containers: Vec<_> = containers::written(package).collect();
    let mut specification = Map::new();
    for (name, values) in [
        ("Containers", json!(containers)),
        ("SupportedRealtimeInferenceInstanceTypes", json!(package.realtime_instance_types)),
        ("SupportedContentTypes", json!(package.content_types)),
        ("SupportedResponseMIMETypes", json!(package.response_types)),
    ] {
        if values.as_array().is_some_and(|values| !values.is_empty()) {
            specification.insert(name.to_owned(), values);
        }
    }
    if !specification.is_empty() {
        object.0.insert("InferenceSpecification".to_owned(), Json::Object(specification));
    }
    if let Some(url) = &package.sample_payloads {
        object.0.insert("SamplePayloadUrl".to_owned(), json!(url));
    }
    if !package.metadata.is_empty() {
        object.0.insert("CustomerMetadataProperties".to_owned(), json!(package.metadata));
    }
    let mut metrics = Map::new();
    for document in &package.metrics {
        let (group, member) = document.source.members();
        let mut source = Object::default();
        source.put("ContentType", Some(&document.content_type));
        source.put("ContentDigest", document.digest.as_deref());
        source.put("S3Uri", Some(&document.uri));
        let group = metrics.entry(group).or_insert_with(|| json!({}));
        group[member] = Json::Object(source.0);
    }
    if !metrics.is_empty() {
        object.0.insert("ModelMetrics".to_owned(), Json::Object(metrics));
    }
    Json::Object(object.0)
}

fn person_object(person: &Person) -> Json {
    let mut identity = Object::default();
    identity.put("Arn", person.iam_arn.as_deref());
    identity.put("SourceIdentity", person.source_identity.as_deref());
    let mut object = Object::default();
    object.put("UserProfileArn", person.user_profile_arn.as_deref());
    object.put("UserProfileName", person.user_profile_name.as_deref());
    if !identity.0.is_empty() {
        object.0.insert("IamIdentity".to_owned(), Json::Object(identity.0));
    }
    Json::Object(object.0)
}

fn life_cycle_object(life_cycle: &LifeCycle) -> Json {
    let mut object = Object::default();
    object.put("Stage", Some(&life_cycle.stage));
    object.put("StageStatus", Some(&life_cycle.status));
    object.put("StageDescription", life_cycle.description.as_deref());
    Json::Object(object.0)
}

#[derive(Default)]
struct Object(Map<String, Json>);

impl Object {
    fn put(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), json!(value));
        }
    }
}
