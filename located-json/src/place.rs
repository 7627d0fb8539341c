//! Lines and columns.

use std::fmt;

/// The bytes between two indexed places: few enough to scan, many enough for a small index.
const STRIDE: usize = 1024;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of the character after this one.
    fn after(self, character: char) -> Self {
        if character == '\n' { Self { line: self.line + 1, column: 1 } } else { Self { column: self.column + 1, ..self } }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text, and the place of the first character at or after each multiple of [`STRIDE`], with its
/// offset.
#[derive(Debug, Clone)]
pub(crate) struct PlaceIndex<'a> {
    text: &'a str,
    known: Vec<(usize, Place)>,
}

impl<'a> PlaceIndex<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let (mut known, mut place) = (vec![(0, Place { line: 1, column: 1 })], Place { line: 1, column: 1 });
        for (offset, character) in text.char_indices() {
            if offset >= known.len() * STRIDE {
                known.push((offset, place));
            }
            place = place.after(character);
        }
        Self { text, known }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        let (start, place) = self.known[self.known.partition_point(|(known, _)| *known <= offset) - 1];
        self.text.get(start..offset).unwrap_or_default().chars().fold(place, Place::after)
    }
}
