//! Creates the plan document: groups of targets, their changes, and counts.

use std::collections::BTreeMap;

use cfn_render::{PseudoParameters, Template};
use stack_rollout::status::InstanceStatus;
use stack_rollout::{
    Effect, InstanceAction, Observed, Parameters, Plan, PlannedInstance, Release, ResourceChange, SetChange, planned_operations,
    template_changes,
};

use super::document::{
    Counts, Group, Operation, ParameterChange, PlanDocument, Problem, Property, Resource, SetAction, Target, TargetAction,
};
use crate::manifest::Tool;
use crate::{MODEL_PACKAGE, RolloutRequest};

const SCHEMA_VERSION: u32 = 1;
/// CloudFormation's mask for hidden values.
const HIDDEN: &str = "****";

/// The plan as a document.
pub fn document(
    built: &crate::Release,
    stage: &str,
    request: &RolloutRequest,
    observed: &Observed,
    plan: &Plan,
    tool: Tool,
) -> PlanDocument {
    let release = &request.release;
    let wanted: Parameters = release.parameters.iter().cloned().collect();
    let present: Parameters = observed.stack_set.iter().flat_map(|set| set.parameters.iter().cloned()).collect();
    let template = Template::parse(release.template.body.clone(), "template").ok();
    let hidden = template.as_ref().map(hidden).unwrap_or_default();
    let (change, because) = match &plan.stack_set {
        SetChange::Create => (SetAction::Create, Vec::new()),
        SetChange::Update { because } => (SetAction::Update, because.iter().map(ToString::to_string).collect()),
        SetChange::Untouched => (SetAction::Untouched, Vec::new()),
    };
    let mut document = PlanDocument {
        schema_version: SCHEMA_VERSION,
        tool,
        stage: stage.to_owned(),
        release: built.digest.clone(),
        stack_set: release.stack_set.to_string(),
        change,
        because,
        nothing_to_do: plan.is_nothing_to_do(),
        running_operation: None,
        model_package: built.manifest.model_package.arn.to_string(),
        parameters: if observed.stack_set.is_some() { parameter_changes(&present, &wanted, &hidden) } else { Vec::new() },
        groups: groups(release, template.as_ref(), observed, plan, &present, &wanted, &hidden),
        operations: planned_operations(plan)
            .into_iter()
            .map(|operation| Operation {
                action: operation.action.to_string(),
                accounts: operation.targets.accounts.len(),
                regions: operation.targets.regions.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        counts: Counts::default(),
        // An instance in a region that this rollout skips is not an orphan.
        targets: plan
            .instances
            .iter()
            .filter(|planned| planned.action != InstanceAction::Orphan || !request.all_targets.contains(&planned.target))
            .map(|planned| target(planned, &hidden))
            .collect(),
        problems: plan.problems.iter().map(Problem::from).collect(),
        preflight: None,
    };
    document.problems.extend(blocked(&document.groups));
    document.counts = counts(&document.targets);
    document
}

fn target(planned: &PlannedInstance, hidden: &[String]) -> Target {
    Target {
        account_id: planned.target.account.to_string(),
        region: planned.target.region.to_string(),
        action: action(planned.action),
        drift: planned.observed.as_ref().and_then(|instance| instance.drift.as_ref()).map(ToString::to_string),
        status: planned.observed.as_ref().map(|instance| instance.status.to_string()),
        last_failure: planned.last_failure().map(str::to_owned),
        not_reached: planned.not_reached().map(str::to_owned),
        endpoints: Vec::new(),
        overrides: planned
            .override_changes()
            .into_iter()
            .map(|change| ParameterChange::of(change.key, (change.from, change.to), hidden))
            .collect(),
    }
}

fn action(action: InstanceAction) -> TargetAction {
    match action {
        InstanceAction::New => TargetAction::New,
        InstanceAction::Update | InstanceAction::Reapply => TargetAction::Changed,
        InstanceAction::Outdated => TargetAction::Outdated,
        InstanceAction::Inoperable => TargetAction::Inoperable,
        InstanceAction::Orphan => TargetAction::Orphaned,
        _ => TargetAction::Unchanged,
    }
}

fn counts(targets: &[Target]) -> Counts {
    let mut counts = Counts::default();
    for target in targets {
        *match target.action {
            TargetAction::New => &mut counts.new,
            TargetAction::Changed => &mut counts.changed,
            TargetAction::Outdated => &mut counts.outdated,
            TargetAction::Inoperable => &mut counts.inoperable,
            TargetAction::Orphaned => &mut counts.orphaned,
            TargetAction::Unchanged => &mut counts.unchanged,
        } += 1;
        counts.drifted += usize::from(target.drift.as_deref() == Some("DRIFTED"));
        counts.failed_last_time += usize::from(target.last_failure.is_some());
        counts.not_reached_last_time += usize::from(target.not_reached.is_some());
    }
    counts
}

/// The names of `NoEcho` parameters.
fn hidden(template: &Template) -> Vec<String> {
    let declared = template.parameters();
    let is_hidden = |parameter: &serde_json::Value| match &parameter["NoEcho"] {
        serde_json::Value::Bool(hidden) => *hidden,
        serde_json::Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    declared.as_object().into_iter().flatten().filter(|(_, parameter)| is_hidden(parameter)).map(|(name, _)| name.clone()).collect()
}

fn parameter_changes(present: &Parameters, wanted: &Parameters, hidden: &[String]) -> Vec<ParameterChange> {
    let names: std::collections::BTreeSet<_> = present.keys().chain(wanted.keys()).collect();
    names
        .into_iter()
        .filter(|name| present.get(*name) != wanted.get(*name))
        .map(|name| ParameterChange::of(name, (present.get(name), wanted.get(name)), hidden))
        .collect()
}

impl ParameterChange {
    fn of(name: &str, (from, to): (Option<&String>, Option<&String>), hidden: &[String]) -> Self {
        let is_hidden = hidden.iter().any(|hidden| hidden == name);
        let shown = |value: &String| if is_hidden { HIDDEN.to_owned() } else { value.clone() };
        Self { name: name.to_owned(), from: from.map(shown), to: to.map(shown) }
    }
}

/// Groups targets with the same changes: the same region, and the same overrides before and after.
fn groups(
    release: &Release,
    template: Option<&Template>,
    observed: &Observed,
    plan: &Plan,
    present: &Parameters,
    wanted: &Parameters,
    hidden: &[String],
) -> Vec<Group> {
    type Key = (String, bool, Option<Parameters>, Parameters);
    let mut members: BTreeMap<Key, Vec<&PlannedInstance>> = BTreeMap::new();
    for planned in &plan.instances {
        // The state of an outdated instance is not known: it may have any earlier release.
        let is_known = match planned.action {
            InstanceAction::Update => {
                let is_current = planned.observed.as_ref().is_some_and(|instance| instance.status == InstanceStatus::Current);
                is_current && planned.last_failure().is_none() && planned.not_reached().is_none()
            }
            InstanceAction::New => false,
            _ => continue,
        };
        let before = planned.observed.as_ref().map(|instance| instance.overrides.clone().unwrap_or_default());
        let key = (planned.target.region.to_string(), is_known, before, release.overrides_of(&planned.target));
        members.entry(key).or_default().push(planned);
    }
    let old_template = observed.stack_set.as_ref().map(|set| Template::parse(set.template_body.clone(), "template"));
    members
        .into_iter()
        .map(|((region, is_known, before, after), members)| {
            let account = members[0].target.account.to_string();
            let with = |parameters: &Parameters, own: &Parameters| {
                let mut all = parameters.clone();
                all.extend(own.clone());
                all
            };
            let to = with(wanted, &after);
            let from = before.map(|own| with(present, &own));
            let changes = match (&from, template, &old_template) {
                _ if !is_known => Ok(Vec::new()),
                (Some(from), Some(new), Some(Ok(old))) => changes((old, from), (new, &to), &account, &region),
                _ => Err("the template cannot be read".to_owned()),
            };
            let (resources, not_known) = match changes {
                Ok(changes) => (changes.iter().map(|change| resource(change, from.as_ref(), &to, hidden)).collect(), None),
                Err(reason) => (Vec::new(), Some(reason)),
            };
            let is_new = members[0].action == InstanceAction::New;
            let not_known = not_known.or_else(|| {
                (!is_new && !is_known).then(|| "the last operation did not update them, so the state of the stacks is not known".to_owned())
            });
            Group {
                targets: members.len(),
                action: action(members[0].action),
                model_package_from: from.filter(|_| is_known).and_then(|from| from.get(MODEL_PACKAGE).cloned()),
                model_package_to: to.get(MODEL_PACKAGE).cloned(),
                account_id: account,
                region,
                resources,
                not_known,
            }
        })
        .collect()
}

fn changes(
    (old, from): (&Template, &Parameters),
    (new, to): (&Template, &Parameters),
    account: &str,
    region: &str,
) -> Result<Vec<ResourceChange>, String> {
    let pseudo = PseudoParameters::in_region(region).in_account(account);
    let before = old.resolve(from, &pseudo).map_err(|error| format!("the stack set's template cannot be read: {error}"))?;
    let after = new.resolve(to, &pseudo).map_err(|error| format!("the release's template cannot be read: {error}"))?;
    Ok(template_changes(&before, &after))
}

fn resource(change: &ResourceChange, from: Option<&Parameters>, to: &Parameters, hidden: &[String]) -> Resource {
    let secrets: Vec<&String> = hidden
        .iter()
        .flat_map(|name| [from.and_then(|from| from.get(name)), to.get(name)])
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    let shown = |value: &Option<serde_json::Value>| {
        let has_secret = |text: &str| secrets.iter().any(|secret| text.contains(secret.as_str()));
        value.clone().map(|value| if has_secret(&value.to_string()) { serde_json::Value::from(HIDDEN) } else { value })
    };
    Resource {
        logical_id: change.logical_id.clone(),
        kind: change.resource_type.clone(),
        effect: text(&change.effect),
        name: change.name.clone(),
        interrupts_endpoint: change.resource_type == "AWS::SageMaker::Endpoint"
            && matches!(change.effect, Effect::Replace | Effect::Delete),
        blocked_by_its_name: change.blocked_by_its_name,
        properties: change
            .properties
            .iter()
            .map(|property| Property {
                path: property.path.clone(),
                from: shown(&property.from),
                to: shown(&property.to),
                behaviour: text(&property.behaviour),
                follows: property.follows.clone(),
            })
            .collect(),
    }
}

fn text(word: &impl serde::Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Replacements that CloudFormation will reject, because the resource keeps its custom name.
fn blocked(groups: &[Group]) -> Vec<Problem> {
    let mut seen = std::collections::BTreeSet::new();
    let blocked = groups.iter().flat_map(|group| &group.resources).filter(|resource| resource.blocked_by_its_name);
    blocked
        .filter(|resource| seen.insert(&resource.logical_id))
        .map(|resource| Problem {
            code: "named-resource-replaced".into(),
            message: format!(
                "`{}` ({}) must be replaced but keeps its name `{}`; CloudFormation rejects this",
                resource.logical_id,
                resource.kind,
                resource.name.as_deref().unwrap_or_default()
            ),
            hint: Some("remove the custom name, or derive it from a value that changes".to_owned()),
            place: Some("template".to_owned()),
        })
        .collect()
}
