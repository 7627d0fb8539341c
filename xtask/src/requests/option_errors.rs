//! Reads options one by one and collects the problems of all of them.

use std::path::{Path, PathBuf};

use aws_names::{AccountId, Arn};
use model_release::configuration::{BaseFile, ConfigurationFiles, StageFiles};
use model_release::release_build::{StageRequest, accounts_file, template_configuration_file};
use model_release::{Accounts, Diagnostic, Stage, manifest};
use stack_rollout::organization::{self, UnitId};

use crate::targets;
use command_line::{AccountFilter, ConfigurationOptions, StageAccounts, non_empty};
use terminal::Project;

/// The problems with the options.
#[derive(Debug, Default)]
pub(crate) struct OptionErrors {
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl OptionErrors {
    /// The value, or an empty one after reporting it as missing.
    pub(crate) fn required(&mut self, value: Option<&String>, flag: &str, variable: &str) -> String {
        if let Some(text) = non_empty(value) {
            return text.to_owned();
        }
        self.diagnostics.push(Diagnostic::error(format!("`{flag}` is missing")).with_hint(format!("pass it, or set {variable}")));
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
            let diagnostic = Diagnostic::error(format!("`{text}` is not yes or no")).named("--multi-account-deployment");
            self.diagnostics.push(diagnostic.with_hint("`no` deploys both stages to the caller's account, so it must be explicit"));
            false
        })
    }

    /// One stage, whose name is part of its options and variables.
    pub(super) fn stage(
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
            waves: None,
        }
    }

    /// Checks that no stage's configuration has the name of another file of the release.
    pub(super) fn own_files(&mut self, stages: &[StageRequest; 2]) {
        let reserved = Stage::ALL.iter().flat_map(|stage| [accounts_file(*stage), template_configuration_file(*stage)]);
        let reserved: Vec<String> = reserved.collect();
        for stage in stages {
            if stage.config_file == manifest::FILE_NAME || reserved.contains(&stage.config_file) {
                let diagnostic = Diagnostic::error(format!("`{}` is the name of another file of the release", stage.config_file));
                self.diagnostics.push(
                    diagnostic.named(format!("--{}-config-name", stage.stage)).with_hint("choose another name for the configuration"),
                );
            }
        }
    }

    /// Warns about accounts of both stages, which are probably a mistake.
    pub(super) fn shared_accounts(&mut self, stages: &[StageRequest; 2]) {
        let [Accounts::Listed(staging), Accounts::Listed(prod)] = [&stages[0].accounts, &stages[1].accounts] else { return };
        for account in staging.intersection(prod) {
            let diagnostic = Diagnostic::warning(format!("account `{account}` is a target of both stages"));
            self.diagnostics
                .push(diagnostic.named("--staging-accounts, --prod-accounts").with_hint("use separate accounts for production"));
        }
    }

    /// Checks the environment types. Names of endpoints and stack sets contain the type, so two
    /// stages with one type would be one deployment.
    pub(super) fn own_environments(&mut self, stages: &[StageRequest; 2]) {
        let [staging, prod] = stages;
        if !staging.env_type.is_empty() && staging.env_type.eq_ignore_ascii_case(&prod.env_type) {
            let diagnostic = Diagnostic::error(format!("both stages have the environment type `{}`", staging.env_type));
            self.diagnostics.push(
                diagnostic
                    .named("--env-type-staging-name, --env-type-prod-name")
                    .with_hint("names of endpoints and stack sets contain it: use a different type for each stage"),
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
        match (non_empty(list), non_empty(units)) {
            (Some(_), Some(_)) if filter.is_none() => {
                let diagnostic = Diagnostic::error("both a list of accounts and organizational units are set")
                    .named(format!("{list_flag}, {units_flag}"));
                self.diagnostics.push(diagnostic.with_hint(format!(
                    "set one of them, or combine them with --account-filter; the variables are {list_variable} and {units_variable}"
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
                    let hint = format!("with --multi-account-deployment yes, each stage needs accounts or {units_flag}");
                    self.diagnostics.push(diagnostic.with_hint(hint));
                }
                Accounts::Listed(accounts)
            }
        }
    }

    /// The listed accounts of a stage; `None` without a list, or with only organizational units.
    pub(crate) fn known_accounts(&mut self, options: &StageAccounts, stage: Stage) -> Option<Vec<AccountId>> {
        let (list, flag) = match stage {
            Stage::Staging => (options.staging_accounts.as_ref(), "--staging-accounts"),
            Stage::Prod => (options.prod_accounts.as_ref(), "--prod-accounts"),
        };
        let is_single = non_empty(options.multi_account_deployment.as_ref()).and_then(targets::yes_or_no) == Some(false);
        let text = non_empty(list).filter(|_| !is_single)?;
        Some(targets::accounts(text, flag, &mut self.diagnostics).into_iter().collect())
    }

    /// The name and path of a required role, from `Name`, `path/Name` or an ARN.
    fn role(&mut self, value: Option<&String>, flag: &str, variable: &str) -> String {
        let text = self.required(value, flag, variable);
        self.role_name(&text, flag)
    }

    /// The name and path of a role, from `Name`, `path/Name` or an ARN.
    pub(crate) fn role_name(&mut self, text: &str, flag: &str) -> String {
        let arn = text.parse::<Arn>().ok().filter(|arn| arn.service() == "iam" && arn.resource_type() == "role");
        let name = match &arn {
            Some(arn) => arn.path_and_name(),
            None if text.starts_with("arn:") => "",
            None => text.trim_start_matches('/'),
        };
        let last = name.rsplit('/').next().unwrap_or_default();
        let valid = !last.is_empty()
            && last.len() <= 64
            && name.len() <= 512
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c));
        if !text.is_empty() && !valid {
            let diagnostic = Diagnostic::error(format!("`{text}` is not an IAM role")).named(flag);
            self.diagnostics.push(diagnostic.with_hint("write the role's name, its path and name, or its ARN"));
        }
        name.to_owned()
    }

    /// The project's files with the stages' parameters.
    pub(crate) fn configuration_files(
        &mut self,
        project: &Project,
        options: &ConfigurationOptions,
        stages: &[Stage],
        template: Option<&Path>,
    ) -> ConfigurationFiles {
        let base = non_empty(options.base_config_name.as_ref());
        let base_name = base.unwrap_or("base-config");
        self.file_name(base_name, "--base-config-name");
        let mut named = Vec::new();
        for stage in stages {
            let name = options.config_name(*stage);
            self.file_name(name, &format!("--{stage}-config-name"));
            if name == base_name {
                let diagnostic =
                    Diagnostic::error(format!("`{name}` is both the base configuration and the configuration of the {stage} stage"));
                self.diagnostics.push(
                    diagnostic
                        .named(format!("--base-config-name, --{stage}-config-name"))
                        .with_hint("use a different name for each configuration"),
                );
            }
            let file = |ending: &str| project.file(format!("{name}-{ending}.json"));
            named.push(StageFiles {
                stage: *stage,
                config: file("template"),
                is_required: template.is_none(),
                overrides: file("overrides"),
            });
        }
        let base = BaseFile { path: project.file(format!("{base_name}-template.json")), is_named: base.is_some() };
        let template = template.map_or_else(|| self.template(project, &options.template_name), |path| Some(path.to_owned()));
        ConfigurationFiles { template, base, stages: named }
    }

    pub(crate) fn template(&mut self, project: &Project, name: &str) -> Option<PathBuf> {
        self.file_name(name, "--template-name");
        // `cdk synth` writes JSON.
        let names = ["yml", "yaml", "json"].map(|extension| format!("{name}-template.{extension}"));
        let candidates = names.clone().map(|name| project.file(name));
        let found: Vec<_> = names.iter().zip(&candidates).filter(|(_, path)| path.is_file()).map(|(name, _)| name).collect();
        if let [first, second, ..] = found[..] {
            let diagnostic = Diagnostic::error(format!("there are both `{first}` and `{second}`"));
            self.diagnostics.push(diagnostic.named(project.root.display().to_string()).with_hint("remove one of them"));
        }
        let template = candidates.into_iter().find(|path| path.is_file());
        if template.is_none() {
            let diagnostic = Diagnostic::error(format!("there is no template `{}`, `{}` or `{}`", names[0], names[1], names[2]));
            self.diagnostics.push(diagnostic.named(project.root.display().to_string()).with_hint("name another one with --template-name"));
        }
        template
    }

    /// Checks a name that becomes part of file names in the project and in the release.
    fn file_name(&mut self, name: &str, flag: &str) {
        if name.is_empty() || name.starts_with('.') || !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            let diagnostic = Diagnostic::error(format!("`{name}` is not a file name")).named(flag);
            self.diagnostics
                .push(diagnostic.with_hint("use letters, digits, dots, hyphens and underscores, without a folder or an extension"));
        }
    }
}
