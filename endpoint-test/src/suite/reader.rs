//! Reads the tree of a suite file into a [`Suite`] and collects all that is wrong with it on the way.

mod fields;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

pub(super) use self::fields::{Fields, Reader, number};
use super::document::{self, Content, Node};
use super::errors::{Source, SuiteErrors};
use super::{Case, FORMAT_VERSION, Suite, expectation_reader, load, media_type, payload};
use crate::load::LoadPlan;
use crate::problem::{Place, Problem};

/// The largest suite file, in bytes. Larger payloads belong into files of their own.
const LARGEST: usize = 8 * 1024 * 1024;

/// The most characters of a case's name: CodeBuild cuts a test case's name at 1000, and a target's checks share it.
const LONGEST_NAME: usize = 300;

pub(super) const SUITE_KEYS: &[&str] = &["version", "name", "defaults", "cases", "load"];
pub(super) const DEFAULTS_KEYS: &[&str] = &["accept", "content_type", "timeout", "target_variant", "custom_attributes"];
pub(super) const CASE_KEYS: &[&str] =
    &["name", "payload", "accept", "content_type", "timeout", "target_variant", "custom_attributes", "expect"];

/// What a case inherits.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) accept: Option<String>,
    pub(super) content_type: Option<String>,
    timeout: Option<Duration>,
    target_variant: Option<String>,
    custom_attributes: Option<String>,
}

/// Reads a suite file's text.
pub(super) fn read(text: &str, path: &Path) -> Result<Suite, SuiteErrors> {
    let source = Source::new(path, text);
    if text.len() > LARGEST {
        let problem = Problem::new(format!("the file has {} bytes, and a suite may have {LARGEST}", text.len()))
            .hint("put large payloads into files and name them with `file`");
        return Err(SuiteErrors::new(source, vec![problem]));
    }
    let root = match document::parse(text) {
        Ok(root) => root,
        Err(problem) => return Err(SuiteErrors::new(source, vec![problem])),
    };
    let mut reader = Reader::default();
    let (cases, load) = suite(&mut reader, &root);
    if reader.problems.is_empty() {
        Ok(Suite { cases, load, warnings: reader.warnings, source })
    } else {
        Err(SuiteErrors::new(source, reader.problems))
    }
}

fn suite(reader: &mut Reader, root: &Node) -> (Vec<Case>, Option<LoadPlan>) {
    let Some(fields) = reader.fields(root, "a suite", SUITE_KEYS) else { return (Vec::new(), None) };
    version(reader, &fields);
    fields.text(reader, "name");
    let defaults = match fields.get("defaults") {
        Some(node) => reader.fields(node, "`defaults`", DEFAULTS_KEYS).map(|fields| settings(reader, &fields)).unwrap_or_default(),
        None => Settings::default(),
    };
    let nodes: &[Node] = match fields.require(reader, "cases").map(|node| (&node.content, node)) {
        Some((Content::List(nodes), _)) => nodes,
        // A key with nothing behind it is an empty list: all cases were commented out.
        Some((Content::Null, _)) | None => &[],
        Some((_, node)) => {
            reader.problem(node.place, format!("`cases` must be a list, not {}", node.kind())).hint =
                Some("begin each case with `- name:`".to_owned());
            &[]
        }
    };
    let mut names = HashMap::new();
    let cases: Vec<Case> = nodes.iter().filter_map(|node| case(reader, node, &defaults, &mut names)).collect();
    let load = fields.get("load").and_then(|node| load::read(reader, node, &names, &cases));
    (cases, load)
}

fn version(reader: &mut Reader, fields: &Fields<'_>) {
    let Some(node) = fields.require(reader, "version") else { return };
    match &node.content {
        Content::Number(number) if number.as_u64() == Some(FORMAT_VERSION.into()) => {}
        content => {
            let found = match content {
                Content::Number(number) => number.to_string(),
                Content::Text(text) => format!("{text:?}"),
                _ => node.kind().to_owned(),
            };
            let problem = reader.problem(node.place, format!("`version` is {found}, and this program reads version {FORMAT_VERSION}"));
            problem.hint = Some(format!("write `version: {FORMAT_VERSION}`, or use a newer program"));
        }
    }
}

fn settings(reader: &mut Reader, fields: &Fields<'_>) -> Settings {
    Settings {
        accept: media(reader, fields, "accept"),
        content_type: media(reader, fields, "content_type"),
        timeout: fields.duration(reader, "timeout"),
        target_variant: target_variant(reader, fields),
        custom_attributes: custom_attributes(reader, fields),
    }
}

fn case(reader: &mut Reader, node: &Node, defaults: &Settings, names: &mut HashMap<String, Place>) -> Option<Case> {
    let fields = reader.fields(node, "a case", CASE_KEYS)?;
    let name = name(reader, &fields, names);
    let own = settings(reader, &fields);
    let payload = fields.require(reader, "payload").and_then(|node| payload::read(reader, node, &own, defaults));
    let expectation = expectation_reader::read(reader, fields.get("expect"));
    let (payload, content_type) = payload?;
    Some(Case {
        name: name?,
        payload,
        content_type,
        accept: own.accept.or_else(|| defaults.accept.clone()),
        custom_attributes: own.custom_attributes.or_else(|| defaults.custom_attributes.clone()),
        target_variant: own.target_variant.or_else(|| defaults.target_variant.clone()),
        timeout: own.timeout.or(defaults.timeout),
        expectation: expectation?,
    })
}

/// Names go into reports and JUnit files, where a case is found by its name alone.
fn name(reader: &mut Reader, fields: &Fields<'_>, names: &mut HashMap<String, Place>) -> Option<String> {
    let place = fields.require(reader, "name")?.place;
    let name = fields.text(reader, "name")?.trim().to_owned();
    if name.is_empty() {
        reader.problem(place, "a case's `name` is empty").hint =
            Some("say what the case shows, such as `one flower gets a species`".to_owned());
        return None;
    }
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        reader.problem(place, format!("a case's `name` is one line of at most {LONGEST_NAME} characters"));
        return None;
    }
    if let Some(first) = names.insert(name.clone(), place) {
        reader.problem(place, format!("two cases have the name `{name}`")).hint = Some(format!("the first is on line {}", first.line));
        return None;
    }
    Some(name)
}

pub(super) fn media(reader: &mut Reader, fields: &Fields<'_>, key: &'static str) -> Option<String> {
    let text = fields.text(reader, key)?.trim();
    if media_type::is_valid(text) {
        return Some(text.to_owned());
    }
    let place = fields.place(key);
    reader.problem(place, format!("`{key}` must be a media type, not `{text}`")).hint =
        Some("for example `text/csv` or `application/json`".to_owned());
    None
}

/// `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`, the API's pattern of a variant's name.
fn target_variant(reader: &mut Reader, fields: &Fields<'_>) -> Option<String> {
    let text = fields.text(reader, "target_variant")?;
    let inner = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if inner && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-') {
        return Some(text.to_owned());
    }
    let place = fields.place("target_variant");
    reader.problem(place, format!("`{text}` cannot be a variant's name")).hint =
        Some("letters, digits and inner hyphens, at most 63".to_owned());
    None
}

/// InvokeEndpoint takes at most 1024 printable ASCII characters.
fn custom_attributes(reader: &mut Reader, fields: &Fields<'_>) -> Option<String> {
    let text = fields.text(reader, "custom_attributes")?;
    if text.len() <= 1024 && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Some(text.to_owned());
    }
    let place = fields.place("custom_attributes");
    reader.problem(place, "`custom_attributes` must be at most 1024 printable ASCII characters");
    None
}
