//! Checks of an endpoint as a whole: does it serve what was approved, with all its instances,
//! configured as its stage requires?

mod identity;
mod settings;
mod variants;

use super::Expected;
use crate::report::CheckReport;
use crate::target::{Description, TargetKind};

const IDENTITY: &str = "identity";
const VARIANTS: &str = "variants";
const DATA_CAPTURE: &str = "data_capture";

/// All checks, in the order of the report. Some run only if there is an expectation.
pub(super) fn all(description: &Description, expected: &Expected) -> Vec<CheckReport> {
    match description.kind {
        TargetKind::Container => {
            [IDENTITY, VARIANTS, DATA_CAPTURE].map(|name| CheckReport::skipped(name, "a container does not report it")).into()
        }
        TargetKind::Endpoint => {
            let always = [
                identity::identity(description, expected),
                variants::variants(description, expected),
                settings::data_capture(description, expected),
            ];
            let optional = [
                identity::image(description, expected),
                settings::encryption(description, expected),
                settings::network(description, expected),
            ];
            always.into_iter().chain(optional.into_iter().flatten()).collect()
        }
    }
}
