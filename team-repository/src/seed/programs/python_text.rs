//! As much of Python's syntax as the seed's programs need: comments, strings, calls.

use std::ops::Range;

/// A program.
pub(super) struct Python<'a> {
    text: &'a str,
    /// The text with spaces instead of comments and of what is between quotes: every byte keeps its
    /// offset.
    pub(super) code: String,
}

impl<'a> Python<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut code = text.as_bytes().to_vec();
        let mut at = 0;
        while at < code.len() {
            let end = match code[at] {
                b'#' => text[at..].find('\n').map_or(text.len(), |length| at + length),
                b'"' | b'\'' => {
                    let (end, is_closed) = string_end(text, at);
                    at += 1;
                    end - usize::from(is_closed)
                }
                _ => {
                    at += 1;
                    continue;
                }
            };
            code.get_mut(at..end).into_iter().flatten().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
            at = end.max(at) + usize::from(code.get(end).is_some_and(|byte| b"\"'".contains(byte)));
        }
        Self { text, code: String::from_utf8_lossy(&code).into_owned() }
    }

    /// The line of an offset.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.code[..at].matches('\n').count()
    }

    /// The lines of the program that have code, with their numbers.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let code: Vec<bool> = self.code.lines().map(|line| !line.trim().is_empty()).collect();
        self.text.lines().enumerate().filter(move |(index, _)| code.get(*index) == Some(&true)).map(|(index, line)| (index + 1, line))
    }

    /// The string literal that begins at an offset.
    pub(super) fn literal_at(&self, at: usize) -> Option<String> {
        string(self.text.get(at..)?.trim_start())
    }

    /// The arguments of the call of a function in which an offset is.
    pub(super) fn call_around(&self, at: usize, function: &str) -> Option<Range<usize>> {
        let start = self.code[..at].rfind(function)? + function.len();
        // A definition has parameters, not arguments.
        if self.code[..start - function.len()].trim_end().ends_with("def") {
            return None;
        }
        let end = start + self.expression_end(start, &[])?;
        (at < end).then_some(start..end)
    }

    /// The expression of a named argument.
    pub(super) fn argument(&self, call: Range<usize>, name: &str) -> Option<String> {
        let mut from = call.start;
        while let Some(found) = self.code.get(from..call.end)?.find(name) {
            let (start, after) = (from + found, from + found + name.len());
            let is_whole = !self.code[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_');
            let value = self.code[after..call.end].trim_start().strip_prefix('=').filter(|rest| is_whole && !rest.starts_with('='));
            if let Some(rest) = value {
                let begin = call.end - rest.len();
                let length = self.expression_end(begin, b",").unwrap_or(rest.len());
                return Some(self.text[begin..begin + length].trim().to_owned());
            }
            from = after;
        }
        None
    }

    /// The length of an expression, up to its enclosing bracket or one of these bytes.
    fn expression_end(&self, from: usize, ends: &[u8]) -> Option<usize> {
        let mut depth = 0_usize;
        for (index, byte) in self.code.as_bytes().get(from..)?.iter().enumerate() {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return Some(index),
                b')' | b']' | b'}' => depth -= 1,
                byte if depth == 0 && ends.contains(byte) => return Some(index),
                _ => {}
            }
        }
        None
    }

    /// The text of an expression: a string, a variable with one, or `json.dumps` of a literal.
    pub(super) fn value(&self, expression: &str) -> Option<String> {
        let expression = expression.trim();
        let expression = [".encode()", ".encode('utf-8')", ".encode(\"utf-8\")"]
            .iter()
            .fold(expression, |text, end| text.strip_suffix(end).unwrap_or(text));
        if let Some(text) = string(expression) {
            return Some(text);
        }
        if let Some(inner) = expression.strip_prefix("json.dumps(").and_then(|rest| rest.strip_suffix(')')) {
            return self.json(inner.trim());
        }
        self.value(self.assigned(expression)?)
    }

    /// A literal of dictionaries, lists, numbers and strings as JSON.
    fn json(&self, expression: &str) -> Option<String> {
        let literal = if expression.starts_with(['{', '[']) { expression } else { self.assigned(expression)? };
        let json = ["True", "False", "None"]
            .iter()
            .zip(["true", "false", "null"])
            .fold(literal.replace('\'', "\""), |text, (from, to)| text.replace(from, to));
        serde_json::from_str::<serde_json::Value>(&json).ok().map(|value| value.to_string())
    }

    /// What the only assignment to a name assigns.
    fn assigned(&self, name: &str) -> Option<&'a str> {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let mut assigned = None;
        let mut offset = 0;
        for line in self.code.split_inclusive('\n') {
            let begin = offset + line.len() - line.trim_start().len();
            offset += line.len();
            let Some(rest) = line.trim_start().strip_prefix(name).filter(|_| is_name) else { continue };
            let Some(value) = rest.trim_start().strip_prefix('=').filter(|value| !value.starts_with('=')) else { continue };
            let start = begin + line.trim_start().len() - value.len();
            let end = self.expression_end(start, b"\n").unwrap_or(self.text.len() - start);
            let text = self.text.get(start..start + end)?.trim();
            // A second assignment, or one of itself, is computed.
            if assigned.replace(text).is_some() || text == name {
                return None;
            }
        }
        assigned
    }
}

/// The end of the string that begins at an offset, with its quotes, and whether it has an end.
fn string_end(text: &str, start: usize) -> (usize, bool) {
    let quote = &text[start..=start];
    let triple = quote.repeat(3);
    let quote = if text[start..].starts_with(&triple) { triple.as_str() } else { quote };
    let mut at = start + quote.len();
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            at += 2;
        } else if text.as_bytes()[at..].starts_with(quote.as_bytes()) {
            return (at + quote.len(), true);
        } else if bytes[at] == b'\n' && quote.len() == 1 {
            return (at, false);
        } else {
            at += 1;
        }
    }
    (text.len(), false)
}

/// The value of a string literal without formatting, if the text is exactly one or continues with
/// other code.
fn string(text: &str) -> Option<String> {
    let body = text.strip_prefix(['b', 'B']).unwrap_or(text);
    if !body.starts_with(['"', '\'']) {
        return None;
    }
    let (end, is_closed) = string_end(body, 0);
    let quotes = if body.starts_with("\"\"\"") || body.starts_with("'''") { 3 } else { 1 };
    let rest = body[end..].trim_start();
    // `"a" + x`, `"a" % x`, `"a" "b"` and `"a".join(x)` are computed.
    if rest.starts_with(['+', '%', '"', '\'', '.', '*']) || !is_closed {
        return None;
    }
    let inner = body.get(quotes..end - quotes)?;
    let mut value = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            value.push(character);
            continue;
        }
        match characters.next()? {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' => value.push('\r'),
            '\n' => {}
            escaped @ ('\\' | '"' | '\'') => value.push(escaped),
            _ => return None,
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_are_no_code_and_keep_their_lines() {
        let text = "a = 'b(' # c(\n\"\"\"d(\ne\"\"\"\nf(\"ü(\", '\\'(')\n";
        let python = Python::new(text);
        assert_eq!(python.code.matches('(').count(), 1, "{}", python.code);
        assert_eq!(python.code.len(), text.len());
        assert_eq!(python.line(python.code.find("f(").unwrap()), 4);
        for text in ["'", "\"\"\"", "'''a", "'a\\", "b'", "# x", "\"\n\""] {
            assert_eq!(Python::new(text).code.len(), text.len(), "{text}");
        }
    }

    #[test]
    fn only_texts_that_are_known_have_a_value() {
        let program =
            "rows = '5.1,3.5'\nrows_twice = 'a'\nrows_twice = 'b'\nloop = loop\nbody = {'instances': [[1, 2.5]],\n  'ok': True}\n";
        let python = Python::new(program);
        let value = |expression: &str| python.value(expression);
        assert_eq!(value("'a'").as_deref(), Some("a"));
        assert_eq!(value("b\"a\\n\"").as_deref(), Some("a\n"));
        assert_eq!(value("rows").as_deref(), Some("5.1,3.5"));
        assert_eq!(value("rows.encode('utf-8')").as_deref(), Some("5.1,3.5"));
        assert_eq!(value("json.dumps(body)").as_deref(), Some("{\"instances\":[[1,2.5]],\"ok\":true}"));
        assert_eq!(value("json.dumps({'a': None})").as_deref(), Some("{\"a\":null}"));
        for computed in
            ["f'{a}'", "'a' + b", "'%s' % b", "rows_twice", "loop", "unknown", "open('x').read()", "json.dumps(rows + 1)", "", "'a\\x00'"]
        {
            assert_eq!(value(computed), None, "{computed}");
        }
    }
}
