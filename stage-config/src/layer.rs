//! One source of parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::problem::{Place, Problem};

/// One source of parameters, with the place of each value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    /// The parameters by name.
    pub parameters: BTreeMap<String, Setting>,
    /// Tags for the stacks; only CodePipeline's CloudFormation action passes them on.
    pub tags: BTreeMap<String, Setting>,
    /// A stack policy; only CodePipeline's CloudFormation action passes it on.
    pub stack_policy: Option<StackPolicy>,
    /// Findings about the source that do not stop it from being used.
    pub notes: Vec<Problem>,
    /// The parameters that the source names with a value that cannot be read.
    pub unreadable: BTreeSet<String>,
    /// The form of the stage file, where the source is one.
    pub form: Option<FileForm>,
}

/// Which of CodePipeline's two formats a stage file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// An array of `ParameterKey` and `ParameterValue`, as the CloudFormationStackSet action reads it.
    Array,
    /// An object with `Parameters`, as the CloudFormation action reads it.
    Object,
}

/// A parameter's value, where it came from, and what it replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// Where the value came from.
    pub origin: Place,
    /// Where the name stands that the value was given: the same as `origin` where the two have no places of their own.
    pub named_at: Place,
    /// Who wants it.
    pub standing: Standing,
    /// The settings of earlier layers that this one replaced, oldest first, none of them twice.
    pub replaced: Vec<Setting>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// The text that CloudFormation receives.
    Text(String),
    /// Whatever the stack has now (`UsePreviousValue`).
    Previous,
}

/// Who wants a value, and so what happens when the template does not declare its parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A person wrote it into a file: the template must declare it.
    Asked,
    /// The pipeline knows it: it is passed on when the template declares it, and dropped with a note otherwise.
    Offered,
}

/// A stack policy: what an update of the stack may not touch.
#[derive(Debug, Clone, PartialEq)]
pub struct StackPolicy {
    /// The policy document.
    pub document: Json,
    /// Where it came from.
    pub origin: Place,
}

impl Layer {
    /// Offers a value that the pipeline knows; `source` names the option it came from, such as `--env-name`.
    pub fn offer(&mut self, name: &str, value: impl Into<String>, source: &str) {
        let origin = Place::Pipeline { source: source.to_owned() };
        let setting = Setting {
            value: Value::Text(value.into()),
            named_at: origin.clone(),
            origin,
            standing: Standing::Offered,
            replaced: Vec::new(),
        };
        self.parameters.insert(name.to_owned(), setting);
    }
}

impl Setting {
    /// A value that a person wrote.
    pub(crate) fn asked_for(value: Value, origin: Place, named_at: Place) -> Self {
        Self { value, origin, named_at, standing: Standing::Asked, replaced: Vec::new() }
    }

    /// This setting and all that it replaced, newest first.
    pub fn history(&self) -> impl Iterator<Item = &Setting> {
        std::iter::once(self).chain(self.replaced.iter().rev())
    }

    pub(crate) fn asked(&self) -> Option<&Setting> {
        self.history().find(|setting| setting.standing == Standing::Asked)
    }
}

impl Value {
    /// The text, unless the stack's present value is kept.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Previous => None,
        }
    }
}
