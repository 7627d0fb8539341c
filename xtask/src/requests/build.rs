//! The request of `build`: checks every option and reports all problems at once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aws_names::Region;
use model_registry::ModelPackageGroup;
use model_release::configuration::ConfigurationFiles;
use model_release::release_build::{BuildRequest, RegionalSelection};
use model_release::{Diagnostic, Failure, FailureKind, Stage, regional_package, stop_on_errors};

use super::selection;
use super::{OptionErrors, SOURCES};
use crate::cli::{BuildOptions, non_empty};
use crate::project::Project;
use crate::stores;
use crate::targets;

const REGIONAL: &str = "--regional-model-package";

/// The request of `build`: the release to build, its input files and where to write it.
#[derive(Debug)]
pub(crate) struct BuildCommand {
    pub(crate) request: BuildRequest,
    pub(crate) files: ConfigurationFiles,
    pub(crate) artifact_bucket: Option<String>,
    /// The prefix of object keys in the bucket.
    pub(crate) artifact_prefix: Option<String>,
    /// A folder to write artifacts to instead of the bucket.
    pub(crate) artifact_dir: Option<PathBuf>,
    pub(crate) output_dir: PathBuf,
    /// Warnings about the options.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl BuildCommand {
    pub(crate) fn read(project: &Project, options: &BuildOptions) -> Result<Self, Failure> {
        let mut errors = OptionErrors::default();
        let configuration = &options.configuration;
        let project_options = &configuration.project;
        let project_name =
            errors.required(project_options.sagemaker_project_name.as_ref(), "--sagemaker-project-name", "SAGEMAKER_PROJECT_NAME");
        let project_id = errors.required(project_options.sagemaker_project_id.as_ref(), "--sagemaker-project-id", "SAGEMAKER_PROJECT_ID");
        let env_name = errors.required(project_options.env_name.as_ref(), "--env-name", "ENV_NAME");
        let group = errors.required(
            project_options.model_package_group_name.as_ref(),
            "--model-package-group-name",
            "SOURCE_MODEL_PACKAGE_GROUP_NAME",
        );
        let group = (!group.is_empty())
            .then(|| group.parse::<ModelPackageGroup>())
            .and_then(|parsed| errors.parsed(parsed, "--model-package-group-name"));
        let selection = selection::read(Some(project), &options.choice, group.as_ref(), &mut errors.diagnostics);
        let regions = non_empty(configuration.regions.as_ref())
            .map(|text| targets::regions(text, "--regions", &mut errors.diagnostics))
            .unwrap_or_default();
        let regional_packages = read_regional(&options.regional_model_package, &mut errors.diagnostics);
        let [staging_accounts, prod_accounts] = errors.stage_accounts(&configuration.accounts);
        let stages = [
            errors.stage(
                Stage::Staging,
                &configuration.staging_config_name,
                configuration.env_type_staging_name.as_ref(),
                configuration.sagemaker_execution_role_staging_name.as_ref(),
                staging_accounts,
            ),
            errors.stage(
                Stage::Prod,
                &configuration.prod_config_name,
                configuration.env_type_prod_name.as_ref(),
                configuration.sagemaker_execution_role_prod_name.as_ref(),
                prod_accounts,
            ),
        ];
        if stages[0].config_file == stages[1].config_file {
            errors.diagnostics.push(
                Diagnostic::error(format!("both stages would be written to `{}`", stages[0].config_file))
                    .named("--staging-config-name, --prod-config-name")
                    .with_hint("use a different configuration for each stage"),
            );
        }
        errors.own_files(&stages);
        errors.own_environments(&stages);
        errors.shared_accounts(&stages);
        let files = errors.configuration_files(project, configuration, &Stage::ALL);
        let parsed = group.zip(selection);
        let artifact_bucket = non_empty(options.artifact_bucket.as_ref())
            .map(|name| stores::bucket_name(name, "--artifact-bucket, ARTIFACT_BUCKET", "--artifact-prefix"))
            .transpose()
            .unwrap_or_else(|diagnostic| {
                errors.diagnostics.push(diagnostic);
                None
            });
        let warnings = stop_on_errors(errors.diagnostics)?;
        let Some((group, selection)) = parsed else { return Err(Failure::new(FailureKind::BadInput, Vec::new())) };
        let request = BuildRequest {
            project_name,
            project_id,
            env_name,
            group,
            selection,
            regions,
            regional_packages,
            stages,
            volume_kms_key_arn: non_empty(configuration.ebs_kms_key_arn.as_ref()).map(str::to_owned),
            output_template: format!("{}.yaml", configuration.template_name),
            template_configuration: options.template_configuration,
            sources: &SOURCES,
        };
        Ok(Self {
            request,
            files,
            warnings,
            artifact_bucket,
            artifact_prefix: non_empty(options.artifact_prefix.as_ref()).map(str::to_owned),
            artifact_dir: options.artifact_dir.clone(),
            output_dir: project.folder(options.output_dir.as_deref(), "deploy"),
        })
    }
}

/// Reads options: `REGION=ARN`, `REGION=VERSION`, `REGION=same-version`, or an ARN with its region.
fn read_regional(options: &[String], diagnostics: &mut Vec<Diagnostic>) -> BTreeMap<Region, RegionalSelection> {
    let mut read = BTreeMap::new();
    for text in options.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let mut refuse = |diagnostic: Diagnostic| diagnostics.push(diagnostic.named(REGIONAL));
        let (region, selection) = match regional_package(text) {
            Ok(parsed) => parsed,
            Err(diagnostic) => {
                refuse(diagnostic);
                continue;
            }
        };
        let known = read.insert(region.clone(), selection.clone());
        if known.is_some_and(|known| known != selection) {
            refuse(Diagnostic::error(format!("two model packages are named for region `{region}`")).with_hint("name one"));
        }
    }
    read
}

#[cfg(test)]
#[path = "../../tests/in_process/requests_build.rs"]
mod tests;
