//! The names that a template declares, and the pseudo parameters.

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

/// What is known about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// The template declares it, or CloudFormation has it.
    Declared,
    /// The module with this logical id may contain it.
    OfModule(String),
    /// It looks like a pseudo parameter, but is unknown.
    NewPseudoParameter,
    /// Nothing declares it.
    No,
}

/// The names that a template declares.
#[derive(Debug, Clone)]
pub(crate) struct Declarations {
    parameters: BTreeSet<String>,
    resources: BTreeSet<String>,
    conditions: BTreeSet<String>,
    mappings: BTreeSet<String>,
    /// The logical ids of modules, whose resources only the CloudFormation registry knows.
    modules: BTreeSet<String>,
    /// Whether there are transforms, which can declare more names.
    pub(crate) open_ended: bool,
    /// Whether one of the transforms is not AWS's own: what it reads is unknown.
    pub(crate) has_macro: bool,
}

impl Declarations {
    /// The declarations of a template in its long form.
    pub(crate) fn of(template: &Value) -> Self {
        let names = |section: &str| {
            template.get(section).and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
        };
        let types = template.get("Resources").and_then(Value::as_object).into_iter().flatten();
        let types = types.filter_map(|(id, resource)| Some((id.as_str(), resource.get("Type")?.as_str()?)));
        let transforms = template.get("Transform").into_iter().flat_map(|transform| match transform {
            Value::Array(transforms) => transforms.iter().collect(),
            one => vec![one],
        });
        let transforms = transforms.map(|transform| transform.get("Name").unwrap_or(transform).as_str());
        Self::from_names(names, types, transforms)
    }

    /// The declarations of a template's source tree.
    pub(crate) fn of_tree(tree: &Tree) -> Self {
        let names = |section: &str| {
            let section = tree.get(Tree::ROOT, section).filter(|section| tree.function(*section).is_none());
            section.into_iter().flat_map(|section| tree.entries(section)).map(|entry| entry.key.to_owned()).collect::<BTreeSet<_>>()
        };
        let resources = tree.get(Tree::ROOT, "Resources").filter(|section| tree.function(*section).is_none());
        let resources = resources.into_iter().flat_map(|section| tree.entries(section));
        let types = resources.filter_map(|entry| Some((entry.key, tree.plain_text(tree.get(entry.value, "Type")?)?)));
        let transforms = tree.get(Tree::ROOT, "Transform").into_iter().flat_map(|transform| match tree.items(transform) {
            [] => vec![transform],
            transforms => transforms.to_vec(),
        });
        let transforms = transforms.map(|transform| tree.plain_text(tree.get(transform, "Name").unwrap_or(transform)));
        Self::from_names(names, types, transforms)
    }

    fn from_names<'a>(
        names: impl Fn(&str) -> BTreeSet<String>,
        types: impl Iterator<Item = (&'a str, &'a str)>,
        transforms: impl Iterator<Item = Option<&'a str>>,
    ) -> Self {
        let modules = types.filter(|(_, kind)| kind.ends_with("::MODULE")).map(|(id, _)| id.to_owned()).collect();
        let (mut transformed, mut has_macro) = (false, false);
        for name in transforms {
            transformed = true;
            has_macro |= name.is_none_or(|name| !name.starts_with("AWS::"));
        }
        let [parameters, resources, conditions, mappings] = ["Parameters", "Resources", "Conditions", "Mappings"].map(names);
        let transforms = |names: &BTreeSet<String>| names.iter().any(|name| name.starts_with("Fn::"));
        let open_ended = transformed || [&parameters, &resources, &conditions, &mappings].into_iter().any(transforms);
        Self { parameters, resources, conditions, mappings, modules, open_ended, has_macro }
    }

    /// Whether `Ref` can refer to it.
    pub(crate) fn refers(&self, name: &str) -> Known {
        if PSEUDO_PARAMETERS.contains(&name) || self.parameters.contains(name) {
            return Known::Declared;
        }
        // A name near a known one is a typo; any other may be one that AWS has added.
        if name.starts_with("AWS::") && did_you_mean(name, PSEUDO_PARAMETERS).is_none() {
            return Known::NewPseudoParameter;
        }
        self.is_resource(name)
    }

    pub(crate) fn is_resource(&self, name: &str) -> Known {
        if self.resources.contains(name) {
            return Known::Declared;
        }
        // The id of a module and that of a resource in it, with or without a dot between them.
        let module = self.modules.iter().find(|module| name.strip_prefix(module.as_str()).is_some_and(|rest| !rest.is_empty()));
        module.map_or(Known::No, |module| Known::OfModule(module.clone()))
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
