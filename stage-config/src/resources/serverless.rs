//! `ServerlessConfig` of a variant, and what serverless endpoints do not support.
//!
//! Source: SageMaker API, `ProductionVariantServerlessConfig`; SageMaker developer guide, "Serverless Inference", feature exclusions.

use super::inspector::{About, Inspector};
use super::model::Model;
use super::property::Property;
use super::variant::Variant;
use crate::problem::Problem;

const MEMORY_STEP: i64 = 1024;

/// Checks the variant's own fields.
pub(super) fn check(inspector: &mut Inspector<'_>, variant: &Property<'_>, serverless: &Property<'_>, owner: &str) {
    inspector.required(serverless, "MemorySizeInMB", &format!("`ServerlessConfig` of {owner}"));
    inspector.required(serverless, "MaxConcurrency", &format!("`ServerlessConfig` of {owner}"));
    if let Some(memory) = inspector.integer(serverless, "MemorySizeInMB", 1024..=6144, owner)
        && memory % MEMORY_STEP != 0
    {
        let message = format!("`MemorySizeInMB` of {owner} is {memory}; it must be a multiple of {MEMORY_STEP}");
        let pointer = format!("{}/MemorySizeInMB", serverless.pointer);
        inspector.error("out-of-range", message, "use 1024, 2048, 3072, 4096, 5120 or 6144", &[About::Value(&pointer)]);
    }
    let most = inspector.integer(serverless, "MaxConcurrency", 1..=200, owner);
    let provisioned = inspector.integer(serverless, "ProvisionedConcurrency", 1..=200, owner);
    if let Some((provisioned, most)) = provisioned.zip(most).filter(|(provisioned, most)| provisioned > most) {
        let message = format!("`ProvisionedConcurrency` of {owner} is {provisioned}, more than its `MaxConcurrency` {most}");
        let pointers = ["ProvisionedConcurrency", "MaxConcurrency"].map(|name| format!("{}/{name}", serverless.pointer));
        inspector.report(Problem::error("out-of-range", message), &[About::Value(&pointers[0]), About::Value(&pointers[1])]);
    }
    let instance_fields = [
        "InstanceType",
        "InitialInstanceCount",
        "InstancePools",
        "AcceleratorType",
        "VolumeSizeInGB",
        "ModelDataDownloadTimeoutInSeconds",
        "ContainerStartupHealthCheckTimeoutInSeconds",
        "ManagedInstanceScaling",
        "RoutingConfig",
        "InferenceAmiVersion",
        "CapacityReservationConfig",
    ];
    for name in instance_fields {
        if let Some(field) = variant.get(name) {
            let message = format!("{owner} is serverless but has `{name}`, which applies to instances");
            let about = [About::Presence(&field.pointer), About::Presence(&serverless.pointer), About::Value(&field.pointer)];
            inspector.error("serverless", message, "remove it, or remove `ServerlessConfig`", &about);
        }
    }
}

/// Reports what an endpoint configuration with a serverless variant does not support.
pub(super) fn exclusions(inspector: &mut Inspector<'_>, config: &Property<'_>, owner: &str, variants: &[Variant<'_>], models: &[Model]) {
    let Some(serverless) = variants.iter().find_map(|variant| variant.serverless.as_ref()) else { return };
    let here = About::Presence(&serverless.pointer);
    if variants.len() > 1 {
        let message = format!("{owner} is serverless but has {} variants", variants.len());
        inspector.error("serverless", message, "use one variant", &[here]);
    }
    for name in ["DataCaptureConfig", "AsyncInferenceConfig", "ShadowProductionVariants", "VpcConfig"] {
        if let Some(property) = config.get(name) {
            let message = format!("{owner} is serverless but has `{name}`, which serverless endpoints do not support");
            inspector.error("serverless", message, "remove one of the two", &[About::Presence(&property.pointer), here]);
        }
    }
    for model in models.iter().filter(|model| variants.iter().any(|variant| variant.model == Some(model.id.as_str()))) {
        if let Some(vpc) = &model.vpc {
            let message = format!("model `{}` has a `VpcConfig`, which the serverless {owner} does not support", model.id);
            inspector.error("serverless", message, "omit `VpcConfig` for serverless endpoints", &[here, About::Presence(vpc)]);
        }
        if let Some(isolated) = &model.isolated {
            let message = format!("model `{}` has network isolation, which the serverless {owner} does not support", model.id);
            let hint = "turn off `EnableNetworkIsolation` for serverless endpoints";
            inspector.warning("serverless", message, hint, &[About::Value(isolated), here]);
        }
    }
}
