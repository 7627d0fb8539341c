//! Functions that return strings.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::evaluator::{Evaluator, is_unknown};
use super::parameters::scalar_text;
use crate::substitution::{Part, escape, parts};

impl Evaluator<'_> {
    pub(super) fn fn_sub(&mut self, argument: &Value) -> Value {
        let nothing = Map::new();
        let (text, own) = match argument {
            Value::Array(items) => match items.as_slice() {
                [Value::String(text), Value::Object(own)] => (text, own),
                [Value::String(text)] => (text, &nothing),
                _ => {
                    self.malformed("Fn::Sub", "takes a string, or a list of a string and a mapping");
                    return json!({ "Fn::Sub": argument });
                }
            },
            Value::String(text) => (text, &nothing),
            _ => {
                self.malformed("Fn::Sub", "takes a string, or a list of a string and a mapping");
                return json!({ "Fn::Sub": argument });
            }
        };
        let mut variables: Map<String, Value> = Map::new();
        for (name, value) in own {
            let value = self.below("1", |this| this.below(name, |this| this.evaluate(value)));
            variables.insert(name.clone(), value.unwrap_or_default());
        }
        // Both are built: the string if everything is known, and the remaining function if not.
        let (mut known, mut staying, mut complete) = (String::new(), String::new(), true);
        for part in parts(text) {
            if self.exhausted() {
                break;
            }
            match part {
                Part::Literal(text) => {
                    self.spend(text.len());
                    known.push_str(text);
                    staying.push_str(text);
                }
                Part::Escaped(name) => {
                    known.extend(["${", name, "}"]);
                    staying.extend(["${!", name, "}"]);
                }
                Part::Variable(name) => match self.variable(name, &variables) {
                    Some(text) => {
                        known.push_str(&text);
                        staying.push_str(&escape(&text));
                    }
                    None => {
                        complete = false;
                        staying.extend(["${", name, "}"]);
                    }
                },
            }
        }
        if complete {
            return known.into();
        }
        variables.retain(|_, value| is_unknown(value));
        if variables.is_empty() { json!({ "Fn::Sub": staying }) } else { json!({ "Fn::Sub": [staying, variables] }) }
    }

    /// The value of one `${…}`; none if it is unknown.
    fn variable(&mut self, name: &str, own: &Map<String, Value>) -> Option<String> {
        let value = if let Some(value) = own.get(name) {
            value.clone()
        } else if name.is_empty() {
            self.malformed("Fn::Sub", "has a `${}` without a name");
            return None;
        } else if let Some((resource, _)) = name.split_once('.') {
            self.check_resource(resource);
            return None;
        } else {
            self.lookup(name)?
        };
        if is_unknown(&value) {
            return None;
        }
        let text = scalar_text(&value);
        if text.is_none() {
            self.malformed("Fn::Sub", &format!("uses `{name}`, which is a list or a mapping: join it first"));
        }
        text
    }

    pub(super) fn fn_join(&mut self, argument: &Value) -> Value {
        let Some([delimiter, list]) = argument.as_array().map(Vec::as_slice) else {
            self.malformed("Fn::Join", "takes a delimiter and a list");
            return json!({ "Fn::Join": argument });
        };
        let Some(delimiter) = scalar_text(delimiter) else {
            self.malformed("Fn::Join", "takes a string as its delimiter");
            return json!({ "Fn::Join": argument });
        };
        let list = self.below("1", |this| this.evaluate(list)).unwrap_or_default();
        if is_unknown(&list) {
            return json!({ "Fn::Join": [delimiter, list] });
        }
        let members: Option<Vec<String>> = list.as_array().and_then(|members| members.iter().map(scalar_text).collect());
        let Some(members) = members else {
            self.malformed("Fn::Join", "takes a list of strings");
            return json!({ "Fn::Join": argument });
        };
        self.spend(delimiter.len().saturating_mul(members.len()));
        members.join(&delimiter).into()
    }

    pub(super) fn fn_split(&mut self, argument: &Value) -> Value {
        let Some([delimiter, text]) = argument.as_array().map(Vec::as_slice) else {
            self.malformed("Fn::Split", "takes a delimiter and a string");
            return json!({ "Fn::Split": argument });
        };
        let Some(delimiter) = scalar_text(delimiter).filter(|delimiter| !delimiter.is_empty()) else {
            self.malformed("Fn::Split", "takes a non-empty string as its delimiter");
            return json!({ "Fn::Split": argument });
        };
        let text = self.below("1", |this| this.evaluate(text)).unwrap_or_default();
        if is_unknown(&text) {
            return json!({ "Fn::Split": [delimiter, text] });
        }
        let Some(text) = scalar_text(&text) else {
            self.malformed("Fn::Split", "takes a string to split");
            return json!({ "Fn::Split": argument });
        };
        text.split(&delimiter).map(Value::from).collect()
    }

    pub(super) fn fn_base64(&mut self, argument: &Value) -> Value {
        let value = self.evaluate(argument).unwrap_or_default();
        match scalar_text(&value) {
            Some(text) => BASE64_STANDARD.encode(text).into(),
            None if is_unknown(&value) => json!({ "Fn::Base64": value }),
            None => {
                self.malformed("Fn::Base64", "takes a string");
                json!({ "Fn::Base64": argument })
            }
        }
    }

    pub(super) fn fn_to_json_string(&mut self, argument: &Value) -> Value {
        let value = self.evaluate(argument).unwrap_or_default();
        if is_unknown(&value) {
            return json!({ "Fn::ToJsonString": value });
        }
        value.to_string().into()
    }
}
