//! What `build` is asked for, every option checked and every problem with them reported at once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aws_names::Region;
use model_registry::ModelPackageGroup;
use model_registry::snapshot::Snapshot;
use model_release::build::{BuildRequest, RegionalSelection};
use model_release::configuration::{Configuration, ConfigurationFiles};
use model_release::{Diagnostic, Failure, FailureKind, Stage, regional_package, stop_on_errors};

use super::selection;
use super::{ConfigRequest, OptionErrors, SOURCES};
use crate::cli::{BuildOptions, given};
use crate::project::Project;
use crate::snapshot;
use crate::stores;
use crate::targets;

const REGIONAL: &str = "--regional-model-package";

/// What `build` is asked for: what is built, from which files, and where it goes.
#[derive(Debug)]
pub(crate) struct BuildCommand {
    pub(crate) request: BuildRequest,
    pub(crate) files: ConfigurationFiles,
    pub(crate) artifact_bucket: Option<String>,
    /// What the keys of objects in the bucket begin with.
    pub(crate) artifact_prefix: Option<String>,
    /// A folder to write into instead of the bucket, where nothing may be uploaded.
    pub(crate) artifact_dir: Option<PathBuf>,
    pub(crate) output_dir: PathBuf,
    /// What is worth saying of the options.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl BuildCommand {
    /// Reads the options, the stages' files and the registry snapshot, if one is named, and reports every problem with any of them.
    pub(crate) fn read_all(project: &Project, options: &BuildOptions) -> Result<(Self, Configuration, Option<Snapshot>), Failure> {
        let mut found = Vec::new();
        let command = kept(Self::read(project, options), &mut found);
        let saved = kept(options.choice.registry.as_deref().map(snapshot::read).transpose(), &mut found);
        let known = ConfigRequest::read(project, &options.configuration, &Stage::ALL, None, &mut found);
        let configuration = kept(Configuration::read(&known.files), &mut found);
        match (&command, &configuration) {
            (Some(command), Some(configuration)) => drop(kept(command.request.check_early(configuration), &mut found)),
            (None, Some(configuration)) => found.extend(known.findings(configuration)),
            _ => {}
        }
        let found = stop_on_errors(found)?;
        match (command, configuration, saved) {
            (Some(command), Some(configuration), Some(saved)) => Ok((command, configuration, saved)),
            _ => Err(Failure::new(FailureKind::BadInput, found)),
        }
    }

    pub(crate) fn read(project: &Project, options: &BuildOptions) -> Result<Self, Failure> {
        let mut asked = OptionErrors::default();
        let configuration = &options.configuration;
        let project_options = &configuration.project;
        let project_name =
            asked.required(project_options.sagemaker_project_name.as_ref(), "--sagemaker-project-name", "SAGEMAKER_PROJECT_NAME");
        let project_id = asked.required(project_options.sagemaker_project_id.as_ref(), "--sagemaker-project-id", "SAGEMAKER_PROJECT_ID");
        let env_name = asked.required(project_options.env_name.as_ref(), "--env-name", "ENV_NAME");
        let group = asked.required(
            project_options.model_package_group_name.as_ref(),
            "--model-package-group-name",
            "SOURCE_MODEL_PACKAGE_GROUP_NAME",
        );
        let group = (!group.is_empty())
            .then(|| group.parse::<ModelPackageGroup>())
            .and_then(|parsed| asked.parsed(parsed, "--model-package-group-name"));
        let selection = selection::read(Some(project), &options.choice, group.as_ref(), &mut asked.diagnostics);
        let regions = given(configuration.regions.as_ref())
            .map(|text| targets::regions(text, "--regions", &mut asked.diagnostics))
            .unwrap_or_default();
        let regional_packages = read_regional(&options.regional_model_package, &mut asked.diagnostics);
        let [staging_accounts, prod_accounts] = asked.stage_accounts(&configuration.accounts);
        let stages = [
            asked.stage(
                Stage::Staging,
                &configuration.staging_config_name,
                configuration.env_type_staging_name.as_ref(),
                configuration.sagemaker_execution_role_staging_name.as_ref(),
                staging_accounts,
            ),
            asked.stage(
                Stage::Prod,
                &configuration.prod_config_name,
                configuration.env_type_prod_name.as_ref(),
                configuration.sagemaker_execution_role_prod_name.as_ref(),
                prod_accounts,
            ),
        ];
        if stages[0].config_file == stages[1].config_file {
            asked.diagnostics.push(
                Diagnostic::error(format!("both stages would be written to `{}`", stages[0].config_file))
                    .named("--staging-config-name, --prod-config-name")
                    .with_hint("give each stage a configuration of its own"),
            );
        }
        asked.own_files(&stages);
        asked.own_environments(&stages);
        asked.shared_accounts(&stages);
        let files = asked.configuration_files(project, configuration, &Stage::ALL, None);
        let parsed = group.zip(selection);
        let artifact_bucket = given(options.artifact_bucket.as_ref())
            .map(|name| stores::bucket_name(name, "--artifact-bucket, ARTIFACT_BUCKET", "--artifact-prefix"))
            .transpose()
            .unwrap_or_else(|diagnostic| {
                asked.diagnostics.push(diagnostic);
                None
            });
        let warnings = stop_on_errors(asked.diagnostics)?;
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
            volume_kms_key_arn: given(configuration.ebs_kms_key_arn.as_ref()).map(str::to_owned),
            output_template: format!("{}.yaml", configuration.template_name),
            template_configuration: options.template_configuration,
            sources: &SOURCES,
        };
        Ok(Self {
            request,
            files,
            warnings,
            artifact_bucket,
            artifact_prefix: given(options.artifact_prefix.as_ref()).map(str::to_owned),
            artifact_dir: options.artifact_dir.clone(),
            output_dir: project.folder(options.output_dir.as_deref(), "deploy"),
        })
    }
}

/// What was read; a failure is noted with the others.
fn kept<T>(read: Result<T, Failure>, found: &mut Vec<Diagnostic>) -> Option<T> {
    read.map_err(|failure| found.extend(failure.diagnostics)).ok()
}

/// Reads what the options name: `REGION=ARN`, `REGION=VERSION`, `REGION=same-version`, or an ARN alone, which says its region itself.
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
#[path = "../../tests/in_process/regional_options.rs"]
mod tests;
