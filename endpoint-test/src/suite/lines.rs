//! The lines of a text by number and column, also of a text that is one long line.

use std::cell::OnceCell;

/// One offset is kept for this many characters.
const STRIDE: usize = 64;

/// The lines of a text. A part of a line costs the same wherever it is in its line.
pub(super) struct Lines<'t>(Vec<Line<'t>>);

struct Line<'t> {
    text: &'t str,
    index: OnceCell<Index>,
}

enum Index {
    /// A column is a byte.
    Ascii,
    /// The offset of every [`STRIDE`]th character, and the number of characters.
    Offsets(Vec<usize>, usize),
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut rest = text.trim_start_matches('\u{feff}');
        let mut lines = Vec::new();
        while !rest.is_empty() {
            // For YAML a carriage return alone is a line break, too.
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let after = &rest[end..];
            lines.push(Line { text: &rest[..end], index: OnceCell::new() });
            rest = after.strip_prefix("\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        }
        Self(lines)
    }

    /// The number of characters of a line; lines count from one.
    pub(super) fn length(&self, line: usize) -> Option<usize> {
        let line = self.0.get(line.checked_sub(1)?)?;
        Some(match line.index() {
            Index::Ascii => line.text.len(),
            Index::Offsets(_, count) => *count,
        })
    }

    /// At most `count` characters of a line, after the first `skipped` ones.
    pub(super) fn part(&self, line: usize, skipped: usize, count: usize) -> Option<&'t str> {
        let line = self.0.get(line.checked_sub(1)?)?;
        let end = skipped.saturating_add(count);
        Some(&line.text[line.offset(skipped)..line.offset(end)])
    }
}

impl Line<'_> {
    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            if self.text.is_ascii() {
                return Index::Ascii;
            }
            let offsets = self.text.char_indices().step_by(STRIDE).map(|(offset, _)| offset).collect();
            Index::Offsets(offsets, self.text.chars().count())
        })
    }

    /// The offset of a character, or the line's end.
    fn offset(&self, character: usize) -> usize {
        match self.index() {
            Index::Ascii => character.min(self.text.len()),
            Index::Offsets(offsets, _) => {
                let Some(near) = offsets.get(character / STRIDE) else { return self.text.len() };
                self.text[*near..].char_indices().nth(character % STRIDE).map_or(self.text.len(), |(offset, _)| near + offset)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_part_of_a_line_is_counted_in_characters(text in "(?s)[aé€\u{1F600}\n\r]{0,400}", line in 1usize..8, skipped in 0usize..300, count in 0usize..80) {
            let lines = Lines::of(&text);
            let plain = text.replace("\r\n", "\n").replace('\r', "\n");
            let expected = plain.lines().nth(line - 1);
            prop_assert_eq!(lines.length(line), expected.map(|line| line.chars().count()));
            let part = expected.map(|line| line.chars().skip(skipped).take(count).collect::<String>());
            prop_assert_eq!(lines.part(line, skipped, count).map(str::to_owned), part);
        }
    }
}
