//! A template's `Parameters` section.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::allowed_pattern::AllowedPattern;
use crate::parameter_type::ParameterType;
use crate::problem::{Place, Problem, Problems, did_you_mean};

/// The maximum number of parameters in a template (AWS CloudFormation quotas).
const MAX_PARAMETERS: usize = 200;

/// The maximum length of a description (AWS CloudFormation user guide, "Parameters").
const MAX_DESCRIPTION: usize = 4000;

/// The attributes of a parameter (AWS CloudFormation user guide, "Parameters").
const ATTRIBUTES: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// A template's `Parameters` section: what a stage can and must set.
#[derive(Debug, Clone, Default)]
pub struct ParametersSection {
    /// The declarations by name.
    pub declarations: BTreeMap<String, ParameterDeclaration>,
    /// The parameters of which it cannot be read whether they have a default: they have an error.
    pub unreadable: BTreeSet<String>,
    /// Findings about the section that do not prevent its use.
    pub notes: Vec<Problem>,
}

/// One parameter as the template declares it.
#[derive(Debug, Clone)]
pub struct ParameterDeclaration {
    /// Its type.
    pub parameter_type: ParameterType,
    /// The default value; without one, a stage must set the parameter.
    pub default: Option<String>,
    /// The author's description.
    pub description: Option<String>,
    /// The author's explanation of the constraints.
    pub constraint_description: Option<String>,
    /// Whether the value is a secret that must not be shown.
    pub no_echo: bool,
    /// The allowed values; if empty, any.
    pub allowed_values: Vec<String>,
    /// The expression that must match the whole value.
    pub allowed_pattern: Option<AllowedPattern>,
    /// The minimum number of characters.
    pub min_length: Option<usize>,
    /// The maximum number of characters.
    pub max_length: Option<usize>,
    /// The minimum value.
    pub min_value: Option<f64>,
    /// The maximum value.
    pub max_value: Option<f64>,
}

impl ParametersSection {
    /// Reads the section as JSON. All problems are reported at once, each with a
    /// [`Place::Template`].
    ///
    /// A name that begins with `Fn::` belongs to a transform, which declares parameters when
    /// CloudFormation processes it: it is skipped.
    pub fn parse(section: &Json) -> Result<Self, Problems> {
        match Self::read(section) {
            (parsed, problems) if problems.is_empty() => Ok(parsed),
            (_, problems) => Err(Problems(problems)),
        }
    }

    /// Reads as much of the section as possible, for further checks, and reports every problem.
    ///
    /// A parameter whose type is missing or not a type has [`ParameterType::Unknown`].
    pub fn read(section: &Json) -> (Self, Vec<Problem>) {
        let mut parsed = Self::default();
        let mut problems = Vec::new();
        let members = match section {
            Json::Null => return (parsed, problems),
            Json::Object(members) => members,
            _ => {
                let problem = Problem::error("not-parameters", "`Parameters` is not a mapping of names to declarations");
                problems.push(problem.at(Place::template(["Parameters"])));
                return (parsed, problems);
            }
        };
        if members.len() > MAX_PARAMETERS {
            let problem = Problem::error(
                "too-many-parameters",
                format!("the template has {} parameters; CloudFormation allows {MAX_PARAMETERS}", members.len()),
            );
            problems.push(problem.at(Place::template(["Parameters"])));
        }
        for (name, json) in members.iter().filter(|(name, _)| !name.starts_with("Fn::")) {
            if name.is_empty() || name.len() > 255 || !name.chars().all(|character| character.is_ascii_alphanumeric()) {
                let problem = Problem::error("parameter-name", format!("`{name}` is not a parameter name"));
                problems.push(problem.with_hint("use 1 to 255 letters and digits").at(place(name, None)));
            }
            let mut reader = DeclarationReader { name, problems: &mut problems, notes: &mut parsed.notes };
            let declaration = reader.declaration(json);
            if declaration.as_ref().is_none_or(|declaration| declaration.default.is_none() && json.get("Default").is_some()) {
                parsed.unreadable.insert(name.clone());
            }
            parsed.declarations.extend(declaration.map(|declaration| (name.clone(), declaration)));
        }
        (parsed, problems)
    }
}

fn place(name: &str, attribute: Option<&str>) -> Place {
    Place::template(["Parameters", name].into_iter().chain(attribute))
}

struct DeclarationReader<'a> {
    name: &'a str,
    problems: &'a mut Vec<Problem>,
    notes: &'a mut Vec<Problem>,
}

impl DeclarationReader<'_> {
    fn declaration(&mut self, json: &Json) -> Option<ParameterDeclaration> {
        let name = self.name;
        let Json::Object(attributes) = json else {
            self.problems
                .push(Problem::error("not-a-declaration", format!("the declaration of `{name}` is not a mapping")).at(place(name, None)));
            return None;
        };
        for attribute in attributes.keys().filter(|attribute| !ATTRIBUTES.contains(&attribute.as_str())) {
            let problem = Problem::error("unknown-attribute", format!("parameter `{name}` has an unknown attribute `{attribute}`"))
                .with_hint_opt(did_you_mean(attribute, ATTRIBUTES))
                .at(place(name, Some(attribute)));
            self.problems.push(problem);
        }
        let parameter_type = self.parameter_type(attributes.get("Type"));
        let pattern = self.text(attributes.get("AllowedPattern"), "AllowedPattern");
        let declaration = ParameterDeclaration {
            parameter_type,
            default: self.text(attributes.get("Default"), "Default"),
            description: self.text(attributes.get("Description"), "Description"),
            constraint_description: self.text(attributes.get("ConstraintDescription"), "ConstraintDescription"),
            // An unreadable `NoEcho` can be true.
            no_echo: attributes.contains_key("NoEcho")
                && self.text(attributes.get("NoEcho"), "NoEcho").is_none_or(|text| text.eq_ignore_ascii_case("true")),
            allowed_values: self.allowed_values(attributes.get("AllowedValues")),
            allowed_pattern: pattern.as_deref().map(|text| self.pattern(text)),
            min_length: self.number(attributes.get("MinLength"), "MinLength"),
            max_length: self.number(attributes.get("MaxLength"), "MaxLength"),
            min_value: self.number(attributes.get("MinValue"), "MinValue"),
            max_value: self.number(attributes.get("MaxValue"), "MaxValue"),
        };
        self.contradictions(&declaration);
        Some(declaration)
    }

    /// Reports constraints that no value can satisfy, and those that CloudFormation does not apply
    /// to the type.
    fn contradictions(&mut self, declaration: &ParameterDeclaration) {
        let name = self.name;
        let mut impossible = |least: &str, most: &str| {
            let problem = Problem::error("impossible", format!("no value of `{name}` can satisfy both its `{least}` and its `{most}`"));
            self.problems.push(problem.at(place(name, Some(least))));
        };
        if declaration.min_length.zip(declaration.max_length).is_some_and(|(least, most)| least > most) {
            impossible("MinLength", "MaxLength");
        }
        if declaration.min_value.zip(declaration.max_value).is_some_and(|(least, most)| least > most) {
            impossible("MinValue", "MaxValue");
        }
        let is_number = matches!(declaration.parameter_type, ParameterType::Number | ParameterType::NumberList);
        for (attribute, is_set, applies) in [
            ("MinLength", declaration.min_length.is_some(), !is_number),
            ("MaxLength", declaration.max_length.is_some(), !is_number),
            ("MinValue", declaration.min_value.is_some(), is_number),
            ("MaxValue", declaration.max_value.is_some(), is_number),
        ] {
            if is_set && !applies && !declaration.parameter_type.is_unknown() {
                let kind = if is_number { "a number" } else { "not a number" };
                let message = format!("`{attribute}` of parameter `{name}` does not apply: the parameter is {kind}");
                let note = Problem::warning("not-applied", message).with_hint("remove it, or change the parameter's `Type`");
                self.notes.push(note.at(place(name, Some(attribute))));
            }
        }
        for (attribute, text) in [("Description", &declaration.description), ("ConstraintDescription", &declaration.constraint_description)]
        {
            let length = text.as_deref().map_or(0, |text| text.chars().count());
            if length > MAX_DESCRIPTION {
                let message =
                    format!("`{attribute}` of parameter `{name}` has {length} characters; CloudFormation allows {MAX_DESCRIPTION}");
                self.problems.push(Problem::error("too-long", message).at(place(name, Some(attribute))));
            }
        }
    }

    fn parameter_type(&mut self, json: Option<&Json>) -> ParameterType {
        let name = self.name;
        if json.is_none() {
            let problem = Problem::error("parameter-type", format!("parameter `{name}` has no `Type`"));
            self.problems.push(problem.with_hint("add `Type: String`").at(place(name, None)));
        }
        let Some(text) = self.text(json, "Type") else { return ParameterType::Unknown };
        let parsed = text.parse::<ParameterType>().unwrap_or_else(|hint| {
            let problem = Problem::error("parameter-type", format!("parameter `{name}` has the unknown type `{text}`"));
            self.problems.push(problem.with_hint(hint).at(place(name, Some("Type"))));
            ParameterType::Unknown
        });
        if let Some(hint) = parsed.undocumented() {
            let note = Problem::warning("parameter-type", format!("parameter `{name}` has the type `{text}`, which is not documented"));
            self.notes.push(note.with_hint(hint).at(place(name, Some("Type"))));
        }
        parsed
    }

    fn text(&mut self, json: Option<&Json>, attribute: &str) -> Option<String> {
        match json? {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            Json::Bool(boolean) => Some(boolean.to_string()),
            Json::Null | Json::Array(_) | Json::Object(_) => {
                let problem = Problem::error("not-text", format!("`{attribute}` of parameter `{}` is not a string", self.name));
                self.problems.push(problem.with_hint("functions and lists are not allowed here").at(place(self.name, Some(attribute))));
                None
            }
        }
    }

    fn number<N: std::str::FromStr>(&mut self, json: Option<&Json>, attribute: &str) -> Option<N> {
        let text = self.text(json, attribute)?;
        let number = text.trim().parse().ok();
        if number.is_none() {
            let problem = Problem::error("not-a-number", format!("`{attribute}` of parameter `{}` is `{text}`, not a number", self.name));
            self.problems.push(problem.at(place(self.name, Some(attribute))));
        }
        number
    }

    fn allowed_values(&mut self, json: Option<&Json>) -> Vec<String> {
        match json {
            None => Vec::new(),
            Some(Json::Array(values)) => {
                let texts: Vec<_> = values.iter().map(|value| self.text(Some(value), "AllowedValues")).collect();
                // If one is unreadable, any value can be allowed.
                texts.into_iter().collect::<Option<_>>().unwrap_or_default()
            }
            Some(_) => {
                let problem = Problem::error("not-a-list", format!("`AllowedValues` of parameter `{}` is not a list", self.name));
                self.problems.push(problem.at(place(self.name, Some("AllowedValues"))));
                Vec::new()
            }
        }
    }

    /// Java's expressions have more features than this engine, which never backtracks. A pattern
    /// that cannot be checked gets a note.
    fn pattern(&mut self, text: &str) -> AllowedPattern {
        let pattern = AllowedPattern::new(text);
        if let Some(reason) = pattern.unchecked() {
            let message = format!("the `AllowedPattern` of `{}` cannot be checked locally: {reason}", self.name);
            let note = Problem::warning("pattern-not-checked", message)
                .with_hint("CloudFormation checks it in each account; simplify the pattern to check it earlier")
                .at(place(self.name, Some("AllowedPattern")));
            self.notes.push(note);
        }
        pattern
    }
}
