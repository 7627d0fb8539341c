//! `AsyncInferenceConfig` of an endpoint configuration.

use super::capture::MAX_DESTINATION;
use super::inspector::Inspector;
use super::property::Property;

pub(super) fn check(inspector: &mut Inspector<'_>, asynchronous: &Property<'_>, config: &str) {
    let owner = format!("`AsyncInferenceConfig` of {config}");
    inspector.required(asynchronous, "OutputConfig", &owner);
    if let Some(client) = asynchronous.get("ClientConfig") {
        inspector.integer(&client, "MaxConcurrentInvocationsPerInstance", 1..=1000, &owner);
    }
    if let Some(output) = asynchronous.get("OutputConfig") {
        inspector.s3_uri(&output, "S3OutputPath", MAX_DESTINATION, &owner);
        inspector.s3_uri(&output, "S3FailurePath", MAX_DESTINATION, &owner);
    }
}
