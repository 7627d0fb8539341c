//! Merges a stage's parameters and makes all checks that need no call to AWS.

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, Region};
use cfn_render::PseudoParameters;
use stage_config::{
    Checked, Layer, Merged, Override, Overrides, ParameterType, Problem, ResolvedTemplate, ResourceRules, Value, check, check_resources,
    check_rules, merge, names,
};

use super::files::{Configuration, StageConfiguration};
use super::offered::Pipeline;
use super::target_dependence::depends_on_target;
use crate::diagnostic::{Diagnostic, Level};
use crate::endpoints;
use crate::manifest::ParameterOverride;
use crate::problems;
use crate::{DEPLOYMENT_ATTEMPT, MODEL_PACKAGE, Stage};

/// Parameters that must be the same in every account and region of a release.
const SAME_EVERYWHERE: [&str; 6] = [MODEL_PACKAGE, "SageMakerProjectName", "SageMakerProjectId", "EnvType", "Accounts", DEPLOYMENT_ATTEMPT];

/// The targets of a stage, as far as they are known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Targets<'a> {
    /// The target accounts.
    pub accounts: Option<&'a [AccountId]>,
    /// The target regions.
    pub regions: Option<&'a [Region]>,
    /// The instance types that the model package supports; empty means all.
    pub instance_types: &'a [String],
}

/// A stage's parameters.
#[derive(Debug)]
pub struct StageParameters {
    /// The merged parameters with their origins, without overrides.
    pub merged: Merged,
    /// The values for AWS, without overrides.
    pub checked: Checked,
    /// The overrides for accounts and regions; a later one wins.
    pub overrides: Vec<ParameterOverride>,
    /// The findings, without duplicates.
    pub diagnostics: Vec<Diagnostic>,
}

/// An account and a region, as far as they are known.
type Target<'a> = (Option<&'a str>, Option<&'a str>);

impl Configuration {
    /// The stage's merged layers, without overrides.
    pub fn merged(&self, pipeline: &Pipeline<'_>) -> Merged {
        let stage = self.stage(pipeline.stage);
        merge(self.base.iter().chain([&stage.layer]).cloned().chain([pipeline.layer()]))
    }

    /// The overrides for this account and region.
    pub fn overrides(&self, stage: Stage, (account, region): Target<'_>) -> Layer {
        let overrides = self.stage(stage).overrides.as_ref().map(|(_, overrides)| overrides);
        overrides.map(|overrides| overrides.layer(account.unwrap_or_default(), region.unwrap_or_default())).unwrap_or_default()
    }

    /// Merges and checks a stage's parameters: each one, all together, and the resolved template.
    pub fn check(&self, pipeline: &Pipeline<'_>, targets: &Targets<'_>) -> StageParameters {
        let stage = self.stage(pipeline.stage);
        let merged = self.merged(pipeline);
        let of_files = self.warnings.iter().chain(&self.errors).chain(&stage.errors).cloned().collect();
        let mut found = Found { of_template: of_files, ..Found::default() };
        let checked = self.check_target(&merged, pipeline, targets, (None, None), &mut found);
        let no_overrides = Overrides::default();
        let overrides = stage.overrides.as_ref().map_or(&no_overrides, |(_, overrides)| overrides);
        let (named_accounts, named_regions) = named(&overrides.entries);
        let accounts: Vec<&str> = targets.accounts.map_or_else(|| named_accounts.into_iter().collect(), strs);
        let regions: Vec<&str> = targets.regions.map_or_else(|| named_regions.into_iter().collect(), strs);
        found.problems.extend(overrides.check_targets(accounts.iter().copied(), regions.iter().copied()));
        self.reject_fixed_parameters(&overrides.entries, &mut found);
        // Equal parameters are checked once, unless the template depends on the account or region.
        let differs = depends_on_target(&self.template_json);
        let mut seen = BTreeSet::from([Vec::new()]);
        for target in combinations(&accounts, &regions) {
            let layer = self.overrides(pipeline.stage, target);
            let values: Vec<_> = layer.parameters.iter().map(|(name, setting)| (name.clone(), setting.value.clone())).collect();
            if seen.insert(values) || differs {
                self.check_target(&merge([merged.clone(), layer]), pipeline, targets, target, &mut found);
            }
        }
        check_stack_set_name(pipeline, &mut found);
        self.check_endpoints(&merged, &checked, pipeline, (&accounts, &regions), &mut found);
        StageParameters { diagnostics: found.diagnostics(self, stage), overrides: by_target(stage), merged, checked }
    }

    /// The parameters whose values are unknown: those of the pipeline, and those of a file that could
    /// not be read completely.
    pub fn not_known(&self, pipeline: &Pipeline<'_>, merged: &Merged) -> BTreeSet<String> {
        let stage = self.stage(pipeline.stage);
        let is_missing = |name: &String| !merged.parameters.contains_key(name);
        let mut not_known = pipeline.not_known();
        not_known.retain(is_missing);
        let without_default = |name: &str| self.section.declarations.get(name).is_some_and(|declaration| declaration.default.is_none());
        // The pipeline can still set a key that has no default in the template.
        not_known.extend(pipeline.later().filter(|name| without_default(name)).map(str::to_owned).filter(is_missing));
        if !stage.is_whole || !self.base_is_whole {
            not_known.extend(self.section.declarations.keys().filter(|name| without_default(name) && is_missing(name)).cloned());
        }
        not_known.extend(self.base.iter().chain([&stage.layer]).flat_map(|layer| layer.unreadable.iter().cloned()));
        not_known
    }

    /// Checks that the endpoint names are known before the deployment, by the rules of `build`.
    fn check_endpoints(
        &self,
        merged: &Merged,
        checked: &Checked,
        pipeline: &Pipeline<'_>,
        (accounts, regions): (&[&str], &[&str]),
        found: &mut Found,
    ) {
        if found.unresolved {
            return;
        }
        let mut not_known = self.not_known(pipeline, merged);
        not_known.extend(checked.wrong.iter().cloned());
        let mut parameters = checked.parameters.clone();
        for (name, text) in self.texts(checked, &not_known) {
            parameters.entry(name).or_insert(Value::Text(text));
        }
        // A name can contain the account or region; unknown ones get a placeholder.
        let accounts: Vec<AccountId> = accounts.iter().filter_map(|account| account.parse().ok()).collect();
        let accounts = if accounts.is_empty() { "000000000000".parse().into_iter().collect() } else { accounts };
        let regions: Vec<Region> = regions.iter().filter_map(|region| region.parse().ok()).collect();
        let regions = if regions.is_empty() { "us-east-1".parse().into_iter().collect() } else { regions };
        let overrides = by_target(self.stage(pipeline.stage));
        if let Err(failure) = endpoints::names(&self.template, &parameters, &overrides, &accounts, &regions) {
            // A condition on an unknown value can still create the endpoint.
            let conditions = self.template_json["Conditions"].to_string();
            let is_open = not_known.iter().any(|name| conditions.contains(name.as_str()));
            let findings = failure.diagnostics.into_iter().filter(|finding| !(is_open && finding.code == Some("no-endpoint")));
            // A template that only a build refuses can be deployed by other means.
            found.of_template.extend(findings.map(|finding| match finding.code {
                Some("endpoint-not-in-template") => Diagnostic { level: Level::Warning, ..finding },
                _ => finding,
            }));
        }
    }

    fn check_target(
        &self,
        merged: &Merged,
        pipeline: &Pipeline<'_>,
        targets: &Targets<'_>,
        target: Target<'_>,
        found: &mut Found,
    ) -> Checked {
        let mut not_known = self.not_known(pipeline, merged);
        let checked = check(merged, &self.section);
        let is_unknown_yet = |problem: &&Problem| {
            problem.code == "missing-parameter" && problem.parameter.as_ref().is_some_and(|name| not_known.contains(name))
        };
        found.problems.extend(checked.problems.iter().filter(|problem| !is_unknown_yet(problem)).cloned());

        // Invalid parameters are not used in checks of several parameters.
        not_known.extend(checked.wrong.iter().cloned());
        not_known.extend(merged.parameters.iter().filter(|(_, setting)| setting.value.text().is_none()).map(|(name, _)| name.clone()));
        let violations = check_rules(&self.template_json, &self.section, merged, &not_known);

        let texts = self.texts(&checked, &not_known);
        let region = target.1.or(targets.regions.and_then(|regions| regions.first()).map(Region::as_str));
        let account = target.0.or(targets.accounts.and_then(|accounts| accounts.first()).map(AccountId::as_str));
        let pseudo = region.map_or_else(PseudoParameters::unknown, PseudoParameters::in_region);
        let pseudo = account.map_or(pseudo.clone(), |account| pseudo.in_account(account));
        match self.template.resolve_with_provenance(&texts, &pseudo) {
            Ok(resolved) => {
                let rules = ResourceRules {
                    production: pipeline.stage == Stage::Prod,
                    supported_instance_types: targets.instance_types.to_vec(),
                    not_known: not_known.clone(),
                };
                let behind = |pointer: &str| resolved.parameters_of(pointer).into_iter().map(str::to_owned).collect();
                let template = ResolvedTemplate::new(&self.template_json, resolved.value()).with_parameter_origins(&behind);
                // Skip findings that a rule of the template reports: its message is more specific.
                let is_reported = |problem: &Problem| {
                    ["serverless", "deployment-step", "no-alarms"].contains(&problem.code)
                        && violations.iter().any(|rule| rule.place == problem.place)
                };
                let findings = check_resources(template, merged, &rules);
                found.problems.extend(findings.into_iter().filter(|problem| !is_reported(problem)));
            }
            Err(error) => {
                // A placeholder can be too short for a function; the real value is checked later.
                let own = |problem: &&cfn_render::Problem| not_known.is_empty() || problem.code != cfn_render::Code::MalformedFunction;
                let own = error.problems().iter().filter(own);
                found.unresolved = true;
                found.of_template.extend(own.map(|problem| problems::of_template(problem, self.template.text())));
            }
        }
        found.problems.extend(violations);
        checked
    }

    /// The values for resolving the template. Unknown values get placeholders of their type.
    fn texts(&self, checked: &Checked, not_known: &BTreeSet<String>) -> BTreeMap<String, String> {
        let known = checked.parameters.iter().filter_map(|(name, value)| Some((name.clone(), value.text()?.to_owned())));
        let mut texts: BTreeMap<String, String> = known.collect();
        for name in not_known {
            if texts.contains_key(name) {
                continue;
            }
            let Some(declaration) = self.section.declarations.get(name) else {
                if self.section.unreadable.contains(name) {
                    texts.insert(name.clone(), "unknown".to_owned());
                }
                continue;
            };
            let placeholder = match (&declaration.default, declaration.allowed_values.first(), &declaration.parameter_type) {
                (Some(text), ..) | (None, Some(text), _) => text.clone(),
                (None, None, ParameterType::Number | ParameterType::NumberList) => "1".to_owned(),
                (None, None, _) if name == MODEL_PACKAGE => "arn:aws:sagemaker:us-east-1:000000000000:model-package/unknown/1".to_owned(),
                (None, None, _) => "unknown".to_owned(),
            };
            texts.insert(name.clone(), placeholder);
        }
        texts
    }

    fn reject_fixed_parameters(&self, entries: &[Override], found: &mut Found) {
        for (name, setting) in entries.iter().flat_map(|entry| &entry.parameters) {
            if SAME_EVERYWHERE.contains(&name.as_str()) {
                let diagnostic = Diagnostic::error(format!("`{name}` must be the same in every account and region of a release"));
                let diagnostic = match name.as_str() {
                    MODEL_PACKAGE => diagnostic.code("overridden-model-package"),
                    _ => diagnostic.with_hint("remove it from the overrides"),
                };
                found.of_template.push(self.at(diagnostic, &setting.named_at));
            }
        }
    }
}

#[derive(Default)]
struct Found {
    problems: Vec<Problem>,
    of_template: Vec<Diagnostic>,
    /// The template could not be resolved for a target.
    unresolved: bool,
}

impl Found {
    /// The findings without duplicates: several targets can have the same finding.
    fn diagnostics(self, configuration: &Configuration, stage: &StageConfiguration) -> Vec<Diagnostic> {
        let of_problems = self.problems.iter().map(|problem| {
            let diagnostic = configuration.diagnostic(problem);
            if problem.code == "missing-parameter" { diagnostic.detail(format!("the stage file is {}", stage.path)) } else { diagnostic }
        });
        let mut diagnostics: Vec<Diagnostic> = of_problems.chain(self.of_template).collect();
        let mut seen = BTreeSet::new();
        diagnostics.retain(|diagnostic| seen.insert(diagnostic.clone()));
        diagnostics
    }
}

impl StageParameters {
    /// Whether there are no errors.
    pub fn is_valid(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.level != Level::Error)
    }
}

fn check_stack_set_name(pipeline: &Pipeline<'_>, found: &mut Found) {
    let Some(name) = pipeline.stack_set().filter(|name| !names::is_stack_set_name(name)) else { return };
    let count = name.chars().count();
    let diagnostic = Diagnostic::error(format!("`{name}` is not a valid stack set name: it has {count} characters"))
        .code("stack-set-name")
        .about(pipeline.stage.name())
        .with_hint(format!(
            "shorten these three parts of the name: it can have at most {} letters, digits and hyphens",
            names::MAX_STACK_SET_NAME
        ));
    found.of_template.push(diagnostic);
}

fn by_target(stage: &StageConfiguration) -> Vec<ParameterOverride> {
    let targets = stage.overrides.iter().flat_map(|(_, overrides)| overrides.by_target());
    let overrides =
        targets.map(|target| ParameterOverride { account: target.account, region: target.region, parameters: target.parameters });
    overrides.filter(|known| !known.parameters.is_empty()).collect()
}

fn strs<T: AsRef<str>>(names: &[T]) -> Vec<&str> {
    names.iter().map(AsRef::as_ref).collect()
}

fn named(entries: &[Override]) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let accounts = entries.iter().flat_map(|entry| entry.accounts.keys().map(String::as_str)).collect();
    (accounts, entries.iter().flat_map(|entry| entry.regions.keys().map(String::as_str)).collect())
}

/// All combinations of accounts and regions; `None` if none are known.
fn combinations<'a>(accounts: &[&'a str], regions: &[&'a str]) -> Vec<Target<'a>> {
    let all =
        |ids: &[&'a str]| -> Vec<Option<&'a str>> { if ids.is_empty() { vec![None] } else { ids.iter().copied().map(Some).collect() } };
    let regions = all(regions);
    all(accounts).into_iter().flat_map(|account| regions.iter().map(move |region| (account, *region))).collect()
}
