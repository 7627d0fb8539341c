//! Places in the text: byte ranges, lines and columns.

use std::ops::Range;

/// A part of a template's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// The line of the first byte, from 1. LF, CRLF and a lone CR end a line.
    pub line: usize,
    /// The column of the first byte in characters, from 1. A byte order mark takes no column.
    pub column: usize,
}

impl Span {
    /// The bytes, for slicing the text.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Where each line of a text starts.
#[derive(Debug, Clone)]
pub(crate) struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (offset, byte) in bytes.iter().enumerate() {
            // The line break of CRLF is its LF.
            let breaks = *byte == b'\n' || (*byte == b'\r' && bytes.get(offset + 1) != Some(&b'\n'));
            if breaks {
                starts.push(offset + 1);
            }
        }
        Self { starts }
    }

    /// Line and column, both from 1, of a byte of the text that the index was made of.
    pub(crate) fn position(&self, text: &str, offset: usize) -> (usize, usize) {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let before = text.get(self.starts[line - 1]..offset).unwrap_or_default();
        (line, before.trim_start_matches('\u{feff}').chars().count() + 1)
    }

    pub(crate) fn span(&self, text: &str, range: Range<usize>) -> Span {
        let (line, column) = self.position(text, range.start);
        Span { start: range.start, end: range.end, line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_lf_crlf_and_cr_and_columns_count_characters() {
        let text = "é1\r\nb\rc\nd";
        let index = LineIndex::new(text);
        let at = |needle: &str| index.position(text, text.find(needle).unwrap());
        assert_eq!([at("1"), at("b"), at("c"), at("d")], [(1, 2), (2, 1), (3, 1), (4, 1)]);
        assert_eq!(index.position(text, text.len()), (4, 2));
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let text = "\u{feff}a: 1";
        assert_eq!(LineIndex::new(text).position(text, 3), (1, 1));
    }
}
