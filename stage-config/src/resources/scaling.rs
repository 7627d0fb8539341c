//! `AWS::ApplicationAutoScaling::ScalableTarget` of an endpoint's variant.

use super::endpoint_config::EndpointConfig;
use super::inspector::{About, Inspector};
use super::property::Property;
use super::variant::Variant;
use crate::problem::Problem;

/// How many instances each variant has at least while it is scaled, as far as it is known.
pub(super) fn check<'a>(
    inspector: &mut Inspector<'_>,
    targets: impl Iterator<Item = (&'a str, &'a Property<'a>)>,
    configs: &[EndpointConfig<'_>],
) -> Option<i64> {
    let mut scaled = None;
    for (id, properties) in targets {
        let namespace = properties.get("ServiceNamespace");
        if namespace.as_ref().and_then(Property::text) != Some("sagemaker") {
            continue;
        }
        let owner = format!("scalable target `{id}`");
        let instances =
            properties.get("ScalableDimension").and_then(|dimension| dimension.text()) == Some("sagemaker:variant:DesiredInstanceCount");
        let least = inspector.integer(properties, "MinCapacity", 0..=i64::MAX, &owner);
        let most = inspector.integer(properties, "MaxCapacity", 0..=i64::MAX, &owner);
        if let Some((least, most)) = least.zip(most).filter(|(least, most)| least > most) {
            let message = format!("{owner} scales between {least} and {most}: the least is more than the most");
            let pointers = ["MinCapacity", "MaxCapacity"].map(|name| format!("{}/{name}", properties.pointer));
            inspector.report(Problem::error("out-of-range", message), &[About::Value(&pointers[0]), About::Value(&pointers[1])]);
        }
        if !instances {
            continue;
        }
        scaled = scaled.max(least);
        let waits_for_none = configs.iter().find(|config| {
            let serves_models = |variants: &Vec<Variant<'_>>| variants.iter().any(|variant| variant.has_model);
            !config.is_asynchronous && config.variants.as_ref().is_some_and(serves_models)
        });
        if let Some(config) = waits_for_none.filter(|_| least == Some(0)) {
            let message = format!("{owner} scales to no instance, and endpoint configuration `{}` is not asynchronous", config.id);
            let hint = "only an asynchronous endpoint keeps requests until an instance is there: scale to 1 or more";
            inspector.error("scaling", message, hint, &[About::Value(&format!("{}/MinCapacity", properties.pointer))]);
        }
        for variant in configs.iter().flat_map(|config| &config.variants).flatten() {
            if let Some((instance_type, pointer)) = variant.instance_type.as_ref().filter(|(instance_type, _)| instance_type.is_burstable())
            {
                let message =
                    format!("`{}` of {} is burstable, and Application Auto Scaling does not scale it", instance_type.name, variant.owner);
                let hint = "take an instance type of another family, or do not scale";
                inspector.error("burstable", message, hint, &[About::Value(pointer), About::Presence(&properties.pointer)]);
            }
            if let Some(serverless) = &variant.serverless {
                let message = format!("{} is serverless, and {owner} scales its instances", variant.owner);
                inspector.error(
                    "serverless",
                    message,
                    "do not scale a serverless endpoint by instances",
                    &[About::Presence(&properties.pointer), About::Presence(&serverless.pointer)],
                );
            }
        }
    }
    scaled
}
