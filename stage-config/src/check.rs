//! Checks a stage's parameters against the template's declarations.

mod shape;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::formats::ParametersFile;
use crate::layer::{FileForm, SetBy, Setting, Value};
use crate::merge::Merged;
use crate::parameters_section::{ParameterDeclaration, ParametersSection};
use crate::problem::{Place, Problem, Problems, Severity, capped, did_you_mean};

use value::value_problems;

/// The outcome of a [`check`].
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The parameters that AWS receives: those of the stage file, and those of the pipeline that
    /// the template declares.
    pub parameters: ParametersFile,
    /// The stack's tags, which only a template configuration can contain.
    pub tags: BTreeMap<String, String>,
    /// The stack policy, which only a template configuration can contain.
    pub stack_policy: Option<Json>,
    /// All findings, in a stable order: those about the file, then missing parameters.
    pub problems: Vec<Problem>,
    /// The parameters with an error.
    pub wrong: BTreeSet<String>,
}

impl Checked {
    /// The parameters and the notes, or all findings if one of them is an error.
    pub fn into_result(self) -> Result<(ParametersFile, Vec<Problem>), Problems> {
        if self.problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(Problems(self.problems));
        }
        Ok((self.parameters, self.problems))
    }
}

/// Checks merged parameters against a template's declarations, as CloudFormation does in every
/// account, and reports all problems.
///
/// For values that are read from Systems Manager, constraints apply to the name only, because the
/// value is read where the stack runs. Messages never contain values of `NoEcho` parameters.
pub fn check(merged: &Merged, section: &ParametersSection) -> Checked {
    let mut problems: Vec<Problem> = section.notes.iter().chain(&merged.notes).cloned().collect();
    let mut parameters = BTreeMap::new();
    let mut wrong = BTreeSet::new();
    let is_wrong = |found: &[Problem]| found.iter().any(|problem| problem.severity == Severity::Error);
    for (name, setting) in &merged.parameters {
        let Some(declaration) = section.declarations.get(name) else {
            if !section.unreadable.contains(name) {
                problems.push(undeclared(name, setting, section));
            }
            continue;
        };
        if let Some(note) = overridden(name, setting, declaration) {
            problems.push(note);
        }
        if let Some(text) = setting.value.text() {
            let found = value_problems(name, text, declaration);
            if is_wrong(&found) {
                wrong.insert(name.clone());
            }
            problems.extend(found.into_iter().map(|problem| problem.at(setting.origin.clone())));
        }
        parameters.insert(name.clone(), setting.value.clone());
    }
    for (name, declaration) in &section.declarations {
        match &declaration.default {
            Some(default) => {
                let found = value_problems(name, default, declaration);
                if is_wrong(&found) && !merged.parameters.contains_key(name) {
                    wrong.insert(name.clone());
                }
                problems.extend(found.into_iter().map(|mut problem| {
                    problem.message = format!("the default of {}", problem.message);
                    problem.at(Place::template(["Parameters", name, "Default"]))
                }));
            }
            None if !merged.parameters.contains_key(name) && !section.unreadable.contains(name) => {
                wrong.insert(name.clone());
                problems.push(missing(name, declaration, merged.form));
            }
            None => {}
        }
    }
    wrong.extend(section.unreadable.iter().filter(|name| !parameters.contains_key(*name)).cloned());
    problems.extend(tag_problems(merged));
    let tags = merged.tags.iter().filter_map(|(key, setting)| Some((key.clone(), setting.value.text()?.to_owned()))).collect();
    let stack_policy = merged.stack_policy.as_ref().map(|policy| policy.document.clone());
    Checked { parameters, tags, stack_policy, problems: capped(problems), wrong }
}

fn missing(name: &str, declaration: &ParameterDeclaration, form: Option<FileForm>) -> Problem {
    let what = declaration.description.as_deref().map(|text| format!(": {}", text.trim())).unwrap_or_default();
    Problem::error("missing-parameter", format!("`{name}` has no value and the template has no default{what}"))
        .with_hint(match form {
            Some(FileForm::Object) => format!("add \"{name}\": \"…\" to `Parameters` in the stage file"),
            Some(FileForm::Array) | None => format!("add {{ \"ParameterKey\": \"{name}\", \"ParameterValue\": \"…\" }} to the stage file"),
        })
        .at(Place::template(["Parameters", name]))
        .of_parameter(name)
}

fn undeclared(name: &str, setting: &Setting, section: &ParametersSection) -> Problem {
    match setting.in_stage_file() {
        Some(in_file) => Problem::error("unknown-parameter", format!("the template has no parameter `{name}`"))
            .with_hint("remove it, or declare it in the template's `Parameters`")
            .with_hint_opt(did_you_mean(name, section.declarations.keys().map(String::as_str)))
            .at(in_file.named_at.clone()),
        None => Problem::note("not-passed", format!("`{name}` is not passed: the template does not declare it")).at(setting.origin.clone()),
    }
}

/// The pipeline's value overrides the stage file's; a difference between them is noted.
fn overridden(name: &str, setting: &Setting, declaration: &ParameterDeclaration) -> Option<Problem> {
    if setting.set_by != SetBy::Pipeline {
        return None;
    }
    let in_file = setting.in_stage_file().filter(|in_file| in_file.value != setting.value)?;
    let show = |value: &Value| match value {
        Value::Previous => "its previous value".to_owned(),
        Value::Text(_) if declaration.no_echo => "another value".to_owned(),
        Value::Text(text) => format!("`{text}`"),
    };
    let message = format!(
        "`{name}` is {} here, but is overridden by the pipeline's {} from {}",
        show(&in_file.value),
        show(&setting.value),
        setting.origin
    );
    Some(Problem::note("overruled", message).with_hint("remove it from the stage file").at(in_file.origin.clone()))
}

/// CloudFormation's rules for tags: keys of 1 to 128 characters, values of 1 to 256, no `aws:`, at most 50.
fn tag_problems(merged: &Merged) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(last) = merged.tags.values().nth(50) {
        let message = format!("there are {} tags; CloudFormation allows 50", merged.tags.len());
        problems.push(Problem::error("too-many-tags", message).at(last.named_at.clone()));
    }
    for (key, setting) in &merged.tags {
        if key.is_empty() || key.chars().count() > 128 || key.to_lowercase().starts_with("aws:") {
            problems.push(
                Problem::error("tag-key", format!("`{key}` is not a valid tag key"))
                    .with_hint("a key has 1 to 128 characters and does not begin with `aws:`")
                    .at(setting.named_at.clone()),
            );
        }
        let length = setting.value.text().map_or(0, |text| text.chars().count());
        if !(1..=256).contains(&length) {
            problems.push(
                Problem::error("tag-value", format!("the value of tag `{key}` has {length} characters"))
                    .with_hint("a value has 1 to 256 characters")
                    .at(setting.origin.clone()),
            );
        }
    }
    problems
}
