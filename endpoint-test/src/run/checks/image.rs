//! Do the variants run the images that were approved?

use super::identity::{entry, serving};
use crate::approved::{Comparison, compare_images};
use crate::report::CheckReport;
use crate::run::{Expected, ExpectedModel};
use crate::target::{Description, Variant};

const IMAGE: &str = "image";

/// The running images must be those of the model package and of the template, by digest. `None`
/// without an expectation.
pub(super) fn image(description: &Description, expected: &Expected) -> Option<CheckReport> {
    let template_images = || expected.variants.iter().flat_map(|variant| &variant.images);
    if expected.images.is_empty() && template_images().next().is_none() {
        return None;
    }
    let mut required: Vec<&str> = expected.images.iter().chain(template_images()).map(String::as_str).collect();
    required.dedup();
    let required = required.join(", ");
    let serving: Vec<_> =
        serving(description, expected).into_iter().filter_map(|variant| Some((variant, known_images(variant, expected)?))).collect();
    if serving.iter().all(|(variant, _)| variant.images.is_empty()) {
        let why = "the endpoint does not report its images".to_owned();
        let unknown = Comparison::NotKnown { what: "the image".to_owned(), why: why.clone(), call: None };
        let check = CheckReport::compared(IMAGE, &[unknown], expected.blocks_unknown);
        return Some(CheckReport { message: Some(why), ..check }.expected(required));
    }
    let mut foreign = Vec::new();
    let mut unknown = Vec::new();
    for (variant, known) in &serving {
        let (others, undecided) = compared(variant, known);
        foreign.extend(others);
        unknown.extend(undecided);
    }
    let actual = serving.iter().flat_map(|(variant, _)| variant.images.iter().cloned()).collect::<Vec<_>>().join(", ");
    let check = if foreign.is_empty() {
        CheckReport::compared(IMAGE, &unknown, expected.blocks_unknown)
    } else {
        let or_template = if template_images().next().is_some() { " or of the release's template" } else { "" };
        CheckReport::failed(IMAGE, format!("{}, which is not an image of the model package{or_template}", foreign.join("; ")))
            .with_hint("the image's tag was moved, or the model was replaced manually")
    };
    Some(check.expected(required).actual(actual))
}

/// The images that a variant is known to run.
struct KnownImages<'a> {
    images: Vec<&'a str>,
    /// The number of further images, which are not known before the deployment.
    unknown: usize,
}

/// `None` if nothing is known about a variant's images.
fn known_images<'a>(variant: &Variant, expected: &'a Expected) -> Option<KnownImages<'a>> {
    let entry = entry(&variant.name, expected);
    let of_package = match entry.map_or(&ExpectedModel::Package, |entry| &entry.model) {
        ExpectedModel::Package => {
            let other = entry.and_then(|entry| entry.model_package_arn.as_ref());
            // A challenger's package has its own images.
            let is_approved = other.zip(expected.model_package_arn.as_ref()).is_none_or(|(other, approved)| other.same_package(approved));
            Some(expected.images.as_slice()).filter(|images| is_approved && !images.is_empty())?
        }
        ExpectedModel::Images => &[],
        ExpectedModel::Named(_) | ExpectedModel::Unknown => return None,
    };
    let of_containers = entry.map_or(&[][..], |entry| &entry.images);
    let images = of_package.iter().chain(of_containers).map(String::as_str).collect();
    Some(KnownImages { images, unknown: entry.map_or(0, |entry| entry.unknown_images) })
}

/// The images of a variant that are not known ones, if there are more than there may be, and those
/// that may be known ones.
fn compared(variant: &Variant, known: &KnownImages<'_>) -> (Vec<String>, Vec<Comparison>) {
    let (mut foreign, mut undecided) = (Vec::new(), Vec::new());
    for image in &variant.images {
        let comparisons: Vec<_> = known.images.iter().map(|known| compare_images(known, image)).collect();
        if comparisons.contains(&Comparison::Same) {
            continue;
        }
        match comparisons.into_iter().find(|found| matches!(found, Comparison::NotKnown { .. })) {
            Some(unknown) => undecided.push(unknown),
            None => foreign.push(format!("variant `{}` runs `{image}`", variant.name)),
        }
    }
    (if foreign.len() > known.unknown { foreign } else { Vec::new() }, undecided)
}
