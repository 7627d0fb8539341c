//! The preflight of a rollout: what the stacks need in each target, read from the resolved template, and what was found there.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_names::{AccountId, Region};
use cfn_render::{PseudoParameters, Template};
use serde::Serialize;
use stack_rollout::preflight::{Check, CheckOutcome, ExecutionRole, Place, Requirements};
use stack_rollout::{InstanceAction, Observed, Parameters, PermissionModel, Plan, PlannedInstance};

use crate::blueprint::{StackBlueprint, Value};
use crate::diagnostic::Diagnostic;
use crate::plural::plural;
use crate::{Release, RolloutRequest};

const EXECUTION_ROLE: &str = "AWSCloudFormationStackSetExecutionRole";

/// What the preflight found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreflightReport {
    /// How many checks passed.
    pub passed: usize,
    /// How many checks failed.
    pub failed: usize,
    /// Questions that could not be asked, or that AWS cannot answer.
    pub unchecked: usize,
    /// All that did not pass, each once with all its targets.
    pub findings: Vec<Finding>,
}

/// One finding, in all targets in which it is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Such as `ssm-parameter`.
    pub check: String,
    /// What it is about, such as the parameter's name.
    pub subject: String,
    /// `failed` or `unchecked`.
    pub outcome: String,
    /// What was found.
    pub message: String,
    /// What AWS said, in the first target.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// `ACCOUNT/REGION`; empty for the account that the stack set is in.
    pub targets: Vec<String>,
    /// What kind of finding it is, for the hint of the program that shows it.
    #[serde(skip)]
    pub code: Option<&'static str>,
}

/// A rollout that is to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct PlannedRollout<'a> {
    /// The release.
    pub release: &'a Release,
    /// Its rollout.
    pub request: &'a RolloutRequest,
    /// What there is.
    pub observed: &'a Observed,
    /// What would change.
    pub plan: &'a Plan,
    /// What is checked.
    pub scope: Scope,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What the rollout needs, of the targets that it would touch.
    Touched,
    /// Every target of the release, and the role that the model runs as, too.
    Everything {
        /// The model package is a placeholder, since none is approved: nothing about it can be asked.
        without_package: bool,
    },
}

/// The places that a rollout would touch, with what is needed there; places with the same parameters share their requirements.
pub fn places(rollout: &PlannedRollout<'_>, administration_role: Option<&str>) -> Vec<Place> {
    let PlannedRollout { release, request, observed, plan, scope } = *rollout;
    let Ok(template) = Template::parse(request.release.template.body.clone(), "template") else { return Vec::new() };
    let execution_role = administration_role.map(|administration_role| {
        let PermissionModel::SelfManaged { execution_role_name, .. } = &request.release.permission_model else { return None };
        let known = execution_role_name.clone().or_else(|| observed.stack_set.as_ref()?.execution_role_name.clone());
        let name = known.unwrap_or_else(|| EXECUTION_ROLE.to_owned());
        Some(ExecutionRole { name, administration_role_arn: administration_role.to_owned() })
    });
    let mut known: BTreeMap<(Region, Parameters), Arc<Requirements>> = BTreeMap::new();
    let touched = |action| match scope {
        Scope::Touched => matches!(action, InstanceAction::New | InstanceAction::Update | InstanceAction::Outdated),
        Scope::Everything { .. } => action != InstanceAction::Orphan,
    };
    let place = |planned: &PlannedInstance| {
        let own = request.release.overrides_of(&planned.target);
        let key = (planned.target.region.clone(), own);
        let requirements = known.entry(key).or_insert_with_key(|(region, own)| {
            let mut parameters: Parameters = request.release.parameters.iter().cloned().collect();
            parameters.extend(own.clone());
            let mut needed = needs(release, &template, &parameters, &planned.target.account, region);
            needed.execution_role = execution_role.clone().flatten();
            if let Scope::Everything { without_package } = scope {
                needed.model_role = parameters.get("ExecutionRoleName").map(|role| role.rsplit('/').next().unwrap_or(role).to_owned());
                if without_package {
                    needed.model_packages.clear();
                    needed.images.clear();
                    needed.artifacts.clear();
                }
            }
            Arc::new(needed)
        });
        let stack_id = planned.observed.as_ref().and_then(|instance| instance.stack_id.clone());
        Place { target: planned.target.clone(), stack_id, requirements: Arc::clone(requirements) }
    };
    plan.instances.iter().filter(|planned| touched(planned.action)).map(place).collect()
}

/// What the stacks need with these parameters.
fn needs(release: &Release, template: &Template, parameters: &Parameters, account: &AccountId, region: &Region) -> Requirements {
    let mut needed = Requirements { ssm_parameters: ssm_parameters(template, parameters), ..Requirements::default() };
    // The model package's own image and artifacts.
    let package = &release.manifest.model_package;
    let (images, model_data) =
        package.regions.get(region).map_or((&package.images, &package.model_data), |package| (&package.images, &package.model_data));
    needed.images.clone_from(images);
    needed.artifacts.clone_from(model_data);
    let pseudo = PseudoParameters::in_region(region.as_str()).in_account(account.as_str());
    let Ok(resolved) = template.resolve_partly(parameters, &pseudo) else { return needed };
    let stack = StackBlueprint::read(&resolved);
    for container in stack.models.iter().flat_map(|model| &model.containers) {
        add(&mut needed.model_packages, container.model_package.as_deref(), "arn:");
        add(&mut needed.images, container.image.as_deref(), "");
        add(&mut needed.artifacts, container.model_data_url.as_deref(), "s3://");
    }
    for config in &stack.configs {
        for key in &config.keys {
            add(&mut needed.keys, Some(key), "arn:");
        }
        for variant in &config.variants {
            let count = variant.instance_count.and_then(|count| u32::try_from(count).ok());
            if let (Some(kind), Some(count)) = (&variant.instance_type, count) {
                *needed.instances.entry(kind.clone()).or_default() += count;
            }
        }
    }
    for endpoint in &stack.endpoints {
        if let Value::Known(name) = &endpoint.name {
            add(&mut needed.endpoints, Some(name), "");
        }
    }
    needed
}

/// Adds a text once.
fn add(list: &mut Vec<String>, text: Option<&str>, prefix: &str) {
    if let Some(text) = text.filter(|text| !text.is_empty() && text.starts_with(prefix))
        && !list.iter().any(|known| known == text)
    {
        list.push(text.to_owned());
    }
}

/// The Systems Manager parameters that the template's parameters name, with the types that fit (AWS CloudFormation user guide, "SSM
/// parameter types").
fn ssm_parameters(template: &Template, parameters: &Parameters) -> BTreeMap<String, Vec<&'static str>> {
    let declared = template.parameters();
    let mut named = BTreeMap::new();
    for (name, parameter) in declared.as_object().into_iter().flatten() {
        let Some(kind) = parameter["Type"].as_str().and_then(|kind| kind.strip_prefix("AWS::SSM::Parameter::")) else { continue };
        let Some(key) = parameters.get(name).map(String::as_str).or_else(|| parameter["Default"].as_str()) else { continue };
        let fitting = match kind.strip_prefix("Value<") {
            Some(inner) if inner.starts_with("List<") || inner.starts_with("CommaDelimitedList") => vec!["StringList"],
            Some(inner) if inner.starts_with("String") || inner.starts_with("AWS::") => vec!["String"],
            // A name may have any type, and so may a value whose type is not documented.
            _ => Vec::new(),
        };
        if !key.is_empty() {
            named.insert(key.to_owned(), fitting);
        }
    }
    named
}

impl Finding {
    /// What failed is an error, and what could not be checked a warning.
    pub fn diagnostic(&self) -> Diagnostic {
        let diagnostic = match self.outcome.as_str() {
            "failed" => Diagnostic::error(&self.message),
            _ => Diagnostic::warning(format!("not checked: {}", self.message)),
        };
        Diagnostic { code: self.code, details: self.detail.iter().cloned().collect(), ..diagnostic.with_hint_opt(self.hint.clone()) }
    }
}

impl PreflightReport {
    /// The report of all checks.
    pub fn of(checks: &[Check]) -> Self {
        let count = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
        let mut findings: Vec<Finding> = Vec::new();
        let mut places: BTreeMap<(&str, &str, CheckOutcome, Option<&str>), usize> = BTreeMap::new();
        for check in checks.iter().filter(|check| check.outcome != CheckOutcome::Passed) {
            let key = (check.name, check.subject.as_str(), check.outcome, check.message.as_deref());
            let place = *places.entry(key).or_insert_with(|| {
                findings.push(Finding {
                    check: check.name.to_owned(),
                    subject: check.subject.clone(),
                    outcome: if check.outcome == CheckOutcome::Failed { "failed" } else { "unchecked" }.to_owned(),
                    message: check.message.clone().unwrap_or_default(),
                    detail: check.detail.clone(),
                    hint: check.hint.clone(),
                    targets: Vec::new(),
                    code: check.code,
                });
                findings.len() - 1
            });
            findings[place].targets.extend(check.target.as_ref().map(ToString::to_string));
        }
        findings.sort_by(|a, b| a.outcome.cmp(&b.outcome));
        Self {
            passed: count(CheckOutcome::Passed),
            failed: count(CheckOutcome::Failed),
            unchecked: count(CheckOutcome::Unchecked),
            findings,
        }
    }

    /// Gives each finding the hint of the program that shows it.
    pub fn complete(&mut self, complete: impl Fn(&Diagnostic) -> Diagnostic) {
        for finding in &mut self.findings {
            finding.hint = complete(&finding.diagnostic()).hint;
        }
    }

    /// In one line.
    pub fn summary(&self) -> String {
        let mut parts = vec![format!("{} passed", plural(self.passed, "check"))];
        if self.failed > 0 {
            parts.push(format!("{} failed", self.failed));
        }
        if self.unchecked > 0 {
            parts.push(format!("{} could not be made", self.unchecked));
        }
        format!("Preflight: {}", parts.join(", "))
    }
}
