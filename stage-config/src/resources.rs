//! What SageMaker refuses, or does otherwise than was meant, in a template with a stage's parameters in it.
//!
//! CloudFormation checks types when it creates a stack; SageMaker checks values some minutes later, in each account. Both are done here on the
//! template that `cfn_render::resolve` (or anything like it) hands out, as plain JSON. A value that only AWS can know stays a function
//! there and is never wrong. Each finding has the place of the parameter that caused it, and otherwise that of the template's own value.

mod asynchronous;
mod capture;
mod deployment;
mod endpoint_config;
mod inspector;
mod instance_type;
mod model;
mod property;
mod scaling;
mod serverless;
mod tags;
mod variant;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::merge::Merged;
use crate::problem::Problem;
use crate::provenance::ResolvedTemplate;

use inspector::Inspector;
use property::Property;

/// What the caller knows of the stage beyond its parameters.
#[derive(Debug, Clone, Default)]
pub struct ResourceRules {
    /// Whether the stage serves real users: what is merely unwise for these is a warning.
    pub production: bool,
    /// The instance types that the model package supports for real-time inference; every one when empty.
    pub supported_instance_types: Vec<String>,
    /// Parameters whose value here is only in the place of the real one: what depends on them is not judged.
    pub not_known: BTreeSet<String>,
}

/// Holds the resources of a resolved template against the rules of SageMaker, and reports every problem.
///
/// The template is the one with the parameters of `merged` put in.
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

    for (kind, word) in [
        ("AWS::SageMaker::Model", "model"),
        ("AWS::SageMaker::EndpointConfig", "endpoint configuration"),
        ("AWS::SageMaker::Endpoint", "endpoint"),
    ] {
        for (id, properties) in of_type(kind) {
            tags::check(&mut inspector, properties, &format!("{word} `{id}`"));
        }
    }
    let models: Vec<_> = of_type("AWS::SageMaker::Model").map(|(id, properties)| model::check(&mut inspector, id, properties)).collect();
    let configs: Vec<_> = of_type("AWS::SageMaker::EndpointConfig")
        .map(|(id, properties)| endpoint_config::check(&mut inspector, id, properties, &models))
        .collect();
    let scaled = scaling::check(&mut inspector, of_type("AWS::ApplicationAutoScaling::ScalableTarget"), &configs);
    let mut names = BTreeMap::new();
    for (id, properties) in of_type("AWS::SageMaker::Endpoint") {
        deployment::check_name(&mut inspector, properties, &mut names);
        deployment::check(&mut inspector, id, properties, &configs, scaled);
    }
    inspector.into_problems()
}
