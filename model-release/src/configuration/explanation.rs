//! Where each parameter of a stage comes from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_names::{AccountId, Region};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;
use stage_config::{Merged, Place, SetBy, Setting, Value, merge};

use super::{Configuration, Pipeline, StageParameters};
use crate::manifest::ParameterOverride;

/// What stands in the place of a secret.
const MASK: &str = "****";

/// Every parameter of a stage.
#[derive(Debug, Serialize)]
pub struct Explanation {
    schema_version: u32,
    stage: String,
    account: Option<String>,
    region: Option<String>,
    /// In the order of their names.
    parameters: Vec<Parameter>,
    /// What somebody knows and the template does not declare.
    not_passed: Vec<NotPassed>,
    /// What is another value somewhere; a later one wins.
    overrides: Vec<ParameterOverride>,
}

#[derive(Debug, Serialize)]
struct Parameter {
    name: String,
    /// None when it is secret, not known, or what the stack has now.
    value: Option<String>,
    /// `asked`, `offered`, `default`, `not-known` or `missing`.
    standing: &'static str,
    no_echo: bool,
    /// Whether the stack keeps the value that it has.
    use_previous_value: bool,
    origin: Origin,
    /// The newest first.
    replaced: Vec<Replaced>,
}

#[derive(Debug, Serialize)]
struct Replaced {
    value: Option<String>,
    origin: Origin,
}

#[derive(Debug, Serialize)]
struct NotPassed {
    name: String,
    origin: Origin,
}

/// A place, for people and for programs.
#[derive(Debug, Serialize)]
struct Origin {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl Explanation {
    /// The parameters of a stage, in this account and region where they are named.
    pub fn new(
        configuration: &Configuration,
        pipeline: &Pipeline<'_>,
        stage: &StageParameters,
        (account, region): (Option<&str>, Option<&str>),
    ) -> Self {
        let overridden = configuration.overrides(pipeline.stage, (account, region));
        let merged = merge([stage.merged.clone(), overridden]);
        let parameters = configuration.section.declarations.keys().map(|name| parameter(configuration, pipeline, &merged, name)).collect();
        let undeclared = merged.parameters.iter().filter(|(name, _)| !configuration.section.declarations.contains_key(*name));
        let holds = |known: &&ParameterOverride| {
            let here = |named: Option<&str>, asked: Option<&str>| asked.is_none() || named.is_none() || named == asked;
            here(known.account.as_ref().map(AccountId::as_str), account) && here(known.region.as_ref().map(Region::as_str), region)
        };
        Self {
            schema_version: 1,
            stage: pipeline.stage.name().to_owned(),
            account: account.map(str::to_owned),
            region: region.map(str::to_owned),
            parameters,
            not_passed: undeclared.map(|(name, setting)| NotPassed { name: name.clone(), origin: origin(&setting.named_at) }).collect(),
            overrides: stage.overrides.iter().filter(holds).map(|known| masked(configuration, known)).collect(),
        }
    }

    /// The same as a table.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["PARAMETER", "VALUE", "FROM", "INSTEAD OF"]);
        // What somebody chose comes first; the template's defaults are many.
        let (defaults, chosen): (Vec<_>, Vec<_>) = self.parameters.iter().partition(|parameter| parameter.standing == "default");
        for parameter in chosen.into_iter().chain(defaults) {
            let replaced: Vec<String> = parameter
                .replaced
                .iter()
                .map(|replaced| {
                    format!("{} ({})", replaced.value.as_deref().map_or_else(|| MASK.to_owned(), one_line), replaced.origin.text)
                })
                .collect();
            table.add_row([parameter.name.clone(), parameter.shown(), parameter.origin.text.clone(), replaced.join(", ")]);
        }
        let mut text = table.lines().fold(String::new(), |text, line| text + line.trim() + "\n");
        if !self.not_passed.is_empty() {
            let names: Vec<&str> = self.not_passed.iter().map(|known| known.name.as_str()).collect();
            let _ = writeln!(text, "\nNot passed on, since the template does not declare it: {}", names.join(", "));
        }
        if !self.overrides.is_empty() {
            text += "\nOverrides, a later one before an earlier one:\n";
        }
        for known in &self.overrides {
            let target: Vec<&str> =
                [known.account.as_ref().map(AccountId::as_str), known.region.as_ref().map(Region::as_str)].into_iter().flatten().collect();
            let values: Vec<String> = known.parameters.iter().map(|(name, value)| format!("{name} = {}", one_line(value))).collect();
            let _ = writeln!(text, "  {}: {}", target.join(" in "), values.join(", "));
        }
        text.truncate(text.trim_end().len());
        text
    }
}

impl Parameter {
    fn shown(&self) -> String {
        match (&self.value, self.no_echo, self.use_previous_value) {
            (Some(value), ..) => one_line(value),
            (None, _, true) => "(the stack's own)".to_owned(),
            (None, true, _) if self.standing != "missing" => MASK.to_owned(),
            _ => "-".to_owned(),
        }
    }
}

fn parameter(configuration: &Configuration, pipeline: &Pipeline<'_>, merged: &Merged, name: &str) -> Parameter {
    let declaration = &configuration.section.declarations[name];
    let no_echo = declaration.no_echo;
    let shown = |value: &Value| value.text().filter(|_| !no_echo).map(str::to_owned);
    let base = Parameter {
        name: name.to_owned(),
        value: None,
        standing: "missing",
        no_echo,
        use_previous_value: false,
        origin: text_origin("nothing gives it".to_owned()),
        replaced: Vec::new(),
    };
    let Some(setting) = merged.parameters.get(name) else {
        if pipeline.not_known().contains(name) {
            let source = pipeline.source(name);
            return Parameter { standing: "not-known", origin: text_origin(format!("{source} (not known here)")), ..base };
        }
        return match &declaration.default {
            Some(default) => Parameter {
                value: (!no_echo).then(|| default.clone()),
                standing: "default",
                origin: default_origin(configuration, name),
                ..base
            },
            None => base,
        };
    };
    let replaced = |setting: &Setting| Replaced { value: shown(&setting.value), origin: origin(&setting.origin) };
    Parameter {
        value: shown(&setting.value),
        standing: match setting.set_by {
            SetBy::StageFile => "asked",
            SetBy::Pipeline => "offered",
        },
        use_previous_value: setting.value == Value::Previous,
        origin: origin(&setting.origin),
        replaced: setting.history().skip(1).map(replaced).collect(),
        ..base
    }
}

fn masked(configuration: &Configuration, known: &ParameterOverride) -> ParameterOverride {
    let is_secret = |name: &String| configuration.section.declarations.get(name).is_some_and(|declaration| declaration.no_echo);
    let mask = |(name, value): (&String, &String)| (name.clone(), if is_secret(name) { MASK.to_owned() } else { value.clone() });
    let parameters: BTreeMap<String, String> = known.parameters.iter().map(mask).collect();
    ParameterOverride { parameters, ..known.clone() }
}

fn default_origin(configuration: &Configuration, name: &str) -> Origin {
    let path = configuration.template.path().display().to_string();
    match configuration.template.locate(&format!("/Parameters/{name}/Default")) {
        Some(span) => Origin {
            text: format!("{path}:{}:{} (default)", span.line, span.column),
            path: Some(path),
            line: Some(span.line),
            column: Some(span.column),
        },
        None => text_origin(format!("{path} (default)")),
    }
}

fn origin(place: &Place) -> Origin {
    match place {
        Place::File { path, line, column } => {
            Origin { text: place.to_string(), path: Some(path.clone()), line: Some(*line), column: Some(*column) }
        }
        other => text_origin(other.to_string()),
    }
}

fn text_origin(text: String) -> Origin {
    Origin { text, path: None, line: None, column: None }
}

/// A value on one line; one that would not show as it is, in quotes.
fn one_line(value: &str) -> String {
    let plain = !value.is_empty() && value.trim() == value && !value.chars().any(endpoint_test::report::is_steering);
    if plain { value.to_owned() } else { format!("{value:?}") }
}
