//! Does the endpoint serve the model package that was approved?

use aws_names::ModelPackageArn;

use super::IDENTITY;
use crate::report::CheckReport;
use crate::run::{Expected, ExpectedModel, ExpectedVariant};
use crate::target::{Description, Variant};

/// Every variant that gets traffic must serve the model that the release gives it, and one of them
/// the approved model package, unless the template gives all of them something else. After a failed
/// deployment AWS restores the former model and reports the endpoint as `InService`: this check
/// detects that.
pub(super) fn identity(description: &Description, expected: &Expected) -> CheckReport {
    let Some(approved) = &expected.model_package_arn else {
        return CheckReport::skipped(IDENTITY, "no model package to compare with");
    };
    let needs_approved = needs_approved(approved, expected);
    if !description.variants.iter().any(Variant::takes_traffic) {
        return if needs_approved {
            CheckReport::failed(IDENTITY, "no variant gets traffic, so nothing serves the approved model package")
                .expected(approved.as_str())
        } else {
            CheckReport::failed(IDENTITY, "no variant gets traffic, so nothing serves a model of the release")
        };
    }
    let serving = serving(description, expected);
    let wrong: Vec<_> = serving.iter().filter_map(|variant| Some((*variant, mismatch(variant, approved, expected)?))).collect();
    if wrong.is_empty() {
        return match (needs_approved, serving.iter().any(|variant| serves(variant, approved))) {
            (_, true) => CheckReport::passed(IDENTITY).expected(approved.as_str()).actual(approved.as_str()),
            (true, false) => CheckReport::failed(IDENTITY, "no variant that gets traffic serves the approved model package")
                .expected(approved.as_str())
                .with_hint(who_serves(approved, expected)),
            (false, false) => {
                let required = required(&serving, approved, expected);
                CheckReport::passed(IDENTITY).expected(required.as_str()).actual(required)
            }
        };
    }
    let message = wrong.iter().map(|(_, mismatch)| mismatch.as_str()).collect::<Vec<_>>().join("; ");
    let mut packages: Vec<&str> = wrong.iter().flat_map(|(variant, _)| &variant.model_packages).map(String::as_str).collect();
    packages.dedup();
    let of_wrong: Vec<_> = wrong.iter().map(|(variant, _)| *variant).collect();
    let check = CheckReport::failed(IDENTITY, message).expected(required(&of_wrong, approved, expected));
    if !packages.is_empty() {
        return check
            .actual(packages.join(", "))
            .with_hint("the deployment was probably rolled back, or has not reached this account: see the events of the endpoint's stack");
    }
    // Without the template's word, the model may serve an image on purpose.
    let in_template = |variant: &&Variant| entry(&variant.name, expected).is_some_and(is_known);
    check.actual("unknown").with_hint(if of_wrong.iter().all(in_template) {
        "the endpoint was not created from the release's template, or its model was replaced manually"
    } else {
        "the model was replaced manually, or serves an image on purpose: then define it in the release's template, so that the image is checked"
    })
}

/// Whether a variant must serve the approved package: not if the template gives every variant
/// something else, such as the image of a baseline.
fn needs_approved(approved: &ModelPackageArn, expected: &Expected) -> bool {
    let is_other = |variant: &ExpectedVariant| is_known(variant) && !is_approved(variant, approved);
    expected.variants.is_empty() || !expected.variants.iter().all(is_other)
}

/// Whether the template says what the variant serves.
fn is_known(variant: &ExpectedVariant) -> bool {
    match variant.model {
        ExpectedModel::Package => variant.model_package_arn.is_some(),
        ExpectedModel::Images | ExpectedModel::Named(_) => true,
        ExpectedModel::Unknown => false,
    }
}

/// Whether the template says that the variant serves the approved package.
fn is_approved(variant: &ExpectedVariant, approved: &ModelPackageArn) -> bool {
    variant.model == ExpectedModel::Package && variant.model_package_arn.as_ref().is_some_and(|package| package.same_package(approved))
}

/// The hint if no variant serves the approved package.
fn who_serves(approved: &ModelPackageArn, expected: &Expected) -> String {
    let names = |which: &dyn Fn(&ExpectedVariant) -> bool| {
        let names: Vec<_> =
            expected.variants.iter().filter(|variant| which(variant)).map(|variant| format!("`{}`", variant.name)).collect();
        Some(names.join(", ")).filter(|names| !names.is_empty())
    };
    if let Some(names) = names(&|variant| is_approved(variant, approved)) {
        return format!(
            "in the release's template it is the model package of variant {names}, which does not get traffic on this endpoint"
        );
    }
    match names(&|variant| !is_known(variant)) {
        Some(names) => format!("the release's template does not show what variant {names} serves: define its model there"),
        None => "compare the endpoint's variants with the release's template".to_owned(),
    }
}

/// What the release gives these variants, for the report.
fn required(variants: &[&Variant], approved: &ModelPackageArn, expected: &Expected) -> String {
    let mut required: Vec<String> = Vec::new();
    for variant in variants {
        let entry = entry(&variant.name, expected);
        let model = match entry.map_or(&ExpectedModel::Package, |entry| &entry.model) {
            ExpectedModel::Package => required_package(entry, approved).to_string(),
            ExpectedModel::Images => "an image".to_owned(),
            ExpectedModel::Named(model) => format!("the model `{model}`"),
            ExpectedModel::Unknown => continue,
        };
        if !required.contains(&model) {
            required.push(model);
        }
    }
    required.join(", ")
}

/// The package that a variant must serve: the approved one, unless the release gives it another.
fn required_package<'a>(entry: Option<&'a ExpectedVariant>, approved: &'a ModelPackageArn) -> &'a ModelPackageArn {
    entry.and_then(|entry| entry.model_package_arn.as_ref()).unwrap_or(approved)
}

/// The variants whose model is checked: those that get traffic, and the shadow variants of the
/// release.
pub(super) fn serving<'a>(description: &'a Description, expected: &Expected) -> Vec<&'a Variant> {
    let is_expected = |variant: &&Variant| entry(&variant.name, expected).is_some_and(|entry| entry.is_shadow);
    let with_traffic = description.variants.iter().filter(|variant| variant.takes_traffic());
    with_traffic.chain(description.shadow_variants.iter().filter(is_expected)).collect()
}

pub(super) fn entry<'a>(variant: &str, expected: &'a Expected) -> Option<&'a ExpectedVariant> {
    expected.variants.iter().find(|required| required.name == variant)
}

/// ARNs are compared without case: some services return the names in them in lower case.
fn serves(variant: &Variant, approved: &ModelPackageArn) -> bool {
    variant.model_packages.iter().any(|package| package.eq_ignore_ascii_case(approved.as_str()))
}

/// How a variant's model differs from what the release gives it.
fn mismatch(variant: &Variant, approved: &ModelPackageArn, expected: &Expected) -> Option<String> {
    let (name, entry) = (&variant.name, entry(&variant.name, expected));
    match entry.map_or(&ExpectedModel::Package, |entry| &entry.model) {
        ExpectedModel::Package => {
            let required = required_package(entry, approved);
            let is_approved = required.same_package(approved);
            let ending =
                |what: &str| if is_approved { format!("but {what} was approved") } else { format!("but the release gives it {what}") };
            (!serves(variant, required)).then(|| other_package(variant, required, ending))
        }
        ExpectedModel::Images if !variant.model_packages.is_empty() => {
            Some(format!("variant `{name}` serves `{}`, but the release gives it an image", variant.model_packages.join(", ")))
        }
        ExpectedModel::Images if variant.model_name.is_none() && variant.images.is_empty() => {
            Some(format!("variant `{name}` has no model, so its image is unknown"))
        }
        ExpectedModel::Named(model) if variant.model_name.as_ref() != Some(model) => {
            let actual = variant.model_name.as_deref().map_or_else(|| "no known model".to_owned(), |model| format!("the model `{model}`"));
            Some(format!("variant `{name}` serves {actual}, but the release gives it the model `{model}`"))
        }
        ExpectedModel::Images | ExpectedModel::Named(_) | ExpectedModel::Unknown => None,
    }
}

fn other_package(variant: &Variant, required: &ModelPackageArn, ending: impl Fn(&str) -> String) -> String {
    let name = &variant.name;
    match (variant.model_packages.as_slice(), &variant.model_name) {
        ([package], _) => match version_in_group_of(required, package).zip(required.version()) {
            Some((actual, version)) => format!("variant `{name}` serves version {actual}, {}", ending(&format!("version {version}"))),
            None => format!("variant `{name}` serves `{package}`, {}", ending(&format!("`{required}`"))),
        },
        ([], None) => format!("variant `{name}` has no model, so its model package is unknown"),
        ([], Some(model)) => {
            let images = if variant.images.is_empty() { String::new() } else { format!(" (images: {})", variant.images.join(", ")) };
            format!("the model `{model}` of variant `{name}` was not created from a model package{images}")
        }
        (packages, _) => format!("variant `{name}` serves {}, {}", packages.join(" and "), ending(&format!("`{required}`"))),
    }
}

/// The version that a variant serves, if it is one of the approved package's group.
fn version_in_group_of(approved: &ModelPackageArn, served: &str) -> Option<u32> {
    let version = served.parse::<ModelPackageArn>().ok()?.version();
    approved.in_region(approved.region(), version).as_str().eq_ignore_ascii_case(served).then_some(version)?
}
