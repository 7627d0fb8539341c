//! Are all variants there, with weight and with all their instances?

use super::VARIANTS;
use crate::report::CheckReport;
use crate::run::expected::{Expected, ExpectedVariant};
use crate::target::{Description, Variant};

/// All instances that were asked for must be there, and some variant must take traffic.
pub(super) fn variants(description: &Description, expected: &Expected) -> CheckReport {
    let mut short: Vec<_> = description.variants.iter().filter_map(shortfall).collect();
    short.extend(expected.variants.iter().flat_map(|wanted| missing(wanted, &description.variants)));
    let check = if description.variants.is_empty() {
        CheckReport::failed(VARIANTS, "the endpoint has no production variant")
    } else if !description.variants.iter().any(Variant::takes_traffic) {
        CheckReport::failed(VARIANTS, "the weight of every variant is zero: requests that name no variant are refused")
            .with_hint("give a variant a weight above zero in the endpoint's configuration")
    } else if short.is_empty() {
        CheckReport::passed(VARIANTS)
    } else {
        CheckReport::failed(VARIANTS, short.join("; "))
            .with_hint("see the events of the endpoint's stack; the region may be short of this instance type")
    };
    let wanted: Vec<_> = expected.variants.iter().map(wanted).collect();
    let check = if wanted.is_empty() { check } else { check.expected(wanted.join(", ")) };
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

/// What an expected variant lacks.
fn missing(wanted: &ExpectedVariant, variants: &[Variant]) -> Vec<String> {
    let name = &wanted.name;
    let Some(variant) = variants.iter().find(|variant| variant.name == *name) else {
        let known: Vec<_> = variants.iter().map(|variant| format!("`{}`", variant.name)).collect();
        return vec![format!("there is no variant `{name}`, only {}", known.join(", "))];
    };
    let mut lacks = Vec::new();
    if !variant.takes_traffic() && wanted.takes_traffic {
        lacks.push(format!("variant `{name}` has the weight zero, and should take traffic"));
    }
    if let (Some(wanted), Some(actual)) =
        (wanted.serverless, Some(variant.serverless).filter(|_| variant.instance_type.is_some() || variant.serverless))
        && wanted != actual
    {
        lacks.push(format!(
            "variant `{name}` is {}",
            if actual { "serverless, and should have instances" } else { "not serverless, and should be" }
        ));
    }
    if let (Some(wanted), Some(actual)) = (&wanted.instance_type, &variant.instance_type)
        && wanted != actual
    {
        lacks.push(format!("variant `{name}` runs on {actual}, and should on {wanted}"));
    }
    // Scaling may add instances; fewer than the stage asks for are too few.
    if let (Some(wanted), Some(desired)) = (wanted.instance_count, variant.desired_instance_count)
        && desired < wanted
    {
        lacks.push(format!("variant `{name}` is asked for {desired} instances, and the stage for {wanted}"));
    }
    lacks
}

fn wanted(variant: &ExpectedVariant) -> String {
    let facts = [
        variant.instance_count.map(|count| format!("{count} instances")),
        variant.instance_type.clone(),
        variant.serverless.filter(|serverless| *serverless).map(|_| "serverless".to_owned()),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    if facts.is_empty() { variant.name.clone() } else { format!("{}: {}", variant.name, facts.join(", ")) }
}
