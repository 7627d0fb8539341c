//! Options of `package`.

use std::path::PathBuf;

use clap::Args;

/// Options of `package`, as `aws cloudformation package` has them.
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
    /// The key that encrypts the objects.
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
    /// Metadata for every object: KEY=VALUE, with commas between them.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) metadata: Option<String>,
}
