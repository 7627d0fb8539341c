//! Checks that the manifest and the files of a release agree.
//!
//! The checksums prove that the files are those of the manifest, not that they agree with it.

use std::collections::BTreeSet;

use aws_names::{AccountId, Region};
use cfn_render::Template;
use serde_json::Value as Json;

use super::Release;
use crate::diagnostic::Diagnostic;
use crate::manifest::{self, ParameterOverride, StageTargets};
use crate::release_build::{accounts_file, template_configuration_file};
use crate::{MODEL_PACKAGE, Stage};

const AGAIN: &str = "build the release again; do not edit its files";

impl Release {
    /// All contradictions between the manifest and the files.
    pub(super) fn contradictions(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let action = &self.manifest.action;
        if action != manifest::DEPLOY {
            found.push(
                self.contradiction(manifest::FILE_NAME, format!("the action of the release is `{action}`, so there is nothing to deploy")),
            );
        }
        let template = match self.template() {
            Ok(template) => Some(template),
            Err(failure) => {
                found.extend(failure.diagnostics);
                None
            }
        };
        for stage in Stage::ALL {
            let targets = self.manifest.stage(stage);
            found.extend(self.wrong_targets(stage, targets));
            found.extend(self.wrong_accounts_file(stage, targets));
            found.extend(template.iter().flat_map(|template| self.wrong_packages(stage, targets, template)));
            found.extend(self.wrong_template_configuration(stage, targets));
        }
        found
    }

    fn contradiction(&self, file: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).file(&self.folder.join(file)).with_hint(AGAIN)
    }

    /// Every command works on these targets: none may be missing or named twice.
    fn wrong_targets(&self, stage: Stage, targets: &StageTargets) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        let StageTargets { accounts, regions, .. } = targets;
        for (what, count, distinct) in [
            ("account", accounts.len(), accounts.iter().collect::<BTreeSet<_>>().len()),
            ("region", regions.len(), regions.iter().collect::<BTreeSet<_>>().len()),
        ] {
            if count == 0 {
                wrong.push(self.contradiction(manifest::FILE_NAME, format!("the {stage} stage has no {what}")));
            } else if distinct < count {
                wrong.push(self.contradiction(manifest::FILE_NAME, format!("the {stage} stage names the same {what} twice")));
            }
        }
        wrong
    }

    /// CodePipeline deploys to the accounts of the file, and the tests test those of the manifest.
    fn wrong_accounts_file(&self, stage: Stage, targets: &StageTargets) -> Option<Diagnostic> {
        let name = accounts_file(stage);
        let Some(bytes) = self.files.get(&name) else {
            return Some(self.contradiction(manifest::FILE_NAME, format!("the release has no file `{name}`")));
        };
        let listed: BTreeSet<AccountId> = match serde_json::from_slice(bytes) {
            Ok(listed) => listed,
            Err(error) => return Some(self.contradiction(&name, format!("`{name}` is not a list of accounts: {error}"))),
        };
        let known: BTreeSet<AccountId> = targets.accounts.iter().cloned().collect();
        let message = || format!("the accounts in `{name}` are not those of the {stage} stage in the manifest");
        let texts = |accounts: &BTreeSet<AccountId>| accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", ");
        let finding = || {
            self.contradiction(&name, message())
                .detail(format!("manifest {}", texts(&known)))
                .detail(format!("file     {}", texts(&listed)))
        };
        (listed != known).then(finding)
    }

    /// In each target, the parameters must select the manifest's model package of the region. A
    /// template without this parameter has its model package somewhere else.
    fn wrong_packages(&self, stage: Stage, targets: &StageTargets, template: &Template) -> Vec<Diagnostic> {
        let parameters = match self.parameters(stage) {
            Ok(parameters) => parameters,
            Err(failure) => return failure.diagnostics,
        };
        if template.parameters().get(MODEL_PACKAGE).is_none() {
            return Vec::new();
        }
        let mut wrong: Vec<(Region, Option<String>, Vec<String>)> = Vec::new();
        for region in &targets.regions {
            for account in &targets.accounts {
                let overridden = ParameterOverride::of(&targets.parameter_overrides, account, region).remove(MODEL_PACKAGE);
                let value = overridden.or_else(|| parameters.get(MODEL_PACKAGE).cloned());
                if value.as_deref() == Some(self.manifest.model_package.in_region(region).as_str()) {
                    continue;
                }
                match wrong.iter_mut().find(|(known, of, _)| known == region && *of == value) {
                    Some((_, _, places)) => places.push(account.to_string()),
                    None => wrong.push((region.clone(), value, vec![account.to_string()])),
                }
            }
        }
        let finding = |(region, value, accounts): (Region, Option<String>, Vec<String>)| {
            let message = format!("`{MODEL_PACKAGE}` of the {stage} stage in `{region}` is not the model package of the manifest");
            self.contradiction(&targets.config, message)
                .detail(format!("manifest {}", self.manifest.model_package.in_region(&region)))
                .detail(format!("file     {}", value.as_deref().unwrap_or("no value")))
                .detail(format!("in {} of {} accounts", accounts.len(), targets.accounts.len()))
        };
        wrong.into_iter().map(finding).collect()
    }

    /// The file with which CodePipeline's CloudFormation action deploys to one account.
    fn wrong_template_configuration(&self, stage: Stage, targets: &StageTargets) -> Option<Diagnostic> {
        let name = template_configuration_file(stage);
        let configuration: Json = match serde_json::from_slice(self.files.get(&name)?) {
            Ok(configuration) => configuration,
            Err(error) => return Some(self.contradiction(&name, format!("`{name}` is not JSON: {error}"))),
        };
        let value = configuration["Parameters"].get(MODEL_PACKAGE)?;
        let mut packages = targets.regions.iter().map(|region| self.manifest.model_package.in_region(region).as_str());
        let is_known = value
            .as_str()
            .is_some_and(|value| value == self.manifest.model_package.arn.as_str() || packages.any(|package| package == value));
        let message = format!("`{MODEL_PACKAGE}` in `{name}` is not a model package of the manifest");
        (!is_known).then(|| self.contradiction(&name, message).detail(format!("file {value}")))
    }
}
