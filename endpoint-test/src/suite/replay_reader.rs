//! Reads `replay`: captured requests that are sent again, and what must hold.

use super::document::{Content, Node};
use super::expectation_reader;
use super::limits_reader::{observe, share};
use super::reader::{Fields, Reader, is_name};
use crate::expect::address::Address;
use crate::replay::{DriftLimit, RedactedAt, Redaction, Redactions, ReplaySettings};

pub(super) const REPLAY_KEYS: &[&str] =
    &["from", "requests", "per_second", "at_once", "shadow", "redact", "score", "at_most", "observe", "psi", "ks"];
pub(super) const REDACTION_KEYS: &[&str] = &["at", "column", "replace_with", "drop", "optional"];
pub(super) const DRIFT_KEYS: &[&str] = &["at_most", "observe"];

/// The most requests of a replay, and the most in a second: it is a test, and no load.
const MAX_REQUESTS: u64 = 1_000_000;
const MAX_PER_SECOND: f64 = 1000.0;
/// The most requests at the same time.
const MAX_AT_ONCE: u64 = 64;

pub(super) fn read(reader: &mut Reader, node: &Node) -> Option<ReplaySettings> {
    let fields = reader.fields(node, "`replay`", REPLAY_KEYS)?;
    let usual = ReplaySettings::default();
    let from = fields.text(reader, "from").map(str::to_owned);
    if let Some(from) = from.as_deref().filter(|from| !from.starts_with("s3://") && is_outside(from)) {
        reader.problem(fields.place("from"), format!("`{from}` is not a folder below that of this file")).hint =
            Some("name a folder beside this file, or an S3 URI such as `s3://bucket/iris/AllTraffic/2026/11/26`".to_owned());
    }
    let requests = fields.whole(reader, "requests", 1, MAX_REQUESTS).unwrap_or(usual.requests);
    let at_once = fields.whole(reader, "at_once", 1, MAX_AT_ONCE).and_then(|count| usize::try_from(count).ok()).unwrap_or(usual.at_once);
    let per_second = fields.number(reader, "per_second").map_or(usual.per_second, |number| number.value());
    if !(per_second > 0.0 && per_second <= MAX_PER_SECOND) {
        reader.problem(fields.place("per_second"), format!("`per_second` must be above zero and at most {MAX_PER_SECOND}"));
    }
    let shadow = fields.text(reader, "shadow").map(str::to_owned);
    if let Some(name) = shadow.as_deref().filter(|name| !is_name(name)) {
        reader.problem(fields.place("shadow"), format!("`{name}` cannot be a variant's name")).hint =
            Some("letters, digits and inner hyphens, at most 63".to_owned());
    }
    let redactions = redactions(reader, &fields);
    let score = if fields.get("score").is_some() { expectation_reader::source(reader, &fields, "score") } else { None };
    let at_most = share(reader, &fields, "at_most");
    let observe = observe(reader, &fields);
    if observe && at_most.is_none() {
        reader.problem(fields.key_place("observe"), "`observe` beside `at_most` is for it, and there is none").hint =
            Some("write `observe: true` under `psi` or `ks`".to_owned());
    }
    let (psi, ks) = (drift(reader, &fields, "psi"), drift(reader, &fields, "ks"));
    for key in ["psi", "ks"] {
        if fields.get(key).is_some() && fields.get("score").is_none() {
            reader.problem(fields.key_place(key), format!("`{key}` needs `score`")).hint =
                Some("the location of the score in each response, such as `score: /predictions/0/score`".to_owned());
        }
    }
    Some(ReplaySettings { from, requests, per_second, at_once, shadow, redactions, score, at_most, psi, ks, observe })
}

fn is_outside(folder: &str) -> bool {
    folder.is_empty() || folder.starts_with(['/', '\\']) || folder.contains(':') || folder.split(['/', '\\']).any(|step| step == "..")
}

fn drift(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Option<DriftLimit> {
    let node = fields.get(key)?;
    if !matches!(node.content, Content::Map(_)) {
        return Some(DriftLimit { at_most: fields.tolerance(reader, key)?, observe: false });
    }
    let what = format!("`{key}`");
    let fields = reader.fields(node, &what, DRIFT_KEYS)?;
    fields.require(reader, "at_most");
    let observe = observe(reader, &fields);
    Some(DriftLimit { at_most: fields.tolerance(reader, "at_most")?, observe })
}

fn redactions(reader: &mut Reader, fields: &Fields<'_>) -> Redactions {
    if fields.get("redact").is_none() {
        return Redactions::default();
    }
    let nodes = fields.list(reader, "redact").unwrap_or_default();
    Redactions(nodes.iter().filter_map(|node| redaction(reader, node)).collect())
}

fn redaction(reader: &mut Reader, node: &Node) -> Option<Redaction> {
    let at = |reader: &mut Reader, text: &str, node: &Node| match Address::parse(text) {
        Ok(address) => Some(RedactedAt::Json(address)),
        Err((message, hint)) => {
            reader.problem(node.place, message).hint = Some(format!("{hint}; a column of CSV is `{{ column: 0 }}`"));
            None
        }
    };
    if let Content::Text(text) = &node.content {
        return Some(Redaction { at: at(reader, text, node)?, replace_with: None, drop: false, optional: false });
    }
    let fields = reader.fields(node, "a field of `redact`", REDACTION_KEYS)?;
    let found = match (fields.get("at"), fields.get("column")) {
        (Some(node), None) => {
            let text = fields.text(reader, "at")?;
            at(reader, text, node)?
        }
        (None, Some(_)) => RedactedAt::Column(usize::try_from(fields.whole(reader, "column", 0, 100_000)?).ok()?),
        _ => {
            reader.problem(node.place, "a field of `redact` needs either `at` or `column`").hint =
                Some("`at` is a location in JSON, such as `/customer/name`; `column` the number of a column of CSV, from 0".to_owned());
            return None;
        }
    };
    let replace_with = fields.text(reader, "replace_with").map(str::to_owned);
    let drop = fields.boolean(reader, "drop").unwrap_or(false);
    if drop && (replace_with.is_some() || matches!(found, RedactedAt::Column(_))) {
        reader.problem(fields.key_place("drop"), "`drop` is for a key of JSON, without `replace_with`").hint =
            Some("a dropped column would shift the others: it is replaced with an empty cell".to_owned());
    }
    Some(Redaction { at: found, replace_with, drop, optional: fields.boolean(reader, "optional").unwrap_or(false) })
}
