//! Functions that select values.

use serde_json::{Value, json};

use super::cidr::cidr_blocks;
use super::evaluator::{Evaluator, is_unknown};
use super::parameters::scalar_text;
use crate::code::Code;
use crate::problem::Problem;

impl Evaluator<'_> {
    pub(super) fn fn_select(&mut self, argument: &Value) -> Value {
        let Some([index, list]) = argument.as_array().map(Vec::as_slice) else {
            self.malformed("Fn::Select", "takes an index and a list");
            return json!({ "Fn::Select": argument });
        };
        let index = self.below("0", |this| this.evaluate(index)).unwrap_or_default();
        let (list, influence) = self.below("1", |this| this.traced(list));
        let list = list.unwrap_or_default();
        if is_unknown(&index) || !list.is_array() && is_unknown(&list) {
            self.influence.absorb(influence);
            return json!({ "Fn::Select": [index, list] });
        }
        let position = scalar_text(&index).and_then(|text| text.parse::<usize>().ok());
        let (Some(position), Some(items)) = (position, list.as_array()) else {
            self.malformed("Fn::Select", "takes an index from 0 and a list");
            return json!({ "Fn::Select": argument });
        };
        if let Some(item) = items.get(position) {
            self.influence.adopt_item(influence, position);
            return item.clone();
        }
        self.malformed("Fn::Select", &format!("selects index {position} of a list of length {}", items.len()));
        json!({ "Fn::Select": [index, list] })
    }

    pub(super) fn fn_length(&mut self, argument: &Value) -> Value {
        let value = self.evaluate(argument).unwrap_or_default();
        match &value {
            Value::Array(items) => items.len().into(),
            _ if is_unknown(&value) => json!({ "Fn::Length": value }),
            _ => {
                self.malformed("Fn::Length", "takes a list");
                json!({ "Fn::Length": argument })
            }
        }
    }

    pub(super) fn fn_find_in_map(&mut self, argument: &Value) -> Value {
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let (names, default) = match arguments {
            [_, _, _] => (arguments, None),
            [names @ .., Value::Object(options)] if names.len() == 3 => (names, options.get("DefaultValue")),
            _ => {
                self.malformed("Fn::FindInMap", "takes the names of a mapping, of a key and of a value");
                return json!({ "Fn::FindInMap": argument });
            }
        };
        let evaluated: Vec<Value> = names
            .iter()
            .enumerate()
            .map(|(index, name)| self.below(index.to_string(), |this| this.evaluate(name)).unwrap_or_default())
            .collect();
        let default = default.map(|default| self.below("3", |this| this.below("DefaultValue", |this| this.evaluate(default))));
        let names: Option<Vec<String>> = evaluated.iter().map(scalar_text).collect();
        let Some(names) = names else {
            if !evaluated.iter().any(is_unknown) {
                self.malformed("Fn::FindInMap", "takes names as strings");
                return json!({ "Fn::FindInMap": argument });
            }
            let mut staying = evaluated;
            staying.extend(default.flatten().map(|default| json!({ "DefaultValue": default })));
            return json!({ "Fn::FindInMap": staying });
        };
        let found = names.iter().try_fold(self.source.get("Mappings"), |at, name| Some(at?.get(name))).flatten();
        match (found, default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => default.unwrap_or_else(|| json!({ "Ref": "AWS::NoValue" })),
            (None, None) => {
                if !self.declarations.open_ended {
                    let similar = self.declarations.like_mapping(&names[0]);
                    let (message, hint) = if self.declarations.is_mapping(&names[0]) {
                        let message = format!("the mapping `{}` has no key `{}` with a value `{}`", names[0], names[1], names[2]);
                        (message, Some("add it, or add a DefaultValue to `Fn::FindInMap`".to_owned()))
                    } else {
                        (format!("the template has no mapping `{}`", names[0]), similar)
                    };
                    self.report(Problem::error(Code::UnknownMapping, self.here(), message).with_hint_opt(hint));
                }
                json!({ "Fn::FindInMap": names })
            }
        }
    }

    /// The availability zones of the stack's own region, if the caller knows them.
    pub(super) fn fn_get_azs(&mut self, argument: &Value) -> Value {
        let region = self.evaluate(argument).unwrap_or_default();
        let is_own = match &region {
            Value::String(name) => name.is_empty() || Some(name) == self.pseudo.region.as_ref(),
            Value::Object(_) => region == json!({ "Ref": "AWS::Region" }),
            Value::Null => true,
            _ => false,
        };
        match &self.pseudo.availability_zones {
            Some(zones) if is_own => zones.clone().into(),
            _ => json!({ "Fn::GetAZs": region }),
        }
    }

    pub(super) fn fn_cidr(&mut self, argument: &Value) -> Value {
        let value = self.evaluate(argument).unwrap_or_default();
        if is_unknown(&value) {
            return json!({ "Fn::Cidr": value });
        }
        let texts: Option<Vec<String>> = value.as_array().and_then(|values| values.iter().map(scalar_text).collect());
        let blocks = match texts.as_deref() {
            Some([block, count]) => cidr_blocks(block, count, None),
            Some([block, count, bits]) => cidr_blocks(block, count, Some(bits)),
            _ => Err("takes a CIDR block, a count and a number of bits".to_owned()),
        };
        blocks.map_or_else(
            |message| {
                self.malformed("Fn::Cidr", &message);
                json!({ "Fn::Cidr": argument })
            },
            Value::from,
        )
    }

    /// `Fn::GetAtt` stays, in its list form.
    pub(super) fn fn_get_att(&mut self, argument: &Value) -> Value {
        let (resource, rest) = match argument {
            Value::String(text) => match text.split_once('.') {
                Some((resource, attribute)) => (resource.to_owned(), vec![Value::from(attribute)]),
                None => {
                    self.malformed("Fn::GetAtt", "takes a resource and an attribute");
                    return json!({ "Fn::GetAtt": argument });
                }
            },
            Value::Array(items) => match items.as_slice() {
                [Value::String(resource), rest @ ..] if !rest.is_empty() => (resource.clone(), rest.to_vec()),
                // `AWS::LanguageExtensions` allows functions in the name.
                [resource, rest @ ..] if !rest.is_empty() && self.declarations.open_ended => match self.evaluate(resource) {
                    Some(Value::String(resource)) => (resource, rest.to_vec()),
                    _ => return json!({ "Fn::GetAtt": argument }),
                },
                _ => {
                    self.malformed("Fn::GetAtt", "takes a resource and an attribute");
                    return json!({ "Fn::GetAtt": argument });
                }
            },
            _ => {
                self.malformed("Fn::GetAtt", "takes a resource and an attribute");
                return json!({ "Fn::GetAtt": argument });
            }
        };
        self.check_resource(&resource);
        let attribute = rest.iter().map(|part| self.evaluate(part).unwrap_or_default());
        let staying: Vec<Value> = [Value::from(resource)].into_iter().chain(attribute.collect::<Vec<_>>()).collect();
        json!({ "Fn::GetAtt": staying })
    }
}
