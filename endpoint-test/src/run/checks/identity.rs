//! Does the endpoint serve the model package, and the image, that were approved?

use aws_names::ModelPackageArn;

use super::IDENTITY;
use crate::report::CheckReport;
use crate::run::Expected;
use crate::target::{Description, Variant};

const IMAGE: &str = "image";

/// Every variant that gets traffic must serve the approved model package. After a failed deployment
/// AWS restores the former model and reports the endpoint as `InService`: this check detects that.
pub(super) fn identity(description: &Description, expected: &Expected) -> CheckReport {
    let Some(approved) = &expected.model_package_arn else {
        return CheckReport::skipped(IDENTITY, "no model package to compare with");
    };
    let serving: Vec<_> = description.variants.iter().filter(|variant| variant.takes_traffic()).collect();
    if serving.is_empty() {
        return CheckReport::failed(IDENTITY, "no variant gets traffic, so nothing serves the approved model package")
            .expected(approved.as_str());
    }
    let required = |variant: &Variant| package_of(&variant.name, expected).unwrap_or(approved);
    let wrong: Vec<_> = serving.iter().filter(|variant| !serves(variant, required(variant))).collect();
    if wrong.is_empty() {
        // If every variant were a challenger, the release would serve nothing that was approved.
        return if serving.iter().any(|variant| serves(variant, approved)) {
            CheckReport::passed(IDENTITY).expected(approved.as_str()).actual(approved.as_str())
        } else {
            CheckReport::failed(IDENTITY, "no variant that gets traffic serves the approved model package").expected(approved.as_str())
        };
    }
    let message = wrong.iter().map(|variant| mismatch(variant, required(variant))).collect::<Vec<_>>().join("; ");
    let mut packages: Vec<&str> = wrong.iter().flat_map(|variant| &variant.model_packages).map(String::as_str).collect();
    packages.dedup();
    let check = CheckReport::failed(IDENTITY, message).expected(approved.as_str());
    if packages.is_empty() {
        return check
            .actual("unknown")
            .with_hint("the endpoint was not created from the release's template, or its model was replaced manually");
    }
    check
        .actual(packages.join(", "))
        .with_hint("the deployment was probably rolled back, or has not reached this account: see the events of the endpoint's stack")
}

/// The package of a variant that serves another one on purpose.
fn package_of<'a>(variant: &str, expected: &'a Expected) -> Option<&'a ModelPackageArn> {
    expected.variants.iter().find(|required| required.name == variant)?.model_package_arn.as_ref()
}

/// ARNs are compared without case: some services return the names in them in lower case.
fn serves(variant: &Variant, approved: &ModelPackageArn) -> bool {
    variant.model_packages.iter().any(|package| package.eq_ignore_ascii_case(approved.as_str()))
}

fn mismatch(variant: &Variant, approved: &ModelPackageArn) -> String {
    let name = &variant.name;
    match (variant.model_packages.as_slice(), &variant.model_name) {
        ([package], _) => match version_in_group_of(approved, package).zip(approved.version()) {
            Some((actual, required)) => format!("variant `{name}` serves version {actual}, but version {required} was approved"),
            None => format!("variant `{name}` serves `{package}`, but `{approved}` was approved"),
        },
        ([], None) => format!("variant `{name}` has no model, so its model package is unknown"),
        ([], Some(model)) => {
            let images = if variant.images.is_empty() { String::new() } else { format!(" (images: {})", variant.images.join(", ")) };
            format!("the model `{model}` of variant `{name}` was not created from a model package{images}")
        }
        (packages, _) => format!("variant `{name}` serves {}, but `{approved}` was approved", packages.join(" and ")),
    }
}

/// The version that a variant serves, if it is one of the approved package's group.
fn version_in_group_of(approved: &ModelPackageArn, served: &str) -> Option<u32> {
    let version = served.parse::<ModelPackageArn>().ok()?.version();
    approved.in_region(approved.region(), version).as_str().eq_ignore_ascii_case(served).then_some(version)?
}

/// The running images must be those of the model package: the same digest if the package has one,
/// else the same repository and tag. `None` without an expectation.
pub(super) fn image(description: &Description, expected: &Expected) -> Option<CheckReport> {
    if expected.images.is_empty() {
        return None;
    }
    let required = expected.images.join(", ");
    // A challenger has its own images.
    let approved = |variant: &&Variant| match (package_of(&variant.name, expected), &expected.model_package_arn) {
        (Some(package), Some(approved)) => package.same_package(approved),
        _ => true,
    };
    let serving: Vec<_> = description.variants.iter().filter(|variant| variant.takes_traffic()).filter(approved).collect();
    if serving.iter().all(|variant| variant.images.is_empty()) {
        return Some(CheckReport::skipped(IMAGE, "the endpoint does not report its images").expected(required));
    }
    let foreign: Vec<String> = serving
        .iter()
        .flat_map(|variant| variant.images.iter().map(move |image| (variant, image)))
        .filter(|(_, image)| !expected.images.iter().any(|required| same_image(required, image)))
        .map(|(variant, image)| format!("variant `{}` runs `{image}`", variant.name))
        .collect();
    let actual = serving.iter().flat_map(|variant| variant.images.iter().cloned()).collect::<Vec<_>>().join(", ");
    let check = if foreign.is_empty() {
        CheckReport::passed(IMAGE)
    } else {
        CheckReport::failed(IMAGE, format!("{}, which is not an image of the model package", foreign.join("; ")))
            .with_hint("the image's tag was moved, or the model was replaced manually")
    };
    Some(check.expected(required).actual(actual))
}

/// Compares digests if both images have one. A tag that AWS resolved is compared by repository.
fn same_image(required: &str, actual: &str) -> bool {
    let split = |image: &str| match image.split_once('@') {
        Some((name, digest)) => (name.to_owned(), Some(digest.to_owned())),
        None => (image.to_owned(), None),
    };
    let ((required, required_digest), (actual, actual_digest)) = (split(required), split(actual));
    if required_digest.is_some() && actual_digest.is_some() {
        return required_digest == actual_digest && repository(&required) == repository(&actual);
    }
    required == actual || (repository(&required) == repository(&actual) && actual_digest.is_some())
}

/// The image's name without its tag: a colon after the last slash.
fn repository(image: &str) -> &str {
    let start = image.rfind('/').map_or(0, |slash| slash + 1);
    image[start..].find(':').map_or(image, |colon| &image[..start + colon])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_compared_if_both_images_have_one() {
        let repository = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris";
        let image = |suffix: &str| format!("{repository}{suffix}");
        assert!(same_image(&image(":1"), &image(":1")));
        assert!(same_image(&image(":1"), &image("@sha256:aa")));
        assert!(same_image(&image("@sha256:aa"), &image("@sha256:aa")));
        assert!(!same_image(&image("@sha256:aa"), &image("@sha256:bb")));
        assert!(!same_image(&image(":1"), &image(":2")));
        assert!(!same_image(&image(":1"), "localhost:5000/other@sha256:aa"));
        assert!(same_image("localhost:5000/iris:1", "localhost:5000/iris@sha256:aa"));
    }
}
