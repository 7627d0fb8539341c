//! Artifacts in Amazon S3.

mod checksum;
mod failure;
mod multipart;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, ServerSideEncryption};
use tokio::sync::OnceCell;

use crate::artifact::Artifact;
use crate::code::Code;
use crate::store::{ArtifactStore, Location, StoreError, StoreNote, clean_prefix};
use checksum::Checksums;
use failure::{bucket_region_of, failure, status_of};

/// Larger artifacts are uploaded in parts of this size. It determines the checksum of such an
/// object: with another size, each is uploaded once more.
const PART_BYTES: u64 = 16 << 20;

/// A bucket, and the settings for its objects.
///
/// Each artifact is looked up first (`HeadObject`) and uploaded unless S3 confirms its SHA-256:
/// anyone who can write to the bucket can store other bytes under its key, and the response might
/// not come from S3. An upload sends its SHA-256 and is an error unless S3 confirms it. Objects
/// from tools that upload without a SHA-256, such as `aws s3 sync`, are uploaded again.
///
/// In a bucket with versioning, the location contains the version of the confirmed object.
///
/// A bucket in another region than the client's is accessed in its own region, and that region is
/// in the addresses. Required permissions: `s3:PutObject`; `s3:GetObject` and `s3:ListBucket`, so
/// that existing objects are not uploaded again; `s3:AbortMultipartUpload` for artifacts above 16
/// MiB; with a KMS key `kms:GenerateDataKey` and `kms:Decrypt`, without which S3 does not return a
/// checksum either.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    prefix: String,
    kms_key_id: Option<String>,
    metadata: BTreeMap<String, String>,
    force_upload: bool,
    expected_bucket_owner: Option<String>,
    /// The bucket's region and a client in it, determined by the first upload.
    bucket_region: OnceCell<BucketRegion>,
}

#[derive(Debug, Clone)]
struct BucketRegion {
    client: Client,
    region: String,
}

/// What S3 reports about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Presence {
    /// It is the artifact.
    Confirmed { version: Option<String> },
    /// It does not exist, or its SHA-256 is unknown.
    Missing,
    /// It has another SHA-256.
    Different,
    /// 403: it may or may not exist.
    Unseen { request_id: Option<String> },
}

impl S3Store {
    /// A bucket, accessed with this configuration, with the bucket's default encryption.
    pub fn from_config(config: &aws_types::SdkConfig, bucket: impl Into<String>) -> Self {
        Self::new(Client::new(config), bucket)
    }

    /// A bucket with its default encryption.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
            prefix: String::new(),
            kms_key_id: None,
            metadata: BTreeMap::new(),
            force_upload: false,
            expected_bucket_owner: None,
            bucket_region: OnceCell::new(),
        }
    }

    /// Adds a prefix to every key; slashes around it are ignored.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: clean_prefix(prefix), ..self }
    }

    /// Encrypts with a KMS key: an id, an ARN or an alias.
    #[must_use]
    pub fn kms_key_id(self, kms_key_id: Option<String>) -> Self {
        Self { kms_key_id, ..self }
    }

    /// Adds metadata to the uploaded objects; existing objects keep theirs. S3 converts the keys to
    /// lower case.
    #[must_use]
    pub fn metadata(self, metadata: BTreeMap<String, String>) -> Self {
        Self { metadata, ..self }
    }

    /// Uploads existing objects again.
    #[must_use]
    pub fn force_upload(self, force_upload: bool) -> Self {
        Self { force_upload, ..self }
    }

    /// Rejects a bucket of another account, such as one created under the same name after the
    /// original was deleted.
    #[must_use]
    pub fn expected_bucket_owner(self, account_id: Option<String>) -> Self {
        Self { expected_bucket_owner: account_id, ..self }
    }

    /// The bucket's region. `HeadBucket` returns it even with access denied, and for requests to
    /// another region.
    async fn bucket_region(&self) -> Result<&BucketRegion, StoreError> {
        self.bucket_region
            .get_or_try_init(|| async {
                let answer = self
                    .client
                    .head_bucket()
                    .bucket(&self.bucket)
                    .set_expected_bucket_owner(self.expected_bucket_owner.clone())
                    .send()
                    .await;
                let region = match answer {
                    Ok(bucket) => bucket.bucket_region().map(str::to_owned),
                    Err(error) => match bucket_region_of(&error) {
                        Some(region) if status_of(&error) != Some(404) => Some(region),
                        // A caller that is not allowed to list the bucket may still be allowed to
                        // write to it.
                        None if status_of(&error) == Some(403) => None,
                        _ => return Err(failure("HeadBucket", &self.bucket, None, error)),
                    },
                };
                let own = self.client.config().region().map(ToString::to_string);
                let region = region.filter(|region| !region.is_empty()).or_else(|| own.clone());
                let Some(region) = region else {
                    let message = format!("the region of the bucket `{}` is not known", self.bucket);
                    return Err(StoreError::new("HeadBucket", message).hint(Some("set a region")));
                };
                let client = if own.as_ref() == Some(&region) {
                    self.client.clone()
                } else {
                    Client::from_conf(self.client.config().to_builder().region(Region::new(region.clone())).build())
                };
                Ok(BucketRegion { client, region })
            })
            .await
    }

    /// Whether the object exists and is the artifact. S3 returns 403 for a missing object if the
    /// caller is not allowed to list the bucket, for an object that the caller is not allowed to
    /// read, and, because the checksum is requested, for an object whose KMS key the caller is not
    /// allowed to use. The artifact is then uploaded, and the upload reports whether that
    /// permission is missing too.
    async fn look_up(&self, client: &Client, key: &str, checksums: &Checksums) -> Result<Presence, StoreError> {
        let response = client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
            .set_expected_bucket_owner(self.expected_bucket_owner.clone())
            .send()
            .await;
        match response {
            Ok(object) => Ok(match object.checksum_sha256() {
                Some(returned) if returned == checksums.object => Presence::Confirmed { version: version(object.version_id()) },
                Some(_) => Presence::Different,
                None => Presence::Missing,
            }),
            Err(error) => match status_of(&error) {
                Some(404) => Ok(Presence::Missing),
                Some(403) => Ok(Presence::Unseen { request_id: error.request_id().map(str::to_owned) }),
                _ => Err(failure("HeadObject", &self.bucket, Some(key), error)),
            },
        }
    }

    /// Uploads in one request, and returns the object's version.
    async fn put_object(
        &self,
        client: &Client,
        key: &str,
        artifact: &Artifact,
        checksums: &Checksums,
    ) -> Result<Option<String>, StoreError> {
        let bytes = artifact.read().map_err(|error| unreadable(artifact, error))?;
        let request = client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .body(ByteStream::from(bytes))
            .checksum_algorithm(checksum::ALGORITHM)
            .checksum_sha256(&checksums.object)
            .set_server_side_encryption(self.encryption())
            .set_ssekms_key_id(self.kms_key_id.clone())
            .set_metadata(self.object_metadata())
            .set_expected_bucket_owner(self.expected_bucket_owner.clone());
        let object = request.send().await.map_err(|error| failure("PutObject", &self.bucket, Some(key), error))?;
        self.confirm("PutObject", key, &checksums.object, object.checksum_sha256())?;
        Ok(version(object.version_id()))
    }

    /// Checks that S3 received the bytes. A response without the checksum may come from a proxy or
    /// a captive portal.
    ///
    /// The documentation of `CompleteMultipartUpload` does not say whether its checksum has the number of parts after it.
    fn confirm(&self, operation: &str, key: &str, sent: &str, returned: Option<&str>) -> Result<(), StoreError> {
        if returned.is_some_and(|returned| returned == sent || sent.split_once('-').is_some_and(|(digest, _)| returned == digest)) {
            return Ok(());
        }
        let returned = returned.map_or_else(|| "no SHA-256".to_owned(), |returned| format!("the SHA-256 `{returned}`"));
        Err(self.unusable(operation, key, &format!("has {returned}, but `{sent}` was sent")))
    }

    /// An error for a response that S3 would not send.
    fn unusable(&self, operation: &str, key: &str, what: &str) -> StoreError {
        let message = format!("`s3://{}/{key}`: the response {what}", self.bucket);
        let hint = "check whether a proxy, a captive portal, or a store without support for SHA-256 checksums responds instead of S3";
        StoreError::new(operation, message).hint(Some(hint))
    }

    fn encryption(&self) -> Option<ServerSideEncryption> {
        // Without a key, nothing is set: AES256 would override the bucket's own KMS key.
        self.kms_key_id.as_ref().map(|_| ServerSideEncryption::AwsKms)
    }

    fn object_metadata(&self) -> Option<HashMap<String, String>> {
        (!self.metadata.is_empty()).then(|| self.metadata.clone().into_iter().collect())
    }
}

impl ArtifactStore for S3Store {
    async fn put(&self, artifact: &Artifact) -> Result<Location, StoreError> {
        let BucketRegion { client, region } = self.bucket_region().await?;
        let key = format!("{}{}", self.prefix, artifact.key());
        let checksums = Checksums::of(artifact).map_err(|error| unreadable(artifact, error))?;
        let presence = if self.force_upload { Presence::Missing } else { self.look_up(client, &key, &checksums).await? };
        let (existed, version) = match &presence {
            Presence::Confirmed { version } => (true, version.clone()),
            _ if checksums.parts.is_empty() => (false, self.put_object(client, &key, artifact, &checksums).await?),
            _ => (false, self.put_parts(client, &key, artifact, &checksums).await?),
        };
        let bucket = &self.bucket;
        let note = match presence {
            Presence::Confirmed { .. } | Presence::Missing => None,
            Presence::Different => Some(StoreNote {
                code: Code::ArtifactReplaced,
                message: format!("`s3://{bucket}/{key}` had another SHA-256 checksum than the artifact, and was replaced"),
                hint: "check who can write to the bucket".to_owned(),
            }),
            Presence::Unseen { request_id } => {
                let request = request_id.map(|id| format!(", request id {id}")).unwrap_or_default();
                Some(StoreNote {
                    code: Code::UploadedUnseen,
                    message: format!(
                        "access to the objects in the bucket `{bucket}` is denied (`HeadObject`, 403{request}), so everything is uploaded every time"
                    ),
                    hint: "allow `s3:GetObject` and `s3:ListBucket` on it, and `kms:Decrypt` on its KMS key".to_owned(),
                })
            }
        };
        Ok(Location { version, existed, note, ..Location::new(bucket, region, key) })
    }
}

/// The version of an object; none in a bucket without versioning, and none for an object written
/// while versioning was suspended.
fn version(id: Option<&str>) -> Option<String> {
    id.filter(|id| !id.is_empty() && *id != "null").map(str::to_owned)
}

fn unreadable(artifact: &Artifact, error: std::io::Error) -> StoreError {
    StoreError::new("read", format!("`{}` cannot be read: {error}", artifact.source().display())).caused_by(error)
}
