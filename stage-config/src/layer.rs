//! One source of parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::problem::{Place, Problem};

/// One source of parameters, with the place of each value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    /// The parameters by name.
    pub parameters: BTreeMap<String, Setting>,
    /// Tags for the stacks; only CodePipeline's CloudFormation action sets them.
    pub tags: BTreeMap<String, Setting>,
    /// A stack policy; only CodePipeline's CloudFormation action sets it.
    pub stack_policy: Option<StackPolicy>,
    /// How the stage is rolled out in waves; only a stage file that is an object sets it.
    pub waves: Option<StageWaves>,
    /// Findings about the source that do not prevent its use.
    pub notes: Vec<Problem>,
    /// The parameters whose value in the source cannot be read.
    pub unreadable: BTreeSet<String>,
    /// The format of the stage file, if the source is one.
    pub form: Option<FileForm>,
}

/// How a stage is rolled out in waves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageWaves {
    /// The waves, separated by commas, such as `1,10%,rest`; account ids or regions of one wave are
    /// joined by `+`. Only the stage's accounts and regions decide whether they are valid.
    pub waves: Option<String>,
    /// How many minutes the alarms are watched between two waves.
    pub bake_minutes: Option<u32>,
    /// The place of the waves, or else of the minutes.
    pub origin: Place,
}

/// Which of CodePipeline's two formats a stage file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// An array of `ParameterKey` and `ParameterValue`, for the CloudFormationStackSet action.
    Array,
    /// An object with `Parameters`, for the CloudFormation action.
    Object,
}

/// A parameter's value, its origin, and what it replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// Where the value comes from.
    pub origin: Place,
    /// The place of the name; the same as `origin` if the two have no separate places.
    pub named_at: Place,
    /// What set the value.
    pub set_by: SetBy,
    /// The settings of earlier layers that this one replaced, oldest first, without duplicates.
    pub replaced: Vec<Setting>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// The text that CloudFormation receives.
    Text(String),
    /// The value that the stack has now (`UsePreviousValue`).
    Previous,
}

/// What set a value. It decides what happens if the template does not declare the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetBy {
    /// A stage file: the template must declare the parameter.
    StageFile,
    /// The pipeline: the value is dropped with a note if the template does not declare the
    /// parameter.
    Pipeline,
}

/// A stack policy: which resources a stack update must not change.
#[derive(Debug, Clone, PartialEq)]
pub struct StackPolicy {
    /// The policy document.
    pub document: Json,
    /// Where it comes from.
    pub origin: Place,
}

impl Layer {
    /// Adds a value of the pipeline; `source` names the option that it comes from, such as
    /// `--env-name`.
    pub fn set_by_pipeline(&mut self, name: &str, value: impl Into<String>, source: &str) {
        let origin = Place::Pipeline { source: source.to_owned() };
        let setting =
            Setting { value: Value::Text(value.into()), named_at: origin.clone(), origin, set_by: SetBy::Pipeline, replaced: Vec::new() };
        self.parameters.insert(name.to_owned(), setting);
    }
}

impl Setting {
    /// A value from a stage file.
    pub(crate) fn from_file(value: Value, origin: Place, named_at: Place) -> Self {
        Self { value, origin, named_at, set_by: SetBy::StageFile, replaced: Vec::new() }
    }

    /// This setting and all settings that it replaced, newest first.
    pub fn history(&self) -> impl Iterator<Item = &Setting> {
        std::iter::once(self).chain(self.replaced.iter().rev())
    }

    pub(crate) fn in_stage_file(&self) -> Option<&Setting> {
        self.history().find(|setting| setting.set_by == SetBy::StageFile)
    }
}

impl Value {
    /// The text, unless the stack keeps its current value.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Previous => None,
        }
    }
}
