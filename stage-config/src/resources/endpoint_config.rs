//! `AWS::SageMaker::EndpointConfig`.
//!
//! Source: SageMaker API, `CreateEndpointConfig`.

use std::collections::BTreeMap;

use super::inspector::{About, Inspector};
use super::model::{self, Model};
use super::property::Property;
use super::variant::{self, Variant};
use super::{asynchronous, capture, serverless};
use crate::problem::Problem;

/// What other rules need to know about an endpoint configuration.
pub(super) struct EndpointConfig<'a> {
    pub(super) id: String,
    /// Its production variants; none if only AWS knows them.
    pub(super) variants: Option<Vec<Variant<'a>>>,
    /// The names of its production and shadow variants; none if one is unknown.
    pub(super) variant_names: Option<Vec<&'a str>>,
    /// Whether it has an `AsyncInferenceConfig`.
    pub(super) is_asynchronous: bool,
}

pub(super) fn check<'a>(inspector: &mut Inspector<'a>, id: &str, properties: &Property<'a>, models: &[Model]) -> EndpointConfig<'a> {
    let owner = format!("endpoint configuration `{id}`");
    model::fixed_name(inspector, properties, "EndpointConfigName", &owner);
    if let Some(vpc) = properties.get("VpcConfig") {
        model::vpc_config(inspector, &vpc, &owner);
    }
    inspector.required(properties, "ProductionVariants", &owner);
    let production = variants(inspector, properties, "ProductionVariants", &owner);
    let shadow = variants(inspector, properties, "ShadowProductionVariants", &owner);
    if let Some((production, shadow)) = production.as_ref().zip(shadow.as_ref())
        && (production.len() != 1 || shadow.len() != 1)
    {
        let message = format!("{owner} has {} production and {} shadow variants", production.len(), shadow.len());
        let pointer = format!("{}/ShadowProductionVariants", properties.pointer);
        inspector.error("shadow", message, "a shadow test has exactly one of each", &[About::Presence(&pointer)]);
    }
    let everything: Vec<&Variant<'_>> = production.iter().chain(&shadow).flatten().collect();
    names_are_unique(inspector, &everything);
    if let Some(production) = &production {
        weights(inspector, production, &owner);
        serverless::exclusions(inspector, properties, &owner, production, models);
    }
    variant::supported(inspector, &everything, models);
    volume_key(inspector, properties, &everything);
    if let Some(capture) = properties.get("DataCaptureConfig").filter(|capture| !capture.is_unknown()) {
        capture::check(inspector, &capture, &owner);
    }
    if let Some(asynchronous) = properties.get("AsyncInferenceConfig").filter(|asynchronous| !asynchronous.is_unknown()) {
        asynchronous::check(inspector, &asynchronous, &owner);
    }
    if let Some(first) = everything.iter().find(|variant| variant.has_model == Some(false))
        && properties.get("ExecutionRoleArn").is_none()
    {
        let message = format!("{} has no `ModelName`, and {owner} has no `ExecutionRoleArn`", first.owner);
        let hint = "add `ModelName`, or, for inference components, the execution role";
        inspector.error("missing-property", message, hint, &[About::Presence(&first.pointer)]);
    }
    let is_known = production.is_some() && (shadow.is_some() || properties.get("ShadowProductionVariants").is_none());
    let variant_names = everything.iter().map(|variant| variant.name).collect::<Option<_>>().filter(|_| is_known);
    EndpointConfig {
        id: id.to_owned(),
        variants: production,
        variant_names,
        is_asynchronous: properties.get("AsyncInferenceConfig").is_some(),
    }
}

impl<'a> EndpointConfig<'a> {
    /// The endpoint's configuration, if the reference can be followed.
    pub(super) fn of_endpoint<'c>(inspector: &Inspector<'a>, endpoint: &Property<'a>, configs: &'c [Self]) -> Option<&'c Self> {
        let name = endpoint.get("EndpointConfigName")?;
        let id = inspector.references.endpoint_config(name.value)?;
        configs.iter().find(|config| config.id == id)
    }
}

fn variants<'a>(inspector: &mut Inspector<'a>, properties: &Property<'a>, name: &'static str, owner: &str) -> Option<Vec<Variant<'a>>> {
    let list = properties.get(name)?;
    let items = list.items()?;
    if items.is_empty() || items.len() > 10 {
        let message = format!("{owner} has {} members in `{name}`; SageMaker allows 1 to 10", items.len());
        inspector.report(Problem::error("too-many", message), &[About::Presence(&list.pointer)]);
    }
    if items.iter().any(Property::is_unknown) {
        return None;
    }
    Some(items.iter().map(|item| variant::check(inspector, item, owner)).collect())
}

fn names_are_unique(inspector: &mut Inspector<'_>, variants: &[&Variant<'_>]) {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for variant in variants {
        let Some(name) = variant.name else { continue };
        if let Some(earlier) = first.insert(name, &variant.pointer) {
            let (here, there) = (format!("{}/VariantName", variant.pointer), format!("{earlier}/VariantName"));
            let message = format!("two variants have the name `{name}`");
            inspector.error("name", message, "give each variant its own name", &[About::Value(&here), About::Value(&there)]);
        }
    }
}

fn weights(inspector: &mut Inspector<'_>, variants: &[Variant<'_>], owner: &str) {
    let all_zero = !variants.is_empty() && variants.iter().all(|variant| variant.weight == Some(0.0));
    if all_zero {
        let pointers: Vec<String> = variants.iter().map(|variant| format!("{}/InitialVariantWeight", variant.pointer)).collect();
        let about: Vec<About<'_>> = pointers.iter().map(|pointer| About::Value(pointer)).collect();
        let message = format!("every variant of {owner} has the weight 0: no variant receives requests");
        inspector.error("weights", message, "give at least one variant a weight above 0", &about);
    }
}

/// Reports a volume key with local NVMe drives, which it does not encrypt: the hardware does.
fn volume_key(inspector: &mut Inspector<'_>, properties: &Property<'_>, variants: &[&Variant<'_>]) {
    let Some(key) = properties.get("KmsKeyId") else { return };
    for variant in variants {
        let Some((instance_type, pointer)) = &variant.instance_type else { continue };
        if instance_type.has_local_nvme() {
            let message = format!(
                "`{}` of {} stores its data on local NVMe drives; `KmsKeyId` does not cover them, and SageMaker has rejected the combination",
                instance_type.name, variant.owner
            );
            let hint = "the hardware encrypts these drives: omit the key for such types";
            inspector.warning("local-drives", message, hint, &[About::Value(pointer), About::Value(&key.pointer)]);
        }
    }
}
