//! Checks the cells of a CSV response.

use super::json::{JsonRule, JsonType, Places, check_places};
use crate::format::{EXCERPT, beginning, excerpt};
use crate::json::{Document, Json, Numeral};
use crate::report::CheckReport;
use crate::rows::Row;

/// What must be in one or several cells of a CSV response.
#[derive(Debug, Clone)]
pub(crate) struct CsvExpectation {
    /// The row, from zero; every row if `None`.
    pub(crate) row: Option<usize>,
    /// The column; every column if `None`.
    pub(crate) column: Option<Column>,
    pub(crate) rule: JsonRule,
}

/// A column of a CSV response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    /// From zero. The first line of the response is a row like every other.
    Index(usize),
    /// By its name in the first line of the response, which is then no row.
    Name(String),
}

/// A CSV response.
pub(super) struct Cells(Vec<csv::StringRecord>);

impl Cells {
    /// Parses a response that must be CSV; rows may have different numbers of fields.
    pub(super) fn read(body: &[u8]) -> Result<Self, CheckReport> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(body);
        let records: Result<Vec<_>, _> = reader.records().collect();
        records.map(Self).map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            let message = format!("the response is not CSV: line {line} is not UTF-8 text");
            CheckReport::failed("csv", message).actual(beginning(body, EXCERPT)).with_hint("request it with `accept: text/csv`")
        })
    }

    /// The rows that a column with a name, or a number, has.
    fn rows(&self, column: Option<&Column>) -> &[csv::StringRecord] {
        match column {
            Some(Column::Name(_)) => self.0.get(1..).unwrap_or_default(),
            _ => &self.0,
        }
    }

    /// The column's index.
    fn index(&self, column: &Column) -> Result<usize, String> {
        match column {
            Column::Index(index) => Ok(*index),
            Column::Name(name) => {
                let header = self.0.first().ok_or_else(|| "the response is empty".to_owned())?;
                header.iter().position(|known| known == name).ok_or_else(|| {
                    let known: Vec<_> = header.iter().take(20).map(|name| format!("`{}`", excerpt(name))).collect();
                    format!("there is no column `{name}`: the first line of the response has {}", known.join(", "))
                })
            }
        }
    }

    /// Every selected cell with its location, and why the first one that is missing does not exist.
    fn select(&self, expectation: &CsvExpectation) -> (Vec<(String, &str)>, Option<String>) {
        let index = match expectation.column.as_ref().map(|column| self.index(column)).transpose() {
            Ok(index) => index,
            Err(message) => return (Vec::new(), Some(message)),
        };
        let rows = self.rows(expectation.column.as_ref());
        let selected = match expectation.row {
            None => 0..rows.len(),
            Some(row) if row < rows.len() => row..row + 1,
            Some(row) => return (Vec::new(), Some(format!("there is no row {row}: the response has {}", counted(rows.len(), "row")))),
        };
        let (mut cells, mut missing) = (Vec::new(), None);
        if rows.is_empty() {
            missing = Some("the response has no rows".to_owned());
        }
        for row in selected {
            let fields = &rows[row];
            match index {
                None => cells.extend(fields.iter().enumerate().map(|(column, cell)| (format!("row {row}, column {column}"), cell))),
                Some(index) => match fields.get(index) {
                    Some(cell) => cells.push((format!("row {row}, column {index}"), cell)),
                    None if missing.is_none() => {
                        missing = Some(format!("there is no column {index} in row {row}, which has {}", counted(fields.len(), "column")));
                    }
                    None => {}
                },
            }
        }
        (cells, missing)
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The cell of the first row in this column, for a metric.
pub(crate) fn first_cell(body: &[u8], column: &Column) -> Option<String> {
    let cells = Cells::read(body).ok()?;
    let index = cells.index(column).ok()?;
    cells.rows(Some(column)).first()?.get(index).map(str::to_owned)
}

pub(super) fn check(expectations: &[CsvExpectation], body: &[u8], row: Option<&Row>) -> Vec<CheckReport> {
    let cells = match Cells::read(body) {
        Ok(cells) => cells,
        Err(check) => return vec![check],
    };
    // A JSON document is also some CSV, but of no use.
    let hint = matches!(Document::read(body), Ok(Document { json: Json::Map(_) | Json::List(_), .. }))
        .then_some("the response is JSON: check it with `json`");
    expectations
        .iter()
        .map(|expectation| {
            let (found, missing) = cells.select(expectation);
            let found = found.into_iter().map(|(at, cell)| (at, typed(cell, &expectation.rule))).collect::<Vec<_>>();
            let places = Places {
                check: "csv",
                at: &location(expectation),
                found: found.iter().map(|(at, cell)| (at.clone(), cell)).collect(),
                missing,
            };
            let check = check_places(&expectation.rule, places, row);
            match hint {
                Some(hint) if check.outcome.is_wrong() => check.with_hint(hint),
                _ => check,
            }
        })
        .collect()
}

/// `row 0, column 1`, for the report.
fn location(expectation: &CsvExpectation) -> String {
    let row = expectation.row.map_or_else(|| "every row".to_owned(), |row| format!("row {row}"));
    match &expectation.column {
        None => format!("{row}, every column"),
        Some(Column::Index(index)) => format!("{row}, column {index}"),
        Some(Column::Name(name)) => format!("{row}, column {name}"),
    }
}

/// A cell as the kind of value that the rule is about: CSV has only text.
fn typed(cell: &str, rule: &JsonRule) -> Json {
    let text = || Json::Text(cell.to_owned());
    let number = || Numeral::read(cell).map(Json::Number);
    let boolean = || ["true", "false"].iter().position(|word| cell.eq_ignore_ascii_case(word)).map(|index| Json::Bool(index == 0));
    let null = || cell.is_empty().then_some(Json::Null);
    let like = |expected: &[Json]| {
        let has = |kind: fn(&Json) -> bool| expected.iter().any(kind);
        if expected.iter().any(|value| value.as_text() == Some(cell)) {
            return text();
        }
        let number = number().filter(|_| has(|value| matches!(value, Json::Number(_))));
        let boolean = boolean().filter(|_| has(|value| matches!(value, Json::Bool(_))));
        let null = null().filter(|_| has(|value| matches!(value, Json::Null)));
        number.or(boolean).or(null).unwrap_or_else(text)
    };
    match rule {
        JsonRule::Equals { expected, .. } => like(std::slice::from_ref(expected)),
        JsonRule::OneOf(expected) => like(expected),
        JsonRule::Between(..) | JsonRule::LessThan(_) | JsonRule::AtMost(_) | JsonRule::GreaterThan(_) | JsonRule::AtLeast(_) => {
            number().unwrap_or_else(text)
        }
        JsonRule::Type(JsonType::String) => number().or_else(boolean).unwrap_or_else(text),
        JsonRule::Type(_) => number().or_else(boolean).or_else(null).unwrap_or_else(text),
        JsonRule::EqualsColumn { .. }
        | JsonRule::Matches(_)
        | JsonRule::Contains(_)
        | JsonRule::Length(_)
        | JsonRule::Count(_)
        | JsonRule::Absent => text(),
    }
}
