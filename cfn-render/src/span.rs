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
    /// The column of the first byte in characters, from 1. A byte order mark has no column.
    pub column: usize,
}

impl Span {
    /// The bytes, for slicing the text.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The start of each line, and the number of characters before each block of a line: a template can
/// be one very long line.
#[derive(Debug, Clone)]
pub(crate) struct LineIndex {
    starts: Vec<usize>,
    characters: Vec<usize>,
}

/// The maximum number of bytes that are counted to find a column.
const BLOCK: usize = 1024;

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
        let mut before = 0;
        let characters = bytes
            .chunks(BLOCK)
            .map(|block| {
                let here = before;
                before += characters_in(block);
                here
            })
            .collect();
        Self { starts, characters }
    }

    /// Line and column, both from 1, of a byte of the indexed text.
    pub(crate) fn position(&self, text: &str, offset: usize) -> (usize, usize) {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let mark = usize::from(offset > start && text[start..].starts_with('\u{feff}'));
        (line, self.characters_before(text, offset) - self.characters_before(text, start) - mark + 1)
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let block = offset / BLOCK;
        let before = self.characters.get(block).copied();
        // The end of a text that fills its last block exactly.
        let (block, before) =
            before.map_or_else(|| (block.saturating_sub(1), self.characters.last().copied()), |before| (block, Some(before)));
        before.unwrap_or(0) + characters_in(&text.as_bytes()[block * BLOCK..offset])
    }

    pub(crate) fn span(&self, text: &str, range: Range<usize>) -> Span {
        let (line, column) = self.position(text, range.start);
        Span { start: range.start, end: range.end, line, column }
    }
}

/// Every character has exactly one byte that is not a continuation byte.
fn characters_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
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
    fn columns_of_a_long_line_are_correct() {
        for text in ["é".repeat(5000), "é".repeat(BLOCK), "a".repeat(BLOCK), format!("x{}", "日".repeat(3000)), String::new()] {
            let index = LineIndex::new(&text);
            for (column, (offset, _)) in text.char_indices().enumerate() {
                assert_eq!(index.position(&text, offset), (1, column + 1));
            }
            assert_eq!(index.position(&text, text.len()), (1, text.chars().count() + 1));
        }
    }

    #[test]
    fn a_byte_order_mark_has_no_column() {
        let text = "\u{feff}a: 1";
        assert_eq!(LineIndex::new(text).position(text, 3), (1, 1));
    }
}
