//! The rows of a CSV or JSON Lines file. Each becomes a request.

mod json_lines;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use self::json_lines::Field;
use crate::json::{Json, Numeral};

/// The most rows of one file: each is a request to every endpoint.
pub(crate) const MAX_ROWS: usize = 100_000;
/// The most columns, or different keys, of one file.
const MAX_COLUMNS: usize = 20_000;

#[derive(Debug)]
pub(crate) struct Table {
    names: Vec<String>,
    /// The rows of a CSV file, each with a field for every column.
    rows: Vec<Vec<String>>,
    /// The rows of a JSON Lines file, instead.
    objects: Option<Vec<Vec<Field>>>,
    /// The line where each row begins.
    lines: Vec<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    table: Arc<Table>,
    index: usize,
}

/// The format in which a row is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RowFormat {
    /// The row's fields, separated by commas.
    #[default]
    Csv,
    /// The same after a line with the columns' names.
    CsvWithHeader,
    /// `{"instances": [[5.1, 3.5]]}`.
    JsonInstances,
    /// `[{"sepal_length": 5.1}]`.
    JsonRecords,
    /// `{"sepal_length": 5.1}`.
    JsonObject,
    /// The same as a line of JSON Lines.
    JsonLines,
    /// `{"dataframe_split": {"columns": […], "data": [[5.1, 3.5]]}}`, which MLflow's servers
    /// accept.
    DataframeSplit,
}

impl RowFormat {
    pub(crate) const NAMES: [(&'static str, Self); 7] = [
        ("csv", Self::Csv),
        ("csv_with_header", Self::CsvWithHeader),
        ("json_instances", Self::JsonInstances),
        ("json_records", Self::JsonRecords),
        ("json_object", Self::JsonObject),
        ("jsonl", Self::JsonLines),
        ("dataframe_split", Self::DataframeSplit),
    ];

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Csv | Self::CsvWithHeader => "text/csv",
            Self::JsonInstances | Self::JsonRecords | Self::JsonObject | Self::DataframeSplit => "application/json",
            Self::JsonLines => "application/jsonlines",
        }
    }
}

impl Table {
    /// Parses a CSV file (RFC 4180), at most its `first` rows. Without a header the columns are
    /// named by their numbers, from zero.
    pub(crate) fn read(text: &[u8], header: bool, first: Option<usize>) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(header).from_reader(text);
        let message = |error: &csv::Error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let line = pos.as_ref().map_or(0, csv::Position::line);
                format!("line {line} has {len} fields; the lines before it have {expected_len}")
            }
            csv::ErrorKind::Utf8 { pos, .. } => format!("line {} is not UTF-8 text", pos.as_ref().map_or(0, csv::Position::line)),
            _ => error.to_string(),
        };
        let mut names: Vec<String> = Vec::new();
        // Without a header this is the first row.
        let columns = reader.headers().map_err(|error| message(&error))?.len();
        if columns > MAX_COLUMNS {
            return Err(format!("it has {columns} columns; the limit is {MAX_COLUMNS}"));
        }
        if header {
            names.extend(reader.headers().map_err(|error| message(&error))?.iter().map(|name| name.trim().to_owned()));
            if let Some(twice) = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)).map(|(_, name)| name) {
                return Err(format!("two columns have the name `{twice}`"));
            }
        }
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        for record in reader.records() {
            if first.is_some_and(|first| rows.len() >= first) {
                break;
            }
            if rows.len() >= MAX_ROWS {
                return Err(format!("it has more than {MAX_ROWS} rows; `first` limits the number of rows"));
            }
            let record = record.map_err(|error| message(&error))?;
            lines.push(record.position().map_or(0, csv::Position::line));
            rows.push(record.iter().map(str::to_owned).collect::<Vec<_>>());
        }
        if rows.is_empty() {
            return Err(if header { "it has no rows below its header".to_owned() } else { "it has no rows".to_owned() });
        }
        if !header {
            names = (0..rows[0].len()).map(|index| index.to_string()).collect();
        }
        Ok(Self { names, rows, objects: None, lines })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }
}

impl Row {
    pub(crate) fn new(table: &Arc<Table>, index: usize) -> Self {
        Self { table: Arc::clone(table), index }
    }

    pub(crate) fn number(&self) -> usize {
        self.index + 1
    }

    /// The line of the file where the row begins.
    pub(crate) fn line(&self) -> u64 {
        self.table.lines[self.index]
    }

    pub(crate) fn column(&self, name: &str) -> Option<&str> {
        self.field(self.table.position(name)?).map(|(text, _)| text)
    }

    /// The row's fields by their columns' names, in the file's order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.table.names.iter().enumerate().filter_map(|(column, name)| Some((name.as_str(), self.field(column)?.0)))
    }

    /// A field as text and as JSON; `None` if the row's object does not have it.
    fn field(&self, column: usize) -> Option<(&str, Cow<'_, Json>)> {
        match &self.table.objects {
            Some(objects) => {
                let fields = &objects[self.index];
                let field = &fields[fields.binary_search_by_key(&column, |field| field.column).ok()?];
                Some((&field.text, Cow::Borrowed(&field.json)))
            }
            None => self.table.rows[self.index].get(column).map(|field| (field.as_str(), Cow::Owned(json_value(field)))),
        }
    }

    /// The body of the row's request, made of these columns.
    pub(crate) fn body(&self, format: RowFormat, columns: &[usize]) -> Bytes {
        let names = || columns.iter().map(|column| self.table.names[*column].as_str());
        let fields = || columns.iter().map(|column| self.field(*column).map_or("", |(text, _)| text));
        let values =
            || Json::List(columns.iter().map(|column| self.field(*column).map_or(Json::Null, |(_, json)| json.into_owned())).collect());
        // In the columns' order, and without what the row's object does not have.
        let object = || {
            let member = |column: &usize| Some(format!("{}:{}", Value::from(self.table.names[*column].as_str()), self.field(*column)?.1));
            format!("{{{}}}", columns.iter().filter_map(member).collect::<Vec<_>>().join(","))
        };
        let map = |key: &str, value| Json::Map([(key.to_owned(), value)].into());
        let json = match format {
            RowFormat::Csv => return csv_lines([fields().collect()]),
            RowFormat::CsvWithHeader => return csv_lines([names().collect(), fields().collect()]),
            RowFormat::JsonInstances => map("instances", Json::List(vec![values()])),
            RowFormat::JsonRecords => return Bytes::from(format!("[{}]", object())),
            RowFormat::JsonObject | RowFormat::JsonLines => return Bytes::from(object()),
            RowFormat::DataframeSplit => {
                let columns = Json::List(names().map(|name| Json::Text(name.to_owned())).collect());
                map("dataframe_split", Json::Map([("columns".to_owned(), columns), ("data".to_owned(), Json::List(vec![values()]))].into()))
            }
        };
        Bytes::from(json.to_string())
    }
}

/// A field as JSON: a number with its own digits, null if it is empty, else text.
fn json_value(field: &str) -> Json {
    match Numeral::read(field) {
        Some(number) => Json::Number(number),
        None if field.trim().is_empty() => Json::Null,
        None => Json::Text(field.to_owned()),
    }
}

/// Lines of CSV with a line break between them, and none at the end.
fn csv_lines<const N: usize>(lines: [Vec<&str>; N]) -> Bytes {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    for line in lines {
        // Writing to memory does not fail. The lines may have different numbers of fields.
        let _ = writer.write_record(line);
    }
    let mut bytes = writer.into_inner().unwrap_or_default();
    bytes.truncate(bytes.trim_ascii_end().len());
    Bytes::from(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str, header: bool) -> Arc<Table> {
        Arc::new(Table::read(text.as_bytes(), header, None).unwrap())
    }

    #[test]
    fn a_row_is_sent_in_the_format_that_the_model_accepts() {
        let table = table("a,b,label\n5.10,\"x,y\",2\n,7,0\n", true);
        let body = |format| String::from_utf8(Row::new(&table, 0).body(format, &[0, 1]).to_vec()).unwrap();
        assert_eq!(body(RowFormat::Csv), "5.10,\"x,y\"");
        assert_eq!(body(RowFormat::CsvWithHeader), "a,b\n5.10,\"x,y\"");
        assert_eq!(body(RowFormat::JsonInstances), r#"{"instances":[[5.10,"x,y"]]}"#);
        assert_eq!(body(RowFormat::JsonRecords), r#"[{"a":5.10,"b":"x,y"}]"#);
        assert_eq!(body(RowFormat::DataframeSplit), r#"{"dataframe_split":{"columns":["a","b"],"data":[[5.10,"x,y"]]}}"#);
        assert_eq!(body(RowFormat::JsonObject), r#"{"a":5.10,"b":"x,y"}"#);
        assert_eq!(body(RowFormat::JsonLines), r#"{"a":5.10,"b":"x,y"}"#);
        assert_eq!(Row::new(&table, 1).body(RowFormat::JsonInstances, &[0, 1]).as_ref(), br#"{"instances":[[null,7]]}"#);
        assert_eq!((Row::new(&table, 1).line(), Row::new(&table, 1).number()), (3, 2));
    }

    #[test]
    fn an_object_keeps_its_types_its_digits_and_the_order_of_its_keys() {
        let text =
            "\u{feff}{\"text\": \"7\", \"n\": 5.10, \"label\": true}\r\n\n  {\"n\": null, \"tags\": [1, {\"b\": 1.0}], \"label\": \"x\"}\n";
        let table = Arc::new(Table::read_json_lines(text.as_bytes(), None).unwrap());
        assert_eq!(table.names(), ["text", "n", "label", "tags"]);
        let body = |row, format| String::from_utf8(Row::new(&table, row).body(format, &[0, 1, 3]).to_vec()).unwrap();
        assert_eq!(body(0, RowFormat::JsonLines), r#"{"text":"7","n":5.10}"#);
        assert_eq!(body(1, RowFormat::JsonObject), r#"{"n":null,"tags":[1,{"b":1.0}]}"#);
        assert_eq!(body(0, RowFormat::JsonRecords), r#"[{"text":"7","n":5.10}]"#);
        assert_eq!(body(1, RowFormat::JsonInstances), r#"{"instances":[[null,null,[1,{"b":1.0}]]]}"#);
        assert_eq!(body(0, RowFormat::Csv), "7,5.10,");
        let column = |row, name| Row::new(&table, row).column(name).map(str::to_owned);
        assert_eq!(
            [column(0, "label"), column(1, "label"), column(1, "text"), column(1, "n")],
            [Some("true".into()), Some("x".into()), None, Some(String::new())]
        );
        assert_eq!((table.len(), Row::new(&table, 1).line()), (2, 3));
        assert_eq!(Row::new(&table, 1).fields().map(|(name, _)| name).collect::<Vec<_>>(), ["n", "label", "tags"]);
    }

    #[test]
    fn a_line_that_is_no_object_is_reported_with_its_number() {
        let error = |text: &str| Table::read_json_lines(text.as_bytes(), None).unwrap_err();
        assert_eq!(error("{\"a\":1}\n\n[1]\n"), "line 3 is not a JSON object: invalid type: sequence, expected an object at column 0");
        assert!(error("{\"a\":1}\n{\"a\":\n").starts_with("line 2 is not a JSON object: EOF while parsing a value at column"));
        assert!(error("{\"a\":NaN}").starts_with("line 1 is not a JSON object: "));
        assert_eq!(error("{\"b\":0,\"a\":1,\"b\":2}"), "line 1 has the key `b` twice");
        let nested = error("{\"a\":1}\n{\"a\":{\"b\":[{\"c\":1,\"c\":2}]}}");
        assert!(nested.starts_with("line 2: the key `c` is given twice at column "), "{nested}");
        assert_eq!(error("\n \n"), "it has no rows");
        assert_eq!(Table::read_json_lines(b"{\"a\":1}\n{\"a\":2}\nnot read", Some(2)).unwrap().len(), 2);
        let keys: Vec<_> = (0..=20_000).map(|key| format!("{{\"k{key}\":0}}\n")).collect();
        assert_eq!(error(&keys.concat()), "its objects have more than 20000 different keys");
    }

    #[test]
    fn without_a_header_columns_are_named_by_their_number() {
        let table = table("5.1,setosa\n4.9,setosa\n", false);
        assert_eq!(Row::new(&table, 1).column("0"), Some("4.9"));
        assert_eq!(Row::new(&table, 0).column("1"), Some("setosa"));
    }

    #[test]
    fn an_invalid_table_is_reported_with_its_line() {
        let error = |text: &[u8]| Table::read(text, true, None).unwrap_err();
        assert_eq!(error(b"a,b\n1,2\n3\n"), "line 3 has 1 fields; the lines before it have 2");
        assert_eq!(error(b"a,b\n"), "it has no rows below its header");
        assert_eq!(error(b"a,a\n1,2\n"), "two columns have the name `a`");
        assert_eq!(error(b"a\n\xff\n"), "line 2 is not UTF-8 text");
        assert_eq!(Table::read(b"", false, None).unwrap_err(), "it has no rows");
        assert_eq!(Table::read(b"a\n1\n2\n3\n", true, Some(2)).unwrap().len(), 2);
    }
}
