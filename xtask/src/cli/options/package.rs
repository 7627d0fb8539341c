//! Options of `package`.

use std::path::PathBuf;

use clap::Args;

/// Options of `package`, as `aws cloudformation package` has them; any beginning of an option that is no other's will do, as there.
#[derive(Debug, Args)]
pub(crate) struct PackageOptions {
    /// The template.
    #[arg(long, alias = "template", value_name = "FILE")]
    pub(crate) template_file: PathBuf,
    /// The bucket for what the template refers to by a local path.
    #[arg(long, value_name = "BUCKET", env = "ARTIFACT_BUCKET")]
    pub(crate) s3_bucket: Option<String>,
    /// What the objects' keys begin with.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) s3_prefix: Option<String>,
    /// The key that encrypts the objects: an id, an ARN or an alias.
    #[arg(long, value_name = "KEY")]
    pub(crate) kms_key_id: Option<String>,
    /// Where the packaged template goes; standard output when not given.
    #[arg(long, alias = "output-template", value_name = "FILE")]
    pub(crate) output_template_file: Option<PathBuf>,
    /// Writes JSON; without it a template keeps the form that it has.
    #[arg(long)]
    pub(crate) use_json: bool,
    /// Uploads what is in the bucket already, too.
    #[arg(long)]
    pub(crate) force_upload: bool,
    /// Metadata for every object: KEY=VALUE, with commas between them, or a JSON object.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) metadata: Option<String>,
    /// The region of the session; the environment's when not given.
    #[arg(long, value_name = "REGION", env = "AWS_REGION")]
    pub(crate) region: Option<String>,
    /// The profile of the session; the environment's when not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The account that the bucket belongs to; a bucket of any other one is refused.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) expected_bucket_owner: Option<String>,
    /// Writes the objects into a folder in place of the bucket, without any call to AWS; upload them later with `aws s3 sync`.
    #[arg(long, value_name = "DIR", requires = "s3_bucket")]
    pub(crate) artifact_dir: Option<PathBuf>,
    /// Writes values with characters beyond ASCII with escapes: CloudFormation shows many of them as `?`.
    #[arg(long)]
    pub(crate) escape_non_ascii: bool,
}
