//! Functions that make text.

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
                    self.malformed("Fn::Sub", "takes a text, or a list of a text and a mapping");
                    return json!({ "Fn::Sub": argument });
                }
            },
            Value::String(text) => (text, &nothing),
            _ => {
                self.malformed("Fn::Sub", "takes a text, or a list of a text and a mapping");
                return json!({ "Fn::Sub": argument });
            }
        };
        let mut variables: Map<String, Value> = Map::new();
        for (name, value) in own {
            let value = self.below("1", |this| this.below(name, |this| this.evaluate(value)));
            variables.insert(name.clone(), value.unwrap_or_default());
        }
        // Both are built: the text, for when all is known, and what stays of the function, for when it is not.
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

    /// The text of one `${…}`; none when it is not known.
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
            self.malformed("Fn::Sub", &format!("puts `{name}` into a text, but it is a list or a mapping: join it first"));
        }
        text
    }

    pub(super) fn fn_join(&mut self, argument: &Value) -> Value {
        let Some([delimiter, list]) = argument.as_array().map(Vec::as_slice) else {
            self.malformed("Fn::Join", "takes a delimiter and a list");
            return json!({ "Fn::Join": argument });
        };
        let Some(delimiter) = scalar_text(delimiter) else {
            self.malformed("Fn::Join", "takes a text for its delimiter");
            return json!({ "Fn::Join": argument });
        };
        let list = self.below("1", |this| this.evaluate(list)).unwrap_or_default();
        if is_unknown(&list) {
            return json!({ "Fn::Join": [delimiter, list] });
        }
        let members: Option<Vec<String>> = list.as_array().and_then(|members| members.iter().map(scalar_text).collect());
        let Some(members) = members else {
            self.malformed("Fn::Join", "joins a list of texts");
            return json!({ "Fn::Join": argument });
        };
        self.spend(delimiter.len().saturating_mul(members.len()));
        members.join(&delimiter).into()
    }

    pub(super) fn fn_split(&mut self, argument: &Value) -> Value {
        let Some([delimiter, text]) = argument.as_array().map(Vec::as_slice) else {
            self.malformed("Fn::Split", "takes a delimiter and a text");
            return json!({ "Fn::Split": argument });
        };
        let Some(delimiter) = scalar_text(delimiter).filter(|delimiter| !delimiter.is_empty()) else {
            self.malformed("Fn::Split", "takes a text that is not empty for its delimiter");
            return json!({ "Fn::Split": argument });
        };
        let text = self.below("1", |this| this.evaluate(text)).unwrap_or_default();
        if is_unknown(&text) {
            return json!({ "Fn::Split": [delimiter, text] });
        }
        let Some(text) = scalar_text(&text) else {
            self.malformed("Fn::Split", "splits a text");
            return json!({ "Fn::Split": argument });
        };
        text.split(&delimiter).map(Value::from).collect()
    }

    pub(super) fn fn_base64(&mut self, argument: &Value) -> Value {
        let value = self.evaluate(argument).unwrap_or_default();
        match scalar_text(&value) {
            Some(text) => base64(text.as_bytes()).into(),
            None if is_unknown(&value) => json!({ "Fn::Base64": value }),
            None => {
                self.malformed("Fn::Base64", "takes a text");
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

/// Base64 with padding (RFC 4648). A dozen lines; a dependency for them would be one more to keep.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) as usize & 63;
            text.push(if digit <= group.len() { char::from(DIGITS[index]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_gives_the_test_vectors_of_rfc_4648() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
