//! The names that a template declares, and those that CloudFormation knows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::problem::did_you_mean;

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
pub(crate) const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// What a template declares.
#[derive(Debug, Clone)]
pub(crate) struct Declarations {
    parameters: BTreeSet<String>,
    resources: BTreeSet<String>,
    conditions: BTreeSet<String>,
    mappings: BTreeSet<String>,
    /// A transform can add names of its own: what is not declared may still be.
    pub(crate) open_ended: bool,
}

impl Declarations {
    pub(crate) fn of(template: &Value) -> Self {
        let names = |section: &str| -> BTreeSet<String> {
            template.get(section).and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone()).collect()
        };
        let transforms = |section: &str| names(section).iter().any(|name| name.starts_with("Fn::"));
        Self {
            parameters: names("Parameters"),
            resources: names("Resources"),
            conditions: names("Conditions"),
            mappings: names("Mappings"),
            open_ended: template.get("Transform").is_some()
                || ["Resources", "Parameters", "Conditions", "Mappings"].into_iter().any(transforms),
        }
    }

    /// Whether `Ref` can name it.
    pub(crate) fn refers(&self, name: &str) -> bool {
        PSEUDO_PARAMETERS.contains(&name) || self.parameters.contains(name) || self.resources.contains(name)
    }

    pub(crate) fn is_resource(&self, name: &str) -> bool {
        self.resources.contains(name)
    }

    pub(crate) fn is_condition(&self, name: &str) -> bool {
        self.conditions.contains(name)
    }

    pub(crate) fn is_mapping(&self, name: &str) -> bool {
        self.mappings.contains(name)
    }

    pub(crate) fn like_reference(&self, name: &str) -> Option<String> {
        did_you_mean(name, PSEUDO_PARAMETERS.into_iter().chain(strs(&self.parameters)).chain(strs(&self.resources)))
    }

    pub(crate) fn like_resource(&self, name: &str) -> Option<String> {
        did_you_mean(name, strs(&self.resources))
    }

    pub(crate) fn like_condition(&self, name: &str) -> Option<String> {
        did_you_mean(name, strs(&self.conditions))
    }

    pub(crate) fn like_mapping(&self, name: &str) -> Option<String> {
        did_you_mean(name, strs(&self.mappings))
    }

    pub(crate) fn like_parameter(&self, name: &str) -> Option<String> {
        did_you_mean(name, strs(&self.parameters))
    }
}

fn strs(names: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    names.iter().map(String::as_str)
}
