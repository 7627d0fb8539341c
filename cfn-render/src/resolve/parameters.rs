//! The values of the template's parameters.

use std::collections::BTreeMap;

use serde_json::Value;

use super::evaluator::Evaluator;
use crate::code::Code;
use crate::json_pointer::below;
use crate::problem::Problem;

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parameter {
    Text(String),
    List(Vec<String>),
    /// Unknown: it keeps the stack's current value, or is read from the Parameter Store of the
    /// stack's account.
    Unknown,
}

impl Evaluator<'_> {
    /// Reads the values and the defaults. Undeclared parameters are errors, and missing ones too,
    /// unless `partly`.
    pub(super) fn read_parameters(&mut self, values: &BTreeMap<String, String>, partly: bool) {
        let declared = self.source.get("Parameters").and_then(Value::as_object);
        for (name, declaration) in declared.into_iter().flatten().filter(|(name, _)| !name.starts_with("Fn::")) {
            let pointer = below("/Parameters", name);
            let value = match (values.get(name), declaration.get("Default")) {
                (Some(value), _) => value.clone(),
                (None, Some(default)) => match scalar_text(default) {
                    Some(text) => text,
                    None => {
                        let message = format!("the default of the parameter `{name}` is not a string");
                        self.report(Problem::error(Code::MalformedDefault, self.template.place(format!("{pointer}/Default")), message));
                        continue;
                    }
                },
                (None, None) if partly => {
                    self.parameters.insert(name.clone(), Parameter::Unknown);
                    continue;
                }
                (None, None) => {
                    let message = format!("the parameter `{name}` has no value and no default");
                    self.report(
                        Problem::error(Code::MissingParameter, self.template.place_of_key(pointer), message).with_hint("set a value"),
                    );
                    continue;
                }
            };
            let kind = declaration.get("Type").and_then(Value::as_str).unwrap_or("String");
            self.parameters.insert(name.clone(), parameter(kind, value));
        }
        let undeclared: Vec<&String> = values.keys().filter(|name| declared.is_none_or(|declared| !declared.contains_key(*name))).collect();
        for name in undeclared {
            if !self.declarations.open_ended {
                let message = format!("the template has no parameter `{name}`");
                let similar = self.declarations.like_parameter(name);
                self.report(
                    Problem::error(Code::UnknownParameter, self.template.place_of_key("/Parameters"), message).with_hint_opt(similar),
                );
            }
        }
    }
}

fn parameter(kind: &str, value: String) -> Parameter {
    if kind.starts_with("AWS::SSM::Parameter::Value<") {
        return Parameter::Unknown;
    }
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        // Members are trimmed, and the empty string is one empty member.
        return Parameter::List(value.split(',').map(|member| member.trim().to_owned()).collect());
    }
    Parameter::Text(value)
}

/// The text of a scalar as it was written: only numbers that print unchanged are numbers.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
