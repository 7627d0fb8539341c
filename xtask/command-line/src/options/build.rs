//! Options of `build`.

use std::path::PathBuf;

use clap::Args;

use super::{ChoiceOptions, ConfigurationOptions, HistoryPlaceOptions, SigningOptions};

/// Options of `build`.
#[derive(Debug, Args)]
pub struct BuildOptions {
    #[command(flatten)]
    pub choice: ChoiceOptions,
    /// Model package of another region, such as eu-west-1=same-version; repeatable
    #[arg(
        long,
        value_name = "REGION=VERSION-OR-ARN",
        env = "REGIONAL_MODEL_PACKAGES",
        value_delimiter = ',',
        help_heading = super::MODEL_PACKAGE
    )]
    pub regional_model_package: Vec<String>,
    #[command(flatten)]
    pub configuration: ConfigurationOptions,
    /// Roll out production in these waves, such as 1,10%,rest [default: `waves` of the stage file]
    #[arg(long, value_name = "WAVES", env = "PROD_WAVES", help_heading = super::TARGETS)]
    pub prod_waves: Option<String>,
    /// Upload the template's local artifacts to this bucket
    #[arg(long, value_name = "BUCKET", env = "ARTIFACT_BUCKET", help_heading = super::ARTIFACTS)]
    pub artifact_bucket: Option<String>,
    /// Prefix the keys of uploaded artifacts
    #[arg(long, value_name = "PREFIX", env = "ARTIFACT_PREFIX", help_heading = super::ARTIFACTS)]
    pub artifact_prefix: Option<String>,
    /// Write artifacts to a folder instead of the bucket, for a release that is not deployed
    #[arg(long, value_name = "DIR", help_heading = super::ARTIFACTS)]
    pub artifact_dir: Option<PathBuf>,
    /// Also write template configurations for CodePipeline's CloudFormation action
    #[arg(long, help_heading = super::OUTPUT)]
    pub template_configuration: bool,
    /// Allow what CodePipeline's stack set action cannot deploy, for a release that only deploy rolls out
    #[arg(long, help_heading = super::OUTPUT)]
    pub no_pipeline: bool,
    /// Write the release to this folder [default: target/deploy]
    #[arg(long, value_name = "DIR", help_heading = super::OUTPUT)]
    pub output_dir: Option<PathBuf>,
    #[command(flatten)]
    pub signing: SigningOptions,
    #[command(flatten)]
    pub history: HistoryPlaceOptions,
    /// Write this release of the history instead of a new one: its digest, or the version or ARN of its model package
    #[arg(long, value_name = "RELEASE", env = "ROLLBACK_TO", help_heading = super::HISTORY)]
    pub rollback_to: Option<String>,
}
