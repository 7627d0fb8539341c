//! The containers of a model package, and what the registry knows about their bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// A container of a model package (SageMaker API, ModelPackageContainerDefinition).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageContainer {
    /// Its DNS host name, if it has one.
    pub hostname: Option<String>,
    /// Its image.
    pub image: Option<String>,
    /// The image's digest as the registry returns it (`ImageDigest`), in whatever format.
    pub image_digest: Option<String>,
    /// Its model artifacts.
    pub artifacts: Vec<PackageArtifact>,
    /// The digest of each environment variable, by name: see [`environment_digest`]. The values are
    /// not kept, because they can be secrets.
    pub environment: BTreeMap<String, String>,
}

/// A model artifact of a container: an S3 object, or all objects with a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageArtifact {
    /// Its S3 URI.
    pub uri: String,
    /// Whether the URI is the prefix of several objects.
    pub is_prefix: bool,
    /// The object's ETag when the package was registered, without quotes, if the registry has it.
    pub etag: Option<String>,
}

/// The values of an S3 data source, as the API and the AWS CLI return them.
#[derive(Debug, Default)]
pub(crate) struct S3DataSource {
    pub(crate) uri: Option<String>,
    pub(crate) data_type: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) manifest_uri: Option<String>,
    pub(crate) manifest_etag: Option<String>,
}

impl PackageContainer {
    /// Adds a single object: an archive, or a manifest file.
    pub(crate) fn add_object(&mut self, uri: Option<String>, etag: Option<String>) {
        if let Some(uri) = uri {
            self.artifacts.push(PackageArtifact { uri, is_prefix: false, etag: etag.map(|etag| unquoted(&etag)) });
        }
    }

    /// Adds an S3 data source, and its manifest file if it has one.
    pub(crate) fn add_source(&mut self, source: S3DataSource) {
        if source.data_type.as_deref() == Some("S3Prefix") {
            // A prefix has no ETag.
            self.artifacts.extend(source.uri.map(|uri| PackageArtifact { uri, is_prefix: true, etag: None }));
        } else {
            self.add_object(source.uri, source.etag);
        }
        self.add_object(source.manifest_uri, source.manifest_etag);
    }
}

/// An ETag without quotes: S3 quotes them, and SageMaker may not.
fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

/// The digest `sha256:…` of an environment variable. It covers name and value, so that two variables
/// with the same value have different digests. A short value can still be guessed from it.
pub fn environment_digest(name: &str, value: &str) -> String {
    let digest = Sha256::digest(format!("{name}={value}"));
    digest.iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
