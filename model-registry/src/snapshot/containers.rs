//! Reads and writes the containers of a snapshot's descriptions.

use std::collections::BTreeMap;

use located_json::Node;
use serde_json::{Map, Value as Json, json};

use crate::package::{ModelPackage, PackageContainer, S3DataSource, environment_digest};

/// The digests of the environment variables, which a written snapshot has in place of their values.
const ENVIRONMENT_DIGESTS: &str = "EnvironmentSha256";

pub(super) fn read(node: Node<'_>) -> PackageContainer {
    let text = |name: &str| node.member(name).and_then(Node::text);
    let mut container = PackageContainer {
        hostname: text("ContainerHostname"),
        image: text("Image"),
        image_digest: text("ImageDigest"),
        ..PackageContainer::default()
    };
    container.add_object(text("ModelDataUrl"), text("ModelDataETag"));
    let own = node.member("ModelDataSource");
    let additional = node.member("AdditionalModelDataSources").and_then(Node::items).unwrap_or_default();
    for data in own.into_iter().chain(additional).filter_map(|data| data.member("S3DataSource")) {
        container.add_source(source(data));
    }
    if let Some(data) = node.member("AdditionalS3DataSource") {
        container.add_source(source(data));
    }
    let digests = members(node, ENVIRONMENT_DIGESTS);
    let values = members(node, "Environment").into_iter().map(|(name, value)| (name.clone(), environment_digest(&name, &value)));
    container.environment = digests.into_iter().chain(values).collect();
    container
}

fn source(node: Node<'_>) -> S3DataSource {
    let text = |name: &str| node.member(name).and_then(Node::text);
    S3DataSource {
        uri: text("S3Uri"),
        data_type: text("S3DataType"),
        etag: text("ETag"),
        manifest_uri: text("ManifestS3Uri"),
        manifest_etag: text("ManifestEtag"),
    }
}

fn members(node: Node<'_>, name: &str) -> BTreeMap<String, String> {
    let members = node.member(name).and_then(Node::members).unwrap_or_default();
    members.into_iter().filter_map(|member| Some((member.name.clone(), member.value.text()?))).collect()
}

/// The containers of a package. Without their descriptions, images and artifacts are paired in
/// order: only SageMaker knows which belong together.
pub(super) fn written(package: &ModelPackage) -> impl Iterator<Item = Json> {
    let pair = |index: usize| {
        let of = |name: &str, list: &[String]| Some((name.to_owned(), json!(list.get(index)?)));
        [of("Image", &package.images), of("ModelDataUrl", &package.model_data)].into_iter().flatten().collect::<Map<_, _>>()
    };
    let pairs = if package.containers.is_empty() { package.images.len().max(package.model_data.len()) } else { 0 };
    package.containers.iter().map(container).chain((0..pairs).map(pair)).map(Json::Object)
}

fn container(container: &PackageContainer) -> Map<String, Json> {
    let mut object = Map::new();
    let texts = [("ContainerHostname", &container.hostname), ("Image", &container.image), ("ImageDigest", &container.image_digest)];
    for (name, text) in texts {
        object.extend(text.as_ref().map(|text| (name.to_owned(), json!(text))));
    }
    let mut artifacts = container.artifacts.iter();
    match artifacts.next() {
        Some(first) if !first.is_prefix => {
            object.insert("ModelDataUrl".to_owned(), json!(first.uri));
            object.extend(first.etag.as_ref().map(|etag| ("ModelDataETag".to_owned(), json!(etag))));
        }
        Some(first) => {
            object.insert("ModelDataSource".to_owned(), json!({ "S3DataSource": { "S3Uri": first.uri, "S3DataType": "S3Prefix" } }));
        }
        None => {}
    }
    // Every other artifact is an additional data source: the kind of source is not relevant.
    let additional: Vec<_> = artifacts
        .map(|artifact| {
            let kind = if artifact.is_prefix { "S3Prefix" } else { "S3Object" };
            let mut source = json!({ "S3Uri": artifact.uri, "S3DataType": kind });
            if let Some(etag) = &artifact.etag {
                source["ETag"] = json!(etag);
            }
            json!({ "S3DataSource": source })
        })
        .collect();
    if !additional.is_empty() {
        object.insert("AdditionalModelDataSources".to_owned(), json!(additional));
    }
    if !container.environment.is_empty() {
        object.insert(ENVIRONMENT_DIGESTS.to_owned(), json!(container.environment));
    }
    object
}
