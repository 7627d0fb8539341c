//! Checks of an endpoint as a whole: does it serve what was approved, with all its instances, capturing what it should?

use super::Expected;
use crate::report::{CheckReport, Outcome};
use crate::target::{Description, TargetKind, Variant};

const IDENTITY: &str = "identity";
const VARIANTS: &str = "variants";
const DATA_CAPTURE: &str = "data_capture";

/// All of them, in the order of the report.
pub(super) fn all(description: &Description, expected: &Expected) -> Vec<CheckReport> {
    match description.kind {
        TargetKind::Container => {
            [IDENTITY, VARIANTS, DATA_CAPTURE].map(|name| CheckReport::skipped(name, "a container does not say")).into()
        }
        TargetKind::Endpoint => vec![identity(description, expected), variants(description), data_capture(description, expected)],
    }
}

/// Every variant that takes traffic must serve the model package that was approved. After a failed deployment AWS puts
/// the former model back and calls the endpoint `InService`: this is the check that notices.
fn identity(description: &Description, expected: &Expected) -> CheckReport {
    let Some(approved) = &expected.model_package_arn else {
        return CheckReport::skipped(IDENTITY, "no model package to compare with");
    };
    let serving: Vec<_> = description.variants.iter().filter(|variant| variant.takes_traffic()).collect();
    if serving.is_empty() {
        return CheckReport::failed(IDENTITY, "no variant takes traffic, so that nothing serves the approved model package")
            .expected(approved);
    }
    let wrong: Vec<_> = serving.iter().filter(|variant| !serves(variant, approved)).collect();
    if wrong.is_empty() {
        return CheckReport::passed(IDENTITY).expected(approved).actual(approved);
    }
    let message = wrong.iter().map(|variant| mismatch(variant, approved)).collect::<Vec<_>>().join("; ");
    let mut packages: Vec<&str> = wrong.iter().flat_map(|variant| &variant.model_packages).map(String::as_str).collect();
    packages.dedup();
    let check = CheckReport::failed(IDENTITY, message).expected(approved);
    if packages.is_empty() {
        return check.actual("unknown").hint("the endpoint was not made from the release's template, or its model was replaced by hand");
    }
    check
        .actual(packages.join(", "))
        .hint("the deployment was probably rolled back, or has not reached this account: see the events of the endpoint's stack")
}

/// ARNs are compared without regard to case: some services show the names in them in lower case.
fn serves(variant: &Variant, approved: &str) -> bool {
    variant.model_packages.iter().any(|package| package.eq_ignore_ascii_case(approved))
}

fn mismatch(variant: &Variant, approved: &str) -> String {
    let name = &variant.name;
    match (variant.model_packages.as_slice(), &variant.model_name) {
        ([package], _) => match (same_group(package, approved), version(package), version(approved)) {
            (true, Some(actual), Some(wanted)) => format!("variant `{name}` serves version {actual}, and version {wanted} was approved"),
            _ => format!("variant `{name}` serves `{package}`, and `{approved}` was approved"),
        },
        ([], None) => format!("variant `{name}` names no model, so that its model package is unknown"),
        ([], Some(model)) => {
            let images = if variant.images.is_empty() { String::new() } else { format!(" (images: {})", variant.images.join(", ")) };
            format!("the model `{model}` of variant `{name}` was not made from a model package{images}")
        }
        (packages, _) => format!("variant `{name}` serves {}, and `{approved}` was approved", packages.join(" and ")),
    }
}

fn version(arn: &str) -> Option<&str> {
    let version = arn.rsplit_once('/')?.1;
    (!version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())).then_some(version)
}

fn same_group(left: &str, right: &str) -> bool {
    let group = |arn: &str| arn.rsplit_once('/').map(|(group, _)| group.to_ascii_lowercase());
    group(left) == group(right)
}

/// All instances that were asked for must be there, and some variant must take traffic.
fn variants(description: &Description) -> CheckReport {
    let short: Vec<_> = description.variants.iter().filter_map(shortfall).collect();
    let check = if description.variants.is_empty() {
        CheckReport::failed(VARIANTS, "the endpoint has no production variant")
    } else if !description.variants.iter().any(Variant::takes_traffic) {
        CheckReport::failed(VARIANTS, "the weight of every variant is zero: requests that name no variant are refused")
            .hint("give a variant a weight above zero in the endpoint's configuration")
    } else if short.is_empty() {
        CheckReport::passed(VARIANTS)
    } else {
        CheckReport::failed(VARIANTS, short.join("; ")).hint("see the endpoint's events; the region may be short of this instance type")
    };
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

fn data_capture(description: &Description, expected: &Expected) -> CheckReport {
    let word = |on: bool| if on { "on" } else { "off" };
    match (description.data_capture, expected.data_capture) {
        (None, None) => CheckReport::skipped(DATA_CAPTURE, "the endpoint does not say"),
        (None, Some(wanted)) => CheckReport {
            message: Some("the endpoint does not say whether data is captured".to_owned()),
            ..CheckReport::new(DATA_CAPTURE, Outcome::Errored)
        }
        .expected(word(wanted)),
        (Some(actual), Some(wanted)) if actual != wanted => {
            CheckReport::failed(DATA_CAPTURE, format!("data capture is {}, and must be {}", word(actual), word(wanted)))
                .expected(word(wanted))
                .actual(word(actual))
        }
        (Some(actual), wanted) => {
            let check = CheckReport::passed(DATA_CAPTURE).actual(word(actual));
            match wanted {
                Some(wanted) => check.expected(word(wanted)),
                None => check,
            }
        }
    }
}
