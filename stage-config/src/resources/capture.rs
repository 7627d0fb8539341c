//! `DataCaptureConfig` of an endpoint configuration.

use super::inspector::{About, Inspector};
use super::property::Property;

/// The maximum length of a destination's S3 URI (SageMaker API, `DestinationS3Uri`).
pub(super) const MAX_DESTINATION: usize = 512;

pub(super) fn check(inspector: &mut Inspector<'_>, capture: &Property<'_>, config: &str) {
    let owner = format!("`DataCaptureConfig` of {config}");
    for name in ["InitialSamplingPercentage", "DestinationS3Uri", "CaptureOptions"] {
        inspector.required(capture, name, &owner);
    }
    inspector.integer(capture, "InitialSamplingPercentage", 0..=100, &owner);
    inspector.s3_uri(capture, "DestinationS3Uri", MAX_DESTINATION, &owner);
    let Some((list, options)) = capture.get("CaptureOptions").and_then(|list| list.items().map(|items| (list, items))) else { return };
    if options.is_empty() || options.len() > 32 {
        let message = format!("`CaptureOptions` of {owner} has {} members; SageMaker allows 1 to 32", options.len());
        inspector.error("too-many", message, "write [{ CaptureMode: Input }, { CaptureMode: Output }]", &[About::Value(&list.pointer)]);
    }
    for option in &options {
        inspector.required(option, "CaptureMode", &format!("a capture option of {config}"));
        inspector.one_of(option, "CaptureMode", &["Input", "Output", "InputAndOutput"], &owner);
    }
}
