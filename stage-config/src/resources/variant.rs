//! A variant of an endpoint configuration.
//!
//! Source: SageMaker API, `ProductionVariant`. For `ManagedInstanceScaling` with a model: the
//! response of `CreateEndpointConfig`
//! (<https://github.com/hashicorp/terraform-provider-aws/pull/45926>).

use super::inspector::{About, Inspector};
use super::instance_type::InstanceType;
use super::model::Model;
use super::property::Property;
use super::serverless;
use crate::names;
use crate::problem::{Problem, did_you_mean};

/// How many instance types a hint lists.
const MOST_SHOWN: usize = 12;

/// What other rules need to know about a variant.
pub(super) struct Variant<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) pointer: String,
    /// Its name in messages.
    pub(super) owner: String,
    pub(super) serverless: Option<Property<'a>>,
    pub(super) instance_type: Option<(InstanceType<'a>, String)>,
    /// The initial number of instances, and its pointer.
    pub(super) count: Option<(i64, String)>,
    pub(super) weight: Option<f64>,
    /// The logical id of its model in this template.
    pub(super) model: Option<&'a str>,
    /// Whether it has a `ModelName`; without one it serves inference components. None if an unknown
    /// condition decides it.
    pub(super) has_model: Option<bool>,
}

pub(super) fn check<'a>(inspector: &mut Inspector<'a>, variant: &Property<'a>, config: &str) -> Variant<'a> {
    let name = variant.get("VariantName");
    let owner = match name.as_ref().and_then(Property::text) {
        Some(name) => format!("variant `{name}`"),
        None => format!("a variant of {config}"),
    };
    inspector.required(variant, "VariantName", &owner);
    if let Some((property, text)) = name.as_ref().and_then(|name| Some((name, name.text()?)))
        && !names::is_sagemaker_name(text)
    {
        let message = format!("`{}` is not a valid variant name", property.shown());
        inspector.error("name", message, "use 1 to 63 letters, digits and inner hyphens", &[About::Value(&property.pointer)]);
    }
    inspector.integer(variant, "VolumeSizeInGB", 1..=512, &owner);
    inspector.integer(variant, "ModelDataDownloadTimeoutInSeconds", 60..=3600, &owner);
    inspector.integer(variant, "ContainerStartupHealthCheckTimeoutInSeconds", 60..=3600, &owner);
    inspector.integer(variant, "VariantInstanceProvisionTimeoutInSeconds", 300..=3600, &owner);
    let weight = weight(inspector, variant, &owner);
    let model = variant.get("ModelName");
    let has_model = model.as_ref().map_or(Some(false), |model| (!model.is_undecided()).then_some(true));
    let serverless = variant.get("ServerlessConfig");
    let (mut instance_type, mut count) = (None, None);
    match &serverless {
        Some(serverless) if !serverless.is_unknown() => serverless::check(inspector, variant, serverless, &owner),
        _ => {
            instance_type = instance(inspector, variant, &owner);
            count = instances(inspector, variant, &owner, serverless.is_none());
            managed_scaling(inspector, variant, &owner, has_model);
        }
    }
    routing(inspector, variant, &owner);
    Variant {
        name: name.as_ref().and_then(Property::text),
        pointer: variant.pointer.clone(),
        owner,
        serverless: serverless.filter(|serverless| !serverless.is_unknown()),
        instance_type,
        count,
        weight,
        model: model.as_ref().and_then(|model| inspector.references.model(model.value)),
        has_model,
    }
}

fn weight(inspector: &mut Inspector<'_>, variant: &Property<'_>, owner: &str) -> Option<f64> {
    let Some(property) = variant.get("InitialVariantWeight") else { return Some(1.0) };
    let weight = inspector.number(&property, "InitialVariantWeight", owner)?;
    if weight < 0.0 {
        let message = format!("`InitialVariantWeight` of {owner} is {weight}; it must be at least 0");
        inspector.report(Problem::error("out-of-range", message), &[About::Value(&property.pointer)]);
    }
    Some(weight)
}

/// Checks the instance type: its form, whether it is known, whether the model package supports it,
/// and what it does not support.
fn instance<'a>(inspector: &mut Inspector<'_>, variant: &Property<'a>, owner: &str) -> Option<(InstanceType<'a>, String)> {
    let property = variant.get("InstanceType")?;
    if property.is_unknown() {
        return None;
    }
    let about = [About::Value(&property.pointer)];
    let Some(instance_type) = property.value.as_str().and_then(InstanceType::parse) else {
        let message = format!("`InstanceType` of {owner} is `{}`, which is not an instance type", property.shown());
        inspector.error("instance-type", message, "use the form ml.m5.large", &about);
        return None;
    };
    let name = instance_type.name;
    if !instance_type.is_known() {
        let guess = did_you_mean(instance_type.family(), InstanceType::families().filter(|family| *family != instance_type.family()));
        let hint = guess.unwrap_or_else(|| "ignore this if SageMaker has added the type".to_owned());
        inspector.warning("instance-type", format!("`{name}` of {owner} is an unknown instance type"), &hint, &about);
    }
    if inspector.rules.production && instance_type.is_burstable() {
        let message = format!("`{name}` of {owner} is a burstable instance type in a production stage");
        let hint = "its speed depends on CPU credits, and it cannot scale automatically: use a type such as ml.m5.large";
        inspector.warning("burstable", message, hint, &about);
    }
    if let Some(volume) = variant.get("VolumeSizeInGB").filter(|_| instance_type.has_local_nvme()) {
        let message = format!("{owner} has `VolumeSizeInGB`, but `{name}` stores its data on local NVMe drives");
        let hint = "omit `VolumeSizeInGB`: these types have drives of a fixed size";
        inspector.warning("local-drives", message, hint, &[About::Value(&volume.pointer), About::Value(&property.pointer)]);
    }
    Some((instance_type, property.pointer.clone()))
}

fn instances(inspector: &mut Inspector<'_>, variant: &Property<'_>, owner: &str, is_instance: bool) -> Option<(i64, String)> {
    let pools = variant.get("InstancePools");
    if let Some((pools, items)) = pools.as_ref().and_then(|pools| Some((pools, pools.items()?)))
        && (items.is_empty() || items.len() > 5)
    {
        let message = format!("{owner} has {} instance pools; SageMaker allows 1 to 5", items.len());
        inspector.report(Problem::error("too-many", message), &[About::Value(&pools.pointer)]);
    }
    if is_instance && pools.is_none() {
        inspector.required(variant, "InstanceType", owner);
        inspector.required(variant, "InitialInstanceCount", owner);
    }
    let count = inspector.integer(variant, "InitialInstanceCount", 1..=i64::MAX, owner)?;
    Some((count, format!("{}/InitialInstanceCount", variant.pointer)))
}

fn managed_scaling(inspector: &mut Inspector<'_>, variant: &Property<'_>, owner: &str, has_model: Option<bool>) {
    let Some(scaling) = variant.get("ManagedInstanceScaling").filter(|scaling| !scaling.is_unknown()) else { return };
    let least = inspector.integer(&scaling, "MinInstanceCount", 0..=i64::MAX, owner);
    let most = inspector.integer(&scaling, "MaxInstanceCount", 1..=i64::MAX, owner);
    if let Some((least, most)) = least.zip(most).filter(|(least, most)| least > most) {
        let message = format!("{owner} scales between {least} and {most} instances: the minimum is above the maximum");
        let pointers = ["MinInstanceCount", "MaxInstanceCount"].map(|name| format!("{}/{name}", scaling.pointer));
        inspector.report(Problem::error("out-of-range", message), &[About::Value(&pointers[0]), About::Value(&pointers[1])]);
    }
    // It is not documented whether SageMaker also rejects disabled scaling.
    let is_on = scaling.get("Status").is_none_or(|status| status.text() == Some("ENABLED"));
    if is_on && has_model == Some(true) {
        let message =
            format!("{owner} has `ManagedInstanceScaling` and a `ModelName`: SageMaker supports this for inference components only");
        let hint = "remove `ManagedInstanceScaling` and scale the variant with an AWS::ApplicationAutoScaling::ScalableTarget, or remove \
                    `ModelName` and serve the model as an inference component";
        inspector.error("scaling", message, hint, &[About::Presence(&scaling.pointer), About::Value(&scaling.pointer)]);
    }
}

/// Checks that the model package supports the instance types of the variants that serve it.
/// Variants with other models are skipped.
pub(super) fn supported(inspector: &mut Inspector<'_>, variants: &[&Variant<'_>], models: &[Model]) {
    let supported = &inspector.rules.supported_instance_types;
    let serves_release = |variant: &Variant<'_>| models.iter().any(|model| model.is_release && Some(model.id.as_str()) == variant.model);
    for variant in variants.iter().filter(|variant| !supported.is_empty() && serves_release(variant)) {
        let Some((InstanceType { name, .. }, pointer)) = &variant.instance_type else { continue };
        if supported.iter().any(|known| known == name) {
            continue;
        }
        let message = format!("the model package does not support `{name}`, the instance type of {}", variant.owner);
        let guess = did_you_mean(name, supported.iter().map(String::as_str)).filter(|_| supported.len() > MOST_SHOWN);
        let hint = guess.unwrap_or_else(|| {
            let more = if supported.len() > MOST_SHOWN { " and others" } else { "" };
            format!("it supports {}{more}", supported.iter().take(MOST_SHOWN).cloned().collect::<Vec<_>>().join(", "))
        });
        inspector.error("instance-type-not-supported", message, &hint, &[About::Value(pointer)]);
    }
}

fn routing(inspector: &mut Inspector<'_>, variant: &Property<'_>, owner: &str) {
    let Some(routing) = variant.get("RoutingConfig") else { return };
    inspector.required_by_api(
        &routing,
        "RoutingStrategy",
        &format!("`RoutingConfig` of {owner}"),
        "write `RoutingStrategy`, or omit `RoutingConfig`",
    );
    let Some(strategy) = routing.get("RoutingStrategy") else { return };
    let known = ["LEAST_OUTSTANDING_REQUESTS", "RANDOM", "PREFIX_AWARE", "KV_AWARE"];
    if strategy.text().is_some_and(|text| !known.contains(&text)) {
        let message = format!("`RoutingStrategy` of {owner} is `{}`, which is unknown", strategy.shown());
        let hint = format!("the known strategies are {}", known.join(", "));
        inspector.warning("routing", message, &hint, &[About::Value(&strategy.pointer)]);
    }
}
