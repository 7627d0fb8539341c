//! Uploads a template's local artifacts to the named bucket, or to a folder instead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cfn_render::{PackageOptions, PackagePlan, Packaged, Template};
use endpoint_test::shell::word;

use crate::cli::AwsCliOptions;
use crate::progress::Uploads;
use model_release::problems;
use model_release::{Diagnostic, Failure, FailureKind};
use terminal::Printer;

/// A bucket, and the settings of its objects.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "without AWS only a folder can be used"))]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) prefix: Option<String>,
    pub(crate) kms_key_id: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) force_upload: bool,
    pub(crate) expected_owner: Option<String>,
    /// The options of the session; they override the environment.
    pub(crate) session: AwsCliOptions,
    /// A folder to write the objects to instead of the bucket.
    pub(crate) folder: Option<PathBuf>,
}

/// The bucket that an option names. Users of `aws s3` often write a URL or a path; S3 would only
/// report a missing bucket.
pub(crate) fn bucket_name(value: &str, option: &str, prefix_option: &str) -> Result<String, Diagnostic> {
    let path = value.strip_prefix("s3://").unwrap_or(value);
    if value.starts_with("arn:") || (path == value && !value.contains('/')) {
        return Ok(value.to_owned());
    }
    let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
    let prefix = match prefix.trim_matches('/') {
        "" => String::new(),
        prefix => format!(", and the prefix separately: {prefix_option} {}", word(prefix)),
    };
    let flag = option.split(',').next().unwrap_or(option);
    Err(Diagnostic::error(format!("`{value}` is not a bucket name"))
        .named(option)
        .with_hint(format!("name only the bucket: {flag} {}{prefix}", word(name))))
}

/// The folder that a template's artifacts must be in: the repository of the template, else the working
/// directory if the template is in it, else the template's folder.
pub(crate) fn boundary(template: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(template).ok()?.parent()?.canonicalize().ok()?;
    let repository = folder.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
    let here = || std::env::current_dir().ok()?.canonicalize().ok().filter(|here| folder.starts_with(here) && here.parent().is_some());
    repository.or_else(here).or(Some(folder))
}

/// Packages a template. Calls S3 and loads credentials only if there is something to upload.
pub(crate) async fn package(
    printer: Printer,
    template: &Template,
    options: &PackageOptions,
    bucket: Option<Bucket>,
) -> Result<Packaged, Failure> {
    let failure = |error| problems::failure(&error, template.text());
    let plan = template.plan_package(options).map_err(failure)?;
    if plan.is_empty() {
        // Nothing is uploaded.
        let unused = cfn_render::store::Directory::new("", "", "");
        return plan.upload(&unused).await.map_err(failure);
    }
    let Some(bucket) = bucket else { return Err(without_bucket(template, &plan)) };
    if let Some(folder) = &bucket.folder {
        let region = bucket.session.region.as_deref().ok_or_else(without_region)?;
        let store = cfn_render::store::Directory::new(folder, &bucket.name, region).prefix(bucket.prefix.as_deref().unwrap_or_default());
        let store = Uploads::new(printer, &plan, store);
        return plan.upload(&store).await.map_err(failure);
    }
    in_bucket(printer, plan, bucket).await?.map_err(failure)
}

/// An error for every place that needs a bucket.
fn without_bucket(template: &Template, plan: &PackagePlan) -> Failure {
    let mut diagnostics: Vec<Diagnostic> = plan
        .uploads()
        .iter()
        .flat_map(|upload| {
            let message = format!("`{}` must be uploaded, but no bucket is named", upload.source.display());
            upload.places.iter().map(move |place| problems::at_place(&message, place, template.text()))
        })
        .collect();
    if let Some(last) = diagnostics.pop() {
        diagnostics.push(last.with_hint("name a bucket with --artifact-bucket (build), --s3-bucket (package) or ARTIFACT_BUCKET"));
    }
    Failure::new(FailureKind::BadInput, diagnostics)
}

fn without_region() -> Failure {
    Diagnostic::error("the bucket's region is unknown").named("--artifact-dir").with_hint("name it with --region, or set AWS_REGION").into()
}

#[cfg(feature = "aws")]
async fn in_bucket(printer: Printer, plan: PackagePlan, bucket: Bucket) -> Result<Result<Packaged, cfn_render::Error>, Failure> {
    let session = crate::session::open_as(&bucket.session).await?;
    let store = cfn_render::aws::S3Store::from_config(session.config(), bucket.name)
        .prefix(bucket.prefix.as_deref().unwrap_or_default())
        .kms_key_id(bucket.kms_key_id)
        .metadata(bucket.metadata)
        .expected_bucket_owner(bucket.expected_owner)
        .force_upload(bucket.force_upload);
    let store = Uploads::new(printer, &plan, store);
    Ok(plan.upload(&store).await)
}

#[cfg(not(feature = "aws"))]
async fn in_bucket(_: Printer, _: PackagePlan, bucket: Bucket) -> Result<Result<Packaged, cfn_render::Error>, Failure> {
    crate::without_aws("an upload", &format!("build it with its default features to upload to `{}`", bucket.name)).await
}
