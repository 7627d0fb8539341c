//! Options of `package`.

use std::path::PathBuf;

use clap::Args;

use super::AwsCliOptions;

/// Options of `package`: those of `aws cloudformation package`, which can be abbreviated.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct PackageOptions {
    /// Package this template
    #[arg(long, alias = "template", value_name = "FILE")]
    pub template_file: PathBuf,
    /// Upload the template's local artifacts to this bucket
    #[arg(long, value_name = "BUCKET", env = "ARTIFACT_BUCKET", help_heading = super::ARTIFACTS)]
    pub s3_bucket: Option<String>,
    /// Prefix the keys of uploaded artifacts
    #[arg(long, value_name = "PREFIX", help_heading = super::ARTIFACTS)]
    pub s3_prefix: Option<String>,
    /// Encrypt uploaded artifacts with this KMS key: an id, an ARN or an alias
    #[arg(long, value_name = "KEY", help_heading = super::ARTIFACTS)]
    pub kms_key_id: Option<String>,
    /// Write the packaged template to this file [default: stdout]
    #[arg(long, alias = "output-template", value_name = "FILE", help_heading = super::OUTPUT)]
    pub output_template_file: Option<PathBuf>,
    /// Write JSON [default: the format of the template]
    #[arg(long, help_heading = super::OUTPUT)]
    pub use_json: bool,
    /// Upload artifacts even if the bucket already has them
    #[arg(long, help_heading = super::ARTIFACTS)]
    pub force_upload: bool,
    /// Metadata of uploaded artifacts: comma-separated pairs, or a JSON object
    #[arg(long, value_name = "KEY=VALUE", help_heading = super::ARTIFACTS)]
    pub metadata: Option<String>,
    /// Refuse a bucket that does not belong to this account
    #[arg(long, value_name = "ACCOUNT", help_heading = super::ARTIFACTS)]
    pub expected_bucket_owner: Option<String>,
    /// Write artifacts to this folder instead of uploading them; --s3-bucket is in their addresses
    #[arg(long, value_name = "DIR", requires = "s3_bucket", help_heading = super::ARTIFACTS)]
    pub artifact_dir: Option<PathBuf>,
    /// Also package files outside of the repository or working directory of the template
    #[arg(long, help_heading = super::ARTIFACTS)]
    pub allow_outside: bool,
    /// Escape non-ASCII characters, which CloudFormation may show as ?
    #[arg(long, help_heading = super::OUTPUT)]
    pub escape_non_ascii: bool,
    #[command(flatten)]
    pub aws_cli: AwsCliOptions,
}
