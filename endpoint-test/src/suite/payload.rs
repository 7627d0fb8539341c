//! The payload of a case: one of `csv`, `json`, `text`, `base64`, `file`, `rows` and `sample`.

use std::path::{Component, Path};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::case::{Input, Payload};
use super::document::{Content, Node};
use super::reader::{Fields, Reader, Settings, media};
use super::{rows_reader, samples};
use crate::media_type;
use crate::problem::{Place, Problem};
use crate::target::{LARGE_BODY, MAX_BODY};

pub(super) const PAYLOAD_KEYS: &[&str] = &["csv", "json", "text", "base64", "file", "rows", "sample", "content_type"];
const KINDS: &[&str] = &["csv", "json", "text", "base64", "file", "rows", "sample"];

/// Reads a payload and determines its media type, in this order: the case's own, that of the kind
/// of payload, the suite's default, that of the file name extension.
pub(super) fn read(reader: &mut Reader, node: &Node, own: &Settings, defaults: &Settings) -> Option<(Input, String)> {
    let fields = reader.fields(node, "`payload`", PAYLOAD_KEYS)?;
    let kinds: Vec<&str> = KINDS.iter().copied().filter(|kind| fields.get(kind).is_some()).collect();
    let &[kind] = kinds.as_slice() else {
        let message = match kinds.as_slice() {
            [] if !fields.lacks_all(KINDS) => return None,
            [] => "`payload` is empty".to_owned(),
            _ => format!("`payload` has {} at once", kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" and ")),
        };
        reader.problem(node.place, message).hint =
            Some("give one of `csv`, `json`, `text`, `base64`, `file`, `rows` and `sample`".to_owned());
        return None;
    };
    fields.get("json").into_iter().for_each(|node| reader.warn_about_words("json", node));
    let declared = content_type(reader, &fields, own);
    let inherited = || defaults.content_type.clone();
    let usual = |content_type: &str| Some(content_type.to_owned());
    let place = fields.place(kind);
    let (input, content_type) = match kind {
        "json" => (inline(reader, place, fields.get(kind)?.to_json_text().into_bytes())?, declared.or_else(|| usual("application/json"))),
        "csv" => (csv(reader, &fields)?, declared.or_else(|| usual("text/csv"))),
        "text" => {
            let text = fields.text(reader, kind)?.to_owned();
            (inline(reader, place, text.into_bytes())?, declared.or_else(inherited).or_else(|| usual("text/plain")))
        }
        "base64" => (base64(reader, &fields)?, declared.or_else(inherited)),
        "rows" => {
            let rows = rows_reader::read(reader, fields.get(kind)?)?;
            let content_type = declared.or_else(|| usual(rows.format.content_type()));
            (Input::Rows(rows), content_type)
        }
        "sample" => {
            let file = fields.text(reader, kind)?;
            let file = if file == "all" { None } else { Some(inside(reader, place, "sample", file)?.trim_start_matches("./").to_owned()) };
            let content_type = declared.or_else(inherited).or_else(|| usual(samples::UNKNOWN));
            (Input::One(Payload::Sample { file, problem: None }), content_type)
        }
        _ => {
            let path = fields.text(reader, kind)?;
            let content_type = declared.or_else(inherited).or_else(|| media_type::of_file(path).map(str::to_owned));
            let path = inside(reader, place, "file", path)?;
            (Input::One(Payload::File { path, place }), content_type)
        }
    };
    if content_type.is_none() {
        reader.problem(place, "the payload's media type is unknown").hint = Some(format!("add `content_type` beside `{kind}`"));
    }
    Some((input, content_type?))
}

/// The media type that the case sets, beside its payload or one level above.
fn content_type(reader: &mut Reader, fields: &Fields<'_>, own: &Settings) -> Option<String> {
    let beside = media(reader, fields, "content_type");
    if beside.is_some() && own.content_type.is_some() && beside != own.content_type {
        let place = fields.place("content_type");
        reader.problem(place, "the case and its payload name different media types").hint = Some("keep one `content_type`".to_owned());
    }
    beside.or_else(|| own.content_type.clone())
}

/// CSV is text: YAML would change the digits of a single number.
fn csv(reader: &mut Reader, fields: &Fields<'_>) -> Option<Input> {
    let place = fields.place("csv");
    if let Some(Node { content: Content::List(_), .. }) = fields.get("csv") {
        reader.problem(place, "`csv` must be text, not a list").hint =
            Some("write the rows as they are sent: `csv: \"5.1,3.5,1.4,0.2\"`".to_owned());
        return None;
    }
    let text = fields.text(reader, "csv")?.to_owned();
    inline(reader, place, text.into_bytes())
}

/// Bytes as base64 with padding; whitespace is ignored.
fn base64(reader: &mut Reader, fields: &Fields<'_>) -> Option<Input> {
    let place = fields.place("base64");
    let text: String = fields.text(reader, "base64")?.split_ascii_whitespace().collect();
    match STANDARD.decode(text) {
        Ok(body) => inline(reader, place, body),
        Err(error) => {
            reader.problem(place, format!("this is not base64: {error}")).hint =
                Some("`base64 -w0 FILE` encodes a file; use `file` for a larger payload".to_owned());
            None
        }
    }
}

fn inline(reader: &mut Reader, place: Place, body: Vec<u8>) -> Option<Input> {
    match sized(Bytes::from(body), place) {
        Ok((body, warning)) => {
            reader.warnings.extend(warning);
            Some(Input::One(Payload::Loaded(body)))
        }
        Err(problem) => {
            reader.problems.push(problem);
            None
        }
    }
}

/// A body within the size limit of AWS, with a warning if some endpoints refuse it.
pub(super) fn sized(body: Bytes, place: Place) -> Result<(Bytes, Option<Problem>), Problem> {
    let size = body.len();
    if size > MAX_BODY {
        let problem = Problem::new(format!("the payload has {size} bytes; a real-time endpoint accepts {MAX_BODY}"));
        return Err(problem.at(Some(place)).with_hint("send less, or use an asynchronous endpoint"));
    }
    let warning = (size > LARGE_BODY)
        .then(|| Problem::new(format!("the payload has {size} bytes; some endpoints accept only {LARGE_BODY}")).at(Some(place)));
    Ok((body, warning))
}

/// A path within the suite's folder, judged by its text; links are checked when the file is read.
pub(super) fn inside(reader: &mut Reader, place: Place, key: &str, path: &str) -> Option<String> {
    let inside = !path.is_empty()
        && !path.contains(['\\', ':', '\0'])
        && Path::new(path).components().all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    if !inside {
        reader.problem(place, format!("`{key}: {path}` is not a path within the suite's folder")).hint =
            Some("give a path relative to the suite file, with `/` and without `..`".to_owned());
        return None;
    }
    Some(path.to_owned())
}
