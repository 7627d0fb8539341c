//! The names that a template declares, and those that CloudFormation knows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::problem::did_you_mean;
use crate::tree::Tree;

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
    /// Those of a template in its long form.
    pub(crate) fn of(template: &Value) -> Self {
        let names = |section: &str| {
            template.get(section).and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
        };
        Self::from_names(names, template.get("Transform").is_some())
    }

    /// Those of a template as it is written.
    pub(crate) fn of_tree(tree: &Tree) -> Self {
        let names = |section: &str| {
            let section = tree.get(Tree::ROOT, section).filter(|section| tree.function(*section).is_none());
            section.into_iter().flat_map(|section| tree.entries(section)).map(|entry| entry.key.to_owned()).collect::<BTreeSet<_>>()
        };
        Self::from_names(names, tree.get(Tree::ROOT, "Transform").is_some())
    }

    fn from_names(names: impl Fn(&str) -> BTreeSet<String>, transformed: bool) -> Self {
        let [parameters, resources, conditions, mappings] = ["Parameters", "Resources", "Conditions", "Mappings"].map(names);
        let transforms = |names: &BTreeSet<String>| names.iter().any(|name| name.starts_with("Fn::"));
        let open_ended = transformed || [&parameters, &resources, &conditions, &mappings].into_iter().any(transforms);
        Self { parameters, resources, conditions, mappings, open_ended }
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
