//! Reads `payload: { rows: … }`: the rows of a CSV or JSON Lines file, each of which becomes a request.

use std::sync::Arc;

use super::case::{RowsInput, WholeExpectation};
use super::document::Node;
use super::outlook;
use super::payload::inside;
use super::reader::Reader;
use crate::problem::{Place, Problem};
use crate::rows::{MAX_ROWS, Row, RowFormat, Table};

pub(super) const ROWS_KEYS: &[&str] = &["file", "header", "drop", "columns", "first", "as", "at_once"];

/// The most requests of one case in flight. A case is no load test.
const MAX_AT_ONCE: u64 = 64;

pub(super) fn read(reader: &mut Reader, node: &Node) -> Option<RowsInput> {
    let fields = reader.fields(node, "`rows`", ROWS_KEYS)?;
    let before = reader.problems.len();
    fields.require(reader, "file");
    let place = fields.place("file");
    let file = fields.text(reader, "file").and_then(|path| inside(reader, place, "file", path));
    let json_lines = file.as_deref().is_some_and(is_json_lines);
    if json_lines && fields.get("header").is_some() {
        reader.problem(fields.key_place("header"), "`header` is for CSV files: JSON Lines have a name for each value").hint =
            Some("remove it".to_owned());
    }
    let header = fields.boolean(reader, "header").unwrap_or(true);
    let drop = fields.texts(reader, "drop");
    let columns = fields.get("columns").map(|_| fields.texts(reader, "columns"));
    if columns.is_some() && !drop.is_empty() {
        reader.problem(fields.key_place("drop"), "`rows` has `columns` and `drop` at once").hint =
            Some("give the columns to send, or those to drop".to_owned());
    }
    let first = fields.whole(reader, "first", 1, MAX_ROWS as u64).and_then(|first| usize::try_from(first).ok());
    let format = match fields.text(reader, "as") {
        None if json_lines => RowFormat::JsonLines,
        None => RowFormat::default(),
        Some(name) => match RowFormat::NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, format)) => *format,
            None => {
                let known: Vec<_> = RowFormat::NAMES.iter().map(|(known, _)| format!("`{known}`")).collect();
                reader.problem(fields.place("as"), format!("rows cannot be sent as `{name}`")).hint =
                    Some(format!("the formats are {}", known.join(", ")));
                RowFormat::default()
            }
        },
    };
    let at_once = fields.whole(reader, "at_once", 1, MAX_AT_ONCE).and_then(|number| usize::try_from(number).ok()).unwrap_or(1);
    let input = RowsInput {
        file: file?,
        place,
        json_lines,
        header,
        drop,
        columns,
        first,
        used: Vec::new(),
        segment: None,
        format,
        at_once,
        table: None,
        sent: Vec::new(),
    };
    (reader.problems.len() == before).then_some(input)
}

/// Whether the file's name is that of a JSON Lines file.
pub(crate) fn is_json_lines(file: &str) -> bool {
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("jsonl" | "jsonlines" | "ndjson"))
}

/// Parses the file's content and finds every column in use. Returns warnings.
pub(super) fn load(rows: &mut RowsInput, whole: &WholeExpectation, content: &[u8]) -> Result<Vec<Problem>, Vec<Problem>> {
    let read = if rows.json_lines { Table::read_json_lines(content, rows.first) } else { Table::read(content, rows.header, rows.first) };
    let table = read
        .map_err(|message| vec![Problem::new(format!("`{}` cannot be read as rows: {message}", rows.file)).at(Some(rows.place))])
        .map(Arc::new)?;
    let mut problems = Vec::new();
    let mut find = |(name, place): &(String, Place)| {
        let position = table.position(name);
        if position.is_none() {
            let known: Vec<_> = table.names().iter().take(20).map(|name| format!("`{name}`")).collect();
            let problem = Problem::new(format!("`{}` has no column `{name}`", rows.file)).at(Some(*place));
            problems.push(problem.with_hint(format!("its columns are {}", known.join(", "))));
        }
        position
    };
    let dropped: Vec<_> = rows.drop.iter().filter_map(&mut find).collect();
    let chosen: Option<Vec<_>> = rows.columns.as_ref().map(|columns| columns.iter().filter_map(&mut find).collect());
    let used: Vec<_> = rows.used.iter().filter_map(|column| Some((column, find(column)?))).collect();
    rows.sent = chosen.unwrap_or_else(|| (0..table.names().len()).filter(|column| !dropped.contains(column)).collect());
    if rows.sent.is_empty() && problems.is_empty() {
        problems.push(Problem::new(format!("no column of `{}` is sent", rows.file)).at(Some(rows.place)));
    }
    // A column that only some objects have may be sent, but is no label.
    for ((name, place), _) in &used {
        if let Some(row) = (0..table.len()).map(|index| Row::new(&table, index)).find(|row| row.column(name).is_none()) {
            problems.push(Problem::new(format!("line {} of `{}` has no `{name}`", row.line(), rows.file)).at(Some(*place)));
        }
    }
    let found = whole.latency.iter().filter_map(|limit| limit.too_few(table.len())).map(|why| (why, rows.place));
    let segments = whole.metrics.iter().filter_map(|metrics| metrics.segment.as_ref()).filter_map(|segment| {
        let names = (0..table.len()).map(|index| Row::new(&table, index).column(&segment.column).unwrap_or_default().to_owned());
        Some((segment.unfit(names, whole.metrics.as_ref()?)?, rows.segment.unwrap_or(rows.place)))
    });
    problems.extend(found.chain(segments).map(|(why, place)| Problem::new(format!("`{}`: {why}", rows.file)).at(Some(place))));
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut warned = Vec::new();
    let mut warnings = Vec::new();
    for ((name, place), position) in used {
        if Some(*place) != rows.segment && rows.sent.contains(&position) && !warned.contains(&position) {
            warned.push(position);
            let message = format!("the model gets the column `{name}` of `{}`, which has the expected values", rows.file);
            let hint = match &rows.columns {
                Some(_) => format!("remove `{name}` from `columns`"),
                None => format!("do not send it: `drop: {name}`"),
            };
            warnings.push(Problem::new(message).at(Some(rows.place)).with_hint(hint));
        }
    }
    for gate in outlook::of_rows(whole, &table).into_iter().filter(|gate| !gate.can_pass && !gate.observed) {
        let message = format!("`{}`: {} rows cannot prove {}", rows.file, gate.rows, gate.gate);
        warnings.push(Problem::new(message).at(Some(rows.place)).with_hint("add rows, or change the limit or its confidence"));
    }
    rows.table = Some(table);
    Ok(warnings)
}
