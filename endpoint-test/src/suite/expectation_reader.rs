//! Reads `expect` and `expect_each`: a response, each row's response, and all rows together.

mod json;
mod metrics;
mod tabular;

use std::time::Duration;

use regex::{Regex, RegexBuilder};

pub(super) use self::json::JSON_KEYS;
pub(super) use self::metrics::{BOUNDS_KEYS, LIMIT_KEYS, METRICS_KEYS, SEGMENT_KEYS, SOURCE_KEYS, source};
pub(super) use self::tabular::{CSV_KEYS, JSON_LINES_KEYS};
use super::case::{PendingFile, PendingKind, WholeExpectation};
use super::document::{Content, Node};
use super::limits_reader;
use super::payload::inside;
use super::reader::{Fields, Reader, addresses, media};
use crate::expect::golden::GoldenExpectation;
use crate::expect::latency::LatencyLimit;
use crate::expect::number::Tolerance;
use crate::expect::schema::SchemaExpectation;
use crate::expect::{
    CommandExpectation, ERROR_STATUSES, Expectation, LatencyMax, ModelErrorExpectation, RESPONSE_STATUSES, ResponseExpectation, TextRule,
};
use crate::problem::Place;

const RESPONSE_KEYS: &[&str] = &["status", "content_type", "text", "json", "csv", "jsonl", "schema", "golden", "check"];
pub(super) const EXPECT_KEYS: &[&str] =
    &["status", "content_type", "text", "json", "csv", "jsonl", "schema", "golden", "check", "metrics", "latency", "model_error"];
pub(super) const EXPECT_EACH_KEYS: &[&str] =
    &["status", "content_type", "text", "json", "csv", "jsonl", "schema", "check", "latency", "at_least", "observe"];
pub(super) const TEXT_KEYS: &[&str] = &["equals", "equals_column", "contains", "matches"];
pub(super) const GOLDEN_KEYS: &[&str] = &["file", "abs", "rel", "ignore"];
pub(super) const CHECK_KEYS: &[&str] = &["command", "timeout"];
pub(super) const LATENCY_KEYS: &[&str] = &["max"];
pub(super) const PERCENTILE_KEYS: &[&str] = &["p50", "p90", "p95", "p99", "max"];
pub(super) const MODEL_ERROR_KEYS: &[&str] = &["status", "message_contains"];

/// The memory limit of a compiled pattern, in bytes.
const PATTERN_SIZE: usize = 1 << 20;
/// The longest pattern, in bytes.
const PATTERN_LENGTH: usize = 10_000;
/// The deepest nesting of a pattern.
const PATTERN_DEPTH: u32 = 100;

/// The default timeout of a check program.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct ReadExpectation {
    pub(super) expectation: Expectation,
    pub(super) whole: Option<WholeExpectation>,
    /// Columns in it, to be found in the file.
    pub(super) columns: Vec<(String, Place)>,
    pub(super) pending: Vec<PendingFile>,
}

/// Reads the expectation for a case's one response; without `expect`, any response with a body.
pub(super) fn of_response(reader: &mut Reader, node: Option<&Node>) -> Option<ReadExpectation> {
    let Some(node) = node else { return Some(ReadExpectation::default()) };
    let fields = reader.fields(node, "`expect`", EXPECT_KEYS)?;
    let before = reader.problems.len();
    let mut read = ReadExpectation::default();
    if fields.get("metrics").is_some() {
        reader.problem(fields.key_place("metrics"), "`metrics` are over many responses: they need a payload of `rows`");
    }
    let latency_max = latency(reader, &fields);
    match fields.get("model_error") {
        Some(node) => {
            for key in RESPONSE_KEYS.iter().filter(|key| fields.get(key).is_some()) {
                let problem = reader
                    .problem(fields.key_place(key), format!("`{key}` cannot be checked together with `model_error`: there is no response"));
                problem.hint = Some("split the case in two, or use the keys of `model_error`".to_owned());
            }
            let expected = model_error(reader, node)?;
            read.expectation = Expectation::ModelError { expected, latency_max };
        }
        None => {
            read.expectation =
                Expectation::Response(Box::new(response(reader, &fields, latency_max, &mut read.pending, &mut read.columns)));
        }
    }
    if let Some((column, place)) = read.columns.first() {
        reader.problem(*place, format!("there is no column `{column}`: `equals_column` needs a payload of `rows`"));
    }
    (reader.problems.len() == before).then_some(read)
}

/// Reads the expectation for each row's response, and for all rows together.
pub(super) fn of_rows(reader: &mut Reader, each: Option<&Node>, whole: Option<&Node>) -> Option<ReadExpectation> {
    let before = reader.problems.len();
    let mut read = ReadExpectation::default();
    let mut all = WholeExpectation::default();
    if let Some(fields) = each.and_then(|node| reader.fields(node, "`expect_each`", EXPECT_EACH_KEYS)) {
        let latency_max = latency(reader, &fields);
        read.expectation = Expectation::Response(Box::new(response(reader, &fields, latency_max, &mut read.pending, &mut read.columns)));
        if let Some(limit) = limits_reader::share(reader, &fields, "at_least") {
            all.at_least = limit;
        }
        all.observe = limits_reader::observe(reader, &fields);
    }
    if let Some(fields) = whole.and_then(|node| reader.fields(node, "`expect`", EXPECT_KEYS)) {
        for key in EXPECT_KEYS.iter().filter(|key| !["metrics", "latency", "check"].contains(key) && fields.get(key).is_some()) {
            let problem = reader.problem(fields.key_place(key), format!("`{key}` is for one response, but each row has its own"));
            problem.hint = Some(match *key {
                "golden" | "model_error" => "put it into a separate case".to_owned(),
                _ => "write it under `expect_each`".to_owned(),
            });
        }
        all.metrics = fields.get("metrics").and_then(|node| metrics::read(reader, node, &mut read.columns));
        all.latency = percentiles(reader, &fields);
        all.command = fields.get("check").and_then(|node| command(reader, node));
    }
    read.whole = Some(all);
    (reader.problems.len() == before).then_some(read)
}

fn response(
    reader: &mut Reader,
    fields: &Fields<'_>,
    latency_max: Option<LatencyMax>,
    pending: &mut Vec<PendingFile>,
    columns: &mut Vec<(String, Place)>,
) -> ResponseExpectation {
    ResponseExpectation {
        status: status(reader, fields, false),
        content_type: media(reader, fields, "content_type"),
        text: fields.get("text").map(|node| text(reader, node, columns)).unwrap_or_default(),
        json: entries(reader, fields, "json").iter().flat_map(|node| json::read(reader, node, columns)).collect(),
        csv: entries(reader, fields, "csv").iter().flat_map(|node| tabular::csv(reader, node, columns)).collect(),
        jsonl: entries(reader, fields, "jsonl").iter().flat_map(|node| tabular::json_lines(reader, node, columns)).collect(),
        schema: fields.get("schema").and_then(|node| schema(reader, node, pending)),
        golden: fields.get("golden").and_then(|node| golden(reader, node, pending)),
        command: fields.get("check").and_then(|node| command(reader, node)),
        latency_max,
    }
}

/// The entries of a list of rules; none if the key is missing.
fn entries<'a>(reader: &mut Reader, fields: &Fields<'a>, key: &str) -> &'a [Node] {
    fields.get(key).and_then(|_| fields.list(reader, key)).unwrap_or_default()
}

/// The status of a response or, with `model_error`, of a model's error.
fn status(reader: &mut Reader, fields: &Fields<'_>, is_error: bool) -> Option<u16> {
    let node = fields.get("status")?;
    let range = if is_error { ERROR_STATUSES } else { RESPONSE_STATUSES };
    let status = node.number().and_then(|number| number.as_u64()).unwrap_or_default();
    if range.contains(&status) {
        return u16::try_from(status).ok();
    }
    let message = format!("`status` must be a whole number from {} to {}", range.start(), range.end());
    if is_error {
        let hint =
            RESPONSE_STATUSES.contains(&status).then(|| format!("for a response, write `status: {status}` instead of `model_error`"));
        reader.problem(node.place, message).hint = hint;
    } else if ERROR_STATUSES.contains(&status) {
        reader.problem(node.place, format!("status {status} is a model's error, not a response")).hint =
            Some(format!("write `model_error: {{ status: {status} }}`"));
    } else {
        reader.problem(node.place, message);
    }
    None
}

fn latency(reader: &mut Reader, fields: &Fields<'_>) -> Option<LatencyMax> {
    let fields = reader.fields(fields.get("latency")?, "`latency`", LATENCY_KEYS)?;
    fields.require(reader, "max")?;
    limits_reader::latency_max(reader, &fields)
}

/// Limits for percentiles over all rows.
fn percentiles(reader: &mut Reader, fields: &Fields<'_>) -> Vec<LatencyLimit> {
    let Some(node) = fields.get("latency") else { return Vec::new() };
    let Some(fields) = reader.fields(node, "`latency` of all rows", PERCENTILE_KEYS) else { return Vec::new() };
    if fields.lacks_all(PERCENTILE_KEYS) {
        reader.problem(node.place, "`latency` has no limit").hint = Some("such as `p95: 300ms`".to_owned());
    }
    limits_reader::percentiles(reader, &fields)
}

fn model_error(reader: &mut Reader, node: &Node) -> Option<ModelErrorExpectation> {
    let fields = reader.fields(node, "`model_error`", MODEL_ERROR_KEYS)?;
    let status = status(reader, &fields, true);
    let message_contains = fields.text(reader, "message_contains").map(str::to_owned);
    Some(ModelErrorExpectation { status, message_contains })
}

fn text(reader: &mut Reader, node: &Node, columns: &mut Vec<(String, Place)>) -> Vec<TextRule> {
    let Some(fields) = reader.fields(node, "`text`", TEXT_KEYS) else { return Vec::new() };
    if fields.lacks_all(TEXT_KEYS) {
        reader.problem(node.place, "`text` expects nothing").hint = Some("give `equals`, `contains` or `matches`".to_owned());
    }
    let equals = fields.text(reader, "equals").map(|text| TextRule::Equals(text.to_owned()));
    let column = fields.text(reader, "equals_column").map(|column| {
        columns.push((column.to_owned(), fields.place("equals_column")));
        TextRule::EqualsColumn(column.to_owned())
    });
    let contains = fields.text(reader, "contains").map(|text| TextRule::Contains(text.to_owned()));
    let matches = pattern(reader, &fields).map(TextRule::Matches);
    [equals, column, contains, matches].into_iter().flatten().collect()
}

/// A schema in a file, by its path, or inline.
fn schema(reader: &mut Reader, node: &Node, pending: &mut Vec<PendingFile>) -> Option<SchemaExpectation> {
    match &node.content {
        Content::Text(path) => {
            let path = inside(reader, node.place, "schema", path)?;
            pending.push(PendingFile { path, place: node.place, kind: PendingKind::Schema });
            None
        }
        Content::Map(_) | Content::Bool(_) => match SchemaExpectation::compile(&node.to_json().to_value(), "the suite's schema") {
            Ok(schema) => Some(schema),
            Err(message) => {
                reader.problem(node.place, message);
                None
            }
        },
        _ => {
            reader.problem(node.place, format!("`schema` must be the path of a JSON Schema or the schema itself, not {}", node.kind()));
            None
        }
    }
}

fn golden(reader: &mut Reader, node: &Node, pending: &mut Vec<PendingFile>) -> Option<GoldenExpectation> {
    let fields = reader.fields(node, "`golden`", GOLDEN_KEYS)?;
    fields.require(reader, "file");
    let place = fields.place("file");
    let file = fields.text(reader, "file").and_then(|path| inside(reader, place, "file", path));
    let abs = fields.tolerance(reader, "abs").unwrap_or(0.0);
    let rel = fields.tolerance(reader, "rel").unwrap_or(0.0);
    let ignore = addresses(reader, &fields, "ignore");
    let file = file?;
    pending.push(PendingFile { path: file.clone(), place, kind: PendingKind::Golden });
    Some(GoldenExpectation { file, tolerance: Tolerance { abs, rel }, ignore, content: None })
}

fn command(reader: &mut Reader, node: &Node) -> Option<CommandExpectation> {
    let fields = reader.fields(node, "`check`", CHECK_KEYS)?;
    let value = fields.require(reader, "command")?;
    if let Content::Text(text) = &value.content {
        // Strings are not split into words: there is no shell.
        let words: Vec<_> = text.split_whitespace().collect();
        reader.problem(value.place, "`command` must be a list: the program, and each of its arguments").hint =
            Some(format!("such as `command: [{}]`", words.join(", ")));
        return None;
    }
    let command: Vec<String> = fields.texts(reader, "command").into_iter().map(|(word, _)| word).collect();
    if command.first().is_none_or(|program| program.trim().is_empty()) || command.iter().any(|word| word.contains('\0')) {
        reader.problem(value.place, "`command` has no program");
        return None;
    }
    let timeout = fields.duration(reader, "timeout").unwrap_or(CHECK_TIMEOUT);
    Some(CommandExpectation { command, timeout })
}

fn pattern(reader: &mut Reader, fields: &Fields<'_>) -> Option<Regex> {
    let text = fields.text(reader, "matches")?;
    if text.len() > PATTERN_LENGTH {
        let problem = reader.problem(fields.place("matches"), format!("`matches` has {} bytes; the limit is {PATTERN_LENGTH}", text.len()));
        problem.hint = Some("give several rules, or a check of your own".to_owned());
        return None;
    }
    match RegexBuilder::new(text).size_limit(PATTERN_SIZE).nest_limit(PATTERN_DEPTH).build() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            // The last line of the library's message is the reason; those before show the pattern.
            let reason = error.to_string().lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
            reader.problem(fields.place("matches"), format!("`{text}` is not a regular expression: {reason}")).hint =
                Some("use the syntax of Rust's `regex` crate; in YAML, single quotes keep backslashes unchanged".to_owned());
            None
        }
    }
}
