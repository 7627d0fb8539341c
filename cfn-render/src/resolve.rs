//! Evaluating a template for the parameters of one stack.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Error;
use crate::pseudo_parameters::PseudoParameters;
use crate::template::Template;

impl Template {
    /// Evaluates the template.
    pub fn resolve(&self, _parameters: &BTreeMap<String, String>, _pseudo: &PseudoParameters) -> Result<Value, Error> {
        Ok(self.to_value())
    }
}

/// The resources of one type in a resolved template, with their properties: `(logical id, Properties)`. A resource without properties
/// is handed out with null.
pub fn resources_of_type<'a>(resolved: &'a Value, resource_type: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    const NOTHING: &Value = &Value::Null;
    let resources = resolved.get("Resources").and_then(Value::as_object).into_iter().flatten();
    resources
        .filter(move |(_, resource)| resource.get("Type").and_then(Value::as_str) == Some(resource_type))
        .map(|(logical_id, resource)| (logical_id.as_str(), resource.get("Properties").unwrap_or(NOTHING)))
}
