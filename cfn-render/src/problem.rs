//! Findings: what is wrong, where, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use crate::code::Code;
use crate::json_pointer;

/// One finding about a template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What kind of finding it is.
    pub code: Code,
    /// How serious it is.
    pub severity: Severity,
    /// What is wrong: a lowercase fragment that names the object in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it is.
    pub place: Place,
}

/// How much a [`Problem`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; no action is needed.
    Note,
    /// Probably a mistake, but the work can continue.
    Warning,
    /// CloudFormation would reject this, or behave differently than intended.
    Error,
}

/// A place in a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Place {
    /// The template's file, as it was passed; for nested templates, the file that contains the
    /// finding.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of the line belong to it, at least 1: for underlining.
    pub width: usize,
    /// The JSON pointer of the value, such as `/Resources/Function/Properties/Code`; empty for the whole template.
    pub pointer: String,
}

impl Place {
    /// The logical id of the resource that the place is in.
    pub fn logical_id(&self) -> Option<String> {
        let mut tokens = json_pointer::tokens(&self.pointer)?;
        if tokens.next()? == "Resources" { tokens.next() } else { None }
    }

    /// The property of the resource, below `Properties` and joined by dots, such as `Command.ScriptLocation`.
    pub fn property(&self) -> Option<String> {
        let mut tokens = json_pointer::tokens(&self.pointer)?;
        tokens.by_ref().find(|token| *token == "Properties")?;
        let property = tokens.collect::<Vec<_>>().join(".");
        (!property.is_empty()).then_some(property)
    }
}

impl Problem {
    pub(crate) fn error(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), hint: None, place }
    }

    pub(crate) fn warning(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    pub(crate) fn note(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, place, message) }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn with_hint_opt(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// How many known names are compared: CloudFormation allows 500 resources, and a hostile number of
/// names would take long.
const MAX_CANDIDATES: usize = 1000;

/// "did you mean" with the nearest known name, if one is near.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    let near = known.into_iter().take(MAX_CANDIDATES).filter_map(|candidate| {
        let candidate_length = candidate.chars().count();
        // One or two characters are near any name.
        let most = if candidate_length.min(length) < 3 { 0 } else { candidate_length / 3 };
        if candidate_length.abs_diff(length) > most {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&name, &candidate.to_lowercase());
        (distance <= most).then_some((distance, candidate))
    });
    near.min().map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(pointer: &str) -> Place {
        Place { path: "t.yml".into(), line: 1, column: 1, width: 1, pointer: pointer.into() }
    }

    #[test]
    fn a_place_has_its_resource_and_property() {
        let job = place("/Resources/Job/Properties/Command/ScriptLocation");
        assert_eq!(job.logical_id().as_deref(), Some("Job"));
        assert_eq!(job.property().as_deref(), Some("Command.ScriptLocation"));
        assert_eq!(place("/Outputs/Name").logical_id(), None);
        assert_eq!(place("").property(), None);
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(did_you_mean("EnvTyp", ["EnvType", "Other"]).as_deref(), Some("did you mean `EnvType`?"));
        assert_eq!(did_you_mean("Zebra", ["EnvType", "Other"]), None);
    }
}
