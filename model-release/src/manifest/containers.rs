//! The bytes that a release deploys: images, model artifacts and environment variables of the
//! containers of a model package.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A container of a model package, as it was when the release was built.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApprovedContainer {
    /// Its DNS host name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ApprovedImage>,
    /// Its model artifacts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<ApprovedArtifact>,
    /// The environment variables: by name, the SHA-256 of `NAME=VALUE`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
}

/// An image and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApprovedImage {
    /// The name in the model package.
    pub name: String,
    /// The digest `sha256:…`; missing if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Where the digest is from; missing if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_from: Option<DigestSource>,
    /// Why the digest is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_known: Option<String>,
}

/// Where the digest of an image is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DigestSource {
    /// The image's name has it.
    Uri,
    /// The model package has it (`ImageDigest`).
    Registry,
    /// Amazon ECR returned it when the release was built.
    Ecr,
}

/// A model artifact: an S3 object, or all objects with a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApprovedArtifact {
    /// Its S3 URI.
    pub uri: String,
    /// Whether the URI is the prefix of several objects.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prefix: bool,
    /// The object's ETag when the model package was registered (`ModelDataETag`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_etag: Option<String>,
    /// The object's ETag when the release was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The object's version; missing in a bucket without versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The object's SHA-256 checksum in base64, if it was uploaded with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// For a prefix, the SHA-256 of the sorted keys with their sizes and ETags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<String>,
    /// For a prefix, the number of objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<usize>,
    /// The size in bytes, for a prefix of all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Why nothing else is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_known: Option<String>,
}

impl ApprovedImage {
    /// The image's name with its digest, if that is known.
    pub fn pinned(&self) -> String {
        match &self.digest {
            Some(digest) if !self.name.contains('@') => format!("{}@{digest}", self.name),
            _ => self.name.clone(),
        }
    }
}
