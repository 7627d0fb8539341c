//! Reads one case.

use std::collections::HashMap;

use super::{Fields, Reader, Settings, settings};
use crate::problem::Place;
use crate::suite::case::{Case, Input, WholeExpectation};
use crate::suite::document::Node;
use crate::suite::{expectation_reader, payload};

/// The longest name of a case: CodeBuild cuts names at 1000 characters.
const MAX_NAME: usize = 300;

pub(in crate::suite) const CASE_KEYS: &[&str] = &[
    "name",
    "payload",
    "accept",
    "content_type",
    "timeout",
    "target_variant",
    "target_model",
    "target_container",
    "inference_component",
    "inference_id",
    "custom_attributes",
    "expect",
    "expect_each",
];

pub(super) fn read(reader: &mut Reader, node: &Node, defaults: &Settings, names: &mut HashMap<String, Place>) -> Option<Case> {
    let fields = reader.fields(node, "a case", CASE_KEYS)?;
    let name = name(reader, &fields, names);
    let own = settings::read(reader, &fields);
    let payload = fields.require(reader, "payload").and_then(|node| payload::read(reader, node, &own, defaults));
    // What is expected depends on the payload: if that is invalid, do not report both.
    let of_rows = match &payload {
        Some((input, _)) => matches!(input, Input::Rows(_)),
        None => fields.get("expect_each").is_some() || fields.get("payload").is_some_and(|node| node.has_key("rows")),
    };
    let read = if of_rows {
        expectation_reader::of_rows(reader, fields.get("expect_each"), fields.get("expect"))
    } else {
        if fields.get("expect_each").is_some() {
            reader.problem(fields.key_place("expect_each"), "`expect_each` needs a payload of `rows`").hint =
                Some("write `expect`".to_owned());
        }
        expectation_reader::of_response(reader, fields.get("expect"))
    };
    let (mut input, content_type) = payload?;
    // The files of a case are checked even if its expectation is wrong.
    let read = match read {
        Some(read) => read,
        None => expectation_reader::of_response(reader, None)?,
    };
    if let Input::Rows(rows) = &mut input {
        rows.used = read.columns;
        rows.segment = read.whole.iter().find_map(|whole| whole.metrics.as_ref()?.segment.as_ref()).map(|segment| segment.place);
    }
    Some(Case {
        // A missing name is already a problem; the case's files are checked anyway.
        name: name.unwrap_or_default(),
        timeout: own.timeout.or(defaults.timeout),
        selections: own.selections_over(defaults),
        status: [fields.get("expect"), fields.get("expect_each")]
            .into_iter()
            .flatten()
            .find_map(|node| node.get("status"))
            .map(|node| node.place),
        request: own.request_over(defaults),
        content_type,
        input,
        expectation: read.expectation,
        whole: read.whole.unwrap_or_else(WholeExpectation::default),
        pending: read.pending,
    })
}

/// Names are in reports and JUnit files, where they identify a case.
fn name(reader: &mut Reader, fields: &Fields<'_>, names: &mut HashMap<String, Place>) -> Option<String> {
    let place = fields.require(reader, "name")?.place;
    let name = fields.text(reader, "name")?.trim().to_owned();
    if name.is_empty() {
        reader.problem(place, "a case's `name` is empty").hint =
            Some("describe what the case tests, such as `one flower gets a species`".to_owned());
        return None;
    }
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        reader.problem(place, format!("a case's `name` is one line of at most {MAX_NAME} characters"));
        return None;
    }
    if let Some(first) = names.insert(name.clone(), place) {
        reader.problem(place, format!("two cases have the name `{name}`")).hint = Some(format!("the first is on line {}", first.line));
        return None;
    }
    Some(name)
}
