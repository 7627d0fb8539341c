//! The origin of a value in a resolved template: its place in the template, and the parameters that
//! it is made of.
//!
//! A resolved template is a template with its parameters substituted and its conditions evaluated.
//! Branches that `Fn::If` did not choose and values that `AWS::NoValue` removed are gone, and list
//! items have moved up. Its `Conditions` section contains the result of each condition, which makes
//! the way back unambiguous.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value as Json;

use crate::problem::pointer;

/// The maximum depth of references between conditions.
const MAX_DEPTH: usize = 64;

/// Where a value comes from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    /// The value's place in the template, or that of the function that returned it.
    pub(crate) pointer: String,
    /// The parameters in the value itself, in order.
    pub(crate) parameters: Vec<String>,
    /// The parameters that decided that the value is present.
    pub(crate) deciding: Vec<String>,
    /// Whether a loop or a transform made its resource, and it is not known from what.
    pub(crate) is_made: bool,
}

/// A template and its resolved form.
#[derive(Clone, Copy)]
pub struct ResolvedTemplate<'a> {
    pub(crate) template: &'a Json,
    pub(crate) resolved: &'a Json,
    origins: Option<ParameterOrigins<'a>>,
}

/// The parameters of the value at a JSON pointer of the resolved template.
type ParameterOrigins<'a> = &'a dyn Fn(&str) -> Vec<String>;

impl<'a> ResolvedTemplate<'a> {
    /// `template` is the template as JSON, with functions in their long form. `resolved` is the
    /// same template with its parameters substituted: its `Resources` evaluated, its `Conditions`
    /// true or false.
    pub fn new(template: &'a Json, resolved: &'a Json) -> Self {
        Self { template, resolved, origins: None }
    }

    /// Adds a function that returns the parameters of a value by its JSON pointer in the resolved
    /// template, for resolvers that record them. It gives the origin of values that a loop or a
    /// transform made.
    #[must_use]
    pub fn with_parameter_origins(self, origins: &'a dyn Fn(&str) -> Vec<String>) -> Self {
        Self { origins: Some(origins), ..self }
    }
}

impl fmt::Debug for ResolvedTemplate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolvedTemplate").field("template", self.template).field("resolved", self.resolved).finish_non_exhaustive()
    }
}

impl ResolvedTemplate<'_> {
    /// The origin of a value of the resolved template, by its JSON pointer there.
    pub(crate) fn origin(self, resolved_pointer: &str) -> Provenance {
        let mut tokens: Vec<String> = Vec::new();
        let mut deciding = Names::default();
        let mut node = self.template;
        let mut parent = self.template;
        let mut missing = false;
        for token in resolved_pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")) {
            self.choose(&mut node, &mut tokens, &mut deciding);
            let next = match node {
                Json::Object(_) if function(node).is_some() => None,
                Json::Object(members) => members.get(&token).map(|next| (token.clone(), next)),
                Json::Array(items) => {
                    token.parse().ok().and_then(|index| self.kept_item(items, index)).map(|(at, next)| (at.to_string(), next))
                }
                _ => None,
            };
            let Some((token, next)) = next else {
                // The result of a function has the function's place; a missing value has none.
                missing = function(node).is_none();
                break;
            };
            // A resource with a condition is present because of it.
            if tokens.len() == 1 && tokens[0] == "Resources" {
                parent = next;
            }
            tokens.push(token);
            node = next;
        }
        self.choose(&mut node, &mut tokens, &mut deciding);
        if let Some(condition) = parent.get("Condition").and_then(Json::as_str) {
            self.in_condition(condition, &mut deciding, 0);
        }
        let mut parameters = Names::default();
        if !missing {
            self.in_value(node, &mut parameters, &mut deciding);
        }
        let pointer = pointer(tokens.iter().map(String::as_str));
        let is_made = tokens.len() < 2;
        if let Some(origins) = self.origins.filter(|_| is_made) {
            for name in origins(resolved_pointer) {
                self.parameter(&name, &mut parameters);
            }
            return Provenance { pointer, parameters: parameters.list, deciding: Vec::new(), is_made: false };
        }
        Provenance { pointer, parameters: parameters.list, deciding: deciding.list, is_made }
    }

    /// Follows the branches that `Fn::If` chose, repeatedly.
    fn choose(self, node: &mut &Json, tokens: &mut Vec<String>, deciding: &mut Names) {
        while let Some(("Fn::If", Json::Array(branches))) = function(node) {
            let [Json::String(condition), when_true, when_false] = &branches[..] else { return };
            let Some(truth) = self.truth(condition) else { return };
            self.in_condition(condition, deciding, 0);
            tokens.extend(["Fn::If".to_owned(), if truth { "1" } else { "2" }.to_owned()]);
            *node = if truth { when_true } else { when_false };
        }
    }

    /// The item with this index after removal of those with `AWS::NoValue`, with its index in the
    /// template.
    fn kept_item(self, items: &[Json], index: usize) -> Option<(usize, &Json)> {
        items.iter().enumerate().filter(|(_, item)| !self.is_removed(item)).nth(index)
    }

    fn is_removed(self, item: &Json) -> bool {
        let (mut node, mut tokens, mut names) = (item, Vec::new(), Names::default());
        self.choose(&mut node, &mut tokens, &mut names);
        matches!(function(node), Some(("Ref", Json::String(name))) if name == "AWS::NoValue")
    }

    fn truth(self, condition: &str) -> Option<bool> {
        self.resolved.get("Conditions")?.get(condition)?.as_bool()
    }

    /// Collects the parameters in a condition.
    fn in_condition(self, condition: &str, names: &mut Names, depth: usize) {
        if depth < MAX_DEPTH
            && names.conditions.insert(condition.to_owned())
            && let Some(definition) = self.template.get("Conditions").and_then(|conditions| conditions.get(condition))
        {
            self.in_condition_value(definition, names, depth);
        }
    }

    fn in_condition_value(self, value: &Json, names: &mut Names, depth: usize) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| self.in_condition_value(item, names, depth)),
            Json::Object(members) => {
                for (key, member) in members {
                    match (key.as_str(), member) {
                        ("Condition", Json::String(name)) => self.in_condition(name, names, depth + 1),
                        ("Ref", Json::String(name)) => self.parameter(name, names),
                        ("Fn::Sub", text) => self.in_substitution(text, names),
                        _ => self.in_condition_value(member, names, depth),
                    }
                }
            }
            _ => {}
        }
    }

    /// Collects the parameters that a value is made of. The values in a mapping belong to the
    /// template, whichever parameter selected them.
    fn in_value(self, value: &Json, names: &mut Names, deciding: &mut Names) {
        match function(value) {
            Some(("Ref", Json::String(name))) => return self.parameter(name, names),
            Some(("Fn::Sub", text)) => {
                self.in_substitution(text, names);
                if let Some([_, Json::Object(own)]) = text.as_array().map(Vec::as_slice) {
                    own.values().for_each(|value| self.in_value(value, names, deciding));
                }
                return;
            }
            Some(("Fn::FindInMap", keys)) => return self.in_value(keys, deciding, &mut Names::default()),
            Some(("Fn::If", Json::Array(branches))) => {
                let (mut node, mut tokens) = (value, Vec::new());
                self.choose(&mut node, &mut tokens, deciding);
                if tokens.is_empty() {
                    branches.iter().skip(1).for_each(|branch| self.in_value(branch, names, deciding));
                } else {
                    self.in_value(node, names, deciding);
                }
                return;
            }
            _ => {}
        }
        match value {
            Json::Array(items) => items.iter().for_each(|item| self.in_value(item, names, deciding)),
            Json::Object(members) => members.values().for_each(|member| self.in_value(member, names, deciding)),
            _ => {}
        }
    }

    fn in_substitution(self, text: &Json, names: &mut Names) {
        let (text, own) = match text {
            Json::String(text) => (text, None),
            Json::Array(parts) => match &parts[..] {
                [Json::String(text), Json::Object(own)] => (text, Some(own)),
                _ => return,
            },
            _ => return,
        };
        for part in text.split("${").skip(1) {
            let name = part.split('}').next().unwrap_or_default().trim();
            if !own.is_some_and(|own| own.contains_key(name)) {
                self.parameter(name, names);
            }
        }
    }

    fn parameter(self, name: &str, names: &mut Names) {
        let declared = self.template.get("Parameters").is_some_and(|parameters| parameters.get(name).is_some());
        if declared && !names.list.iter().any(|known| known == name) {
            names.list.push(name.to_owned());
        }
    }
}

#[derive(Default)]
struct Names {
    list: Vec<String>,
    conditions: BTreeSet<String>,
}

/// A function's name and argument.
pub(crate) fn function(value: &Json) -> Option<(&str, &Json)> {
    let members = value.as_object()?;
    let (name, argument) = members.iter().next()?;
    (members.len() == 1 && (name == "Ref" || name.starts_with("Fn::"))).then_some((name.as_str(), argument))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{Provenance, ResolvedTemplate};

    fn origin(template: &Json, conditions: &Json, pointer: &str) -> Provenance {
        ResolvedTemplate::new(template, &json!({ "Conditions": conditions })).origin(pointer)
    }

    fn provenance(pointer: &str, parameters: &[&str], deciding: &[&str]) -> Provenance {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Provenance { pointer: pointer.to_owned(), parameters: owned(parameters), deciding: owned(deciding), is_made: false }
    }

    fn template() -> Json {
        json!({
            "Parameters": { "Count": {}, "Kind": {}, "Mode": {}, "Name": {} },
            "Mappings": { "Sizes": { "small": { "Count": 0 } } },
            "Conditions": {
                "Big": { "Fn::Equals": [{ "Ref": "Mode" }, "big"] },
                "Both": { "Fn::And": [{ "Condition": "Big" }, { "Fn::Not": [{ "Fn::Equals": [{ "Fn::Sub": "${Kind}" }, ""] }] }] },
            },
            "Resources": { "R": { "Condition": "Big", "Properties": {
                "Plain": 1,
                "Count": { "Ref": "Count" },
                "Text": { "Fn::Sub": ["${Name}-${own}-${AWS::Region}-${!Kind}", { "own": { "Ref": "Kind" } }] },
                "List": [
                    { "Fn::If": ["Both", { "Ref": "AWS::NoValue" }, 1] },
                    { "Fn::If": ["Big", { "Size": { "Ref": "Count" } }, { "Ref": "AWS::NoValue" }] },
                ],
                "Mapped": { "Fn::FindInMap": ["Sizes", { "Ref": "Kind" }, "Count"] },
            } } },
        })
    }

    #[test]
    fn a_value_has_its_place_and_its_parameters() {
        let (template, truths) = (template(), json!({ "Big": true, "Both": true }));
        let at = |name: &str| origin(&template, &truths, &format!("/Resources/R/Properties/{name}"));
        assert_eq!(at("Plain"), provenance("/Resources/R/Properties/Plain", &[], &["Mode"]));
        assert_eq!(at("Count"), provenance("/Resources/R/Properties/Count", &["Count"], &["Mode"]));
        assert_eq!(at("Text"), provenance("/Resources/R/Properties/Text", &["Name", "Kind"], &["Mode"]));
        assert_eq!(at("Mapped").parameters, [""; 0]);
        assert!(at("Mapped").deciding.contains(&"Kind".to_owned()));
    }

    #[test]
    fn chosen_branches_are_followed_and_removed_items_are_not_counted() {
        let template = template();
        let both = origin(&template, &json!({ "Big": true, "Both": true }), "/Resources/R/Properties/List/0/Size");
        assert_eq!(both.pointer, "/Resources/R/Properties/List/1/Fn::If/1/Size");
        assert_eq!(both.parameters, ["Count"]);
        assert_eq!(both.deciding, ["Mode"]);
        let one = origin(&template, &json!({ "Big": true, "Both": false }), "/Resources/R/Properties/List/1/Size");
        assert_eq!(one.pointer, "/Resources/R/Properties/List/1/Fn::If/1/Size");
        let first = origin(&template, &json!({ "Big": true, "Both": false }), "/Resources/R/Properties/List/0");
        assert_eq!(first.pointer, "/Resources/R/Properties/List/0/Fn::If/2");
        assert_eq!(first.deciding, ["Mode", "Kind"]);
    }

    #[test]
    fn an_invalid_pointer_ends_at_the_nearest_value() {
        assert_eq!(
            origin(&template(), &json!({}), "/Resources/R/Properties/Nope/0"),
            provenance("/Resources/R/Properties", &[], &["Mode"])
        );
        assert_eq!(origin(&json!({}), &json!({}), "/Resources/R").pointer, "");
    }

    #[test]
    fn the_resolver_provides_the_origin_of_values_from_loops() {
        let template = json!({ "Parameters": { "Count": {} }, "Resources": { "Fn::ForEach::Loop": ["Name", ["A"], {}] } });
        let resolved = json!({ "Resources": { "RA": { "Properties": { "Count": "0" } } } });
        let pointer = "/Resources/RA/Properties/Count";
        assert!(ResolvedTemplate::new(&template, &resolved).origin(pointer).is_made);
        let origins = |_: &str| vec!["Count".to_owned(), "AWS::Region".to_owned()];
        let found = ResolvedTemplate::new(&template, &resolved).with_parameter_origins(&origins).origin(pointer);
        assert_eq!((found.parameters, found.is_made), (vec!["Count".to_owned()], false));
    }

    #[test]
    fn circular_conditions_end() {
        let template = json!({
            "Parameters": { "A": {} },
            "Conditions": { "X": { "Condition": "Y" }, "Y": { "Fn::Or": [{ "Condition": "X" }, { "Fn::Equals": [{ "Ref": "A" }, "1"] }] } },
            "Resources": { "R": { "Condition": "X", "Properties": 1 } },
        });
        assert_eq!(origin(&template, &json!({ "X": true }), "/Resources/R/Properties").deciding, ["A"]);
    }
}
