//! Reads one entry of `csv` or `jsonl`: cells or lines of a response, with one or more rules.

use super::json::{address, rules, with_rules};
use crate::expect::address::Address;
use crate::expect::csv::{Column, CsvExpectation};
use crate::expect::json_lines::JsonLinesExpectation;
use crate::problem::Place;
use crate::suite::document::{Content, Node};
use crate::suite::reader::{Fields, Reader};

pub(in crate::suite) const CSV_KEYS: &[&str] = with_rules!("row", "column");
pub(in crate::suite) const JSON_LINES_KEYS: &[&str] = with_rules!("line", "at");

pub(super) fn csv(reader: &mut Reader, node: &Node, columns: &mut Vec<(String, Place)>) -> Vec<CsvExpectation> {
    let Some(fields) = reader.fields(node, "an entry of `csv`", CSV_KEYS) else { return Vec::new() };
    let row = index(reader, &fields, "row");
    let cell = fields.get("column").map(|_| column(reader, &fields));
    let rules = rules(reader, node, &fields, "`csv`", columns);
    if fields.get("count").is_some() && row.is_some() && matches!(cell, Some(Some(_))) {
        reader.problem(fields.key_place("count"), "`count` is for several cells: a row and a column have one").hint =
            Some("leave out `row` to count the rows that have the column".to_owned());
    }
    let column = match cell {
        Some(None) => return Vec::new(),
        Some(column) => column,
        None => None,
    };
    rules.into_iter().map(|rule| CsvExpectation { row, column: column.clone(), rule }).collect()
}

pub(super) fn json_lines(reader: &mut Reader, node: &Node, columns: &mut Vec<(String, Place)>) -> Vec<JsonLinesExpectation> {
    let Some(fields) = reader.fields(node, "an entry of `jsonl`", JSON_LINES_KEYS) else { return Vec::new() };
    let line = index(reader, &fields, "line");
    let at = address(reader, &fields);
    let rules = rules(reader, node, &fields, "`jsonl`", columns);
    let Some(at) = at else { return Vec::new() };
    if fields.get("count").is_some() && line.is_some() && matches!(at, Address::Pointer(_)) {
        reader.problem(fields.key_place("count"), "`count` is for several places: a JSON Pointer in one line has one").hint =
            Some("leave out `line` to count the lines that have the place, or write a JSONPath".to_owned());
    }
    rules.into_iter().map(|rule| JsonLinesExpectation { line, at: at.clone(), rule }).collect()
}

/// A column of a CSV response: its number, or its name in the first line.
pub(super) fn column(reader: &mut Reader, fields: &Fields<'_>) -> Option<Column> {
    let node = fields.get("column")?;
    match &node.content {
        // A variable's value may be a number.
        Content::Text(name) if node.number().is_none() => Some(Column::Name(name.clone())),
        _ => index(reader, fields, "column").map(Column::Index),
    }
}

fn index(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Option<usize> {
    fields.whole(reader, key, 0, u64::from(u32::MAX)).and_then(|index| usize::try_from(index).ok())
}
