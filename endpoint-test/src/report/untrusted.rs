//! Escapes untrusted text in reports: names in suites, and responses of models.

use std::fmt::Write as _;

/// Text on one line. Line breaks become `
/// `. Other control characters, bidirectional formatting characters and noncharacters become
/// `\u{…}`, so that no response can control a terminal or reverse the meaning of a line.
pub(super) fn one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            character if is_steering(character) => shown.extend(character.escape_unicode()),
            character => shown.push(character),
        }
    }
    shown
}

#[cfg(feature = "render")]
/// Text for XML: what XML forbids, and what controls a terminal, becomes `\u{…}`.
pub(super) fn xml(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            character if is_steering(character) => shown.extend(character.escape_unicode()),
            character => shown.push(character),
        }
    }
    shown
}

/// A JSON document in which the same characters become JSON escapes: its values stay the same.
pub(super) fn json(document: &str) -> String {
    let mut shown = String::with_capacity(document.len());
    for character in document.chars() {
        if character == '\n' || !is_steering(character) {
            shown.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        }
    }
    shown
}

#[cfg(feature = "render")]
/// Markup that has none of these characters itself. Apostrophes are escaped too.
pub(super) fn html(markup: &str) -> String {
    xml(markup).replace('\'', "&#39;")
}

/// Whether a character is a control, bidirectional or noncharacter: reports escape these.
pub fn is_steering(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(all(test, feature = "render"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_breaks_out_of_its_html_element(text in any::<String>()) {
            let html = html(&maud::html! { (text) }.into_string());
            prop_assert!(!html.contains(['<', '>', '"', '\'']));
            prop_assert!(html.chars().all(|character| !is_steering(character) || character == '\n' || character == '\t'));
        }

        #[test]
        fn one_line_is_one_line(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(is_steering));
        }
    }

    #[test]
    fn a_bidirectional_override_is_escaped() {
        assert_eq!(one_line("a\u{202e}b\u{1b}[31m"), "a\\u{202e}b\\u{1b}[31m");
    }
}
