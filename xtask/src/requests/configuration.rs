//! The stages' files and the known values of the pipeline. A missing value is unknown, not an error.

use std::path::Path;

use crate::targets;
use aws_names::{AccountId, Region};
use command_line::{ConfigExplainOptions, ConfigurationOptions, non_empty};
use model_release::Stage;
use model_release::configuration::{Configuration, ConfigurationFiles, Pipeline, Targets};
use model_release::{Diagnostic, Failure, stop_on_errors};
use terminal::Project;

use super::{OptionErrors, SOURCES};

pub(crate) struct ConfigRequest {
    pub(crate) files: ConfigurationFiles,
    pub(crate) stages: Vec<StageRequest>,
    project_name: Option<String>,
    project_id: Option<String>,
    env_name: Option<String>,
    volume_kms_key_arn: Option<String>,
    regions: Option<Vec<Region>>,
}

pub(crate) struct StageRequest {
    pub(crate) stage: Stage,
    env_type: Option<String>,
    execution_role: Option<String>,
    accounts: Option<Vec<AccountId>>,
}

impl ConfigRequest {
    /// Reads the options, and adds their problems to `found`. A named template is checked with the
    /// stage files in its folder, if there are any.
    pub(crate) fn read(
        project: &Project,
        options: &ConfigurationOptions,
        stages: &[Stage],
        template: Option<&Path>,
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut errors = OptionErrors::default();
        let owned = |value: Option<&String>| non_empty(value).map(str::to_owned);
        let files = errors.configuration_files(project, options, stages, template);
        let regions = non_empty(options.regions.as_ref()).map(|text| targets::regions(text, "--regions", &mut errors.diagnostics));
        let stages = stages
            .iter()
            .map(|stage| StageRequest {
                stage: *stage,
                env_type: owned(options.env_type(*stage)),
                execution_role: non_empty(options.execution_role(*stage))
                    .map(|role| errors.role_name(role, &format!("--sagemaker-execution-role-{stage}-name"))),
                accounts: errors.known_accounts(&options.accounts, *stage),
            })
            .collect();
        found.append(&mut errors.diagnostics);
        Self {
            files,
            stages,
            project_name: owned(options.project.sagemaker_project_name.as_ref()),
            project_id: owned(options.project.sagemaker_project_id.as_ref()),
            env_name: owned(options.project.env_name.as_ref()),
            volume_kms_key_arn: owned(options.ebs_kms_key_arn.as_ref()),
            regions,
        }
    }

    pub(crate) fn pipeline<'a>(&'a self, stage: &'a StageRequest) -> Pipeline<'a> {
        Pipeline {
            stage: stage.stage,
            project_name: self.project_name.as_deref(),
            project_id: self.project_id.as_deref(),
            env_name: self.env_name.as_deref(),
            env_type: stage.env_type.as_deref(),
            execution_role: stage.execution_role.as_deref(),
            volume_kms_key_arn: self.volume_kms_key_arn.as_deref(),
            model_package_arn: None,
            accounts: stage.accounts.as_deref(),
            is_complete: false,
            sources: &SOURCES,
        }
    }

    /// Every finding about the stages' parameters that needs no other option.
    pub(crate) fn findings(&self, configuration: &Configuration) -> Vec<Diagnostic> {
        let findings = |stage| configuration.check(&self.pipeline(stage), &self.targets(stage)).diagnostics;
        self.stages.iter().flat_map(findings).collect()
    }

    pub(crate) fn targets<'a>(&'a self, stage: &'a StageRequest) -> Targets<'a> {
        Targets { accounts: stage.accounts.as_deref(), regions: self.regions.as_deref(), instance_types: &[] }
    }

    /// The account and region to explain; they must be targets of the stage, if those are known.
    pub(crate) fn target<'a>(&self, options: &'a ConfigExplainOptions) -> Result<(Option<&'a str>, Option<&'a str>), Failure> {
        let mut diagnostics = Vec::new();
        let (account, region) = (non_empty(options.account.as_ref()), non_empty(options.region.as_ref()));
        if let Some(account) = account {
            targets::accounts(account, "--account", &mut diagnostics);
        }
        if let Some(region) = region {
            targets::regions(region, "--region", &mut diagnostics);
        }
        let accounts = self.stages.first().and_then(|stage| stage.accounts.as_ref());
        let accounts = accounts.map(|accounts| accounts.iter().map(ToString::to_string).collect::<Vec<_>>());
        let regions = self.regions.as_ref().map(|regions| regions.iter().map(ToString::to_string).collect::<Vec<_>>());
        for (what, id, targets) in [("account", account, accounts), ("region", region, regions)] {
            if let Some((id, targets)) = id.zip(targets).filter(|(id, targets)| !targets.iter().any(|known| known == id)) {
                let diagnostic = Diagnostic::error(format!("{what} `{id}` is not a target of the {} stage", options.stage));
                diagnostics.push(diagnostic.named(format!("--{what}")).with_hint(format!("its targets are {}", targets.join(", "))));
            }
        }
        stop_on_errors(diagnostics)?;
        Ok((account, region))
    }
}
