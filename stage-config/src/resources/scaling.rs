//! `AWS::ApplicationAutoScaling::ScalableTarget` of an endpoint's variant.
//!
//! Source: Application Auto Scaling API, `RegisterScalableTarget`; SageMaker developer guide, "Automatic scaling".

use super::endpoint_config::EndpointConfig;
use super::inspector::{About, Inspector};
use super::property::Property;
use super::reference::Scaled;
use super::variant::Variant;
use crate::problem::{Problem, did_you_mean};

/// What the scalable targets determine about the number of instances.
pub(super) struct Scaling<'a> {
    /// What each target scales, and its minimum number of instances, as far as known.
    targets: Vec<(Scaled<'a>, Option<i64>)>,
}

impl Scaling<'_> {
    /// Whether the instances of one of this endpoint's variants are scaled. None as `variants` if
    /// they are unknown.
    pub(super) fn scales(&self, endpoint: &str, variants: Option<&[Variant<'_>]>) -> bool {
        let is_scaled = |variant: &Variant<'_>, name: Option<&str>| {
            variant.serverless.is_none() && (name.is_none() || variant.name.is_none() || variant.name == name)
        };
        self.targets.iter().any(|(scaled, _)| match scaled {
            Scaled::Variant(id, name) if *id == endpoint => {
                variants.is_none_or(|variants| variants.iter().any(|variant| is_scaled(variant, name.as_deref())))
            }
            _ => false,
        })
    }

    /// The minimum number of instances of an endpoint's variant, with the pointer of its initial
    /// number. None if it is unknown: a target that cannot be followed can scale any variant.
    pub(super) fn least_instances<'v>(&self, endpoint: &str, variant: &'v Variant<'_>) -> Option<(i64, &'v str)> {
        let (mut count, pointer) = variant.count.as_ref().map(|(count, pointer)| (*count, pointer.as_str()))?;
        for (scaled, least) in &self.targets {
            match scaled {
                Scaled::Variant(id, _) if *id != endpoint => {}
                Scaled::Variant(_, Some(name)) if variant.name.is_some_and(|known| known != name) => {}
                Scaled::Variant(_, Some(_)) if variant.name.is_some() => count = count.max((*least)?),
                Scaled::Elsewhere => {}
                Scaled::Variant(..) | Scaled::Unknown => return None,
            }
        }
        Some((count, pointer))
    }
}

/// Checks every scalable target against the variant that it scales.
pub(super) fn check<'a, 'p>(
    inspector: &mut Inspector<'a>,
    targets: impl Iterator<Item = (&'a str, &'p Property<'a>)>,
    endpoints: &[(&'a str, Option<&EndpointConfig<'a>>)],
) -> Scaling<'a>
where
    'a: 'p,
{
    let mut scaling = Scaling { targets: Vec::new() };
    for (id, properties) in targets {
        if properties.get("ServiceNamespace").and_then(|namespace| namespace.text()) != Some("sagemaker") {
            continue;
        }
        let owner = format!("scalable target `{id}`");
        let least = inspector.integer(properties, "MinCapacity", 0..=i64::MAX, &owner);
        let most = inspector.integer(properties, "MaxCapacity", 0..=i64::MAX, &owner);
        if let Some((least, most)) = least.zip(most).filter(|(least, most)| least > most) {
            let message = format!("{owner} scales between {least} and {most}: the minimum is above the maximum");
            let pointers = ["MinCapacity", "MaxCapacity"].map(|name| format!("{}/{name}", properties.pointer));
            inspector.report(Problem::error("out-of-range", message), &[About::Value(&pointers[0]), About::Value(&pointers[1])]);
        }
        if properties.get("ScalableDimension").and_then(|dimension| dimension.text()) != Some("sagemaker:variant:DesiredInstanceCount") {
            continue;
        }
        let Some(resource) = properties.get("ResourceId") else { continue };
        let scaled = inspector.references.scaled(resource.value);
        if let Scaled::Variant(endpoint, Some(name)) = &scaled
            && let Some(config) = endpoints.iter().find(|(id, _)| id == endpoint).and_then(|(_, config)| *config)
        {
            match config.variants.iter().flatten().find(|variant| variant.name == Some(name)) {
                Some(variant) => scaled_variant(inspector, properties, &owner, least, config, variant),
                None => no_variant(inspector, &resource, &owner, name, config),
            }
        }
        scaling.targets.push((scaled, least));
    }
    scaling
}

/// Application Auto Scaling rejects a variant that the endpoint does not have.
fn no_variant(inspector: &mut Inspector<'_>, resource: &Property<'_>, owner: &str, name: &str, config: &EndpointConfig<'_>) {
    let Some(known) = config.variant_names.as_ref().filter(|known| !known.contains(&name)) else { return };
    let message = format!("{owner} scales variant `{name}`, which endpoint configuration `{}` does not have", config.id);
    let variants = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    let hint = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| format!("its variants: {variants}"));
    let names: Vec<String> = config.variants.iter().flatten().map(|variant| format!("{}/VariantName", variant.pointer)).collect();
    let about: Vec<_> = std::iter::once(&resource.pointer).chain(&names).map(|pointer| About::Value(pointer)).collect();
    inspector.error("scaling", message, &hint, &about);
}

fn scaled_variant(
    inspector: &mut Inspector<'_>,
    target: &Property<'_>,
    owner: &str,
    least: Option<i64>,
    config: &EndpointConfig<'_>,
    variant: &Variant<'_>,
) {
    if least == Some(0) && !config.is_asynchronous && variant.has_model == Some(true) && variant.serverless.is_none() {
        let message = format!("{owner} scales to 0 instances, but endpoint configuration `{}` is not asynchronous", config.id);
        let hint = "only an asynchronous endpoint queues requests until an instance is available: scale to 1 or more";
        inspector.error("scaling", message, hint, &[About::Value(&format!("{}/MinCapacity", target.pointer))]);
    }
    if let Some((instance_type, pointer)) = variant.instance_type.as_ref().filter(|(instance_type, _)| instance_type.is_burstable()) {
        let message =
            format!("`{}` of {} is burstable, and Application Auto Scaling does not support it", instance_type.name, variant.owner);
        let hint = "use an instance type of another family, or do not scale";
        inspector.error("burstable", message, hint, &[About::Value(pointer), About::Presence(&target.pointer)]);
    }
    if let Some(serverless) = &variant.serverless {
        let message = format!("{} is serverless, but {owner} scales its instances", variant.owner);
        let hint = "remove the scalable target: a serverless endpoint has no instances";
        inspector.error("serverless", message, hint, &[About::Presence(&target.pointer), About::Presence(&serverless.pointer)]);
    }
}
