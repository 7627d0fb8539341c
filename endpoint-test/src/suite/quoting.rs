//! Values that YAML reads differently without quotes: hints for them.

/// Words that are booleans in YAML 1.1, and text in YAML 1.2, with the boolean.
const BOOLEAN_WORDS: [(&str, bool); 4] = [("yes", true), ("no", false), ("on", true), ("off", false)];

/// The boolean that a word is in YAML 1.1.
pub(crate) fn boolean_word(text: &str) -> Option<bool> {
    BOOLEAN_WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, boolean)| *boolean)
}

/// The hint for invalid YAML at a column (from one) of a line: the value there needs quotes.
///
/// Between braces and brackets, a plain value ends at any of `,[]{}`, and nowhere may it begin with
/// an indicator such as `@` or `*`. JSONPaths, variables and patterns have these characters.
pub(super) fn hint(line: &str, column: usize) -> Option<String> {
    let line: Vec<char> = line.chars().collect();
    let value = value_at(&line, column.saturating_sub(1))?;
    let inner = value.chars().skip(1).any(|character| "[]{}".contains(character));
    if !inner && !value.starts_with(['*', '&', '@', '`', '%', '!']) {
        return None;
    }
    let what = match value.as_str() {
        value if value.starts_with("$.") || value.starts_with("$[") => "JSONPath",
        value if value.starts_with("${") => "variable",
        _ => "value",
    };
    Some(format!("put the {what} in quotes: `{}`", quoted(&value)))
}

fn quoted(value: &str) -> String {
    if value.contains('\'') && !value.contains(['"', '\\']) { format!("\"{value}\"") } else { format!("'{}'", value.replace('\'', "''")) }
}

/// The plain value that covers this position of a line.
fn value_at(line: &[char], at: usize) -> Option<String> {
    let mut start = 0;
    while start < line.len() {
        let character = line[start];
        let is_list_item = character == '-' && line.get(start + 1) == Some(&' ');
        if character.is_whitespace() || "[{]},:".contains(character) || is_list_item {
            start += 1;
        } else if character == '"' || character == '\'' {
            start = after_quotes(line, start);
        } else {
            let end = end_of_value(line, start);
            if (start..=end).contains(&at) {
                return Some(line[start..end].iter().collect::<String>().trim_end().to_owned());
            }
            start = end.max(start + 1);
        }
    }
    None
}

/// The end of a plain value as it was meant: brackets and quotes in it belong to it.
fn end_of_value(line: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut index = start;
    while index < line.len() {
        match line[index] {
            '\'' | '"' if depth > 0 => {
                index = after_quotes(line, index);
                continue;
            }
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ',' if depth == 0 => return index,
            ']' | '}' | ')' => depth = depth.saturating_sub(1),
            // The end of a key, or the beginning of a comment.
            ':' if depth == 0 && line.get(index + 1).is_none_or(|next| next.is_whitespace()) => return index,
            '#' if index > start && line[index - 1].is_whitespace() => return index,
            _ => {}
        }
        index += 1;
    }
    index
}

fn after_quotes(line: &[char], start: usize) -> usize {
    let closing = line[start + 1..].iter().position(|character| *character == line[start]);
    closing.map_or(line.len(), |offset| start + offset + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_value_at_the_location_is_quoted() {
        for (line, column, expected) in [
            ("json: [{ at: $.predictions[*].score, equals: 1 }]", 28, "put the JSONPath in quotes: `'$.predictions[*].score'`"),
            ("- { equals: 1, at: $[0] }", 21, "put the JSONPath in quotes: `'$[0]'`"),
            ("- { at: $['a'], equals: 1 }", 10, "put the JSONPath in quotes: `\"$['a']\"`"),
            ("- { at: $.a[?@.x == 'b, c'].d, equals: 1 }", 12, "put the JSONPath in quotes: `\"$.a[?@.x == 'b, c'].d\"`"),
            ("ignore: [/a, $.a[*].id, $..x]", 18, "put the JSONPath in quotes: `'$.a[*].id'`"),
            ("payload: { csv: ${flower} }", 18, "put the variable in quotes: `'${flower}'`"),
            ("- { at: /a, matches: ^[ab]+$ }", 23, "put the value in quotes: `'^[ab]+$'`"),
            ("- { at: @.a, equals: 1 }", 9, "put the value in quotes: `'@.a'`"),
        ] {
            assert_eq!(hint(line, column).as_deref(), Some(expected), "{line}");
        }
        for (line, column) in [("- { at: /a, equals: 1", 21), ("cases: [", 8), ("- { at: '$.a[0]' ]", 18), ("", 1)] {
            assert_eq!(hint(line, column), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_the_hint_panic(line in "\\PC{0,40}", tokens in "[\\[\\]{}'\",: $@a-]{0,30}", column in 0usize..50) {
            let _ = hint(&line, column);
            let _ = hint(&tokens, column);
        }
    }
}
