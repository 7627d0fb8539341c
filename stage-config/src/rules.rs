//! The `Rules` section of a template.
//!
//! CloudFormation checks the parameters against it before it creates anything, in each account.
//! Source: AWS CloudFormation user guide, "Rules" and "Rule-specific intrinsic functions".

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::layer::SetBy;
use crate::merge::Merged;
use crate::parameters_section::ParametersSection;
use crate::problem::{Place, Problem, pointer};
use crate::provenance::function;

/// The maximum nesting of functions: CloudFormation allows far less.
const MAX_DEPTH: usize = 64;

/// Checks merged parameters against the template's `Rules`, and reports every assertion that fails.
///
/// `template` is the template as JSON, with functions in their long form. A rule that depends on an
/// unknown value, such as the stack's current value or one of `not_known`, is left to
/// CloudFormation.
pub fn check_rules(template: &Json, section: &ParametersSection, merged: &Merged, not_known: &BTreeSet<String>) -> Vec<Problem> {
    let mut values: BTreeMap<&str, Value> = BTreeMap::new();
    for (name, declaration) in section.declarations.iter().filter(|(name, _)| !not_known.contains(*name)) {
        let text = match merged.parameters.get(name) {
            Some(setting) => setting.value.text(),
            None => declaration.default.as_deref(),
        };
        if let Some(text) = text.filter(|_| !declaration.parameter_type.is_read_from_ssm()) {
            let is_list = declaration.parameter_type.is_list();
            let value = if is_list {
                Value::List(text.split(',').map(|member| member.trim().to_owned()).collect())
            } else {
                Value::Text(text.to_owned())
            };
            values.insert(name, value);
        }
    }
    let rules = Rules { values };
    let mut problems = Vec::new();
    for (name, rule) in template.get("Rules").and_then(Json::as_object).into_iter().flatten() {
        let condition = rule.get("RuleCondition");
        if condition.is_some_and(|condition| rules.condition(condition, 0) != Some(true)) {
            continue;
        }
        for (index, assertion) in rule.get("Assertions").and_then(Json::as_array).into_iter().flatten().enumerate() {
            let Some(assert) = assertion.get("Assert").filter(|assert| rules.condition(assert, 0) == Some(false)) else { continue };
            let place = place(merged, assert, condition)
                .unwrap_or_else(|| Place::Template { pointer: pointer(["Rules", name, "Assertions", &index.to_string(), "Assert"]) });
            let message = match assertion.get("AssertDescription").and_then(Json::as_str) {
                Some(text) => format!("{} (rule `{name}` of the template)", text.trim()),
                None => format!("assertion {} of the template's rule `{name}` fails", index + 1),
            };
            problems.push(Problem::error("rule", message).at(place));
        }
    }
    problems
}

/// Prefers a value from the stage file over one from the pipeline, and the assertion over the
/// rule's condition.
fn place(merged: &Merged, assert: &Json, condition: Option<&Json>) -> Option<Place> {
    let (mut asserted, mut deciding) = (Vec::new(), Vec::new());
    references(assert, &mut asserted, 0);
    if let Some(condition) = condition {
        references(condition, &mut deciding, 0);
    }
    let of = |set_by: SetBy| {
        let settings = asserted.iter().chain(&deciding).filter_map(|name| merged.parameters.get(*name));
        settings.into_iter().find(|setting| setting.set_by == set_by).map(|setting| setting.origin.clone())
    };
    of(SetBy::StageFile).or_else(|| of(SetBy::Pipeline))
}

fn references<'a>(value: &'a Json, names: &mut Vec<&'a str>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match (function(value), value) {
        (Some(("Ref", Json::String(name))), _) => names.push(name),
        (_, Json::Array(items)) => items.iter().for_each(|item| references(item, names, depth + 1)),
        (_, Json::Object(members)) => members.values().for_each(|member| references(member, names, depth + 1)),
        _ => {}
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    List(Vec<String>),
}

struct Rules<'a> {
    /// The known values of the parameters.
    values: BTreeMap<&'a str, Value>,
}

impl Rules<'_> {
    /// Evaluates a condition; none if the result is unknown.
    fn condition(&self, condition: &Json, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Json::Bool(value) = condition {
            return Some(*value);
        }
        let (name, argument) = function(condition)?;
        let arguments = argument.as_array()?;
        let conditions = || arguments.iter().map(|argument| self.condition(argument, depth + 1));
        match (name, &arguments[..]) {
            ("Fn::Not", [inner]) => self.condition(inner, depth + 1).map(|value| !value),
            ("Fn::And", _) => decide(conditions(), false),
            ("Fn::Or", _) => decide(conditions(), true),
            ("Fn::Equals", [left, right]) => Some(self.value(left)? == self.value(right)?),
            ("Fn::Contains", [list, value]) => {
                let Value::Text(text) = self.value(value)? else { return None };
                Some(self.list(list)?.contains(&text))
            }
            ("Fn::EachMemberEquals", [list, value]) => {
                let Value::Text(text) = self.value(value)? else { return None };
                Some(self.list(list)?.iter().all(|member| *member == text))
            }
            ("Fn::EachMemberIn", [list, allowed]) => {
                let allowed = self.list(allowed)?;
                Some(self.list(list)?.iter().all(|member| allowed.contains(member)))
            }
            _ => None,
        }
    }

    fn value(&self, value: &Json) -> Option<Value> {
        match value {
            Json::String(text) => Some(Value::Text(text.clone())),
            Json::Number(number) => Some(Value::Text(number.to_string())),
            Json::Bool(value) => Some(Value::Text(value.to_string())),
            Json::Array(_) => self.list(value).map(Value::List),
            _ => match function(value)? {
                ("Ref", Json::String(name)) => self.values.get(name.as_str()).cloned(),
                _ => None,
            },
        }
    }

    fn list(&self, value: &Json) -> Option<Vec<String>> {
        let Json::Array(items) = value else {
            return match self.value(value)? {
                Value::List(list) => Some(list),
                Value::Text(text) => Some(vec![text]),
            };
        };
        items
            .iter()
            .map(|item| match self.value(item)? {
                Value::Text(text) => Some(text),
                Value::List(_) => None,
            })
            .collect()
    }
}

/// `And` and `Or`: one decisive member is enough, whatever the others are.
fn decide(conditions: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut known = true;
    for condition in conditions {
        match condition {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(!decisive)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value as Json, json};

    use super::check_rules;
    use crate::layer::Layer;
    use crate::parameters_section::ParametersSection;

    fn check(assert: &Json, condition: &Json, file: &str, not_known: &[&str]) -> Vec<String> {
        let template = json!({
            "Parameters": {
                "Kind": { "Type": "String", "Default": "real-time" },
                "Isolated": { "Type": "String", "Default": "true" },
                "Zones": { "Type": "CommaDelimitedList", "Default": "a, b" },
                "Ids": { "Type": "AWS::SSM::Parameter::Value<String>", "Default": "/ids" },
                "Name": { "Type": "String" },
            },
            "Rules": { "R": { "RuleCondition": condition, "Assertions": [{ "Assert": assert, "AssertDescription": "say so" }] } },
        });
        let section = ParametersSection::parse(&template["Parameters"]).unwrap();
        let layer = Layer::from_stage_file(file, "s.json".as_ref()).unwrap();
        let not_known: BTreeSet<String> = not_known.iter().map(|name| (*name).to_owned()).collect();
        check_rules(&template, &section, &layer, &not_known).iter().map(ToString::to_string).collect()
    }

    const SERVERLESS: &str = r#"[{ "ParameterKey": "Kind", "ParameterValue": "serverless" }]"#;

    fn is(name: &str, value: &str) -> Json {
        json!({ "Fn::Equals": [{ "Ref": name }, value] })
    }

    #[test]
    fn a_failed_assertion_points_to_the_value_in_the_stage_file() {
        let found = check(&is("Isolated", "false"), &is("Kind", "serverless"), SERVERLESS, &[]);
        assert_eq!(found, ["s.json:1:46: say so (rule `R` of the template)"]);
        assert!(check(&is("Isolated", "false"), &is("Kind", "serverless"), "[]", &[]).is_empty());
        assert!(check(&is("Isolated", "true"), &is("Kind", "serverless"), SERVERLESS, &[]).is_empty());
        let always = check(&is("Isolated", "false"), &json!(true), "[]", &[]);
        assert_eq!(always, ["template /Rules/R/Assertions/0/Assert: say so (rule `R` of the template)"]);
    }

    #[test]
    fn every_rule_function_is_evaluated() {
        for (assert, satisfied) in [
            (json!({ "Fn::Not": [is("Kind", "x")] }), true),
            (json!({ "Fn::And": [is("Kind", "real-time"), is("Isolated", "true")] }), true),
            (json!({ "Fn::Or": [is("Kind", "x"), is("Isolated", "x")] }), false),
            (json!({ "Fn::Contains": [["x", "real-time"], { "Ref": "Kind" }] }), true),
            (json!({ "Fn::Contains": [["x", "y"], { "Ref": "Kind" }] }), false),
            (json!({ "Fn::EachMemberIn": [{ "Ref": "Zones" }, ["a", "b", "c"]] }), true),
            (json!({ "Fn::EachMemberIn": [{ "Ref": "Zones" }, ["a", "c"]] }), false),
            (json!({ "Fn::EachMemberEquals": [{ "Ref": "Zones" }, "a"] }), false),
        ] {
            assert_eq!(check(&assert, &json!(true), "[]", &[]).is_empty(), satisfied, "{assert}");
        }
    }

    #[test]
    fn unknown_values_are_left_to_cloudformation() {
        for assert in [
            is("Ids", "x"),
            is("Name", "x"),
            is("Nothing", "x"),
            json!({ "Fn::EachMemberIn": [{ "Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.Team"] }, ["a"]] }),
            json!({ "Fn::And": [is("Kind", "real-time"), is("Name", "x")] }),
            json!("odd"),
        ] {
            assert!(check(&assert, &json!(true), "[]", &[]).is_empty(), "{assert}");
        }
        assert!(check(&is("Kind", "x"), &json!(true), "[]", &["Kind"]).is_empty());
        let decided = json!({ "Fn::And": [is("Kind", "x"), is("Name", "x")] });
        assert_eq!(check(&decided, &json!(true), "[]", &[]).len(), 1);
        let previous = r#"[{ "ParameterKey": "Kind", "UsePreviousValue": true }]"#;
        assert!(check(&is("Kind", "x"), &json!(true), previous, &[]).is_empty());
    }
}
