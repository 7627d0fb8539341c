//! Checks one value against its declaration.

use super::shape;
use crate::parameter_type::ParameterType;
use crate::parameters_section::ParameterDeclaration;
use crate::problem::{Problem, did_you_mean};

/// The size limit of a value (AWS CloudFormation quotas).
const MAX_VALUE_BYTES: usize = 4096;
/// How many wrong members of one list are reported one by one.
const MAX_MEMBERS_REPORTED: usize = 10;

/// Everything that is wrong with one value; the caller adds the place.
pub(super) fn value_problems(name: &str, value: &str, declaration: &ParameterDeclaration) -> Vec<Problem> {
    let mut found = Findings { name, value, declaration, problems: Vec::new() };
    found.bytes();
    // Whether the constraints apply to the value or to the members of a list is unknown, too.
    if declaration.parameter_type.is_unknown() {
        return found.problems;
    }
    let whole = [value];
    let members: Vec<&str> = if declaration.parameter_type.is_list() { value.split(',').map(str::trim).collect() } else { whole.to_vec() };
    found.types(&members);
    found.length();
    found.pattern(&members);
    found.allowed(&members);
    found.problems
}

struct Findings<'a> {
    name: &'a str,
    value: &'a str,
    declaration: &'a ParameterDeclaration,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn add(&mut self, code: &'static str, what: impl AsRef<str>) {
        let shown =
            if self.declaration.no_echo { "a value that is not shown (NoEcho)".to_owned() } else { format!("`{}`", shorten(self.value)) };
        let problem = Problem::error(code, format!("`{}` is {shown}, {}", self.name, what.as_ref()));
        self.problems.push(problem.with_hint_opt(self.declaration.constraint_description.clone()));
    }

    /// How a message refers to a member of the value.
    fn each(&self, member: &str, members: &[&str]) -> String {
        match members {
            [_] => "which ".to_owned(),
            _ if self.declaration.no_echo => "one of whose members ".to_owned(),
            _ => format!("whose member `{}` ", shorten(member)),
        }
    }

    fn bytes(&mut self) {
        if self.value.len() > MAX_VALUE_BYTES {
            self.add("too-long", format!("{} bytes long; CloudFormation allows {MAX_VALUE_BYTES}", self.value.len()));
        }
        let forbidden = |character: &char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
        if let Some(character) = self.value.chars().find(forbidden) {
            self.add("control-character", format!("which has the control character U+{:04X}", character as u32));
        }
    }

    fn types(&mut self, members: &[&str]) {
        let declaration = self.declaration;
        match &declaration.parameter_type {
            ParameterType::Number | ParameterType::NumberList => {
                for member in members {
                    self.number(member, members);
                    if self.problems.len() > MAX_MEMBERS_REPORTED {
                        break;
                    }
                }
            }
            ParameterType::Aws(kind) | ParameterType::AwsList(kind) => {
                let wrong = members.iter().filter_map(|member| Some((member, shape::what_is_wrong(kind, member)?)));
                for (member, what) in wrong.take(MAX_MEMBERS_REPORTED).collect::<Vec<_>>() {
                    let each = self.each(member, members);
                    self.add("not-an-id", format!("{each}{what}, as a {} does", declaration.parameter_type));
                }
            }
            ParameterType::SsmName | ParameterType::SsmValue(_) => {
                if let Some(what) = shape::ssm_name(self.value) {
                    self.add("not-an-ssm-name", format!("which is not a valid name of a Systems Manager parameter: {what}"));
                }
            }
            _ => {}
        }
    }

    fn number(&mut self, member: &str, members: &[&str]) {
        let each = self.each(member, members);
        let Some(number) = number(member) else {
            self.add("not-a-number", format!("{each}is not a number"));
            return;
        };
        if let Some(min) = self.declaration.min_value.filter(|min| number < *min) {
            self.add("too-small", format!("{each}is below the minimum {min}"));
        }
        if let Some(max) = self.declaration.max_value.filter(|max| number > *max) {
            self.add("too-great", format!("{each}is above the maximum {max}"));
        }
    }

    fn length(&mut self) {
        if matches!(self.declaration.parameter_type, ParameterType::Number | ParameterType::NumberList) {
            return;
        }
        // CloudFormation counts UTF-16 units, as Java does.
        let length = self.value.encode_utf16().count();
        if let Some(min) = self.declaration.min_length.filter(|min| length < *min) {
            self.add("too-short", format!("{length} characters; the minimum is {min}"));
        }
        if let Some(max) = self.declaration.max_length.filter(|max| length > *max) {
            self.add("too-long", format!("{length} characters; the maximum is {max}"));
        }
    }

    /// A pattern that is left to CloudFormation has its own note.
    fn pattern(&mut self, members: &[&str]) {
        let Some(pattern) = &self.declaration.allowed_pattern else { return };
        for member in members.iter().filter(|member| pattern.matches(member) == Some(false)).take(MAX_MEMBERS_REPORTED) {
            let each = self.each(member, members);
            self.add("pattern", format!("{each}does not match `{}`", pattern.as_str()));
        }
    }

    fn allowed(&mut self, members: &[&str]) {
        let declaration = self.declaration;
        if declaration.allowed_values.is_empty() {
            return;
        }
        let wrong = members.iter().filter(|member| !declaration.allowed_values.iter().any(|allowed| allowed == *member));
        for member in wrong.take(MAX_MEMBERS_REPORTED).collect::<Vec<_>>() {
            let guess = did_you_mean(member, declaration.allowed_values.iter().map(String::as_str)).filter(|_| !declaration.no_echo);
            let guess = guess.map(|guess| format!(" ({guess})")).unwrap_or_default();
            let each = self.each(member, members);
            self.add("not-allowed", format!("{each}is not one of {}{guess}", declaration.allowed_values.join(", ")));
        }
    }
}

/// A number in CloudFormation's syntax: decimal, optionally with a sign, a fraction or an exponent.
fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.chars().all(|character| character.is_ascii_digit() || "+-.eE".contains(character));
    plain.then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

fn shorten(value: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown: String = value.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if value.chars().count() > SHOWN {
        shown.push('…');
    }
    shown.replace("\\\"", "\"").replace("\\'", "'")
}
