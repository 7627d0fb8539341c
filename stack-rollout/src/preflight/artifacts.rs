//! The port to images and model artifacts, and what identifies their bytes.

use std::future::Future;

use crate::call_error::CallError;

/// The result of looking up an object or image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence<T> {
    /// It exists.
    Found(T),
    /// It does not exist.
    Missing,
    /// Its bucket is in another region.
    OtherRegion,
}

/// The parts of a container image's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// The registry's account.
    pub account: String,
    /// The registry's region.
    pub region: String,
    /// The repository.
    pub repository: String,
    /// A tag, or a digest that begins with `sha256:`.
    pub reference: String,
}

/// The place of a model artifact in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactName {
    /// The bucket.
    pub bucket: String,
    /// The key, or the prefix of several keys.
    pub key: String,
    /// Whether it is a prefix.
    pub is_prefix: bool,
}

/// What identifies the bytes of a model artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactState {
    /// An object.
    Object(ObjectState),
    /// All objects with a prefix.
    Prefix(PrefixState),
}

/// What S3 returns about an object (`HeadObject`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectState {
    /// The ETag, without quotes.
    pub etag: Option<String>,
    /// The version; `None` in a bucket without versions.
    pub version_id: Option<String>,
    /// The SHA-256 checksum in base64, if the object was uploaded with one. For an upload in parts it
    /// ends with their number.
    pub sha256: Option<String>,
    /// The size in bytes.
    pub size: Option<u64>,
}

/// What a listing shows about the objects with a prefix (`ListObjectsV2`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrefixState {
    /// The digest `sha256:…` of the sorted keys with their sizes and ETags; `None` if there are too
    /// many objects to list.
    pub digest: Option<String>,
    /// The number of listed objects.
    pub objects: usize,
    /// Their total size in bytes.
    pub size: u64,
}

/// The port to the images and artifacts that a session can read. All methods are read-only.
pub trait ArtifactReader: Sync {
    /// Whether an image can be pulled (`ecr:BatchGetImage`, the first call of a pull), and the digest
    /// that its name means now.
    fn image(&self, image: &ImageName) -> impl Future<Output = Result<Presence<Option<String>>, CallError>> + Send;

    /// Whether an artifact can be read (`s3:GetObject` by HEAD; for a prefix `s3:ListBucket`), and
    /// what identifies its bytes.
    fn artifact(&self, artifact: &ArtifactName) -> impl Future<Output = Result<Presence<ArtifactState>, CallError>> + Send;
}

impl ImageName {
    /// Parses an Amazon ECR image name, `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG` or
    /// `…@DIGEST`. Returns `None` for other images.
    pub fn parse(image: &str) -> Option<Self> {
        let (host, path) = image.split_once('/')?;
        let mut parts = host.split('.');
        let (account, dkr, ecr, region) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if dkr != "dkr" || !(ecr == "ecr" || ecr == "ecr-fips") || account.len() != 12 {
            return None;
        }
        let (repository, reference) = match path.split_once('@') {
            Some((repository, digest)) => (repository.split(':').next().unwrap_or(repository), digest),
            None => path.split_once(':').unwrap_or((path, "latest")),
        };
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            repository: repository.to_owned(),
            reference: reference.to_owned(),
        })
    }
}

impl ArtifactName {
    /// Parses `s3://BUCKET/KEY`. A key that ends with a slash, or an empty one, is a prefix too.
    pub fn parse(uri: &str, is_prefix: bool) -> Option<Self> {
        let (bucket, key) = uri.strip_prefix("s3://")?.split_once('/')?;
        let is_prefix = is_prefix || key.is_empty() || key.ends_with('/');
        Some(Self { bucket: bucket.to_owned(), key: key.to_owned(), is_prefix })
    }
}
