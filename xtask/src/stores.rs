//! Where the local files that a template names are uploaded to: a bucket, where one was named, or a folder that stands for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cfn_render::{PackageOptions, PackagePlan, Packaged, Template};
use endpoint_test::shell::word;

use crate::cli::AwsCliOptions;
use crate::printer::Printer;
use crate::progress::Uploads;
use model_release::problems;
use model_release::{Diagnostic, Failure, FailureKind};

/// A bucket, and how objects are put into it.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "without AWS only a folder can stand for it"))]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) prefix: Option<String>,
    pub(crate) kms_key_id: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) force_upload: bool,
    pub(crate) expected_owner: Option<String>,
    /// What the caller wants of the session besides what the environment says.
    pub(crate) session: AwsCliOptions,
    /// A folder to write the objects into, in place of the bucket.
    pub(crate) folder: Option<PathBuf>,
}

/// The bucket that an option names. Users of `aws s3` write a URL, and some a path; S3 would say no more than that there is none.
pub(crate) fn bucket_name(given: &str, option: &str, prefix_option: &str) -> Result<String, Diagnostic> {
    let path = given.strip_prefix("s3://").unwrap_or(given);
    if given.starts_with("arn:") || (path == given && !given.contains('/')) {
        return Ok(given.to_owned());
    }
    let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
    let prefix = match prefix.trim_matches('/') {
        "" => String::new(),
        prefix => format!(", and the prefix apart: {prefix_option} {}", word(prefix)),
    };
    let flag = option.split(',').next().unwrap_or(option);
    Err(Diagnostic::error(format!("`{given}` is not a bucket's name"))
        .named(option)
        .with_hint(format!("name the bucket alone: {flag} {}{prefix}", word(name))))
}

/// Packages a template. A bucket is only talked to, and credentials are only looked for, when there is something to upload.
pub(crate) async fn package(
    printer: Printer,
    template: &Template,
    options: &PackageOptions,
    bucket: Option<Bucket>,
) -> Result<Packaged, Failure> {
    let told = |error| problems::failure(&error, template.text());
    let plan = template.plan_package(options).map_err(told)?;
    if plan.is_empty() {
        // Nothing is put anywhere.
        let nowhere = cfn_render::store::Directory::new("", "", "");
        return plan.upload(&nowhere).await.map_err(told);
    }
    let Some(bucket) = bucket else { return Err(without_bucket(template, &plan)) };
    if let Some(folder) = &bucket.folder {
        let region = bucket.session.region.as_deref().ok_or_else(without_region)?;
        let store = cfn_render::store::Directory::new(folder, &bucket.name, region).prefix(bucket.prefix.as_deref().unwrap_or_default());
        let store = Uploads::new(printer, &plan, store);
        return plan.upload(&store).await.map_err(told);
    }
    in_bucket(printer, plan, bucket).await?.map_err(told)
}

/// Every place that needs the bucket that the command line lacks.
fn without_bucket(template: &Template, plan: &PackagePlan) -> Failure {
    let mut diagnostics: Vec<Diagnostic> = plan
        .uploads()
        .iter()
        .flat_map(|upload| {
            let message = format!("`{}` has to be uploaded, and no bucket was named", upload.source.display());
            upload.places.iter().map(move |place| problems::at_place(&message, place, template.text()))
        })
        .collect();
    if let Some(last) = diagnostics.pop() {
        diagnostics.push(last.with_hint("name a bucket with --artifact-bucket (build), --s3-bucket (package) or ARTIFACT_BUCKET"));
    }
    Failure::new(FailureKind::BadInput, diagnostics)
}

fn without_region() -> Failure {
    Diagnostic::error("the bucket's region is not known")
        .named("--artifact-dir")
        .with_hint("name it with --region, or set AWS_REGION")
        .into()
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
