//! A variant of an endpoint configuration.
//!
//! Source: SageMaker API, `ProductionVariant`.

use super::inspector::{About, Inspector};
use super::instance_type::InstanceType;
use super::property::Property;
use super::serverless;
use crate::names;
use crate::problem::{Problem, did_you_mean};

/// How many instance types a hint names.
const MOST_SHOWN: usize = 12;

/// What other rules want to know of a variant.
pub(super) struct Variant<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) pointer: String,
    /// How a message calls it.
    pub(super) owner: String,
    pub(super) serverless: Option<Property<'a>>,
    pub(super) instance_type: Option<(InstanceType<'a>, String)>,
    /// How many instances it begins with, and the pointer of that.
    pub(super) count: Option<(i64, String)>,
    pub(super) weight: Option<f64>,
    /// The logical id of its model in this template.
    pub(super) model: Option<&'a str>,
    /// Whether it names a model at all; without, it serves inference components.
    pub(super) has_model: bool,
}

pub(super) fn check<'a>(inspector: &mut Inspector<'_>, variant: &Property<'a>, config: &str) -> Variant<'a> {
    let name = variant.get("VariantName");
    let owner = match name.as_ref().and_then(Property::text) {
        Some(name) => format!("variant `{name}`"),
        None => format!("a variant of {config}"),
    };
    inspector.required(variant, "VariantName", &owner);
    if let Some((property, text)) = name.as_ref().and_then(|name| Some((name, name.text()?)))
        && !names::is_sagemaker_name(text)
    {
        let message = format!("`{}` cannot be the name of a variant", property.shown());
        inspector.error("name", message, "a name has 1 to 63 letters, digits and inner hyphens", &[About::Value(&property.pointer)]);
    }
    inspector.integer(variant, "VolumeSizeInGB", 1..=512, &owner);
    inspector.integer(variant, "ModelDataDownloadTimeoutInSeconds", 60..=3600, &owner);
    inspector.integer(variant, "ContainerStartupHealthCheckTimeoutInSeconds", 60..=3600, &owner);
    inspector.integer(variant, "VariantInstanceProvisionTimeoutInSeconds", 300..=3600, &owner);
    let weight = weight(inspector, variant, &owner);
    let serverless = variant.get("ServerlessConfig");
    let (mut instance_type, mut count) = (None, None);
    match &serverless {
        Some(serverless) if !serverless.is_unknown() => serverless::check(inspector, variant, serverless, &owner),
        _ => {
            instance_type = instance(inspector, variant, &owner);
            count = instances(inspector, variant, &owner, serverless.is_none());
        }
    }
    routing(inspector, variant, &owner);
    let model = variant.get("ModelName");
    Variant {
        name: name.as_ref().and_then(Property::text),
        pointer: variant.pointer.clone(),
        owner,
        serverless: serverless.filter(|serverless| !serverless.is_unknown()),
        instance_type,
        count,
        weight,
        model: model.as_ref().and_then(Property::resource),
        has_model: model.is_some(),
    }
}

fn weight(inspector: &mut Inspector<'_>, variant: &Property<'_>, owner: &str) -> Option<f64> {
    let Some(property) = variant.get("InitialVariantWeight") else { return Some(1.0) };
    let weight = inspector.number(&property, "InitialVariantWeight", owner)?;
    if weight < 0.0 {
        let message = format!("`InitialVariantWeight` of {owner} is {weight}; it is at least 0");
        inspector.report(Problem::error("out-of-range", message), &[About::Value(&property.pointer)]);
    }
    Some(weight)
}

/// The type: its shape, whether it is known, whether the model package supports it, and what it is unfit for.
fn instance<'a>(inspector: &mut Inspector<'_>, variant: &Property<'a>, owner: &str) -> Option<(InstanceType<'a>, String)> {
    let property = variant.get("InstanceType")?;
    if property.is_unknown() {
        return None;
    }
    let about = [About::Value(&property.pointer)];
    let Some(instance_type) = property.value.as_str().and_then(InstanceType::parse) else {
        let message = format!("`InstanceType` of {owner} is `{}`, which is no instance type", property.shown());
        inspector.error("instance-type", message, "it looks like ml.m5.large", &about);
        return None;
    };
    let name = instance_type.name;
    if !instance_type.is_known() {
        let guess = did_you_mean(instance_type.family(), InstanceType::families().filter(|family| *family != instance_type.family()));
        let hint = guess.unwrap_or_else(|| "if SageMaker has it by now, nothing needs to be done".to_owned());
        inspector.warning("instance-type", format!("`{name}` of {owner} is an instance type that is not known here"), &hint, &about);
    }
    let supported = &inspector.rules.supported_instance_types;
    if !supported.is_empty() && !supported.iter().any(|known| known == name) {
        let message = format!("the model package does not support `{name}`, the instance type of {owner}");
        let guess = did_you_mean(name, supported.iter().map(String::as_str)).filter(|_| supported.len() > MOST_SHOWN);
        let hint = guess.unwrap_or_else(|| {
            let more = if supported.len() > MOST_SHOWN { " and others" } else { "" };
            format!("it supports {}{more}", supported.iter().take(MOST_SHOWN).cloned().collect::<Vec<_>>().join(", "))
        });
        inspector.error("instance-type-not-supported", message, &hint, &about);
    }
    if inspector.rules.production && instance_type.is_burstable() {
        let message = format!("`{name}` of {owner} is a burstable instance type, and this is production");
        let hint = "its speed depends on credits that run out, and it cannot scale by itself: take ml.m5.large or the like";
        inspector.warning("burstable", message, hint, &about);
    }
    if let Some(volume) = variant.get("VolumeSizeInGB").filter(|_| instance_type.has_local_nvme()) {
        let message = format!("{owner} asks for a volume, and `{name}` keeps its data on local NVMe drives");
        let hint = "leave `VolumeSizeInGB` out: these types have drives of a fixed size";
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
    if let Some(scaling) = variant.get("ManagedInstanceScaling") {
        let least = inspector.integer(&scaling, "MinInstanceCount", 0..=i64::MAX, owner);
        let most = inspector.integer(&scaling, "MaxInstanceCount", 1..=i64::MAX, owner);
        if let Some((least, most)) = least.zip(most).filter(|(least, most)| least > most) {
            let message = format!("{owner} scales between {least} and {most} instances: the least is more than the most");
            let pointers = ["MinInstanceCount", "MaxInstanceCount"].map(|name| format!("{}/{name}", scaling.pointer));
            inspector.report(Problem::error("out-of-range", message), &[About::Value(&pointers[0]), About::Value(&pointers[1])]);
        }
    }
    let count = inspector.integer(variant, "InitialInstanceCount", 1..=i64::MAX, owner)?;
    Some((count, format!("{}/InitialInstanceCount", variant.pointer)))
}

fn routing(inspector: &mut Inspector<'_>, variant: &Property<'_>, owner: &str) {
    let Some(routing) = variant.get("RoutingConfig") else { return };
    inspector.required_by_api(
        &routing,
        "RoutingStrategy",
        &format!("`RoutingConfig` of {owner}"),
        "write `RoutingStrategy`, or leave `RoutingConfig` out",
    );
    let Some(strategy) = routing.get("RoutingStrategy") else { return };
    let known = ["LEAST_OUTSTANDING_REQUESTS", "RANDOM", "PREFIX_AWARE", "KV_AWARE"];
    if strategy.text().is_some_and(|text| !known.contains(&text)) {
        let message = format!("`RoutingStrategy` of {owner} is `{}`, which is not known here", strategy.shown());
        let hint = format!("known are {}", known.join(", "));
        inspector.warning("routing", message, &hint, &[About::Value(&strategy.pointer)]);
    }
}
