//! Uploads a template's local artifacts to the named bucket, or to a folder instead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[cfg(feature = "aws")]
use cfn_render::Code;
use cfn_render::{PackageOptions, PackagePlan, Packaged, Template};
use endpoint_test::shell::word;

use crate::progress::Uploads;
use command_line::AwsCliOptions;
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

/// The bucket that an option names. Users of `aws s3` often write a URL, a path or an ARN; S3 would
/// only report a missing bucket.
pub(crate) fn bucket_name(value: &str, option: &str, prefix_option: &str) -> Result<String, Diagnostic> {
    let is_access_point = value.starts_with("arn:") && !value.contains(":s3:::");
    if is_access_point || is_bucket_name(value) {
        return Ok(value.to_owned());
    }
    let path = bucket_path(value);
    let (name, prefix) = path.split_once('/').unwrap_or((&path, ""));
    let prefix = match prefix.trim_matches('/') {
        "" => String::new(),
        prefix => format!(", and the prefix separately: {prefix_option} {}", word(prefix)),
    };
    let flag = option.split(',').next().unwrap_or(option);
    let hint = if is_bucket_name(name) {
        format!("name only the bucket: {flag} {}{prefix}", word(name))
    } else {
        "a bucket name has 3 to 63 lower-case letters, digits, dots and hyphens, and begins and ends with a letter or digit".to_owned()
    };
    Err(Diagnostic::error(format!("`{value}` is not a bucket name")).named(option).with_hint(hint))
}

/// The bucket and the key, separated by a slash, that a URL of S3, an ARN or a path names.
fn bucket_path(value: &str) -> String {
    if let Some(path) = value.strip_prefix("s3://").or_else(|| Some(value.strip_prefix("arn:")?.split_once(":s3:::")?.1)) {
        return path.to_owned();
    }
    let Some(url) = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://")) else { return value.to_owned() };
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let (host, path) = url.split_once('/').unwrap_or((url, ""));
    match host.rfind(".s3.").or_else(|| host.rfind(".s3-")) {
        Some(end) => format!("{}/{path}", &host[..end]),
        None if host.starts_with("s3.") || host.starts_with("s3-") => path.to_owned(),
        // Another host: what it names is unknown.
        None => value.to_owned(),
    }
}

/// Whether a text follows S3's rules for bucket names (S3 user guide, "General purpose bucket naming rules").
fn is_bucket_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.bytes().all(is_inner)
        && is_end(name.bytes().next())
        && is_end(name.bytes().last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
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
    let mut packaged = plan.upload(&store).await;
    for note in packaged.iter_mut().flat_map(|packaged| &mut packaged.notes).filter(|note| note.code == Code::UploadedUnseen) {
        note.message = format!("{} ({})", note.message, session.place().await);
    }
    Ok(packaged)
}

#[cfg(not(feature = "aws"))]
async fn in_bucket(_: Printer, _: PackagePlan, bucket: Bucket) -> Result<Result<Packaged, cfn_render::Error>, Failure> {
    crate::without_aws("an upload", &format!("build it with its default features to upload to `{}`", bucket.name)).await
}

#[cfg(test)]
mod tests {
    use super::bucket_name;

    #[test]
    fn a_bucket_in_a_url_a_path_or_an_arn_is_named_by_the_hint() {
        let hint = |value: &str| bucket_name(value, "--s3-bucket", "--s3-prefix").unwrap_err().hint.unwrap();
        for place in [
            "s3://bkt/x/y",
            "bkt/x/y/",
            "arn:aws:s3:::bkt/x/y",
            "https://bkt.s3.amazonaws.com/x/y",
            "https://bkt.s3.eu-west-1.amazonaws.com/x/y?versionId=1",
            "https://bkt.s3-eu-west-1.amazonaws.com/x/y",
            "https://bkt.s3.dualstack.eu-west-1.amazonaws.com/x/y",
            "https://s3.amazonaws.com/bkt/x/y",
            "http://s3-eu-west-1.amazonaws.com/bkt/x/y",
            "https://s3.cn-north-1.amazonaws.com.cn/bkt/x/y",
        ] {
            assert_eq!(hint(place), "name only the bucket: --s3-bucket bkt, and the prefix separately: --s3-prefix x/y", "{place}");
        }
        for place in ["s3://bkt", "s3://bkt/", "arn:aws-cn:s3:::bkt", "https://bkt.s3.amazonaws.com", "https://s3.amazonaws.com/bkt"] {
            assert_eq!(hint(place), "name only the bucket: --s3-bucket bkt", "{place}");
        }
        let long = "b".repeat(64);
        for place in ["BKT", "bk", "-bkt", "bkt-", "b..t", "b_t", "10.0.0.1", "https://example.com/bkt", "s3://BKT/x", long.as_str()] {
            assert!(hint(place).starts_with("a bucket name has 3 to 63 lower-case letters"), "{place}");
        }
        for name in ["bkt", "my.bucket-1", "arn:aws:s3:us-east-1:111111111111:accesspoint/point", &long[1..]] {
            assert_eq!(bucket_name(name, "--s3-bucket", "--s3-prefix").unwrap(), name);
        }
    }
}
