//! Checks a resolved template for what SageMaker rejects, or does differently than expected.
//!
//! CloudFormation checks types when it creates a stack; SageMaker checks values some minutes later,
//! in each account. This module checks both on the resolved template of `cfn_render::resolve` (or a
//! similar tool), as plain JSON. A value that only AWS knows remains a function there and is never
//! reported as wrong. Each finding has the place of the parameter that caused it, or else that of
//! the template's own value.

mod asynchronous;
mod capture;
mod deployment;
mod endpoint_config;
mod inspector;
mod instance_type;
mod model;
mod name_properties;
mod property;
mod reference;
mod scaling;
mod serverless;
mod symbolic_text;
mod tags;
mod variant;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::merge::Merged;
use crate::problem::Problem;
use crate::provenance::ResolvedTemplate;

use endpoint_config::EndpointConfig;
use inspector::Inspector;
use property::Property;
use reference::Kind;
pub use reference::References;

/// What the caller knows about the stage apart from its parameters.
#[derive(Debug, Clone, Default)]
pub struct ResourceRules {
    /// Whether this is a production stage: there, unwise settings are warnings.
    pub production: bool,
    /// The instance types that the model package supports for real-time inference; if empty, any.
    pub supported_instance_types: Vec<String>,
    /// Parameters whose values here are only placeholders: findings that depend on them are
    /// dropped.
    pub not_known: BTreeSet<String>,
}

/// Checks the resources of a resolved template against SageMaker's rules, and reports all problems.
///
/// The template must be resolved with the parameters of `merged`.
pub fn check_resources(template: ResolvedTemplate<'_>, merged: &Merged, rules: &ResourceRules) -> Vec<Problem> {
    let mut inspector = Inspector::new(template, merged, rules);
    let resources: Vec<(&str, &str, Property<'_>)> = template
        .resolved
        .get("Resources")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(id, resource)| Some((id.as_str(), resource.get("Type")?.as_str()?, Property::of_resource(id, resource))))
        .collect();
    let of_type =
        |wanted: &'static str| resources.iter().filter(move |(_, kind, _)| *kind == wanted).map(|(id, _, properties)| (*id, properties));

    for (id, resource_type, properties) in &resources {
        name_properties::check(&mut inspector, id, resource_type, properties);
    }
    for (kind, word) in [(Kind::Model, "model"), (Kind::EndpointConfig, "endpoint configuration"), (Kind::Endpoint, "endpoint")] {
        for (id, properties) in of_type(kind.resource_type()) {
            tags::check(&mut inspector, properties, &format!("{word} `{id}`"));
        }
    }
    let models: Vec<_> =
        of_type(Kind::Model.resource_type()).map(|(id, properties)| model::check(&mut inspector, id, properties)).collect();
    let configs: Vec<_> = of_type(Kind::EndpointConfig.resource_type())
        .map(|(id, properties)| endpoint_config::check(&mut inspector, id, properties, &models))
        .collect();
    let endpoints: Vec<_> = of_type(Kind::Endpoint.resource_type())
        .map(|(id, properties)| (id, EndpointConfig::of_endpoint(&inspector, properties, &configs)))
        .collect();
    let scaling = scaling::check(&mut inspector, of_type("AWS::ApplicationAutoScaling::ScalableTarget"), &endpoints);
    let mut names = BTreeMap::new();
    for ((id, config), (_, properties)) in endpoints.iter().zip(of_type(Kind::Endpoint.resource_type())) {
        // Two endpoints with exclusive conditions can have the same name.
        let is_certain = is_certain(template.resolved, id);
        deployment::check_name(&mut inspector, properties, is_certain.then_some(&mut names));
        deployment::check(&mut inspector, id, properties, *config, &scaling);
    }
    inspector.into_problems()
}

/// Whether a resource is always created: its condition is true, or it has none.
fn is_certain(resolved: &Json, id: &str) -> bool {
    let condition = resolved["Resources"][id].get("Condition").and_then(Json::as_str);
    condition.is_none_or(|condition| resolved["Conditions"][condition] == true)
}
