//! Do all variants exist, with weight and with all their instances?

use super::VARIANTS;
use crate::report::CheckReport;
use crate::run::expected::{Expected, ExpectedVariant};
use crate::target::{Description, Variant};

/// All desired instances must be in service, and a variant must get traffic.
pub(super) fn variants(description: &Description, expected: &Expected) -> CheckReport {
    let is_required = |shadow: &&Variant| expected.variants.iter().any(|required| required.is_shadow && required.name == shadow.name);
    let required_shadows = description.shadow_variants.iter().filter(is_required);
    let mut short: Vec<_> = description.variants.iter().chain(required_shadows).filter_map(shortfall).collect();
    short.extend(expected.variants.iter().flat_map(|required| missing(required, description)));
    let check = if description.variants.is_empty() {
        CheckReport::failed(VARIANTS, "the endpoint has no production variant")
    } else if !description.variants.iter().any(Variant::takes_traffic) {
        CheckReport::failed(VARIANTS, "the weight of every variant is zero: requests without a target variant are refused")
            .with_hint("set a weight above zero in the endpoint configuration")
    } else if short.is_empty() {
        CheckReport::passed(VARIANTS)
    } else {
        CheckReport::failed(VARIANTS, short.join("; "))
            .with_hint("see the events of the endpoint's stack; the region may lack capacity for this instance type")
    };
    let required: Vec<_> = expected.variants.iter().map(required).collect();
    let check = if required.is_empty() { check } else { check.expected(required.join(", ")) };
    let shadows = description.shadow_variants.iter().map(|shadow| format!("shadow {}", summary(shadow)));
    check.actual(description.variants.iter().map(summary).chain(shadows).collect::<Vec<_>>().join(", "))
}

/// A variant as messages name it.
fn named(variant: &ExpectedVariant) -> String {
    format!("{} `{}`", if variant.is_shadow { "shadow variant" } else { "variant" }, variant.name)
}

fn shortfall(variant: &Variant) -> Option<String> {
    let (current, desired) = (variant.current_instance_count?, variant.desired_instance_count?);
    (current < desired).then(|| format!("variant `{}` has {current} of {desired} instances", variant.name))
}

fn summary(variant: &Variant) -> String {
    let weight = variant.weight.map_or_else(|| "unknown".to_owned(), |weight| weight.to_string());
    match (variant.current_instance_count, variant.desired_instance_count) {
        (Some(current), Some(desired)) => format!("{}: weight {weight}, {current} of {desired} instances", variant.name),
        (Some(current), None) => format!("{}: weight {weight}, {current} instances", variant.name),
        (None, _) => format!("{}: weight {weight}", variant.name),
    }
}

/// The differences of a variant from its expectation.
fn missing(required: &ExpectedVariant, description: &Description) -> Vec<String> {
    let name = named(required);
    let variants = if required.is_shadow { &description.shadow_variants } else { &description.variants };
    let Some(variant) = variants.iter().find(|variant| variant.name == required.name) else {
        let known: Vec<_> = variants.iter().map(|variant| format!("`{}`", variant.name)).collect();
        let others = if known.is_empty() { String::new() } else { format!(", only {}", known.join(", ")) };
        return vec![format!("there is no {name}{others}")];
    };
    let mut lacks = Vec::new();
    if !variant.takes_traffic() && required.takes_traffic {
        lacks.push(format!("{name} has the weight zero, but must get traffic"));
    }
    if let (Some(required), Some(actual)) =
        (required.serverless, Some(variant.serverless).filter(|_| variant.instance_type.is_some() || variant.serverless))
        && required != actual
    {
        lacks.push(format!("{name} is {}", if actual { "serverless, but must have instances" } else { "not serverless, but must be" }));
    }
    if let (Some(required), Some(actual)) = (&required.instance_type, &variant.instance_type)
        && required != actual
    {
        lacks.push(format!("{name} runs on {actual}, but must run on {required}"));
    }
    // Scaling may add instances; fewer than the stage's count are too few.
    if let (Some(required), Some(desired)) = (required.instance_count, variant.desired_instance_count)
        && desired < required
    {
        lacks.push(format!("{name} has a desired count of {desired} instances; the stage requires {required}"));
    }
    lacks
}

fn required(variant: &ExpectedVariant) -> String {
    let facts = [
        variant.instance_count.map(|count| format!("{count} instances")),
        variant.instance_type.clone(),
        variant.serverless.filter(|serverless| *serverless).map(|_| "serverless".to_owned()),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    let name = if variant.is_shadow { format!("shadow {}", variant.name) } else { variant.name.clone() };
    if facts.is_empty() { name } else { format!("{name}: {}", facts.join(", ")) }
}
