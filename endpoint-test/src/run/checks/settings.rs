//! Is the endpoint set up as its stage wants it: data capture, encryption, network?

use super::DATA_CAPTURE;
use crate::report::CheckReport;
use crate::run::expected::{Expected, ExpectedSetting, ExpectedVpc};
use crate::target::{Description, Variant};

const ENCRYPTION: &str = "encryption";
const NETWORK: &str = "network";

pub(super) fn data_capture(description: &Description, expected: &Expected) -> CheckReport {
    let word = |on: bool| if on { "on" } else { "off" };
    match (description.data_capture, expected.data_capture) {
        (None, None) => CheckReport::skipped(DATA_CAPTURE, "the endpoint does not say"),
        (None, Some(wanted)) => {
            CheckReport::errored(DATA_CAPTURE, "the endpoint does not say whether data is captured").expected(word(wanted))
        }
        (Some(actual), Some(wanted)) if actual != wanted => {
            CheckReport::failed(DATA_CAPTURE, format!("data capture is {}, and must be {}", word(actual), word(wanted)))
                .expected(word(wanted))
                .actual(word(actual))
        }
        (Some(true), Some(true)) if percentage_differs(description, expected) => {
            let percent = |percentage: Option<i32>| percentage.map_or_else(|| "unknown".to_owned(), |percentage| format!("{percentage} %"));
            let (wanted, actual) = (percent(expected.data_capture_percentage), percent(description.data_capture_percentage));
            CheckReport::failed(DATA_CAPTURE, format!("{actual} of the requests are captured, and must be {wanted}"))
                .expected(wanted)
                .actual(actual)
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

fn percentage_differs(description: &Description, expected: &Expected) -> bool {
    matches!((description.data_capture_percentage, expected.data_capture_percentage), (Some(actual), Some(wanted)) if actual != wanted)
}

/// The volumes' key. `None` without an expectation.
pub(super) fn encryption(description: &Description, expected: &Expected) -> Option<CheckReport> {
    let wanted = expected.volume_kms_key.as_ref()?;
    let shown = match wanted {
        ExpectedSetting::Absent => "the key of AWS",
        ExpectedSetting::Is(key) => key,
    };
    let Some(settings) = &description.settings else {
        return Some(
            CheckReport::errored(ENCRYPTION, "the endpoint's configuration is gone, so that its key is not known").expected(shown),
        );
    };
    let actual = settings.volume_kms_key.as_deref();
    let fine = match wanted {
        ExpectedSetting::Absent => actual.is_none(),
        ExpectedSetting::Is(key) => actual.is_some_and(|actual| same_key(key, actual)),
    };
    let found = actual.unwrap_or("the key of AWS");
    let check = if fine {
        CheckReport::passed(ENCRYPTION)
    } else {
        CheckReport::failed(ENCRYPTION, format!("the volumes are encrypted with {found}, and must be with {shown}"))
            .with_hint("the endpoint was not made from the release's template and parameters")
    };
    Some(check.expected(shown).actual(found))
}

/// A key may be named by its ARN or by its id alone.
fn same_key(wanted: &str, actual: &str) -> bool {
    let id = |key: &str| key.rsplit_once(":key/").map_or_else(|| key.to_ascii_lowercase(), |(_, id)| id.to_ascii_lowercase());
    wanted.eq_ignore_ascii_case(actual) || id(wanted) == id(actual)
}

/// Network isolation and VPC of every variant that takes traffic. `None` without an expectation.
pub(super) fn network(description: &Description, expected: &Expected) -> Option<CheckReport> {
    if expected.network_isolation.is_none() && expected.vpc.is_none() {
        return None;
    }
    let known = |variant: &&Variant| variant.model_name.is_some() && variant.network_isolation.is_some();
    let variants: Vec<_> = description.variants.iter().filter(|variant| variant.takes_traffic()).filter(known).collect();
    if variants.is_empty() {
        return Some(CheckReport::skipped(NETWORK, "no model could be looked at"));
    }
    let wrong: Vec<String> = variants.iter().flat_map(|variant| wrong_network(variant, expected)).collect();
    let actual = variants.iter().map(|variant| shown_network(variant)).collect::<Vec<_>>().join("; ");
    let check = if wrong.is_empty() {
        CheckReport::passed(NETWORK)
    } else {
        CheckReport::failed(NETWORK, wrong.join("; ")).with_hint("the endpoint was not made from the release's template and parameters")
    };
    Some(check.expected(wanted_network(expected)).actual(actual))
}

fn wrong_network(variant: &Variant, expected: &Expected) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = &variant.name;
    match (expected.network_isolation, variant.network_isolation) {
        (Some(true), Some(false)) => wrong.push(format!("the container of variant `{name}` may make network calls, and must not")),
        (Some(false), Some(true)) => wrong.push(format!("the container of variant `{name}` may make no network calls, and must")),
        _ => {}
    }
    match &expected.vpc {
        Some(ExpectedVpc::Absent) if !variant.subnets.is_empty() => wrong.push(format!("variant `{name}` is in a VPC, and must not be")),
        Some(ExpectedVpc::Within { .. }) if variant.subnets.is_empty() => wrong.push(format!("variant `{name}` is in no VPC, and must be")),
        Some(ExpectedVpc::Within { subnets, security_groups }) => {
            if !subnets.is_empty() && sorted(subnets) != sorted(&variant.subnets) {
                wrong.push(format!(
                    "variant `{name}` is in the subnets {}, and must be in {}",
                    variant.subnets.join(", "),
                    subnets.join(", ")
                ));
            }
            if !security_groups.is_empty() && sorted(security_groups) != sorted(&variant.security_groups) {
                let (actual, wanted) = (variant.security_groups.join(", "), security_groups.join(", "));
                wrong.push(format!("variant `{name}` has the security groups {actual}, and must have {wanted}"));
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

fn wanted_network(expected: &Expected) -> String {
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
