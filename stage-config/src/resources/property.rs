//! A value of a resolved template, with its place.

use serde_json::Value as Json;

use crate::problem::pointer;
use crate::provenance::function;

/// A value, with its JSON pointer in the resolved template.
#[derive(Debug, Clone)]
pub(super) struct Property<'a> {
    pub(super) value: &'a Json,
    pub(super) pointer: String,
}

impl<'a> Property<'a> {
    /// A resource's `Properties`.
    pub(super) fn of_resource(id: &str, resource: &'a Json) -> Self {
        const NOTHING: &Json = &Json::Null;
        Self { value: resource.get("Properties").unwrap_or(NOTHING), pointer: pointer(["Resources", id, "Properties"]) }
    }

    /// The property with this name, if it is present.
    pub(super) fn get(&self, name: &str) -> Option<Property<'a>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Property { value, pointer: format!("{}{}", self.pointer, pointer([name])) })
    }

    /// The property at this path of names.
    pub(super) fn at<const N: usize>(&self, names: [&str; N]) -> Option<Property<'a>> {
        names.into_iter().try_fold(self.clone(), |property, name| property.get(name))
    }

    /// The members of a list, unless only AWS knows them.
    pub(super) fn items(&self) -> Option<Vec<Property<'a>>> {
        let items = self.value.as_array()?.iter().enumerate();
        Some(items.map(|(index, value)| Property { value, pointer: format!("{}/{index}", self.pointer) }).collect())
    }

    /// Whether only AWS knows the value: it is a function, or a string with a dynamic reference.
    pub(super) fn is_unknown(&self) -> bool {
        function(self.value).is_some() || self.value.as_str().is_some_and(|text| text.contains("{{resolve:"))
    }

    /// A string that is known.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.as_str().filter(|_| !self.is_unknown())
    }

    /// The values at the end of a path; `*` is every item of a list.
    pub(super) fn reach(&self, path: &[&str]) -> Vec<Property<'a>> {
        path.iter().fold(vec![self.clone()], |reached, name| match *name {
            "*" => reached.iter().filter_map(Property::items).flatten().collect(),
            name => reached.iter().filter_map(|property| property.get(name)).collect(),
        })
    }

    /// Whether an unknown condition decides the value or its presence.
    pub(super) fn is_undecided(&self) -> bool {
        function(self.value).is_some_and(|(name, _)| name == "Fn::If")
    }

    /// The value for a message.
    pub(super) fn shown(&self) -> String {
        const SHOWN: usize = 80;
        let text = self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned);
        if text.chars().count() > SHOWN { text.chars().take(SHOWN).chain(['…']).collect() } else { text }
    }
}
