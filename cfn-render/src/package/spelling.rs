//! Writes strings into a template.

use std::fmt::Write as _;

use serde_json::Value;

use crate::tree::ScalarStyle;

/// Which characters are written as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Characters {
    /// All characters that YAML can contain.
    All,
    /// ASCII characters, and the others as JSON escapes: a surrogate pair beyond the basic plane.
    AsciiInJson,
    /// ASCII characters, and the others as YAML escapes.
    AsciiInYaml,
}

impl Characters {
    /// The characters for a template's text: JSON and flow-style YAML both begin with a bracket.
    pub(crate) fn of(text: &str, escape: bool) -> Self {
        match (escape, text.trim_start_matches('\u{feff}').trim_start().starts_with('{')) {
            (false, _) => Self::All,
            (true, true) => Self::AsciiInJson,
            (true, false) => Self::AsciiInYaml,
        }
    }

    pub(crate) fn only_ascii(self) -> bool {
        self != Self::All
    }
}

/// A string in the style of the replaced one.
pub(crate) fn in_style(text: &str, style: ScalarStyle, characters: Characters) -> String {
    let plain_is_safe = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "-._~/:%".contains(character))
        && !text.ends_with(':');
    match style {
        ScalarStyle::Plain if plain_is_safe => text.to_owned(),
        ScalarStyle::SingleQuoted if text.chars().all(|character| !character.is_control() && character.is_ascii()) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        _ => quoted(text, characters),
    }
}

/// A double-quoted string in JSON's syntax, which is valid YAML too.
pub(crate) fn quoted(text: &str, characters: Characters) -> String {
    flow(&Value::from(text), characters)
}

/// A value on one line in JSON's syntax, which is valid flow-style YAML too.
pub(crate) fn flow(value: &Value, characters: Characters) -> String {
    escaped(value.to_string(), characters)
}

/// Replaces some characters in JSON with escapes. Outside of strings, JSON is ASCII only.
pub(crate) fn escaped(json: String, characters: Characters) -> String {
    if json.chars().all(|character| stays(character, characters)) {
        return json;
    }
    json.chars().fold(String::with_capacity(json.len() * 2), |mut text, character| {
        if stays(character, characters) {
            text.push(character);
        } else if characters == Characters::AsciiInYaml && u32::from(character) > 0xffff {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\U{:08X}", u32::from(character));
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
        text
    })
}

/// Line and paragraph separators, byte order marks and control characters are valid in JSON, but
/// not in YAML.
fn stays(character: char, characters: Characters) -> bool {
    if character.is_ascii() {
        return character != '\u{7f}';
    }
    let awkward = matches!(character, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    !awkward && !characters.only_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_escaped_if_requested_or_if_yaml_requires_it() {
        for (characters, expected) in [
            (Characters::All, r#""aé😀\u2028\u007f\n""#),
            (Characters::AsciiInJson, r#""a\u00e9\ud83d\ude00\u2028\u007f\n""#),
            (Characters::AsciiInYaml, r#""a\u00e9\U0001F600\u2028\u007f\n""#),
        ] {
            assert_eq!(quoted("aé😀\u{2028}\u{7f}\n", characters), expected);
        }
    }

    #[test]
    fn a_string_keeps_its_style_if_possible() {
        let spell = |text, style| in_style(text, style, Characters::All);
        assert_eq!(spell("s3://b/k", ScalarStyle::Plain), "s3://b/k");
        assert_eq!(spell("s3://b/k #", ScalarStyle::Plain), "\"s3://b/k #\"");
        assert_eq!(spell("it's", ScalarStyle::SingleQuoted), "'it''s'");
        assert_eq!(spell("a\nb", ScalarStyle::SingleQuoted), r#""a\nb""#);
        assert_eq!(spell("a", ScalarStyle::Literal), "\"a\"");
    }
}
