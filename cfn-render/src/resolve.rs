//! Evaluates a template for the parameters of one stack.

mod cidr;
mod conditions;
mod evaluator;
mod for_each;
mod latest;
mod lists;
mod parameters;
mod provenance;
mod text;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::pseudo_parameters::PseudoParameters;
use crate::template::Template;

use evaluator::Evaluator;
use for_each::{FOR_EACH, Loops};
pub(crate) use latest::Latest;
use provenance::Influence;
pub use provenance::Resolved;

impl Template {
    /// Evaluates the template like CloudFormation for these parameters, as far as possible without
    /// AWS.
    ///
    /// Defaults are applied, list parameters are split at commas, and conditions are evaluated.
    /// Resources and outputs with a false condition are removed, and so are values that
    /// `AWS::NoValue` removes. `Ref` of parameters and pseudo parameters, `Fn::Sub`, `Fn::Join`,
    /// `Fn::Select`, `Fn::Split`, `Fn::If`, `Fn::FindInMap` (with `DefaultValue`), `Fn::Base64`,
    /// `Fn::Length`, `Fn::ToJsonString`, `Fn::Cidr` and the condition functions are replaced with
    /// their values, and `Fn::ForEach` with its entries.
    ///
    /// What only AWS knows stays in its long form: `Fn::GetAtt`, `Fn::ImportValue`, the `Ref` of a
    /// resource, of an SSM parameter's value and of a pseudo parameter that is `None`, `Fn::GetAZs`
    /// unless [`PseudoParameters::availability_zones`] is set, every other function, and values
    /// made from these. [`is_known`] distinguishes such values, and strings with dynamic
    /// references, from known ones.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Resolve`] with all problems at once: missing or undeclared parameters,
    /// references to undeclared names, functions with invalid arguments, circular conditions. In a
    /// template with transforms an undeclared name stays, because a transform can declare it.
    pub fn resolve(&self, parameters: &BTreeMap<String, String>, pseudo: &PseudoParameters) -> Result<Value, Error> {
        self.evaluated(parameters, pseudo, false).map(Resolved::into_value)
    }

    /// Like [`resolve`](Self::resolve) if some parameter values are unknown, such as one that keeps
    /// the stack's current value: a parameter without a value and a default is not a problem, and
    /// values made from it stay in their long form.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Self::resolve), except for missing parameters.
    pub fn resolve_partly(&self, parameters: &BTreeMap<String, String>, pseudo: &PseudoParameters) -> Result<Value, Error> {
        self.evaluated(parameters, pseudo, true).map(Resolved::into_value)
    }

    /// Like [`resolve`](Self::resolve), and records the parameters of each value.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Self::resolve).
    pub fn resolve_with_provenance(&self, parameters: &BTreeMap<String, String>, pseudo: &PseudoParameters) -> Result<Resolved, Error> {
        self.latest().get_or_resolve(self.text().len(), parameters, pseudo, || self.evaluated(parameters, pseudo, false))
    }

    fn evaluated(&self, parameters: &BTreeMap<String, String>, pseudo: &PseudoParameters, partly: bool) -> Result<Resolved, Error> {
        let mut evaluator = Evaluator::new(self, self.value(), pseudo);
        evaluator.read_parameters(parameters, partly);
        let has_loops = self.tree().scalars().any(|(_, text, _)| text.starts_with(FOR_EACH));
        let (expanded, loops) = if has_loops { for_each::expand(&mut evaluator) } else { (Value::Null, Loops::default()) };
        let mut evaluator = if has_loops { evaluator.on(&expanded, loops.origins) } else { evaluator };
        let (mut resolved, mut influence) = (Map::new(), Influence::default());
        for (section, value) in evaluator.source.as_object().into_iter().flatten() {
            let value = match section.as_str() {
                "Conditions" => evaluator.conditions_section(value),
                "Resources" | "Outputs" => evaluator.conditional_section(section, value),
                _ => value.clone(),
            };
            influence.put(section, std::mem::take(&mut evaluator.influence));
            resolved.insert(section.clone(), value);
        }
        Error::unless_harmless(ErrorKind::Resolve, evaluator.take_problems())?;
        for (pointer, names) in loops.influences {
            influence.at(&pointer).add_all(&names);
        }
        Ok(Resolved::new(Value::Object(resolved), evaluator.names.into_list(), influence))
    }
}

/// Whether a resolved value is complete: it contains neither a function nor a dynamic reference
/// (`{{resolve:…}}`).
///
/// ```
/// use serde_json::json;
///
/// assert!(cfn_render::is_known(&json!({ "Name": ["iris", 1] })));
/// assert!(!cfn_render::is_known(&json!({ "Name": { "Fn::GetAtt": ["Role", "Arn"] } })));
/// assert!(!cfn_render::is_known(&json!("{{resolve:ssm:/iris/name}}")));
/// ```
pub fn is_known(resolved: &Value) -> bool {
    match resolved {
        Value::String(text) => !text.contains("{{resolve:"),
        Value::Array(items) => items.iter().all(is_known),
        Value::Object(entries) => evaluator::single(entries).is_none() && entries.values().all(is_known),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The resources of one type in a resolved template: logical id and `Properties`, which is null for
/// a resource without any.
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
