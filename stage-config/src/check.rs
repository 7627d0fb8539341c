//! Holding a stage's parameters against the template's declarations.

use std::collections::BTreeMap;

use crate::formats::ParametersFile;
use crate::layer::{Setting, Standing, Value};
use crate::merge::Merged;
use crate::parameter_type::ParameterType;
use crate::parameters_section::{ParameterDeclaration, ParametersSection};
use crate::problem::{Place, Problem, Problems, Severity, did_you_mean};

/// A value holds at most this many bytes (AWS CloudFormation quotas).
const MAX_VALUE_BYTES: usize = 4096;
/// The longest name of a Systems Manager parameter, hierarchy included.
const MAX_SSM_NAME: usize = 2048;

/// The outcome of a [`check`].
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The parameters that go to AWS: what was asked, and of what was offered that which the template declares.
    pub parameters: ParametersFile,
    /// Every finding, in a stable order: what the file says first, then what is missing.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// The parameters and the notes, unless a finding is an error.
    pub fn into_result(self) -> Result<(ParametersFile, Vec<Problem>), Problems> {
        if self.problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(Problems(self.problems));
        }
        Ok((self.parameters, self.problems))
    }
}

/// Holds merged parameters against a template's declarations, as CloudFormation would in every account, and reports every problem.
///
/// Constraints on values that are read from Systems Manager apply to the name only, since the value is read where the stack runs.
/// Values of `NoEcho` parameters are never repeated in a message.
pub fn check(merged: &Merged, section: &ParametersSection) -> Checked {
    let mut problems: Vec<Problem> = section.notes.iter().chain(&merged.notes).cloned().collect();
    let mut parameters = BTreeMap::new();
    for (name, setting) in &merged.parameters {
        let Some(declaration) = section.declarations.get(name) else {
            problems.push(undeclared(name, setting, section));
            continue;
        };
        if let Some(note) = overruled(name, setting, declaration) {
            problems.push(note);
        }
        if let Some(text) = setting.value.text() {
            problems.extend(value_problems(name, text, declaration).into_iter().map(|problem| problem.at(setting.origin.clone())));
        }
        parameters.insert(name.clone(), setting.value.clone());
    }
    for (name, declaration) in &section.declarations {
        let place = Place::template(format!("/Parameters/{name}"));
        match &declaration.default {
            Some(default) => problems.extend(value_problems(name, default, declaration).into_iter().map(|mut problem| {
                problem.message = format!("the default of {}", problem.message);
                problem.at(Place::template(format!("/Parameters/{name}/Default")))
            })),
            None if !merged.parameters.contains_key(name) => {
                let what = declaration.description.as_deref().map(|text| format!(": {}", text.trim())).unwrap_or_default();
                let problem = Problem::error("missing-parameter", format!("`{name}` has no value and the template has no default{what}"));
                problems.push(
                    problem.hint(format!("add {{ \"ParameterKey\": \"{name}\", \"ParameterValue\": \"…\" }} to the stage file")).at(place),
                );
            }
            None => {}
        }
    }
    problems.extend(tag_problems(merged));
    Checked { parameters, problems }
}

fn undeclared(name: &str, setting: &Setting, section: &ParametersSection) -> Problem {
    match setting.asked() {
        Some(asked) => Problem::error("unknown-parameter", format!("the template has no parameter `{name}`"))
            .hint("remove it, or declare it in the template's `Parameters`")
            .hint_if(did_you_mean(name, section.declarations.keys().map(String::as_str)))
            .at(asked.origin.clone()),
        None => {
            Problem::note("not-passed", format!("`{name}` is not passed on: the template does not declare it")).at(setting.origin.clone())
        }
    }
}

/// The pipeline's own value wins over a stage file's; where the two differ that is said.
fn overruled(name: &str, setting: &Setting, declaration: &ParameterDeclaration) -> Option<Problem> {
    if setting.standing != Standing::Offered {
        return None;
    }
    let asked = setting.asked().filter(|asked| asked.value != setting.value)?;
    let show = |value: &Value| match value {
        Value::Previous => "its previous value".to_owned(),
        Value::Text(_) if declaration.no_echo => "another value".to_owned(),
        Value::Text(text) => format!("`{text}`"),
    };
    let message =
        format!("`{name}` is {} here, but the pipeline's {} from {} wins", show(&asked.value), show(&setting.value), setting.origin);
    Some(Problem::note("overruled", message).hint("remove it from the stage file").at(asked.origin.clone()))
}

fn value_problems(name: &str, value: &str, declaration: &ParameterDeclaration) -> Vec<Problem> {
    let mut problems = Vec::new();
    let shown = if declaration.no_echo { "a value that is not shown (NoEcho)".to_owned() } else { format!("`{}`", shorten(value)) };
    let mut add = |code, what: String| {
        let problem = Problem::error(code, format!("`{name}` is {shown}, {what}")).hint_if(declaration.constraint_description.clone());
        problems.push(problem);
    };
    if value.len() > MAX_VALUE_BYTES {
        add("too-long", format!("{} bytes long; CloudFormation allows {MAX_VALUE_BYTES}", value.len()));
    }
    for character in value.chars().filter(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')).take(1) {
        add("control-character", format!("which has the control character U+{:04X}", character as u32));
    }
    let whole = [value];
    let members: Vec<&str> = if declaration.parameter_type.is_list() { value.split(',').map(str::trim).collect() } else { whole.to_vec() };
    let each = |member: &str| if members.len() > 1 { format!("whose member `{}` ", shorten(member)) } else { "which ".to_owned() };

    match &declaration.parameter_type {
        ParameterType::Number | ParameterType::NumberList => {
            for member in &members {
                match number(member) {
                    None => add("not-a-number", format!("{}is not a number", each(member))),
                    Some(number) => {
                        if let Some(min) = declaration.min_value.filter(|min| number < *min) {
                            add("too-small", format!("{}is less than the least value, {min}", each(member)));
                        }
                        if let Some(max) = declaration.max_value.filter(|max| number > *max) {
                            add("too-great", format!("{}is more than the greatest value, {max}", each(member)));
                        }
                    }
                }
            }
        }
        ParameterType::Aws(_) | ParameterType::AwsList(_) => {
            if let Some(prefix) = declaration.parameter_type.prefix() {
                for member in members.iter().filter(|member| !member.starts_with(prefix)) {
                    add("not-an-id", format!("{}does not begin with `{prefix}`, as a {} does", each(member), declaration.parameter_type));
                }
            }
        }
        ParameterType::SsmName | ParameterType::SsmValue(_) if !is_ssm_name(value) => {
            add("not-an-ssm-name", "which is not the name of a Systems Manager parameter (letters, digits and . - _ / only)".to_owned());
        }
        _ => {}
    }
    if !matches!(declaration.parameter_type, ParameterType::Number | ParameterType::NumberList) {
        // CloudFormation counts as Java does: in UTF-16 units.
        let length = value.encode_utf16().count();
        if let Some(min) = declaration.min_length.filter(|min| length < *min) {
            add("too-short", format!("{length} characters; the least is {min}"));
        }
        if let Some(max) = declaration.max_length.filter(|max| length > *max) {
            add("too-long", format!("{length} characters; the most is {max}"));
        }
    }
    if let Some(pattern) = &declaration.allowed_pattern {
        for member in members.iter().filter(|member| !pattern.is_match(member)) {
            add("pattern", format!("{}does not match `{}`", each(member), declaration.allowed_pattern_text.as_deref().unwrap_or_default()));
        }
    }
    if !declaration.allowed_values.is_empty() {
        for member in members.iter().filter(|member| !declaration.allowed_values.iter().any(|allowed| allowed == *member)) {
            let guess = did_you_mean(member, declaration.allowed_values.iter().map(String::as_str)).filter(|_| !declaration.no_echo);
            let guess = guess.map(|guess| format!(" ({guess})")).unwrap_or_default();
            add("not-allowed", format!("{}is not one of {}{guess}", each(member), declaration.allowed_values.join(", ")));
        }
    }
    problems
}

/// A number as CloudFormation takes it: decimal, perhaps with a sign, a fraction or an exponent.
fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.chars().all(|character| character.is_ascii_digit() || "+-.eE".contains(character));
    plain.then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

/// `name`, `/path/to/name`, or an ARN of a shared parameter, each perhaps with `:version` or `:label`.
fn is_ssm_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_SSM_NAME
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "._-/:".contains(character))
        && !text.contains("//")
        && !text.ends_with('/')
}

fn shorten(value: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown: String = value.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if value.chars().count() > SHOWN {
        shown.push('…');
    }
    shown.replace("\\\"", "\"").replace("\\'", "'")
}

/// CloudFormation's rules for tags: keys of 1 to 128 characters, values of 1 to 256, no `aws:`, at most 50.
fn tag_problems(merged: &Merged) -> Vec<Problem> {
    let mut problems = Vec::new();
    if merged.tags.len() > 50 {
        problems.push(Problem::error("too-many-tags", format!("there are {} tags; CloudFormation allows 50", merged.tags.len())));
    }
    for (key, value) in &merged.tags {
        if key.is_empty() || key.chars().count() > 128 || key.to_lowercase().starts_with("aws:") {
            problems.push(
                Problem::error("tag-key", format!("`{key}` is not a tag's key"))
                    .hint("a key has 1 to 128 characters and does not begin with `aws:`"),
            );
        }
        if value.is_empty() || value.chars().count() > 256 {
            problems.push(
                Problem::error("tag-value", format!("the value of tag `{key}` has {} characters", value.chars().count()))
                    .hint("a value has 1 to 256 characters"),
            );
        }
    }
    problems
}
