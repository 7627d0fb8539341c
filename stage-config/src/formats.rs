//! CodePipeline's two file formats for parameters.
//!
//! The CloudFormationStackSet action reads an array of `ParameterKey` and `ParameterValue`. The
//! CloudFormation action reads a `TemplateConfiguration`: an object with `Parameters`, `Tags` and
//! `StackPolicy`. Neither action reads the other format.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use crate::layer::Value;
use crate::problem::{Problem, Problems};

/// The parameters of one stage, as AWS receives them.
pub type ParametersFile = BTreeMap<String, Value>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StackSetParameter<'a> {
    parameter_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    use_previous_value: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TemplateConfiguration<'a> {
    parameters: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_policy: Option<&'a Json>,
}

/// The file that the CloudFormationStackSet action reads as `Parameters`, sorted by name.
pub fn to_stack_set_parameters(parameters: &ParametersFile) -> String {
    let entries: Vec<_> = parameters
        .iter()
        .map(|(name, value)| StackSetParameter {
            parameter_key: name,
            parameter_value: value.text(),
            use_previous_value: matches!(value, Value::Previous).then_some(true),
        })
        .collect();
    render(&entries)
}

/// The file that the CloudFormation action reads as `TemplateConfiguration`, sorted by name.
///
/// It cannot express "the value that the stack has now": such a parameter is a [`Problem`].
pub fn to_template_configuration(
    parameters: &ParametersFile,
    tags: &BTreeMap<String, String>,
    stack_policy: Option<&Json>,
) -> Result<String, Problems> {
    let mut texts = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, value) in parameters {
        match value.text() {
            Some(text) => drop(texts.insert(name.as_str(), text)),
            None => problems.push(
                Problem::error(
                    "previous-value",
                    format!("`{name}` keeps its previous value, which a template configuration cannot express"),
                )
                .of_parameter(name)
                .with_hint("write the value, or omit the parameter if the template has a default"),
            ),
        }
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    Ok(render(&TemplateConfiguration { parameters: texts, tags, stack_policy }))
}

fn render<T: Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("maps with string keys and string values always serialise");
    text.push('\n');
    text
}
