//! Checks of an endpoint as a whole: does it serve what was approved, with all its instances,
//! configured as its stage requires?

mod environment;
mod identity;
mod image;
mod settings;
mod variants;

use super::Expected;
use crate::report::{CheckReport, IDENTITY};
use crate::target::{Description, TargetKind};

const VARIANTS: &str = "variants";
const DATA_CAPTURE: &str = "data_capture";

/// All checks, in the order of the report. Some run only if there is an expectation. Last are those
/// that the caller has made.
pub(super) fn all(description: &Description, expected: &Expected) -> Vec<CheckReport> {
    match description.kind {
        TargetKind::Container => {
            let variants: Vec<_> = expected.variants.iter().map(|variant| format!("`{}`", variant.name)).collect();
            let not_reported = "a container does not report it".to_owned();
            let no_variants = || format!("a container has no variants, so {} cannot be checked", variants.join(", "));
            let of_variants = if variants.is_empty() { not_reported.clone() } else { no_variants() };
            [(IDENTITY, not_reported.clone()), (VARIANTS, of_variants), (DATA_CAPTURE, not_reported)]
                .map(|(name, why)| CheckReport::skipped(name, why))
                .into()
        }
        TargetKind::Endpoint => {
            let always = [
                identity::identity(description, expected),
                variants::variants(description, expected),
                settings::data_capture(description, expected),
            ];
            let optional = [
                image::image(description, expected),
                environment::environment(description, expected),
                settings::encryption(description, expected),
                settings::network(description, expected),
            ];
            always.into_iter().chain(optional.into_iter().flatten()).chain(expected.checked.iter().cloned()).collect()
        }
    }
}
