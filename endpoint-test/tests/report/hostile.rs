//! Hostile text at every location of a report: no format breaks, and none contains control
//! characters or noncharacters.

use std::sync::OnceLock;

use endpoint_test::report::{self, is_steering};
use endpoint_test::{Report, Verdict};
use proptest::prelude::*;
use quick_xml::XmlVersion;
use quick_xml::events::Event;
use serde_json::Value;

use crate::{compared, sample};

/// The sample reports, each with the locations of its free text.
fn samples() -> &'static [(Value, Vec<String>)] {
    static SAMPLES: OnceLock<Vec<(Value, Vec<String>)>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let samples = [sample::report(), sample::labelled(), sample::loaded(), compared::compared()].map(|report| {
            let document = serde_json::to_value(report).unwrap();
            let mut locations = Vec::new();
            strings(&document, String::new(), &mut locations);
            // Outcomes and the like are fixed values: a report with another value cannot be parsed.
            locations.retain(|location| {
                let mut changed = document.clone();
                *changed.pointer_mut(location).unwrap() = Value::from("any text");
                serde_json::from_value::<Report>(changed).is_ok()
            });
            (document, locations)
        });
        samples.into()
    })
}

/// The sample reports with this text at every location.
fn reports_with(text: &str) -> impl Iterator<Item = Report> {
    samples().iter().map(move |(document, locations)| {
        let mut document = document.clone();
        for location in locations {
            *document.pointer_mut(location).unwrap() = Value::from(text);
        }
        serde_json::from_value(document).unwrap()
    })
}

fn strings(value: &Value, at: String, locations: &mut Vec<String>) {
    match value {
        Value::String(_) => locations.push(at),
        Value::Array(members) => members.iter().enumerate().for_each(|(index, member)| strings(member, format!("{at}/{index}"), locations)),
        Value::Object(members) => members.iter().for_each(|(key, member)| strings(member, format!("{at}/{key}"), locations)),
        _ => {}
    }
}

/// The characters that XML 1.0 allows (Char).
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Every attribute and every text of a document, as a parser reads them.
fn read_xml(document: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(document);
    let mut texts = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}\n{document}")) {
            Event::Eof => return texts,
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    texts.push(attribute.unwrap().normalized_value(XmlVersion::Explicit1_0).unwrap().into_owned());
                }
            }
            Event::Text(text) => texts.push(text.decode().unwrap().into_owned()),
            Event::CData(text) => texts.push(text.decode().unwrap().into_owned()),
            Event::GeneralRef(reference) => assert!(reference.resolve_char_ref().unwrap().is_none_or(is_xml), "{document}"),
            _ => {}
        }
    }
}

fn check(text: &str) {
    for report in reports_with(text) {
        let junit = report::junit(&report);
        let texts = read_xml(&junit);
        assert!(junit.chars().chain(texts.iter().flat_map(|text| text.chars())).all(is_xml), "{junit}");
        let json = report::json(&report);
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report, "JSON keeps every text");
        for shown in [junit, json, report::html(&report), report::table(&report)] {
            assert!(!shown.chars().any(|character| is_steering(character) && !matches!(character, '\n' | '\t')), "{shown:?}");
        }
    }
}

#[test]
fn a_response_with_a_noncharacter_gives_valid_xml() {
    for text in
        ["a\u{fffe}b", "\u{ffff}", "\u{fdd0}", "\u{1fffe}", "\u{10ffff}", "\u{202e}", "\u{1b}]0;x\u{7}", "a\r\nb\u{85}\u{2028}", "]]>&<\"'"]
    {
        check(text);
    }
}

#[test]
fn free_text_is_at_many_locations() {
    let report = reports_with("\u{fffe}").next().unwrap();
    assert_eq!(report.verdict, Verdict::Failed);
    assert!(report::junit(&report).matches("\\u{fffe}").count() > 20, "{}", report::junit(&report));
}

proptest! {
    #[test]
    fn no_text_breaks_a_report(text in any::<String>(), odd in "[\u{fdd0}\u{fffe}\u{ffff}\u{1ffff}\u{202e}\u{7f}\u{9b}\r\n<&\\]>\"'`]{0,6}") {
        check(&format!("{text}{odd}"));
    }
}
