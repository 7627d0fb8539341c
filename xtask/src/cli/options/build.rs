//! Options of `build`.

use std::path::PathBuf;

use clap::Args;

use super::{ChoiceOptions, ConfigurationOptions};

/// Options of `build`.
#[derive(Debug, Args)]
pub(crate) struct BuildOptions {
    #[command(flatten)]
    pub(crate) configuration: ConfigurationOptions,
    /// The bucket for what the template refers to by a local path.
    #[arg(long, value_name = "BUCKET", env = "ARTIFACT_BUCKET")]
    pub(crate) artifact_bucket: Option<String>,
    /// What the keys of these objects begin with.
    #[arg(long, value_name = "PREFIX", env = "ARTIFACT_PREFIX")]
    pub(crate) artifact_prefix: Option<String>,
    /// Write the objects into a folder instead of the bucket: for a build that is not deployed, such as a pull request's.
    #[arg(long, value_name = "DIR")]
    pub(crate) artifact_dir: Option<PathBuf>,
    /// The model package of another region, as REGION=ARN, REGION=VERSION or REGION=same-version; once for each, or with commas.
    #[arg(long, value_name = "REGION=WHICH", env = "REGIONAL_MODEL_PACKAGES", value_delimiter = ',')]
    pub(crate) regional_model_package: Vec<String>,
    /// Writes each stage's parameters, tags and stack policy as a template configuration, too, for CodePipeline's CloudFormation action.
    #[arg(long)]
    pub(crate) template_configuration: bool,
    /// Where the release goes [default: target/deploy]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Which model package")]
    pub(crate) choice: ChoiceOptions,
}
