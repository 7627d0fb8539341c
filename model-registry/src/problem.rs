//! Findings about a file: what is wrong, where, and what to do about it.

use std::fmt;

use located_json::{Document, Place};

/// One finding about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// A stable name for this kind of finding, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong: a lowercase fragment that names the object in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Its place in the text.
    pub place: Option<Place>,
}

/// All findings about a file, as an error.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

/// Reads a JSON text; `what` names it in the message, such as "the release policy".
pub(crate) fn read_json<'a>(text: &'a str, what: &str) -> Result<Document<'a>, Problems> {
    Document::parse(text).map_err(|error| {
        let problem = Problem::new(error.code, format!("{what} {}", error.message));
        Problems(vec![problem.with_hint_opt(error.hint.map(str::to_owned)).at(error.place)])
    })
}

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: shortened(message.into()), hint: None, place: None }
    }

    pub(crate) fn with_hint_opt(mut self, hint: Option<String>) -> Self {
        self.hint = hint.map(shortened).or(self.hint);
        self
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with_hint_opt(Some(hint.into()))
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

/// The maximum length of a message, in characters: it can contain a value of the file.
const MAX_MESSAGE: usize = 1000;

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}… ({} more characters)", &text[..end], text[end..].chars().count()),
        None => text,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// "did you mean" with the nearest known name; all known names of a `kind` if none is near.
pub(crate) fn did_you_mean<'a>(name: &str, kind: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let near = known
        .clone()
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min();
    match near {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None => format!("known {kind}: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}
