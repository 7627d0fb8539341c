//! Reads the rows of a JSON Lines file: an object on each line.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{MAX_COLUMNS, MAX_ROWS, Table};
use crate::json::{Document, Json, unambiguous};

/// A field of a row: a row need not have all columns.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) column: usize,
    /// The value as text, as a label or in CSV.
    pub(super) text: String,
    pub(super) json: Json,
}

/// The members of an object, in their order.
struct Members(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyMembers)
    }
}

struct AnyMembers;

impl<'de> Visitor<'de> for AnyMembers {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
        use serde::de::Error as _;

        let mut members = Vec::new();
        while let Some((key, raw)) = access.next_entry::<String, Box<RawValue>>()? {
            let value = Document::read(raw.get().as_bytes()).map_err(A::Error::custom)?;
            members.push((key, value.json));
        }
        Ok(Members(members))
    }
}

impl Table {
    /// Parses a JSON Lines file, at most its `first` rows. Its columns are the keys of the objects,
    /// in the order in which they first occur. Blank lines are skipped.
    pub(crate) fn read_json_lines(text: &[u8], first: Option<usize>) -> Result<Self, String> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut table = Self { names: Vec::new(), rows: Vec::new(), objects: Some(Vec::new()), lines: Vec::new() };
        let mut objects = Vec::new();
        let mut columns: HashMap<String, usize> = HashMap::new();
        for (number, line) in (1_u64..).zip(text.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            if first.is_some_and(|first| objects.len() >= first) {
                break;
            }
            if objects.len() >= MAX_ROWS {
                return Err(format!("it has more than {MAX_ROWS} rows; `first` limits the number of rows"));
            }
            let members: Members = serde_json::from_slice(line).map_err(|error| {
                format!("line {number} is not a JSON object: {}", error.to_string().replace(" at line 1 column ", " at column "))
            })?;
            let mut fields: Vec<Field> = Vec::with_capacity(members.0.len());
            for (name, json) in members.0 {
                let column = *columns.entry(name).or_insert_with_key(|name| {
                    table.names.push(name.clone());
                    table.names.len() - 1
                });
                if columns.len() > MAX_COLUMNS {
                    return Err(format!("its objects have more than {MAX_COLUMNS} different keys"));
                }
                fields.push(Field { column, text: text_of(&json), json });
            }
            // Stable: of a key that an object has twice, both are adjacent.
            fields.sort_by_key(|field| field.column);
            if let Some(twice) = fields.windows(2).find(|pair| pair[0].column == pair[1].column) {
                return Err(format!("line {number} has the key `{}` twice", table.names[twice[0].column]));
            }
            if let Err(error) = unambiguous(line) {
                return Err(format!("line {number}: {}", error.to_string().replace(" at line 1 column ", " at column ")));
            }
            objects.push(fields);
            table.lines.push(number);
        }
        if objects.is_empty() {
            return Err("it has no rows".to_owned());
        }
        table.objects = Some(objects);
        Ok(table)
    }
}

/// A value as a label or in CSV.
fn text_of(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        Json::Null => String::new(),
        value => value.to_string(),
    }
}
