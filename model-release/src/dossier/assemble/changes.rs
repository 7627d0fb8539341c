//! What a rollout changes, from its plan.

use super::super::claim::Claim;
use super::super::document::{ChangeGroup, Changes, OverrideChange};
use super::super::wording::{bounded, line};
use crate::MODEL_PACKAGE;
use crate::plan_report::{self, ParameterChange, PlanDocument, Property, Resource, TargetAction};

/// The most entries of a list, and the most properties of a resource.
const MOST: usize = 100;

/// The longest value of a property, in characters.
const LONGEST_VALUE: usize = 1000;

pub(super) fn of(plan: &PlanDocument) -> Changes {
    let overrides = plan_report::overrides(plan);
    let of_the_model = format!("parameter `{MODEL_PACKAGE}` differs");
    let only_the_model = !plan.nothing_to_do
        && plan.counts.new == 0
        && plan.because.iter().all(|because| *because == of_the_model)
        && plan.parameters.iter().all(|parameter| parameter.name == MODEL_PACKAGE)
        && overrides.iter().all(|(name, ..)| *name == MODEL_PACKAGE)
        && plan.groups.iter().all(|group| group.not_known.is_none());
    Changes {
        summary: line(plan_report::summary(plan).trim_start_matches("Plan: ")),
        only_the_model,
        nothing_to_do: plan.nothing_to_do,
        because: plan.because.iter().take(MOST).map(|because| line(because)).collect(),
        parameters: plan.parameters.iter().take(MOST).map(parameter).collect(),
        overrides: overrides
            .into_iter()
            .take(MOST)
            .map(|(name, change, targets)| OverrideChange { name: line(name), change: line(&change), targets: line(&targets) })
            .collect(),
        groups: groups(plan),
        unchanged: plan.counts.unchanged,
        notable: notable(plan),
        interrupted: plan
            .interrupted()
            .take(MOST)
            .map(|(group, resource)| {
                let name = resource.name.as_deref().unwrap_or(&resource.logical_id);
                line(&format!("`{name}` in {} ({}): {}", group.region, crate::plural(group.targets, "target"), resource.effect))
            })
            .collect(),
        problems: plan.problems.iter().take(MOST).map(|problem| line(&problem.message)).collect(),
        preflight: match &plan.preflight {
            Some(preflight) => Claim::read_from_aws(preflight.summary(), "checks in the target accounts"),
            None if plan.nothing_to_do => Claim::not_known("no check was necessary: nothing changes"),
            None => Claim::not_known("the plan has no checks in the target accounts"),
        },
    }
}

fn parameter(change: &ParameterChange) -> ParameterChange {
    let shown = |value: &Option<String>| value.as_deref().map(|value| bounded(value, LONGEST_VALUE));
    ParameterChange { name: line(&change.name), from: shown(&change.from), to: shown(&change.to) }
}

fn groups(plan: &PlanDocument) -> Vec<ChangeGroup> {
    let of = |(first, members): (&plan_report::Group, Vec<&plan_report::Group>)| {
        let mut regions: Vec<_> = members.iter().map(|group| line(&group.region)).collect();
        regions.dedup();
        let mut packages: Vec<_> = members
            .iter()
            .map(|group| line(&plan_report::packages_arrow(group.model_package_from.as_deref(), group.model_package_to.as_deref())))
            .filter(|packages| !packages.is_empty())
            .collect();
        packages.dedup();
        ChangeGroup {
            action: first.action.as_str().to_owned(),
            targets: members.iter().map(|group| group.targets).sum(),
            regions,
            model_packages: packages,
            resources: first.resources.iter().take(MOST).map(resource).collect(),
            not_known: first.not_known.as_deref().map(line),
        }
    };
    plan_report::same(&plan.groups).into_iter().take(MOST).map(of).collect()
}

fn resource(resource: &Resource) -> Resource {
    Resource {
        logical_id: line(&resource.logical_id),
        kind: line(&resource.kind),
        effect: line(&resource.effect),
        name: resource.name.as_deref().map(line),
        properties: resource.properties.iter().take(MOST).map(property).collect(),
        ..resource.clone()
    }
}

/// A property, with values that are texts: a large value is cut.
fn property(property: &Property) -> Property {
    let shown = |value: &Option<serde_json::Value>| {
        value.as_ref().map(|value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            bounded(&text, LONGEST_VALUE).into()
        })
    };
    Property {
        path: line(&property.path),
        from: shown(&property.from),
        to: shown(&property.to),
        behaviour: line(&property.behaviour),
        follows: property.follows.as_deref().map(line),
    }
}

fn notable(plan: &PlanDocument) -> Vec<String> {
    let about = |target: &crate::plan_report::Target| {
        let place = format!("{}/{}", target.account_id, target.region);
        let failure = target.last_failure.as_deref().map(|why| format!("failed last time: {why}"));
        let not_reached = target.not_reached.as_deref().map(|why| format!("not reached last time: {why}"));
        let drifted = (target.drift.as_deref() == Some("DRIFTED")).then(|| "drifted from its template".to_owned());
        let action = match target.action {
            TargetAction::Orphaned => Some("not a target of the release; it keeps its stack".to_owned()),
            TargetAction::Inoperable => Some("inoperable: CloudFormation skips it".to_owned()),
            TargetAction::Outdated => Some("outdated: an earlier operation did not update it".to_owned()),
            TargetAction::Changed if target.status.as_deref() == Some("OUTDATED") => {
                Some("outdated: an earlier operation did not update it, and it can have an earlier release than the others".to_owned())
            }
            TargetAction::New | TargetAction::Changed | TargetAction::Unchanged => None,
        };
        let found: Vec<_> = [action, failure, not_reached, drifted].into_iter().flatten().collect();
        (!found.is_empty()).then(|| line(&format!("{place}: {}", found.join("; "))))
    };
    plan.targets.iter().filter_map(about).take(MOST).collect()
}
