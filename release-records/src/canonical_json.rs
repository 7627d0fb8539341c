//! JSON of which there is one form: sorted keys, no white space (RFC 8785, without fractions).

use serde::Serialize;
use serde_json::{Map, Value};

/// The canonical text of plain data. Two equal values have the same bytes, wherever they are
/// written.
pub(crate) fn text(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("plain data with text keys always serializes");
    let mut text = String::new();
    write(&value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            text.push('{');
            for (index, (name, value)) in sorted(members).into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                text.push_str(&Value::from(name).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write(item, text);
            }
            text.push(']');
        }
        // serde_json escapes exactly the characters that RFC 8785 escapes, in the same way.
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// RFC 8785 sorts names by their UTF-16 code units.
fn sorted(members: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut members: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_by_utf_16_code_units_and_strings_are_escaped_as_in_rfc_8785() {
        // The example of RFC 8785, section 3.2.3, without the numbers.
        let value: Value = serde_json::from_str(
            r#"{ "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
                 "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis" }"#,
        )
        .unwrap();
        let names: Vec<_> = sorted(value.as_object().unwrap()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"]);
        let escaped = serde_json::json!({ "b": ["\u{8}\u{c}\u{1f}\n\"\\/é", true, null, 12], "a": {} });
        assert_eq!(text(&escaped), "{\"a\":{},\"b\":[\"\\b\\f\\u001f\\n\\\"\\\\/é\",true,null,12]}");
    }
}
