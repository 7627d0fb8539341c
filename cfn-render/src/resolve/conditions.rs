//! Evaluates conditions and the values that depend on them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::evaluator::Evaluator;
use super::parameters::scalar_text;
use crate::code::Code;
use crate::problem::Problem;

/// What is known about a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Truth {
    /// True, false, or unknown because only AWS knows a value in it; and the parameters that it is
    /// made of.
    Evaluated { value: Option<bool>, influence: BTreeSet<usize> },
    /// Being evaluated: a condition that is reached again here is circular.
    Open,
}

impl Evaluator<'_> {
    /// The section, with every known condition as a boolean.
    pub(super) fn conditions_section(&mut self, section: &Value) -> Value {
        let Some(conditions) = section.as_object() else { return section.clone() };
        let mut evaluated = Map::new();
        for (name, definition) in conditions {
            let outer = std::mem::take(&mut self.influence);
            let value = if name.starts_with("Fn::") { None } else { self.named_condition(name) };
            let influence = std::mem::replace(&mut self.influence, outer);
            self.influence.put(name, influence);
            evaluated.insert(name.clone(), value.map_or_else(|| definition.clone(), Value::Bool));
        }
        Value::Object(evaluated)
    }

    /// The result of the condition with this name; none if it is unknown.
    pub(super) fn named_condition(&mut self, name: &str) -> Option<bool> {
        match self.truths.get(name) {
            Some(Truth::Evaluated { value, influence }) => {
                self.influence.add_all(influence);
                return *value;
            }
            Some(Truth::Open) => {
                let message = format!("the condition `{name}` depends on itself");
                self.report(Problem::error(Code::ConditionCycle, self.here(), message));
                return None;
            }
            None => {}
        }
        let Some(definition) = self.source.get("Conditions").and_then(|conditions| conditions.get(name)) else {
            if !self.declarations.open_ended {
                let message = format!("the template has no condition `{name}`");
                let hint = self.declarations.like_condition(name);
                self.report(Problem::error(Code::UnknownCondition, self.here(), message).with_hint_opt(hint));
            }
            return None;
        };
        self.truths.insert(name.to_owned(), Truth::Open);
        let outer = std::mem::take(&mut self.influence);
        let value = self.elsewhere(&["Conditions", name], |this| this.condition(definition));
        let influence = std::mem::replace(&mut self.influence, outer).all();
        self.influence.add_all(&influence);
        self.truths.insert(name.to_owned(), Truth::Evaluated { value, influence });
        value
    }

    /// Evaluates the definition of a condition: a function, or the name of another condition.
    fn condition(&mut self, definition: &Value) -> Option<bool> {
        let single = definition.as_object().filter(|entries| entries.len() == 1).and_then(|entries| entries.iter().next());
        match single {
            Some((name, argument)) if name == "Condition" => {
                let Some(named) = argument.as_str() else {
                    self.malformed("Condition", "takes the name of a condition");
                    return None;
                };
                self.below(name, |this| this.named_condition(named))
            }
            Some((name, argument)) => self.below(name, |this| this.condition_function(name, argument)),
            None => match definition {
                Value::Bool(value) => Some(*value),
                Value::String(text) if text == "true" || text == "false" => Some(text == "true"),
                _ => {
                    self.malformed("Conditions", "must have functions such as `Fn::Equals` as their values");
                    None
                }
            },
        }
    }

    /// `Fn::And`, `Fn::Or`, `Fn::Not` or `Fn::Equals`; none if the result is unknown.
    pub(super) fn condition_function(&mut self, name: &str, argument: &Value) -> Option<bool> {
        if !matches!(name, "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals") {
            // A function that AWS has added.
            return None;
        }
        let Some(arguments) = argument.as_array() else {
            self.malformed(name, "takes a list");
            return None;
        };
        if name == "Fn::Equals" {
            let [left, right] = arguments.as_slice() else {
                self.malformed(name, "takes two values");
                return None;
            };
            let left = self.below("0", |this| this.evaluate(left))?;
            let right = self.below("1", |this| this.evaluate(right))?;
            return equal(&left, &right);
        }
        let counts = match name {
            "Fn::Not" => 1..=1,
            _ => 2..=10,
        };
        if !counts.contains(&arguments.len()) {
            let (least, most) = counts.into_inner();
            let count = if least == most { "one condition".to_owned() } else { format!("{least} to {most} conditions") };
            self.malformed(name, &format!("takes {count}, not {}", arguments.len()));
            return None;
        }
        let values: Vec<Option<bool>> =
            arguments.iter().enumerate().map(|(index, value)| self.below(index.to_string(), |this| this.condition(value))).collect();
        let (decisive, otherwise) = match name {
            "Fn::Not" => return values.first().copied().flatten().map(|value| !value),
            "Fn::And" => (false, true),
            _ => (true, false),
        };
        if values.contains(&Some(decisive)) {
            return Some(decisive);
        }
        if values.contains(&None) { None } else { Some(otherwise) }
    }

    /// `Fn::If`: the chosen branch, or both if the condition is unknown. None if the branch is
    /// `AWS::NoValue`.
    pub(super) fn fn_if(&mut self, argument: &Value) -> Option<Value> {
        let arguments = argument.as_array().map(Vec::as_slice);
        let Some([condition, then, otherwise]) = arguments else {
            self.malformed("Fn::If", "takes a condition and two values");
            return Some(json!({ "Fn::If": argument }));
        };
        let name = condition.as_str().or_else(|| condition.get("Condition").and_then(Value::as_str));
        let Some(name) = name else {
            self.malformed("Fn::If", "takes the name of a condition first");
            return Some(json!({ "Fn::If": argument }));
        };
        match self.below("0", |this| this.named_condition(name)) {
            Some(true) => self.below("1", |this| this.evaluate_in_place(then)),
            Some(false) => self.below("2", |this| this.evaluate_in_place(otherwise)),
            None => {
                let nothing = || json!({ "Ref": "AWS::NoValue" });
                let then = self.below("1", |this| this.evaluate(then)).unwrap_or_else(nothing);
                let otherwise = self.below("2", |this| this.evaluate(otherwise)).unwrap_or_else(nothing);
                Some(json!({ "Fn::If": [name, then, otherwise] }))
            }
        }
    }
}

/// Compares scalars as strings and case-sensitively, like CloudFormation.
fn equal(left: &Value, right: &Value) -> Option<bool> {
    if super::evaluator::is_unknown(left) || super::evaluator::is_unknown(right) {
        return None;
    }
    match (scalar_text(left), scalar_text(right)) {
        (Some(left), Some(right)) => Some(left == right),
        _ => Some(left == right),
    }
}
