//! Determines whether a template depends on the account or region.
//!
//! Most templates use the account or region only in ARNs, which no check reads. A template that
//! uses them in a mapping or condition must be checked for each target.

use serde_json::Value as Json;

/// The pseudo parameters that differ between the targets of a stage.
const OF_TARGET: [&str; 4] = ["AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"];

/// Whether the account or region selects values. `template` must have functions in their long form.
pub fn depends_on_target(template: &Json) -> bool {
    template.get("Conditions").is_some_and(names_target) || maps_by_target(template)
}

fn maps_by_target(value: &Json) -> bool {
    match value {
        Json::Object(members) => members.iter().any(|(name, member)| {
            (["Fn::FindInMap", "Fn::Select", "Fn::Cidr"].contains(&name.as_str()) && names_target(member)) || maps_by_target(member)
        }),
        Json::Array(items) => items.iter().any(maps_by_target),
        _ => false,
    }
}

fn names_target(value: &Json) -> bool {
    match value {
        Json::String(text) => OF_TARGET.iter().any(|name| text.contains(name)),
        Json::Array(items) => items.iter().any(names_target),
        Json::Object(members) => members.values().any(names_target),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::depends_on_target;

    #[test]
    fn mappings_and_conditions_depend_on_the_account_or_region_and_arns_do_not() {
        let property = |value: serde_json::Value| json!({ "Resources": { "R": { "Properties": { "P": value } } } });
        assert!(!depends_on_target(&property(json!({ "Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/x" }))));
        assert!(depends_on_target(&property(json!({ "Fn::FindInMap": ["Sizes", { "Ref": "AWS::Region" }, "Type"] }))));
        assert!(depends_on_target(&property(json!({ "Fn::FindInMap": ["Sizes", { "Fn::Sub": "x${AWS::AccountId}" }, "Type"] }))));
        assert!(!depends_on_target(&property(json!({ "Fn::FindInMap": ["Sizes", { "Ref": "EnvType" }, "Type"] }))));
        assert!(depends_on_target(&json!({ "Conditions": { "Europe": { "Fn::Equals": [{ "Ref": "AWS::Region" }, "eu-west-1"] } } })));
    }
}
