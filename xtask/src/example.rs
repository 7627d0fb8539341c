//! A release of the example registry, for `tour` and for `lint`'s template checks.

use std::path::PathBuf;

use model_registry::documents::NoDocuments;
use model_release::approved_bytes::NoArtifacts;
use model_release::configuration::Configuration;
use model_release::manifest::Manifest;
use model_release::release_build::Home;
use model_release::{Failure, RegistryAccess};

use crate::release_build;
use crate::requests::BuildCommand;
use crate::signing::Signing;
use crate::snapshot;
use command_line::{BuildOptions, ChoiceOptions, ConfigurationOptions, HistoryPlaceOptions, ProjectOptions, SigningOptions, StageAccounts};
use terminal::{Printer, Project};

/// Builds a release of the example registry.
pub(crate) async fn release(printer: Printer, project: &Project, options: &BuildOptions) -> Result<Manifest, Failure> {
    let mut command = BuildCommand::read(project, options)?;
    // The project's policy is for its own models, not for the example.
    command.request.selection.policy = None;
    let configuration = Configuration::read(&command.files)?;
    let access = RegistryAccess {
        registry: snapshot::read(&project.root.join("examples/registry.json"))?,
        documents: NoDocuments,
        artifacts: None::<NoArtifacts>,
    };
    Box::pin(release_build::write(printer, project, &command, &configuration, |_| access.clone(), Home::default(), &Signing::default()))
        .await
}

/// Builds a release of the example registry whose volumes are encrypted; prints only errors.
#[cfg(feature = "dev")]
pub(crate) async fn release_with_key(
    printer: Printer,
    project: &Project,
    folder: &std::path::Path,
    volume_key: &str,
) -> Result<(), Failure> {
    let mut options = build_options(folder.to_owned());
    options.configuration.ebs_kms_key_arn = Some(volume_key.to_owned());
    release(Printer { quiet: true, ..printer }, project, &options).await.map(drop)
}

/// The pipeline's variables for the example registry; ignores the caller's environment.
pub(crate) fn build_options(output_dir: PathBuf) -> BuildOptions {
    let text = |text: &str| Some(text.to_owned());
    BuildOptions {
        prod_waves: None,
        rollback_to: None,
        configuration: ConfigurationOptions {
            project: ProjectOptions {
                sagemaker_project_id: text("p-abc123xyz"),
                sagemaker_project_name: text("iris"),
                model_package_group_name: text("iris-p-abc123xyz"),
                env_name: text("ds"),
            },
            accounts: StageAccounts {
                account_filter: None,
                multi_account_deployment: text("yes"),
                staging_accounts: text("222222222222"),
                prod_accounts: text("333333333333"),
                organizational_unit_staging_id: None,
                organizational_unit_prod_id: None,
            },
            staging_config_name: "staging-config".to_owned(),
            prod_config_name: "prod-config".to_owned(),
            base_config_name: None,
            sagemaker_execution_role_staging_name: text("SageMakerModelExecutionRole"),
            sagemaker_execution_role_prod_name: text("SageMakerModelExecutionRole"),
            env_type_staging_name: text("staging"),
            env_type_prod_name: text("prod"),
            ebs_kms_key_arn: None,
            template_name: "cfn-sm-endpoint".to_owned(),
            regions: None,
        },
        artifact_bucket: None,
        artifact_prefix: None,
        artifact_dir: None,
        choice: ChoiceOptions::default(),
        template_configuration: false,
        no_pipeline: false,
        regional_model_package: Vec::new(),
        output_dir: Some(output_dir),
        signing: SigningOptions::default(),
        history: HistoryPlaceOptions::default(),
    }
}
