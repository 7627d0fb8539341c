//! Do all variants exist, with weight and with all their instances?

use super::VARIANTS;
use crate::report::CheckReport;
use crate::run::expected::{Expected, ExpectedVariant};
use crate::target::{Description, Variant};

/// All desired instances must be in service, and a variant must get traffic.
pub(super) fn variants(description: &Description, expected: &Expected) -> CheckReport {
    let mut short: Vec<_> = description.variants.iter().filter_map(shortfall).collect();
    let required_variants = || expected.variants.iter().filter(|required| !required.is_shadow);
    short.extend(required_variants().flat_map(|required| missing(required, &description.variants)));
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
    let required: Vec<_> = required_variants().map(required).collect();
    let check = if required.is_empty() { check } else { check.expected(required.join(", ")) };
    check.actual(description.variants.iter().map(summary).collect::<Vec<_>>().join(", "))
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
fn missing(required: &ExpectedVariant, variants: &[Variant]) -> Vec<String> {
    let name = &required.name;
    let Some(variant) = variants.iter().find(|variant| variant.name == *name) else {
        let known: Vec<_> = variants.iter().map(|variant| format!("`{}`", variant.name)).collect();
        return vec![format!("there is no variant `{name}`, only {}", known.join(", "))];
    };
    let mut lacks = Vec::new();
    if !variant.takes_traffic() && required.takes_traffic {
        lacks.push(format!("variant `{name}` has the weight zero, but must get traffic"));
    }
    if let (Some(required), Some(actual)) =
        (required.serverless, Some(variant.serverless).filter(|_| variant.instance_type.is_some() || variant.serverless))
        && required != actual
    {
        lacks.push(format!(
            "variant `{name}` is {}",
            if actual { "serverless, but must have instances" } else { "not serverless, but must be" }
        ));
    }
    if let (Some(required), Some(actual)) = (&required.instance_type, &variant.instance_type)
        && required != actual
    {
        lacks.push(format!("variant `{name}` runs on {actual}, but must run on {required}"));
    }
    // Scaling may add instances; fewer than the stage's count are too few.
    if let (Some(required), Some(desired)) = (required.instance_count, variant.desired_instance_count)
        && desired < required
    {
        lacks.push(format!("variant `{name}` has a desired count of {desired} instances; the stage requires {required}"));
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
    if facts.is_empty() { variant.name.clone() } else { format!("{}: {}", variant.name, facts.join(", ")) }
}
