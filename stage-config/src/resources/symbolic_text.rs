//! Strings with pieces that only AWS knows.

/// A piece of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Text(String),
    /// The name of the resource with this logical id.
    Name(&'a str),
    /// The ARN of the resource with this logical id.
    Arn(&'a str),
    /// A function; the same function has the same value everywhere.
    Unknown(String),
}

/// A string in pieces. No two `Part::Text` are adjacent, and none is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text<'a>(pub(super) Vec<Part<'a>>);

impl<'a> Text<'a> {
    pub(super) fn of(text: String) -> Self {
        let mut whole = Self::default();
        whole.push(Part::Text(text));
        whole
    }

    pub(super) fn push(&mut self, part: Part<'a>) {
        match (self.0.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
            (_, part) => self.0.push(part),
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        other.0.into_iter().for_each(|part| self.push(part));
    }

    /// The string, if all of it is known.
    pub(super) fn known(&self) -> Option<&str> {
        match &self.0[..] {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the two always differ: two known strings, the names of two resources, or a name that
    /// CloudFormation generates and a known string.
    pub(super) fn is_known_to_differ(&self, other: &Self) -> bool {
        matches!((&self.0[..], &other.0[..]), ([Part::Text(_) | Part::Name(_)], [Part::Text(_) | Part::Name(_)]) if self != other)
    }

    /// Splits at the known delimiters; an unknown piece can contain more of them.
    pub(super) fn split(&self, delimiter: &str) -> Vec<Self> {
        let (mut pieces, mut piece) = (Vec::new(), Self::default());
        for part in &self.0 {
            let Part::Text(text) = part else {
                piece.push(part.clone());
                continue;
            };
            let mut texts = text.split(delimiter);
            piece.push(Part::Text(texts.next().unwrap_or_default().to_owned()));
            for text in texts {
                pieces.push(std::mem::replace(&mut piece, Self::of(text.to_owned())));
            }
        }
        pieces.push(piece);
        pieces
    }
}
