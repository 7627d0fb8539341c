//! Removes fields of captured requests before anything else sees them.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::capture::CapturedBody;
use crate::expect::address::Address;
use crate::json::{Document, Json};
use crate::media_type;

/// A field that must not leave the process.
#[derive(Debug, Clone)]
pub(crate) struct Redaction {
    pub(crate) at: RedactedAt,
    /// What it is replaced with; JSON's null, or an empty cell, by default.
    pub(crate) replace_with: Option<String>,
    /// Whether a key is removed, with its value. Members of lists and cells become null or empty, so
    /// that the others keep their places.
    pub(crate) drop: bool,
    /// Whether a request without the field may be sent.
    pub(crate) optional: bool,
}

/// The location of a field.
#[derive(Debug, Clone)]
pub(crate) enum RedactedAt {
    /// In JSON requests and responses.
    Json(Address),
    /// A column of CSV requests, from zero.
    Column(usize),
}

/// All fields that must not leave the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactions(pub(crate) Vec<Redaction>);

/// A shorter text is masked only where the policy names its place: it would be found by chance.
const MIN_MASKED: usize = 4;

/// What stands for a removed value where no location names it.
const MASK: &str = "[redacted]";

/// The values that were removed from a request, which its response may repeat. It has no `Debug`.
#[derive(Default)]
pub(crate) struct Removed(BTreeSet<String>);

/// The formats in which a field has a location.
#[derive(PartialEq)]
enum Format {
    Json,
    Csv,
    Other,
}

fn format(body: &CapturedBody) -> Format {
    match body.content_type.as_deref().map(media_type::essence).as_deref() {
        Some("application/json") => Format::Json,
        Some("text/csv") => Format::Csv,
        _ => Format::Other,
    }
}

impl Redactions {
    /// The request without the fields, and their values; or why it must not be sent.
    pub(crate) fn of_request(&self, body: &CapturedBody) -> Result<(Bytes, Removed), String> {
        let mut removed = Removed::default();
        if self.0.is_empty() {
            return Ok((body.bytes.clone(), removed));
        }
        let format = format(body);
        let of_format = |redaction: &&Redaction| match redaction.at {
            RedactedAt::Json(_) => format == Format::Json,
            RedactedAt::Column(_) => format == Format::Csv,
        };
        let own: Vec<&Redaction> = self.0.iter().filter(of_format).collect();
        let (what, redacted) = match format {
            _ if own.is_empty() => return Err("it is not sent: `redact` names no field of requests of this content type".to_owned()),
            Format::Json => ("JSON", in_json(&body.bytes, &own, true, &mut removed)),
            _ => ("CSV", in_csv(&body.bytes, &own, &mut removed)),
        };
        redacted.map(|bytes| (bytes, removed)).map_err(|why| format!("it is not sent: {why} of this {what} request"))
    }

    /// A response without the fields and without any removed value of its request. Text that cannot
    /// be read is only masked.
    pub(crate) fn of_response(&self, body: &Bytes, removed: &Removed) -> Bytes {
        if self.0.is_empty() {
            return body.clone();
        }
        let own: Vec<&Redaction> = self.0.iter().filter(|redaction| matches!(redaction.at, RedactedAt::Json(_))).collect();
        let body = in_json(body, &own, false, &mut Removed::default()).unwrap_or_else(|_| body.clone());
        removed.mask(&body)
    }

    /// The locations, as they were written.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |redaction: &Redaction| match &redaction.at {
            RedactedAt::Json(address) => address.text().to_owned(),
            RedactedAt::Column(column) => format!("column {column}"),
        };
        self.0.iter().map(name).collect()
    }
}

/// Numbers keep their digits, and of a key that an object has twice only the last one stays.
fn in_json(bytes: &[u8], redactions: &[&Redaction], must_exist: bool, removed: &mut Removed) -> Result<Bytes, String> {
    let Document { value, mut json } = Document::read(bytes).map_err(|_| "the body is not the JSON".to_owned())?;
    for redaction in redactions {
        let RedactedAt::Json(address) = &redaction.at else { continue };
        let found = address.find(&value).map_err(|_| format!("`{}` selects too much", address.text()))?;
        if found.is_empty() && must_exist && !redaction.optional {
            return Err(format!("`{}` selects nothing", address.text()));
        }
        for (at, value) in found {
            removed.add_all(value);
            let constant = redaction.replace_with.as_ref().map_or(Json::Null, |text| Json::Text(text.clone()));
            json.replace(&at, constant, redaction.drop);
        }
    }
    Ok(Bytes::from(json.to_string()))
}

fn in_csv(bytes: &[u8], redactions: &[&Redaction], removed: &mut Removed) -> Result<Bytes, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut writer = csv::WriterBuilder::new().has_headers(false).flexible(true).from_writer(Vec::new());
    for record in reader.records() {
        let record = record.map_err(|_| "the body is not the CSV".to_owned())?;
        let mut cells: Vec<&str> = record.iter().collect();
        for redaction in redactions {
            let RedactedAt::Column(column) = redaction.at else { continue };
            match cells.get_mut(column) {
                Some(cell) => {
                    removed.add(cell);
                    *cell = redaction.replace_with.as_deref().unwrap_or_default();
                }
                None if redaction.optional => {}
                None => return Err(format!("column {column} is not in a row")),
            }
        }
        writer.write_record(cells).map_err(|_| "a row cannot be written".to_owned())?;
    }
    let mut text = writer.into_inner().map_err(|_| "the body cannot be written".to_owned())?;
    if !bytes.ends_with(b"\n") {
        text.pop();
    }
    Ok(Bytes::from(text))
}

impl Removed {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.len() >= MIN_MASKED {
            self.0.insert(text.to_owned());
        }
    }

    /// Every text and number of a value.
    fn add_all(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::String(text) => self.add(text),
            serde_json::Value::Number(number) => self.add(&number.to_string()),
            serde_json::Value::Array(members) => members.iter().for_each(|member| self.add_all(member)),
            serde_json::Value::Object(members) => members.values().for_each(|member| self.add_all(member)),
            serde_json::Value::Null | serde_json::Value::Bool(_) => {}
        }
    }

    /// The body with each removed value masked.
    fn mask(&self, body: &Bytes) -> Bytes {
        if self.0.is_empty() {
            return body.clone();
        }
        if let Ok(Document { mut json, .. }) = Document::read(body) {
            self.mask_json(&mut json);
            return Bytes::from(json.to_string());
        }
        let Ok(text) = std::str::from_utf8(body) else { return Bytes::from_static(MASK.as_bytes()) };
        // In JSON lines some characters are escaped.
        let escaped = |removed: &String| serde_json::to_string(removed).unwrap_or_default().trim_matches('"').to_owned();
        let escaped: Vec<String> = self.0.iter().map(escaped).collect();
        Bytes::from(mask_text(text, self.0.iter().chain(&escaped)))
    }

    fn mask_json(&self, json: &mut Json) {
        match json {
            Json::Text(text) => *text = mask_text(text, &self.0),
            Json::Number(number) if self.0.contains(number.as_str()) => *json = Json::Text(MASK.to_owned()),
            Json::List(members) => members.iter_mut().for_each(|member| self.mask_json(member)),
            Json::Map(members) => {
                for (key, mut member) in std::mem::take(members) {
                    self.mask_json(&mut member);
                    members.insert(mask_text(&key, &self.0), member);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

/// The text with each of these masked; longer ones first, since one may be a part of another.
fn mask_text<'a>(text: &str, removed: impl IntoIterator<Item = &'a String>) -> String {
    let mut longest: Vec<&String> = removed.into_iter().collect();
    longest.sort_by_key(|text| std::cmp::Reverse(text.len()));
    longest.into_iter().fold(text.to_owned(), |text, removed| replace_whole(&text, removed))
}

/// Replaces a text; a number only where it is not a part of a longer one.
fn replace_whole(text: &str, removed: &str) -> String {
    let is_number = removed.parse::<f64>().is_ok();
    let joins = |character: char| character.is_alphanumeric() || character == '.';
    let (mut result, mut rest, mut before) = (String::with_capacity(text.len()), text, None);
    while let Some(at) = rest.find(removed) {
        let (head, tail) = (&rest[..at], &rest[at + removed.len()..]);
        let previous = head.chars().next_back().or(before);
        let is_part = is_number && (previous.is_some_and(joins) || tail.chars().next().is_some_and(joins));
        result.push_str(head);
        result.push_str(if is_part { removed } else { MASK });
        before = removed.chars().next_back();
        rest = tail;
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(at: &str) -> Redaction {
        Redaction { at: RedactedAt::Json(Address::parse(at).unwrap()), replace_with: None, drop: false, optional: false }
    }

    fn column(column: usize) -> Redaction {
        Redaction { at: RedactedAt::Column(column), replace_with: None, drop: false, optional: false }
    }

    fn body(content_type: &str, text: &str) -> CapturedBody {
        CapturedBody { content_type: Some(content_type.to_owned()), bytes: Bytes::from(text.to_owned()) }
    }

    fn request(redactions: Vec<Redaction>, content_type: &str, text: &str) -> Result<String, String> {
        let (bytes, _) = Redactions(redactions).of_request(&body(content_type, text))?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn a_field_is_replaced_or_dropped_and_the_rest_keeps_its_place_and_digits() {
        let text = r#"{"name":"Ada","rows":[[5.10,"Ada"],[1e3,"Bob"]],"name":"Eve"}"#;
        let of = |redactions| request(redactions, "application/json; charset=utf-8", text).unwrap();
        assert_eq!(of(vec![json("/name"), json("$.rows[*][1]")]), r#"{"name":null,"rows":[[5.10,null],[1e3,null]]}"#);
        let dropped = Redaction { drop: true, ..json("/name") };
        let constant = Redaction { replace_with: Some("x".to_owned()), ..json("/rows/0/1") };
        assert_eq!(of(vec![dropped, constant]), r#"{"rows":[[5.10,"x"],[1e3,"Bob"]]}"#);
        let rows = "1,\"Ada, L.\",3\n4,Bob,6";
        assert_eq!(request(vec![column(1)], "text/csv", rows).unwrap(), "1,,3\n4,,6");
        let constant = Redaction { replace_with: Some("a,b".to_owned()), ..column(0) };
        assert_eq!(request(vec![constant], "text/csv", "1,2\n").unwrap(), "\"a,b\",2\n");
    }

    #[test]
    fn a_request_that_cannot_be_redacted_is_not_sent() {
        for (redaction, content_type, text, why) in [
            (json("/name"), "application/json", r#"{"nam":"Ada"}"#, "`/name` selects nothing"),
            (json("/name"), "application/json", "Ada", "the body is not the JSON"),
            (json("/name"), "text/csv", "Ada", "names no field of requests of this content type"),
            (column(1), "text/csv", "1,Ada\n2", "column 1 is not in a row"),
            (column(1), "application/json", "{}", "names no field of requests of this content type"),
            (column(1), "application/x-npy", "1", "names no field of requests of this content type"),
        ] {
            let message = request(vec![redaction], content_type, text).unwrap_err();
            assert!(message.contains(why) && !message.contains("Ada"), "{message}");
        }
        let optional = Redaction { optional: true, ..json("/name") };
        assert_eq!(request(vec![optional], "application/json", r#"{"a":1}"#).unwrap(), r#"{"a":1}"#);
        assert_eq!(request(Vec::new(), "application/x-npy", "anything").unwrap(), "anything");
    }

    #[test]
    fn a_response_repeats_no_removed_value() {
        let redactions = Redactions(vec![json("/who"), Redaction { optional: true, ..json("/ssn") }]);
        let (_, removed) = redactions.of_request(&body("application/json", r#"{"who":"Ada \"L\"","ssn":123456789}"#)).unwrap();
        let of = |text: &str| String::from_utf8(redactions.of_response(&Bytes::from(text.to_owned()), &removed).to_vec()).unwrap();
        assert_eq!(of(r#"{"who":"x","score":0.5}"#), r#"{"score":0.5,"who":null}"#);
        assert_eq!(
            of(r#"{"echo":"for Ada \"L\"","id":123456789,"score":0.123456789}"#),
            r#"{"echo":"for [redacted]","id":"[redacted]","score":0.123456789}"#
        );
        assert_eq!(of("Ada \"L\",0.7"), "[redacted],0.7");
        let binary = redactions.of_response(&Bytes::from_static(&[0xff, 0xfe]), &removed);
        assert_eq!(binary.as_ref(), MASK.as_bytes());
    }

    proptest! {
        #[test]
        fn no_removed_text_is_left(secret in "[a-z\"\\\\/ü]{4,12}", around in "[A-Z ,:]{0,8}") {
            prop_assume!(secret.trim().len() >= MIN_MASKED && secret.trim() == secret);
            let request = serde_json::json!({ "who": secret, "other": around }).to_string();
            let redactions = Redactions(vec![json("/who")]);
            let (sent, removed) = redactions.of_request(&body("application/json", &request)).unwrap();
            let sent = String::from_utf8(sent.to_vec()).unwrap();
            prop_assert!(serde_json::from_str::<serde_json::Value>(&sent).unwrap()["who"].is_null());
            let response = serde_json::json!({ "echo": format!("{around}{secret}{around}") }).to_string();
            let masked = redactions.of_response(&Bytes::from(response), &removed);
            let masked: serde_json::Value = serde_json::from_slice(&masked).unwrap();
            prop_assert!(!masked["echo"].as_str().unwrap().contains(&secret), "{masked}");
        }
    }
}
