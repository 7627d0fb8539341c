//! What CloudFormation's change sets contain, beside the computed plan.

use std::collections::BTreeMap;

use cfn_render::Template;
use serde::{Deserialize, Serialize};
use stack_rollout::{CallErrorKind, ChangeSetError, ExactChange, Observed, PlannedInstance, Release, ResourceChange, change_differences};

use super::assemble::{changes, text};
use super::document::PlanDocument;
use crate::diagnostic::Diagnostic;

/// The change set of one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExactTarget {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// The changes of the change set; null if they are not known. Empty if the stack does not change.
    pub resources: Option<Vec<ExactResource>>,
    /// The differences from the computed changes; empty if there are none, or if one is not known.
    pub differences: Vec<ExactDifference>,
    /// Why there is no change set, or no computed plan to compare it with.
    pub not_known: Option<String>,
    /// The statement that permits change sets, if a call was denied.
    pub missing_permission: Option<String>,
    /// What to do to get the change set, if known.
    #[serde(default)]
    pub hint: Option<String>,
}

/// A resource that a change set changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExactResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type, such as `AWS::SageMaker::Endpoint`.
    pub resource_type: String,
    /// `create`, `update`, `update-or-replace` (CloudFormation does not know it before), `replace` or
    /// `delete`.
    pub effect: String,
}

/// A resource whose change differs between the change set and the computed plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExactDifference {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type, such as `AWS::SageMaker::Endpoint`.
    pub resource_type: String,
    /// The computed effect; null if no change was computed.
    pub computed: Option<String>,
    /// The effect in the change set; null if it has no change.
    pub exact: Option<String>,
}

/// The result for one target: the changes of its change set, or why they are not known.
pub fn exact_target(
    release: &Release,
    observed: &Observed,
    planned: &PlannedInstance,
    found: Result<Vec<ExactChange>, ExactFailure>,
) -> ExactTarget {
    let target = &planned.target;
    let mut result = ExactTarget {
        account_id: target.account.to_string(),
        region: target.region.to_string(),
        resources: None,
        differences: Vec::new(),
        not_known: None,
        missing_permission: None,
        hint: None,
    };
    match found {
        Err(failure) => {
            result.not_known = Some(failure.reason);
            result.missing_permission = failure.missing_permission;
            result.hint = failure.hint;
        }
        Ok(exact) => {
            match computed(release, observed, planned) {
                Err(why) => result.not_known = Some(why),
                Ok(computed) => {
                    let difference = |found: stack_rollout::ChangeDifference| ExactDifference {
                        logical_id: found.logical_id,
                        resource_type: found.resource_type,
                        computed: found.computed.as_ref().map(text),
                        exact: found.exact.as_ref().map(text),
                    };
                    result.differences = change_differences(&computed, &exact).into_iter().map(difference).collect();
                }
            }
            let resource = |change: ExactChange| ExactResource {
                effect: text(&change.effect()),
                logical_id: change.logical_id,
                resource_type: change.resource_type,
            };
            result.resources = Some(exact.into_iter().map(resource).collect());
        }
    }
    result
}

/// Why a target has no change set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExactFailure {
    /// The reason.
    pub reason: String,
    /// The statement that permits change sets, if a call was denied.
    pub missing_permission: Option<String>,
    /// What to do about it, if known.
    pub hint: Option<String>,
}

impl ExactFailure {
    /// The failure for a stack. `stack` is its ARN.
    pub fn of(error: &ChangeSetError, stack: &str) -> Self {
        let reason = error.to_string();
        let ChangeSetError::Call(error) = error else { return Self { reason, ..Self::default() } };
        if error.kind() == CallErrorKind::AccessDenied {
            let statement = statement(stack);
            let hint = format!("to compare it with CloudFormation's own, allow these calls in the role with this statement: {statement}");
            return Self { reason, missing_permission: Some(statement), hint: Some(hint) };
        }
        Self { reason, missing_permission: None, hint: error.hint() }
    }
}

/// The statement of an IAM policy that permits change sets of the stacks of a stack set.
fn statement(stack: &str) -> String {
    // arn:aws:cloudformation:REGION:ACCOUNT:stack/StackSet-NAME-UUID/UUID
    let stacks = stack.rsplit_once('/').map_or(stack, |(stack, _)| stack);
    let stacks = stacks.get(..stacks.len().saturating_sub(36)).filter(|prefix| prefix.contains("StackSet-")).unwrap_or(stacks);
    let actions =
        ["CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet", "ListChangeSets"].map(|name| format!("cloudformation:{name}"));
    serde_json::json!({ "Effect": "Allow", "Action": actions, "Resource": format!("{stacks}*") }).to_string()
}

/// The computed changes of one stack.
fn computed(release: &Release, observed: &Observed, planned: &PlannedInstance) -> Result<Vec<ResourceChange>, String> {
    if planned.last_failure().is_some() || planned.not_reached().is_some() {
        return Err("the last operation did not succeed there, so no changes were computed".to_owned());
    }
    let parse = |text: &str| Template::parse(text.to_owned(), "template").map_err(|_| "the template cannot be read".to_owned());
    let set = observed.stack_set.as_ref().ok_or("there is no stack set")?;
    let own = planned.observed.as_ref().and_then(|instance| instance.overrides.clone()).unwrap_or_default();
    let from = set.parameters.iter().cloned().chain(own).collect();
    let to = release.parameters.iter().cloned().chain(release.overrides_of(&planned.target)).collect();
    let (old, new) = (parse(&set.template_body)?, parse(&release.template.body)?);
    changes((&old, &from), (&new, &to), planned.target.account.as_str(), planned.target.region.as_str())
}

impl PlanDocument {
    /// Warnings about change sets that are not known: each missing permission once for an account, each
    /// other reason for which something can be done once.
    pub fn exact_findings(&self) -> Vec<Diagnostic> {
        let mut found: BTreeMap<_, (Diagnostic, Vec<String>)> = BTreeMap::new();
        for target in self.exact.iter().flatten() {
            let (Some(reason), Some(hint)) = (&target.not_known, &target.hint) else { continue };
            let denied = target.missing_permission.as_ref().map(|_| target.account_id.as_str());
            let place = format!("{}/{}", target.account_id, target.region);
            let finding = || {
                let (message, code) = match denied {
                    Some(_) => ("a call was denied, so this change set is not known: the computed plan stands", "change-sets-denied"),
                    None => ("this change set is not known: the computed plan stands", "change-sets-not-known"),
                };
                let warning = Diagnostic::warning(message).code(code).named(place.clone()).detail(reason.clone());
                (warning.with_hint(hint.clone()), Vec::new())
            };
            let same = denied.is_none().then_some(hint.as_str());
            found.entry((denied, same)).and_modify(|(_, others)| others.push(place.clone())).or_insert_with(finding);
        }
        let warning = |(warning, others): (Diagnostic, Vec<String>)| match others.as_slice() {
            [] => warning,
            others => warning.detail(format!("the same in {}", others.join(", "))),
        };
        found.into_values().map(warning).collect()
    }

    /// The change sets as text, one line for each target that is not as computed.
    pub(crate) fn exact_lines(&self) -> Vec<String> {
        let Some(exact) = &self.exact else { return Vec::new() };
        let is_same = |target: &&ExactTarget| target.not_known.is_none() && target.differences.is_empty();
        let same = exact.iter().filter(is_same).count();
        let mut lines = vec![format!("{same} of {}: as computed", crate::plural(exact.len(), "change set"))];
        for target in exact.iter().filter(|target| !is_same(target)) {
            let place = format!("{}/{}", target.account_id, target.region);
            lines.extend(target.not_known.iter().map(|why| format!("{place}: {why}")));
            for found in &target.differences {
                let effect = |effect: &Option<String>| effect.clone().unwrap_or_else(|| "no change".to_owned());
                let (computed, exact) = (effect(&found.computed), effect(&found.exact));
                lines.push(format!("{place}: {} ({}): computed {computed}, CloudFormation {exact}", found.logical_id, found.resource_type));
            }
        }
        lines
    }
}
