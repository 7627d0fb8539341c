//! What `build` is asked for, every option checked and every problem with them reported at once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model_registry::ModelPackageGroup;
use stack_rollout::organization::{self, UnitId};

use super::regional::{self, RegionalSelection};
use crate::choice::Wanted;
use crate::cli::{AccountFilter, BuildOptions, ConfigurationOptions, Stage, StageAccounts, given};
use crate::configuration::{BaseFile, ConfigurationFiles, Pipeline, StageFiles};
use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
use crate::exit::Exit;
use crate::manifest;
use crate::project::Project;
use crate::stores;
use crate::targets::{self, Accounts};

/// What `build` is asked for.
#[derive(Debug)]
pub(crate) struct BuildRequest {
    pub(crate) project_name: String,
    pub(crate) project_id: String,
    pub(crate) env_name: String,
    pub(crate) group: ModelPackageGroup,
    pub(crate) wanted: Wanted,
    /// Empty: the session's region.
    pub(crate) regions: Vec<String>,
    /// Which model package serves which other region.
    pub(crate) regional_packages: BTreeMap<String, RegionalSelection>,
    pub(crate) stages: [StageRequest; 2],
    pub(crate) volume_kms_key_arn: Option<String>,
    pub(crate) files: ConfigurationFiles,
    pub(crate) output_template: String,
    /// Whether each stage's parameters are written as a template configuration, too.
    pub(crate) template_configuration: bool,
    pub(crate) artifact_bucket: Option<String>,
    /// What the keys of objects in the bucket begin with.
    pub(crate) artifact_prefix: Option<String>,
    /// A folder to write into instead of the bucket, where nothing may be uploaded.
    pub(crate) artifact_dir: Option<PathBuf>,
    pub(crate) output_dir: PathBuf,
    /// What is worth saying of the options.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// What one stage is asked for.
#[derive(Debug)]
pub(crate) struct StageRequest {
    pub(crate) stage: Stage,
    pub(crate) config_file: String,
    pub(crate) env_type: String,
    /// The role's name, with its path if it has one.
    pub(crate) execution_role: String,
    pub(crate) accounts: Accounts,
}

impl BuildRequest {
    pub(crate) fn read(project: &Project, options: &BuildOptions) -> Result<Self, Failure> {
        let mut asked = Asked { diagnostics: Vec::new() };
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
        let wanted = Wanted::read(Some(project), &options.choice, group.as_ref(), &mut asked.diagnostics);
        let regions = given(configuration.regions.as_ref())
            .map(|text| targets::regions(text, "--regions", &mut asked.diagnostics))
            .unwrap_or_default();
        let regional_packages = regional::read(&options.regional_model_package, &mut asked.diagnostics);
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
                    .hinting("give each stage a configuration of its own"),
            );
        }
        asked.own_files(&stages);
        asked.own_environments(&stages);
        asked.shared_accounts(&stages);
        let files = asked.configuration_files(project, configuration, &Stage::ALL);
        let parsed = group.zip(wanted);
        let artifact_bucket = given(options.artifact_bucket.as_ref())
            .map(|name| stores::bucket_name(name, "--artifact-bucket, ARTIFACT_BUCKET", "--artifact-prefix"))
            .transpose()
            .unwrap_or_else(|diagnostic| {
                asked.diagnostics.push(diagnostic);
                None
            });
        let warnings = stop_on_errors(asked.diagnostics)?;
        let Some((group, wanted)) = parsed else { return Err(Failure::new(Exit::BadInput, Vec::new())) };
        Ok(Self {
            project_name,
            project_id,
            env_name,
            group,
            wanted,
            regions,
            regional_packages,
            stages,
            volume_kms_key_arn: given(configuration.ebs_kms_key_arn.as_ref()).map(str::to_owned),
            files,
            output_template: format!("{}.yaml", configuration.template_name),
            template_configuration: options.template_configuration,
            warnings,
            artifact_bucket,
            artifact_prefix: given(options.artifact_prefix.as_ref()).map(str::to_owned),
            artifact_dir: options.artifact_dir.clone(),
            output_dir: options.output_dir.clone().unwrap_or_else(|| project.target("deploy")),
        })
    }

    /// What the pipeline knows of a stage; the model package once it is chosen, and the accounts once they are listed.
    pub(crate) fn pipeline<'a>(
        &'a self,
        stage: &'a StageRequest,
        model_package_arn: Option<&'a str>,
        accounts: Option<&'a [String]>,
    ) -> Pipeline<'a> {
        Pipeline {
            stage: stage.stage,
            project_name: Some(&self.project_name),
            project_id: Some(&self.project_id),
            env_name: Some(&self.env_name),
            env_type: Some(&stage.env_type),
            execution_role: Some(&stage.execution_role),
            volume_kms_key_arn: self.volume_kms_key_arn.as_deref(),
            model_package_arn,
            accounts,
        }
    }
}

/// Collects what is wrong with the options.
pub(crate) struct Asked {
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Asked {
    /// The value, or an empty one that was reported as missing.
    pub(crate) fn required(&mut self, value: Option<&String>, flag: &str, variable: &str) -> String {
        if let Some(text) = given(value) {
            return text.to_owned();
        }
        self.diagnostics.push(Diagnostic::error(format!("`{flag}` is missing")).hint(format!("give it, or set {variable}")));
        String::new()
    }

    pub(crate) fn parsed<T, E: std::fmt::Display>(&mut self, parsed: Result<T, E>, flag: &str) -> Option<T> {
        parsed.map_err(|error| self.diagnostics.push(Diagnostic::error(error.to_string()).named(flag))).ok()
    }

    fn multi_account(&mut self, value: Option<&String>) -> bool {
        let text = self.required(value, "--multi-account-deployment", "MULTI_ACCOUNT_DEPLOYMENT");
        if text.is_empty() {
            return false;
        }
        targets::yes_or_no(&text).unwrap_or_else(|| {
            let diagnostic = Diagnostic::error(format!("`{text}` is neither yes nor no")).named("--multi-account-deployment");
            self.diagnostics.push(diagnostic.hinting("`no` deploys both stages into the caller's own account, so it has to be said"));
            false
        })
    }

    /// One stage; its options and variables are named for it.
    fn stage(
        &mut self,
        stage: Stage,
        config_name: &str,
        env_type: Option<&String>,
        role: Option<&String>,
        accounts: Accounts,
    ) -> StageRequest {
        let variable = stage.name().to_uppercase();
        let role_names = (format!("--sagemaker-execution-role-{stage}-name"), format!("SAGEMAKER_EXECUTION_ROLE_{variable}_NAME"));
        StageRequest {
            stage,
            config_file: format!("{config_name}.json"),
            env_type: self.required(env_type, &format!("--env-type-{stage}-name"), &format!("ENV_TYPE_{variable}_NAME")),
            execution_role: self.role(role, &role_names.0, &role_names.1),
            accounts,
        }
    }

    /// No stage's configuration takes the name of another file of the release.
    fn own_files(&mut self, stages: &[StageRequest; 2]) {
        let taken = Stage::ALL.iter().flat_map(|stage| [format!("{stage}-accounts.json"), template_configuration_file(*stage)]);
        let taken: Vec<String> = taken.collect();
        for stage in stages {
            if stage.config_file == manifest::FILE_NAME || taken.contains(&stage.config_file) {
                let diagnostic = Diagnostic::error(format!("`{}` is the name of another file of the release", stage.config_file));
                self.diagnostics
                    .push(diagnostic.named(format!("--{}-config-name", stage.stage)).hinting("give the configuration another name"));
            }
        }
    }

    /// An account of both stages is most likely a slip: staging would run beside production.
    fn shared_accounts(&mut self, stages: &[StageRequest; 2]) {
        let [Accounts::Listed(staging), Accounts::Listed(prod)] = [&stages[0].accounts, &stages[1].accounts] else { return };
        for account in staging.intersection(prod) {
            let diagnostic = Diagnostic::warning(format!("account `{account}` is a target of both stages"));
            self.diagnostics.push(diagnostic.named("--staging-accounts, --prod-accounts").hinting("give production accounts of its own"));
        }
    }

    /// Endpoints and stack sets are named for the environment's type: two stages of one type would be one deployment.
    fn own_environments(&mut self, stages: &[StageRequest; 2]) {
        let [staging, prod] = stages;
        if !staging.env_type.is_empty() && staging.env_type.eq_ignore_ascii_case(&prod.env_type) {
            let diagnostic = Diagnostic::error(format!("both stages have the environment type `{}`", staging.env_type));
            self.diagnostics.push(
                diagnostic
                    .named("--env-type-staging-name, --env-type-prod-name")
                    .hinting("endpoints and stack sets are named for it: production would be deployed with staging"),
            );
        }
    }

    /// The accounts of both stages, staging first.
    pub(crate) fn stage_accounts(&mut self, options: &StageAccounts) -> [Accounts; 2] {
        let multi_account = self.multi_account(options.multi_account_deployment.as_ref());
        let staging =
            [("--staging-accounts", "STAGING_ACCOUNT_LIST"), ("--organizational-unit-staging-id", "ORGANIZATIONAL_UNIT_STAGING_ID")];
        let prod = [("--prod-accounts", "PROD_ACCOUNT_LIST"), ("--organizational-unit-prod-id", "ORGANIZATIONAL_UNIT_PROD_ID")];
        [
            self.accounts(
                multi_account,
                options.staging_accounts.as_ref(),
                options.organizational_unit_staging_id.as_ref(),
                options.account_filter,
                staging,
            ),
            self.accounts(
                multi_account,
                options.prod_accounts.as_ref(),
                options.organizational_unit_prod_id.as_ref(),
                options.account_filter,
                prod,
            ),
        ]
    }

    fn accounts(
        &mut self,
        multi_account: bool,
        list: Option<&String>,
        units: Option<&String>,
        filter: Option<AccountFilter>,
        names: [(&str, &str); 2],
    ) -> Accounts {
        if !multi_account {
            return Accounts::Own;
        }
        let [(list_flag, list_variable), (units_flag, units_variable)] = names;
        match (given(list), given(units)) {
            (Some(_), Some(_)) if filter.is_none() => {
                let diagnostic = Diagnostic::error("both a list of accounts and organizational units are given")
                    .named(format!("{list_flag}, {units_flag}"));
                self.diagnostics.push(diagnostic.hint(format!(
                    "give one of them, or say with --account-filter what the list does to the units' accounts; the variables are {list_variable} and {units_variable}"
                )));
                Accounts::Own
            }
            (list, Some(text)) => {
                let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
                let units = ids.filter_map(|id| self.parsed(id.parse::<UnitId>(), units_flag)).collect();
                let listed = list.zip(filter).map(|(text, filter)| {
                    let filter = match filter {
                        AccountFilter::Intersection => organization::AccountFilter::Intersection,
                        AccountFilter::Difference => organization::AccountFilter::Difference,
                        AccountFilter::Union => organization::AccountFilter::Union,
                    };
                    (filter, targets::accounts(text, list_flag, &mut self.diagnostics))
                });
                Accounts::Units(units, listed)
            }
            (list, None) => {
                let known = self.diagnostics.len();
                let accounts = list.map(|text| targets::accounts(text, list_flag, &mut self.diagnostics)).unwrap_or_default();
                if accounts.is_empty() && self.diagnostics.len() == known {
                    let diagnostic = Diagnostic::error("the list of accounts is empty").named(format!("{list_flag}, {list_variable}"));
                    let hint = format!("with --multi-account-deployment yes each stage needs its accounts, or their {units_flag}");
                    self.diagnostics.push(diagnostic.hint(hint));
                }
                Accounts::Listed(accounts)
            }
        }
    }

    /// A list of accounts where it is given; none where it is not, or where only organizational units are.
    pub(crate) fn known_accounts(&mut self, options: &StageAccounts, stage: Stage) -> Option<Vec<String>> {
        let (list, flag) = match stage {
            Stage::Staging => (options.staging_accounts.as_ref(), "--staging-accounts"),
            Stage::Prod => (options.prod_accounts.as_ref(), "--prod-accounts"),
        };
        let is_single = given(options.multi_account_deployment.as_ref()).and_then(targets::yes_or_no) == Some(false);
        let text = given(list).filter(|_| !is_single)?;
        Some(targets::accounts(text, flag, &mut self.diagnostics).iter().map(ToString::to_string).collect())
    }

    /// A role's name with its path: `Name`, `path/Name`, or the ARN of such a role.
    fn role(&mut self, value: Option<&String>, flag: &str, variable: &str) -> String {
        let text = self.required(value, flag, variable);
        self.role_name(&text, flag)
    }

    /// The same of a text.
    pub(crate) fn role_name(&mut self, text: &str, flag: &str) -> String {
        let name =
            if text.starts_with("arn:") { text.split_once(":role/").map_or("", |(_, name)| name) } else { text.trim_start_matches('/') };
        let last = name.rsplit('/').next().unwrap_or_default();
        let valid = !last.is_empty()
            && last.len() <= 64
            && name.len() <= 512
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c));
        if !text.is_empty() && !valid {
            let diagnostic = Diagnostic::error(format!("`{text}` is not an IAM role")).named(flag);
            self.diagnostics.push(diagnostic.hinting("give the role's name, its path and name, or its ARN"));
        }
        name.to_owned()
    }

    /// The files of the project that say what its stages' parameters are.
    pub(crate) fn configuration_files(
        &mut self,
        project: &Project,
        options: &ConfigurationOptions,
        stages: &[Stage],
    ) -> ConfigurationFiles {
        let base = given(options.base_config_name.as_ref());
        let base_name = base.unwrap_or("base-config");
        self.file_name(base_name, "--base-config-name");
        let mut named = Vec::new();
        for stage in stages {
            let name = options.config_name(*stage);
            self.file_name(name, &format!("--{stage}-config-name"));
            if name == base_name {
                let diagnostic = Diagnostic::error(format!("`{name}` is named as the base of both stages and as the {stage} stage's own"));
                self.diagnostics.push(
                    diagnostic
                        .named(format!("--base-config-name, --{stage}-config-name"))
                        .hinting("give each configuration a name of its own"),
                );
            }
            let file = |ending: &str| project.root.join(format!("{name}-{ending}.json"));
            named.push(StageFiles { stage: *stage, config: file("template"), overrides: file("overrides") });
        }
        let base = BaseFile { path: project.root.join(format!("{base_name}-template.json")), is_named: base.is_some() };
        ConfigurationFiles { template: self.template(project, &options.template_name), base, stages: named }
    }

    pub(crate) fn template(&mut self, project: &Project, name: &str) -> PathBuf {
        self.file_name(name, "--template-name");
        let candidates = ["yml", "yaml"].map(|extension| project.root.join(format!("{name}-template.{extension}")));
        if candidates.iter().all(|path| path.is_file()) {
            let diagnostic = Diagnostic::error(format!("there are both `{name}-template.yml` and `{name}-template.yaml`"));
            self.diagnostics.push(diagnostic.named(project.root.display().to_string()).hinting("remove the one that is not meant"));
        }
        candidates.iter().find(|path| path.is_file()).cloned().unwrap_or_else(|| {
            let diagnostic = Diagnostic::error(format!("there is no template `{name}-template.yml` or `{name}-template.yaml`"));
            self.diagnostics.push(diagnostic.named(project.root.display().to_string()).hinting("name another one with --template-name"));
            candidates[0].clone()
        })
    }

    /// Names become file names in the project's folder and in the release: nothing else.
    fn file_name(&mut self, name: &str, flag: &str) {
        if name.is_empty() || name.starts_with('.') || !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            let diagnostic = Diagnostic::error(format!("`{name}` is not a file's name")).named(flag);
            self.diagnostics.push(diagnostic.hinting("use letters, digits, dots, hyphens and underscores, without a folder or an ending"));
        }
    }
}

/// The file of a release that holds a stage's parameters as CodePipeline's CloudFormation action takes them.
pub(crate) fn template_configuration_file(stage: Stage) -> String {
    format!("{stage}-template-configuration.json")
}
