//! Evaluating a template for the parameters of one stack.

mod cidr;
mod conditions;
mod evaluator;
mod lists;
mod parameters;
mod text;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::pseudo_parameters::PseudoParameters;
use crate::template::Template;

use evaluator::Evaluator;

impl Template {
    /// Evaluates the template as CloudFormation would for these parameters, as far as that can be known without AWS.
    ///
    /// Defaults are applied, list parameters split at their commas, conditions evaluated; resources and outputs whose condition is
    /// false are left out, and so is what `AWS::NoValue` removes. `Ref` of parameters and pseudo parameters, `Fn::Sub`, `Fn::Join`,
    /// `Fn::Select`, `Fn::Split`, `Fn::If`, `Fn::FindInMap` (with `DefaultValue`), `Fn::Base64`, `Fn::Length`, `Fn::ToJsonString`,
    /// `Fn::Cidr` and the condition functions become their values.
    ///
    /// What only AWS knows stays in its long form: `Fn::GetAtt`, `Fn::ImportValue`, `Fn::GetAZs`, the `Ref` of a resource, of an SSM
    /// parameter's value and of a pseudo parameter that is `None`, every other function, and whatever is made of these. So a value
    /// that is a string is known, except that CloudFormation fills in dynamic references (`{{resolve:…}}`) in it later.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Resolve`] with all problems at once: parameters that are missing or not declared, references to names that nothing
    /// declares, functions with arguments that they cannot have, conditions that depend on themselves. In a template with transforms an
    /// undeclared name stays, since a transform can declare it.
    pub fn resolve(&self, parameters: &BTreeMap<String, String>, pseudo: &PseudoParameters) -> Result<Value, Error> {
        let source = self.to_value();
        let mut evaluator = Evaluator::new(self, &source, pseudo);
        evaluator.read_parameters(parameters);
        let mut resolved = Map::new();
        for (section, value) in source.as_object().into_iter().flatten() {
            let value = match section.as_str() {
                "Conditions" => evaluator.conditions_section(value),
                "Resources" | "Outputs" => evaluator.conditional_section(section, value),
                _ => value.clone(),
            };
            resolved.insert(section.clone(), value);
        }
        Error::unless_harmless(ErrorKind::Resolve, evaluator.into_problems())?;
        Ok(Value::Object(resolved))
    }
}

/// The resources of one type in a resolved template: logical id and `Properties`, which are null for a resource without any.
///
/// ```
/// # use std::collections::BTreeMap;
/// use cfn_render::{PseudoParameters, Template, resources_of_type};
///
/// let template = Template::parse(
///     "Parameters: {Stage: {Type: String}}\n\
///      Resources: {Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointName: !Sub 'iris-${Stage}'}}}",
///     "template.yml",
/// )?;
/// let parameters = BTreeMap::from([("Stage".to_owned(), "staging".to_owned())]);
/// let resolved = template.resolve(&parameters, &PseudoParameters::unknown())?;
/// let endpoints: Vec<_> = resources_of_type(&resolved, "AWS::SageMaker::Endpoint").collect();
/// assert_eq!(endpoints[0].1["EndpointName"], "iris-staging");
/// # Ok::<(), cfn_render::Error>(())
/// ```
pub fn resources_of_type<'a>(resolved: &'a Value, resource_type: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    const NOTHING: &Value = &Value::Null;
    let resources = resolved.get("Resources").and_then(Value::as_object).into_iter().flatten();
    resources
        .filter(move |(_, resource)| resource.get("Type").and_then(Value::as_str) == Some(resource_type))
        .map(|(logical_id, resource)| (logical_id.as_str(), resource.get("Properties").unwrap_or(NOTHING)))
}
