//! The preflight of a rollout: the requirements in each target, and the report.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use aws_names::{AccountId, Arn, Region, resource_name};
use cfn_render::{PseudoParameters, Template};
use serde::{Deserialize, Serialize};
use stack_rollout::preflight::{Check, CheckOutcome, ExecutionRole, NO_SESSION, PreflightTarget, Requirements};
use stack_rollout::{InstanceAction, Observed, Parameters, PermissionModel, Plan, PlannedInstance};

use crate::blueprint::{StackBlueprint, Value};
use crate::diagnostic::{Diagnostic, FailureKind};
use crate::plural::plural;
use crate::{Release, RolloutRequest};

const EXECUTION_ROLE: &str = "AWSCloudFormationStackSetExecutionRole";

/// The report of a preflight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreflightReport {
    /// The number of passed checks.
    pub passed: usize,
    /// The number of failed checks.
    pub failed: usize,
    /// The number of checks that could not be made.
    pub unchecked: usize,
    /// The failed and unchecked results, each with all its targets.
    pub findings: Vec<Finding>,
}

/// A finding, for all targets with the same result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The check, such as `ssm-parameter`.
    pub check: String,
    /// The checked object, such as the parameter's name.
    pub subject: String,
    /// `failed` or `unchecked`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub outcome: CheckOutcome,
    /// What was found.
    pub message: String,
    /// AWS's error message, in the first target.
    pub detail: Option<String>,
    /// How to fix it.
    pub hint: Option<String>,
    /// The targets as `ACCOUNT/REGION`; empty for the stack set's account.
    pub targets: Vec<String>,
    /// A stable code, for the hint of the calling program.
    #[serde(skip)]
    pub code: Option<&'static str>,
}

/// A planned rollout to check.
#[derive(Debug, Clone, Copy)]
pub struct PlannedRollout<'a> {
    /// The release.
    pub release: &'a Release,
    /// The rollout request.
    pub request: &'a RolloutRequest,
    /// The current state.
    pub observed: &'a Observed,
    /// The plan.
    pub plan: &'a Plan,
    /// The scope of the checks.
    pub scope: Scope,
}

/// The scope of a preflight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The requirements of the targets that the rollout would change.
    Touched,
    /// All targets of the release, and also the model execution role.
    Everything {
        /// The model package is a placeholder, because none is approved, and is not checked.
        without_package: bool,
    },
}

/// The targets to check, with their requirements. Targets with the same parameters share them.
pub fn targets_to_check(rollout: &PlannedRollout<'_>, administration_role: Option<&str>) -> Vec<PreflightTarget> {
    let PlannedRollout { release, request, observed, plan, scope } = *rollout;
    let Ok(template) = Template::parse(request.release.template.body.clone(), "template") else { return Vec::new() };
    let execution_role = administration_role.map(|administration_role| {
        let PermissionModel::SelfManaged { execution_role_name, .. } = &request.release.permission_model else { return None };
        let known = execution_role_name.clone().or_else(|| observed.stack_set.as_ref()?.execution_role_name.clone());
        let name = known.unwrap_or_else(|| EXECUTION_ROLE.to_owned());
        Some(ExecutionRole { name, administration_role_arn: administration_role.to_owned() })
    });
    let mut known: BTreeMap<(Region, Parameters), Arc<Requirements>> = BTreeMap::new();
    let touched = |action: InstanceAction| match scope {
        Scope::Touched => action == InstanceAction::New || action.is_update(),
        Scope::Everything { .. } => action != InstanceAction::Orphan,
    };
    let place = |planned: &PlannedInstance| {
        let own = request.release.overrides_of(&planned.target);
        let key = (planned.target.region.clone(), own);
        let requirements = known.entry(key).or_insert_with_key(|(region, own)| {
            let mut parameters: Parameters = request.release.parameters.iter().cloned().collect();
            parameters.extend(own.clone());
            let mut needed = requirements_of(release, &template, &parameters, &planned.target.account, region);
            needed.execution_role = execution_role.clone().flatten();
            if let Scope::Everything { without_package } = scope {
                needed.model_role = parameters.get("ExecutionRoleName").map(|role| resource_name(role).to_owned());
                if without_package {
                    needed.model_packages.clear();
                    needed.images.clear();
                    needed.artifacts.clear();
                    needed.prefixes.clear();
                }
            }
            Arc::new(needed)
        });
        let stack_id = planned.observed.as_ref().and_then(|instance| instance.stack_id.clone());
        let has_failed = planned.last_failure().is_some();
        PreflightTarget { target: planned.target.clone(), stack_id, has_failed, requirements: Arc::clone(requirements) }
    };
    plan.instances.iter().filter(|planned| touched(planned.action)).map(place).collect()
}

fn requirements_of(release: &Release, template: &Template, parameters: &Parameters, account: &AccountId, region: &Region) -> Requirements {
    let mut needed = Requirements { ssm_parameters: ssm_parameters(template, parameters), ..Requirements::default() };
    // The model package's image and artifacts.
    let package = &release.manifest.model_package;
    let (images, model_data) =
        package.regions.get(region).map_or((&package.images, &package.model_data), |package| (&package.images, &package.model_data));
    // Several containers can have the same one, which is then checked once.
    for image in images {
        add(&mut needed.images, Some(image), "");
    }
    for uri in model_data {
        add(&mut needed.artifacts, Some(uri), "");
    }
    let approved = package.containers_in(region).unwrap_or_default().iter().flat_map(|container| &container.artifacts);
    for artifact in approved {
        add(&mut needed.artifacts, Some(&artifact.uri), "");
        if artifact.prefix {
            needed.prefixes.insert(artifact.uri.clone());
        }
    }
    let of_package = needed.artifacts.clone();
    let pseudo = PseudoParameters::in_region(region.as_str()).in_account(account.as_str());
    let Ok(resolved) = template.resolve_partly(parameters, &pseudo) else { return needed };
    let stack = StackBlueprint::read(&resolved);
    for container in stack.models.iter().flat_map(|model| &model.containers) {
        add(&mut needed.model_packages, container.model_package.as_deref(), "arn:");
        add(&mut needed.images, container.image.as_deref(), "");
        add(&mut needed.artifacts, container.model_data_url.as_deref(), "s3://");
    }
    let of_template = needed.images.iter().filter(|image| !images.contains(image));
    let of_template = of_template.chain(needed.artifacts.iter().filter(|uri| !of_package.contains(uri)));
    needed.named_by_template = of_template.cloned().collect();
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

/// Adds a text with this prefix, without duplicates.
fn add(list: &mut Vec<String>, text: Option<&str>, prefix: &str) {
    if let Some(text) = text.filter(|text| !text.is_empty() && text.starts_with(prefix))
        && !list.iter().any(|known| known == text)
    {
        list.push(text.to_owned());
    }
}

/// The Systems Manager parameters that the template's parameters name, with the accepted types (AWS
/// CloudFormation user guide, "SSM parameter types").
fn ssm_parameters(template: &Template, parameters: &Parameters) -> BTreeMap<String, Vec<&'static str>> {
    let declared = template.parameters();
    let mut named = BTreeMap::new();
    for (name, parameter) in declared.as_object().into_iter().flatten() {
        let Some(kind) = parameter["Type"].as_str().and_then(|kind| kind.strip_prefix("AWS::SSM::Parameter::")) else { continue };
        let Some(key) = parameters.get(name).map(String::as_str).or_else(|| parameter["Default"].as_str()) else { continue };
        let accepted = match kind.strip_prefix("Value<") {
            Some(inner) if inner.starts_with("List<") || inner.starts_with("CommaDelimitedList") => vec!["StringList"],
            Some(inner) if inner.starts_with("String") || inner.starts_with("AWS::") => vec!["String"],
            // Other names and values accept any type.
            _ => Vec::new(),
        };
        if !key.is_empty() {
            named.insert(key.to_owned(), accepted);
        }
    }
    named
}

/// Gives model packages that are not shared in a region other than the session's a code of their
/// own: the session's region is the default of every command that shares a group.
pub fn mark_other_regions(checks: &mut [Check], session_region: &Region) {
    for check in checks.iter_mut().filter(|check| check.code == Some("package-not-shared")) {
        if check.subject.parse::<Arn>().is_ok_and(|arn| arn.region().is_some_and(|region| region != session_region)) {
            check.code = Some("package-not-shared-in-region");
        }
    }
}

impl Finding {
    /// A failed check is an error, and an unchecked one a warning.
    pub fn diagnostic(&self) -> Diagnostic {
        let diagnostic = match self.outcome {
            CheckOutcome::Failed => Diagnostic::error(&self.message),
            _ => Diagnostic::warning(format!("not checked: {}", self.message)),
        };
        let subject = Some(self.subject.clone());
        Diagnostic {
            code: self.code,
            subject,
            details: self.detail.iter().cloned().collect(),
            ..diagnostic.with_hint_opt(self.hint.clone())
        }
    }
}

impl PreflightReport {
    /// Creates the report of all checks.
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
                    outcome: check.outcome,
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
        findings.sort_by_key(|finding| Reverse(finding.outcome));
        Self {
            passed: count(CheckOutcome::Passed),
            failed: count(CheckOutcome::Failed),
            unchecked: count(CheckOutcome::Unchecked),
            findings,
        }
    }

    /// The kind of failure: a proven one, or a target in which nothing could be checked. A single
    /// check that could not be made is neither.
    pub fn failure(&self) -> Option<FailureKind> {
        match self.failed {
            0 => self.findings.iter().any(|finding| finding.code == Some(NO_SESSION)).then_some(FailureKind::Unreachable),
            _ => Some(FailureKind::Failed),
        }
    }

    /// Adds the calling program's hint to each finding.
    pub fn complete(&mut self, complete: impl Fn(&Diagnostic) -> Diagnostic) {
        for finding in &mut self.findings {
            finding.hint = complete(&finding.diagnostic()).hint;
        }
    }

    /// The report in one line.
    pub fn summary(&self) -> String {
        let mut parts = vec![format!("{} passed", plural(self.passed, "check"))];
        if self.failed > 0 {
            parts.push(format!("{} failed", self.failed));
        }
        if self.unchecked > 0 {
            parts.push(format!("{} could not be checked", self.unchecked));
        }
        format!("Preflight: {}", parts.join(", "))
    }
}
