//! Do the model's containers have the environment variables that were approved?

use std::collections::BTreeSet;

use super::identity::{entry, serving};
use crate::approved::Comparison;
use crate::report::{CheckReport, Outcome};
use crate::run::{Expected, ExpectedContainer};
use crate::target::{DeployedContainer, Description, Variant};

const ENVIRONMENT: &str = "environment";

/// Every environment variable must come from the model package or from the template. Values are
/// compared by digest and not shown. `None` without an expectation.
pub(super) fn environment(description: &Description, expected: &Expected) -> Option<CheckReport> {
    let mut comparisons = Vec::new();
    for variant in serving(description, expected) {
        let Some(required) = entry(&variant.name, expected).map(|entry| &entry.containers).filter(|required| !required.is_empty()) else {
            continue;
        };
        comparisons.extend(compared(variant, required));
    }
    if comparisons.is_empty() {
        return None;
    }
    let check = CheckReport::compared(ENVIRONMENT, &comparisons, expected.blocks_unknown);
    Some(match check.outcome {
        Outcome::Failed => {
            check.with_hint("the model was replaced manually: roll out the release again, or set the variable in the template")
        }
        _ => check,
    })
}

fn compared(variant: &Variant, required: &[ExpectedContainer]) -> Vec<Comparison> {
    let of_variant = || format!("the environment of variant `{}`", variant.name);
    if variant.containers.is_empty() {
        return vec![Comparison::NotKnown {
            what: of_variant(),
            why: "the endpoint's model could not be described".to_owned(),
            call: None,
        }];
    }
    // The containers of a model have an order, and those of inference components have none.
    let is_ordered = variant.inference_components.is_empty() && variant.containers.len() == required.len();
    let mut all = Vec::new();
    for (index, container) in variant.containers.iter().enumerate() {
        let candidates = if is_ordered { &required[index..=index] } else { required };
        let found = candidates.iter().map(|required| differences(variant, container, required));
        // The container is the one that fits best.
        let best = found.min_by_key(|found| found.iter().filter(|found| matches!(found, Comparison::Differs { .. })).count());
        all.extend(best.unwrap_or_default());
    }
    if all.is_empty() { vec![Comparison::Same] } else { all }
}

fn differences(variant: &Variant, container: &DeployedContainer, required: &ExpectedContainer) -> Vec<Comparison> {
    let names: BTreeSet<&String> = container.environment.keys().chain(required.template.keys()).collect();
    let compare = |name: &String| {
        let what = format!("the environment variable `{name}` of variant `{}`", variant.name);
        let differs = |expected: &str, actual: &str| {
            Some(Comparison::Differs { what: what.clone(), expected: expected.to_owned(), actual: actual.to_owned() })
        };
        match (container.environment.get(name), required.template.get(name), &required.package) {
            // A value that is not known before the deployment. A variable of the package need not be
            // shown at the model that is created from it.
            (_, Some(None), _) | (None, None, _) => None,
            (Some(digest), Some(Some(expected)), _) if digest == expected => None,
            (Some(_), Some(Some(_)), _) => differs("the template's value", "another value"),
            (None, Some(Some(_)), _) => differs("the template's value", "no value"),
            (Some(digest), None, Some(package)) => match package.get(name) {
                Some(known) if known.contains(digest) => None,
                Some(_) => differs("the model package's value", "another value"),
                None => differs("no value", "a value that neither the model package nor the template sets"),
            },
            (Some(_), None, None) => Some(Comparison::NotKnown {
                what: what.clone(),
                why: "the release does not record the environment of its model package".to_owned(),
                call: None,
            }),
        }
    };
    names.into_iter().filter_map(compare).collect()
}
