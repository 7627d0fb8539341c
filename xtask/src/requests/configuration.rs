//! The stages' files, and what is known of the pipeline's values. A value may be missing: then it is not known, and nothing is wrong.

use std::path::Path;

use crate::cli::{ConfigExplainOptions, ConfigurationOptions, given};
use crate::project::Project;
use crate::targets;
use aws_names::{AccountId, Region};
use model_release::Stage;
use model_release::configuration::{Configuration, ConfigurationFiles, Pipeline, Targets};
use model_release::{Diagnostic, Failure, stop_on_errors};

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
    /// Reads the options; what is wrong with them is added to `found`. A template that is named is checked with the stage files beside it,
    /// where there are any.
    pub(crate) fn read(
        project: &Project,
        options: &ConfigurationOptions,
        stages: &[Stage],
        template: Option<&Path>,
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut asked = OptionErrors::default();
        let owned = |value: Option<&String>| given(value).map(str::to_owned);
        let files = asked.configuration_files(project, options, stages, template);
        let regions = given(options.regions.as_ref()).map(|text| targets::regions(text, "--regions", &mut asked.diagnostics));
        let stages = stages
            .iter()
            .map(|stage| StageRequest {
                stage: *stage,
                env_type: owned(options.env_type(*stage)),
                execution_role: given(options.execution_role(*stage))
                    .map(|role| asked.role_name(role, &format!("--sagemaker-execution-role-{stage}-name"))),
                accounts: asked.known_accounts(&options.accounts, *stage),
            })
            .collect();
        found.append(&mut asked.diagnostics);
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

    /// The account and region that an explanation is for: targets of the stage, as far as these are known.
    pub(crate) fn target<'a>(&self, options: &'a ConfigExplainOptions) -> Result<(Option<&'a str>, Option<&'a str>), Failure> {
        let mut diagnostics = Vec::new();
        let (account, region) = (given(options.account.as_ref()), given(options.region.as_ref()));
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
                let diagnostic = Diagnostic::error(format!("{what} `{id}` is no target of the {} stage", options.stage));
                diagnostics.push(diagnostic.named(format!("--{what}")).with_hint(format!("its targets are {}", targets.join(", "))));
            }
        }
        stop_on_errors(diagnostics)?;
        Ok((account, region))
    }
}
