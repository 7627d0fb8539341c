//! Reads `payload: { rows: … }`: the rows of a CSV file, each of which becomes a request.

use std::sync::Arc;

use super::case::RowsInput;
use super::document::Node;
use super::payload::inside;
use super::reader::Reader;
use crate::problem::Problem;
use crate::rows::{MAX_ROWS, RowFormat, Table};

pub(super) const ROWS_KEYS: &[&str] = &["file", "header", "drop", "columns", "first", "as", "at_once"];

/// The most requests of one case in flight. A case is no load test.
const MAX_AT_ONCE: u64 = 64;

pub(super) fn read(reader: &mut Reader, node: &Node) -> Option<RowsInput> {
    let fields = reader.fields(node, "`rows`", ROWS_KEYS)?;
    let before = reader.problems.len();
    fields.require(reader, "file");
    let place = fields.place("file");
    let file = fields.text(reader, "file").and_then(|path| inside(reader, place, "file", path));
    let header = fields.boolean(reader, "header").unwrap_or(true);
    let drop = fields.texts(reader, "drop");
    let columns = fields.get("columns").map(|_| fields.texts(reader, "columns"));
    if columns.is_some() && !drop.is_empty() {
        reader.problem(fields.key_place("drop"), "`rows` has `columns` and `drop` at once").hint =
            Some("give the columns to send, or those to drop".to_owned());
    }
    let first = fields.whole(reader, "first", 1, MAX_ROWS as u64).and_then(|first| usize::try_from(first).ok());
    let format = match fields.text(reader, "as") {
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
    let input =
        RowsInput { file: file?, place, header, drop, columns, first, used: Vec::new(), format, at_once, table: None, sent: Vec::new() };
    (reader.problems.len() == before).then_some(input)
}

/// Parses the file's content and finds every column in use.
pub(super) fn load(rows: &mut RowsInput, content: &[u8]) -> Result<(), Vec<Problem>> {
    let table = Table::read(content, rows.header, rows.first)
        .map_err(|message| vec![Problem::new(format!("`{}` cannot be read as rows: {message}", rows.file)).at(Some(rows.place))])?;
    let mut problems = Vec::new();
    let mut find = |(name, place): &(String, crate::problem::Place)| {
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
    let _used: Vec<_> = rows.used.iter().filter_map(&mut find).collect();
    rows.sent = chosen.unwrap_or_else(|| (0..table.names().len()).filter(|column| !dropped.contains(column)).collect());
    if rows.sent.is_empty() && problems.is_empty() {
        problems.push(Problem::new(format!("no column of `{}` is sent", rows.file)).at(Some(rows.place)));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    rows.table = Some(Arc::new(table));
    Ok(())
}
