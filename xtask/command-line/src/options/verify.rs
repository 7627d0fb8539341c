//! Options of `verify`.

use std::path::PathBuf;

use clap::Args;

/// Options of `verify`.
#[derive(Debug, Args)]
#[command(next_help_heading = super::RELEASE)]
pub struct VerifyOptions {
    /// Folder of the release, or s3://BUCKET/PREFIX/PROJECT-ID/releases/SHA256 [default: target/deploy]
    #[arg(value_name = "RELEASE")]
    pub release: Option<String>,
    /// Also verify what this history says about the release
    #[arg(long, value_name = "s3://BUCKET/PREFIX")]
    pub history: Option<String>,
    /// Verify this record of the release, too, such as test-results.sigstore.json; repeatable
    #[arg(long = "record", value_name = "FILE")]
    pub records: Vec<PathBuf>,
    /// Trust the public key in this PEM file [default: the key of the release policy]
    #[arg(long, value_name = "FILE", conflicts_with = "release_policy")]
    pub public_key: Option<PathBuf>,
    /// Trust the public key of this release policy [default: release-policy.json if it exists]
    #[arg(long, visible_alias = "policy", value_name = "FILE", env = "RELEASE_POLICY")]
    pub release_policy: Option<PathBuf>,
}
