//! Is the endpoint configured as its stage requires: data capture, encryption, network?

use super::DATA_CAPTURE;
use crate::report::CheckReport;
use crate::run::expected::{Expected, ExpectedSetting, ExpectedVpc};
use crate::target::{Description, Variant};

const ENCRYPTION: &str = "encryption";
const NETWORK: &str = "network";

pub(super) fn data_capture(description: &Description, expected: &Expected) -> CheckReport {
    let word = |on: bool| if on { "on" } else { "off" };
    match (description.data_capture, expected.data_capture) {
        (None, None) => CheckReport::skipped(DATA_CAPTURE, "the endpoint does not report it"),
        (None, Some(required)) => {
            CheckReport::errored(DATA_CAPTURE, "the endpoint does not report whether data is captured").expected(word(required))
        }
        (Some(actual), Some(required)) if actual != required => {
            CheckReport::failed(DATA_CAPTURE, format!("data capture is {}, but must be {}", word(actual), word(required)))
                .expected(word(required))
                .actual(word(actual))
        }
        (Some(true), Some(true)) if percentage_differs(description, expected) => {
            let percent = |percentage: Option<i32>| percentage.map_or_else(|| "unknown".to_owned(), |percentage| format!("{percentage} %"));
            let (required, actual) = (percent(expected.data_capture_percentage), percent(description.data_capture_percentage));
            CheckReport::failed(DATA_CAPTURE, format!("{actual} of the requests are captured, but {required} must be"))
                .expected(required)
                .actual(actual)
        }
        (Some(actual), required) => {
            let check = CheckReport::passed(DATA_CAPTURE).actual(word(actual));
            match required {
                Some(required) => check.expected(word(required)),
                None => check,
            }
        }
    }
}

fn percentage_differs(description: &Description, expected: &Expected) -> bool {
    matches!((description.data_capture_percentage, expected.data_capture_percentage), (Some(actual), Some(required)) if actual != required)
}

/// The KMS key of the volumes. `None` without an expectation.
pub(super) fn encryption(description: &Description, expected: &Expected) -> Option<CheckReport> {
    let required = expected.volume_kms_key.as_ref()?;
    let shown = match required {
        ExpectedSetting::Absent => "AWS's own key",
        ExpectedSetting::Is(key) => key,
    };
    let Some(settings) = &description.settings else {
        return Some(CheckReport::errored(ENCRYPTION, "the endpoint configuration was deleted, so its key is unknown").expected(shown));
    };
    let actual = settings.volume_kms_key.as_deref();
    let fine = match required {
        ExpectedSetting::Absent => actual.is_none(),
        ExpectedSetting::Is(key) => actual.is_some_and(|actual| same_key(key, actual)),
    };
    let found = actual.unwrap_or("AWS's own key");
    let check = if fine {
        CheckReport::passed(ENCRYPTION)
    } else {
        CheckReport::failed(ENCRYPTION, format!("the volumes are encrypted with {found}, but must be with {shown}"))
            .with_hint("the endpoint was not created from the release's template and parameters")
    };
    Some(check.expected(shown).actual(found))
}

/// A key may be given as its ARN or as its id.
fn same_key(required: &str, actual: &str) -> bool {
    let id = |key: &str| key.rsplit_once(":key/").map_or_else(|| key.to_ascii_lowercase(), |(_, id)| id.to_ascii_lowercase());
    required.eq_ignore_ascii_case(actual) || id(required) == id(actual)
}

/// Network isolation and VPC of every variant that gets traffic. `None` without an expectation.
pub(super) fn network(description: &Description, expected: &Expected) -> Option<CheckReport> {
    if expected.network_isolation.is_none() && expected.vpc.is_none() {
        return None;
    }
    let known = |variant: &&Variant| variant.model_name.is_some() && variant.network_isolation.is_some();
    let variants: Vec<_> = description.variants.iter().filter(|variant| variant.takes_traffic()).filter(known).collect();
    if variants.is_empty() {
        return Some(CheckReport::skipped(NETWORK, "no model could be described"));
    }
    let wrong: Vec<String> = variants.iter().flat_map(|variant| wrong_network(variant, expected)).collect();
    let actual = variants.iter().map(|variant| shown_network(variant)).collect::<Vec<_>>().join("; ");
    let check = if wrong.is_empty() {
        CheckReport::passed(NETWORK)
    } else {
        CheckReport::failed(NETWORK, wrong.join("; ")).with_hint("the endpoint was not created from the release's template and parameters")
    };
    Some(check.expected(required_network(expected)).actual(actual))
}

fn wrong_network(variant: &Variant, expected: &Expected) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = &variant.name;
    match (expected.network_isolation, variant.network_isolation) {
        (Some(true), Some(false)) => wrong.push(format!("the container of variant `{name}` has network access, but must not")),
        (Some(false), Some(true)) => wrong.push(format!("the container of variant `{name}` has no network access, but must")),
        _ => {}
    }
    match &expected.vpc {
        Some(ExpectedVpc::Absent) if !variant.subnets.is_empty() => wrong.push(format!("variant `{name}` is in a VPC, but must not be")),
        Some(ExpectedVpc::Within { .. }) if variant.subnets.is_empty() => {
            wrong.push(format!("variant `{name}` is not in a VPC, but must be"));
        }
        Some(ExpectedVpc::Within { subnets, security_groups }) => {
            if !subnets.is_empty() && sorted(subnets) != sorted(&variant.subnets) {
                wrong.push(format!(
                    "variant `{name}` is in the subnets {}, but must be in {}",
                    variant.subnets.join(", "),
                    subnets.join(", ")
                ));
            }
            if !security_groups.is_empty() && sorted(security_groups) != sorted(&variant.security_groups) {
                let (actual, required) = (variant.security_groups.join(", "), security_groups.join(", "));
                wrong.push(format!("variant `{name}` has the security groups {actual}, but must have {required}"));
            }
        }
        Some(ExpectedVpc::Absent) | None => {}
    }
    wrong
}

fn sorted(texts: &[String]) -> Vec<&String> {
    let mut texts: Vec<_> = texts.iter().collect();
    texts.sort();
    texts
}

fn required_network(expected: &Expected) -> String {
    let isolation = expected.network_isolation.map(|isolated| if isolated { "isolated" } else { "not isolated" }.to_owned());
    let vpc = expected.vpc.as_ref().map(|vpc| match vpc {
        ExpectedVpc::Absent => "no VPC".to_owned(),
        ExpectedVpc::Within { subnets, .. } if subnets.is_empty() => "in a VPC".to_owned(),
        ExpectedVpc::Within { subnets, .. } => format!("in {}", subnets.join(", ")),
    });
    [isolation, vpc].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn shown_network(variant: &Variant) -> String {
    let isolation = if variant.network_isolation == Some(true) { "isolated" } else { "not isolated" };
    let vpc = if variant.subnets.is_empty() { "no VPC".to_owned() } else { format!("in {}", variant.subnets.join(", ")) };
    format!("{}: {isolation}, {vpc}", variant.name)
}
