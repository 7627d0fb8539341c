//! Uploads a template that is too large for a request to CloudFormation.

use std::path::Path;

use cfn_render::Artifact;
use cfn_render::aws::S3Store;
use cfn_render::store::{ArtifactStore as _, Location};

use super::{BucketPlace, Session, artifact_bucket};
use crate::RolloutRequest;
use crate::diagnostic::{Diagnostic, Failure};

/// The bucket for a large template.
#[derive(Debug, Clone)]
pub struct TemplateBucket {
    /// The bucket's name.
    pub name: String,
    /// The prefix of the object's key, with a slash at its end.
    pub prefix: String,
}

/// Uploads the template of a rollout; its URL, and a warning about how it was stored.
pub async fn upload_template(
    session: &Session,
    bucket: &TemplateBucket,
    request: &mut RolloutRequest,
) -> Result<(String, Option<Diagnostic>), Failure> {
    let store = S3Store::from_config(session.config(), bucket.name.clone()).prefix(&bucket.prefix);
    let artifact = artifact(request)?;
    let stored = store.put(&artifact).await.map_err(|error| {
        let message = format!("the template could not be uploaded to `{}`: {error}", bucket.name);
        let code = if error.code.as_deref() == Some("NoSuchBucket") { "bucket-missing" } else { "template-upload" };
        Failure::unreachable(Diagnostic::error(message).code(code).in_aws(None::<&str>, None::<&str>).with_hint_opt(error.hint))
    })?;
    let version = stored.version.map(|version| format!("?versionId={version}")).unwrap_or_default();
    let url = stored.url + &version;
    request.release.template.url = Some(url.clone());
    Ok((url, stored.note.map(|note| Diagnostic::warning(note.message))))
}

/// Finds the place to which a rollout would upload its template, for a plan. Uploads nothing.
pub async fn place_template(session: &Session, bucket: &TemplateBucket, request: &mut RolloutRequest) -> Result<(), Failure> {
    let region = match artifact_bucket(session, &bucket.name).await {
        Ok(BucketPlace::OtherRegion(Some(region))) => region,
        // A caller who only plans needs no permission for the bucket.
        Ok(BucketPlace::SameRegion | BucketPlace::OtherRegion(None)) | Err(_) => session.region().to_string(),
        Ok(BucketPlace::Missing) => {
            let message = format!("the bucket `{}` does not exist", bucket.name);
            return Err(Failure::unreachable(Diagnostic::error(message).code("bucket-missing")));
        }
    };
    let key = format!("{}{}", bucket.prefix, artifact(request)?.key());
    request.release.template.url = Some(Location::new(&bucket.name, &region, key).url);
    Ok(())
}

fn artifact(request: &RolloutRequest) -> Result<Artifact, Failure> {
    Artifact::of_template(&request.release.template.body, Path::new("template"))
        .map_err(|error| Diagnostic::error(format!("the template cannot be prepared for the upload: {error}")).into())
}
