//! Artifacts in Amazon S3.

mod failure;
mod multipart;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use tokio::sync::OnceCell;

use crate::artifact::Artifact;
use crate::store::{ArtifactStore, Location, StoreError, clean_prefix};
use failure::{bucket_region_of, failure, status_of};

/// Larger artifacts are uploaded in parts of this size.
const PART_BYTES: u64 = 16 << 20;

/// A bucket, and how objects are put into it.
///
/// Each artifact is looked for first (`HeadObject`) and uploaded only when it is missing: its key names its content. A bucket in another
/// region than the client's is reached in its own region, and that region is in the addresses. Needed permissions: `s3:PutObject`;
/// `s3:GetObject` and `s3:ListBucket`, so that what is there is not uploaded again; `s3:AbortMultipartUpload` for artifacts above
/// 16 MiB; `kms:GenerateDataKey` and `kms:Decrypt` with a KMS key.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    prefix: String,
    kms_key_id: Option<String>,
    metadata: BTreeMap<String, String>,
    force_upload: bool,
    expected_bucket_owner: Option<String>,
    /// The bucket's region and a client in it, found out by the first upload.
    home: OnceCell<Home>,
}

#[derive(Debug, Clone)]
struct Home {
    client: Client,
    region: String,
}

/// What S3 says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    There,
    Missing,
    /// 403: it may be there or not.
    Unseen,
}

impl S3Store {
    /// A bucket, with the encryption that the bucket has by default.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
            prefix: String::new(),
            kms_key_id: None,
            metadata: BTreeMap::new(),
            force_upload: false,
            expected_bucket_owner: None,
            home: OnceCell::new(),
        }
    }

    /// Puts every key below a prefix; slashes around it do not matter.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: clean_prefix(prefix), ..self }
    }

    /// Encrypts with a KMS key: an id, an ARN or an alias.
    #[must_use]
    pub fn kms_key_id(self, kms_key_id: Option<String>) -> Self {
        Self { kms_key_id, ..self }
    }

    /// Adds metadata to the objects that are uploaded; those that are there already keep theirs. S3 lower-cases the keys.
    #[must_use]
    pub fn metadata(self, metadata: BTreeMap<String, String>) -> Self {
        Self { metadata, ..self }
    }

    /// Uploads what is there already, too.
    #[must_use]
    pub fn force_upload(self, force_upload: bool) -> Self {
        Self { force_upload, ..self }
    }

    /// Refuses a bucket of any other account, such as one that was made under the same name after ours was deleted.
    #[must_use]
    pub fn expected_bucket_owner(self, account_id: Option<String>) -> Self {
        Self { expected_bucket_owner: account_id, ..self }
    }

    /// The bucket's own region. `HeadBucket` names it even to those that it refuses and to those that ask in another region.
    async fn home(&self) -> Result<&Home, StoreError> {
        self.home
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
                        // Who may not list the bucket may still be allowed to write to it.
                        None if status_of(&error) == Some(403) => None,
                        _ => return Err(failure("HeadBucket", &self.bucket, None, error)),
                    },
                };
                let own = self.client.config().region().map(ToString::to_string);
                let region = region.filter(|region| !region.is_empty()).or_else(|| own.clone());
                let Some(region) = region else {
                    let message = format!("the region of the bucket `{}` is not known", self.bucket);
                    return Err(StoreError::new("HeadBucket", message).hint(Some("name a region")));
                };
                let client = if own.as_ref() == Some(&region) {
                    self.client.clone()
                } else {
                    Client::from_conf(self.client.config().to_builder().region(Region::new(region.clone())).build())
                };
                Ok(Home { client, region })
            })
            .await
    }

    /// Whether the object is there. Without leave to list the bucket S3 answers 403 both for what is not there and for what may not be
    /// seen: then it is uploaded, and the upload tells whether leave is missing for that, too.
    async fn look_for(&self, client: &Client, key: &str) -> Result<Presence, StoreError> {
        let answer =
            client.head_object().bucket(&self.bucket).key(key).set_expected_bucket_owner(self.expected_bucket_owner.clone()).send().await;
        match answer {
            Ok(_) => Ok(Presence::There),
            Err(error) => match status_of(&error) {
                Some(404) => Ok(Presence::Missing),
                Some(403) => Ok(Presence::Unseen),
                _ => Err(failure("HeadObject", &self.bucket, Some(key), error)),
            },
        }
    }

    async fn put_object(&self, client: &Client, key: &str, artifact: &Artifact) -> Result<(), StoreError> {
        let bytes = artifact.read().map_err(|error| unreadable(artifact, error))?;
        let request = client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .body(ByteStream::from(bytes))
            .set_server_side_encryption(self.encryption())
            .set_ssekms_key_id(self.kms_key_id.clone())
            .set_metadata(self.object_metadata())
            .set_expected_bucket_owner(self.expected_bucket_owner.clone());
        request.send().await.map(drop).map_err(|error| failure("PutObject", &self.bucket, Some(key), error))
    }

    fn encryption(&self) -> Option<ServerSideEncryption> {
        // Nothing is said without a key: naming AES256 would overrule a bucket's own KMS key.
        self.kms_key_id.as_ref().map(|_| ServerSideEncryption::AwsKms)
    }

    fn object_metadata(&self) -> Option<HashMap<String, String>> {
        (!self.metadata.is_empty()).then(|| self.metadata.clone().into_iter().collect())
    }
}

impl ArtifactStore for S3Store {
    async fn put(&self, artifact: &Artifact) -> Result<Location, StoreError> {
        let Home { client, region } = self.home().await?;
        let key = format!("{}{}", self.prefix, artifact.key());
        let presence = if self.force_upload { Presence::Missing } else { self.look_for(client, &key).await? };
        let existed = presence == Presence::There;
        if !existed && artifact.len() > PART_BYTES {
            self.put_parts(client, &key, artifact).await?;
        } else if !existed {
            self.put_object(client, &key, artifact).await?;
        }
        let note = (presence == Presence::Unseen).then(|| {
            format!(
                "S3 does not say what is in the bucket `{}` (403), so that everything is uploaded every time: allow `s3:GetObject` and `s3:ListBucket` on it",
                self.bucket
            )
        });
        Ok(Location { existed, note, ..Location::new(&self.bucket, region, key) })
    }
}

fn unreadable(artifact: &Artifact, error: std::io::Error) -> StoreError {
    StoreError::new("read", format!("`{}` cannot be read: {error}", artifact.source().display())).caused_by(error)
}
