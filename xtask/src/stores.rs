//! Where the local files that a template names are uploaded to: a bucket, where one was named.

use std::collections::BTreeMap;

use cfn_render::{Artifact, ArtifactStore, Location, PackageOptions, Packaged, StoreError, Template};

use crate::diagnostic::Failure;
use crate::exit::Exit;
use crate::problems;

/// No bucket was named: fine for a template that names no local files, and a clear refusal for one that does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoStore;

/// A bucket, and how objects are put into it.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only AWS has buckets"))]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) prefix: Option<String>,
    pub(crate) kms_key_id: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) force_upload: bool,
}

impl ArtifactStore for NoStore {
    async fn put(&self, _: &Artifact) -> Result<Location, StoreError> {
        Err(StoreError::new(
            "upload",
            "no bucket was named; name one with --artifact-bucket (build), --s3-bucket (package) or ARTIFACT_BUCKET",
        ))
    }
}

/// Packages a template. A bucket is only talked to, and credentials are only looked for, when there is something to upload.
pub(crate) async fn package(template: &Template, bucket: Option<Bucket>) -> Result<Packaged, Failure> {
    let options = PackageOptions::default();
    let plan = template.plan_package(&options).map_err(|error| problems::failure(&error, template.text()))?;
    let packaged = match bucket.filter(|_| !plan.is_empty()) {
        // Not an answer of AWS's: the command line lacks the bucket.
        None => {
            let packaged = template.package(&NoStore, &options).await;
            return packaged.map_err(|error| Failure { exit: Exit::BadInput, ..problems::failure(&error, template.text()) });
        }
        Some(bucket) => in_bucket(template, &options, bucket).await?,
    };
    packaged.map_err(|error| problems::failure(&error, template.text()))
}

#[cfg(feature = "aws")]
async fn in_bucket(template: &Template, options: &PackageOptions, bucket: Bucket) -> Result<Result<Packaged, cfn_render::Error>, Failure> {
    let session = crate::aws::Session::open().await?;
    let store = cfn_render::aws::S3Store::new(aws_sdk_s3::Client::new(&session.config), bucket.name)
        .prefix(bucket.prefix.as_deref().unwrap_or_default())
        .kms_key_id(bucket.kms_key_id)
        .metadata(bucket.metadata)
        .force_upload(bucket.force_upload);
    Ok(template.package(&store, options).await)
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
async fn in_bucket(_: &Template, _: &PackageOptions, bucket: Bucket) -> Result<Result<Packaged, cfn_render::Error>, Failure> {
    Err(crate::without_aws("an upload", &format!("build it with its default features to upload to `{}`", bucket.name)))
}
