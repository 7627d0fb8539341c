//! The request of `build`: checks every option and reports all problems at once.

use std::path::PathBuf;

use model_registry::ModelPackageGroup;
use model_registry::snapshot::Snapshot;
use model_release::configuration::{Configuration, ConfigurationFiles};
use model_release::release_build::BuildRequest;
use model_release::{Diagnostic, Failure, FailureKind, Stage, regional_packages, stop_on_errors};

use super::selection;
use super::{ConfigRequest, OptionErrors, SOURCES};
use crate::snapshot;
use crate::stores;
use crate::targets;
use command_line::{BuildOptions, non_empty};
use terminal::Project;

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
    /// Reads the options, the stages' files and the registry snapshot, if one is named, and reports all
    /// problems in them.
    pub(crate) fn read_all(project: &Project, options: &BuildOptions) -> Result<(Self, Configuration, Option<Snapshot>), Failure> {
        let mut found = Vec::new();
        let command = ok_or_note(Self::read(project, options), &mut found);
        let saved = ok_or_note(options.choice.registry.as_deref().map(snapshot::read).transpose(), &mut found);
        let known = ConfigRequest::read(project, &options.configuration, &Stage::ALL, None, &mut found);
        let configuration = ok_or_note(Configuration::read(&known.files), &mut found);
        match (&command, &configuration) {
            (Some(command), Some(configuration)) => drop(ok_or_note(command.request.check_early(configuration), &mut found)),
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
        let (regional_packages, problems) = regional_packages(&options.regional_model_package);
        errors.diagnostics.extend(problems.into_iter().map(|problem| problem.named("--regional-model-package")));
        let [staging_accounts, prod_accounts] = errors.stage_accounts(&configuration.accounts);
        let mut stages = [
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
        stages[1].waves = non_empty(options.prod_waves.as_ref()).map(str::to_owned);
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
        let files = errors.configuration_files(project, configuration, &Stage::ALL, None);
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
            without_pipeline: options.no_pipeline,
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

/// The value; the diagnostics of a failure are added to `found`.
fn ok_or_note<T>(read: Result<T, Failure>, found: &mut Vec<Diagnostic>) -> Option<T> {
    read.map_err(|failure| found.extend(failure.diagnostics)).ok()
}
