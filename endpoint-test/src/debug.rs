//! The `{:?}` form of errors: a `main` that returns an error prints it.

use std::error::Error;
use std::fmt;

/// The error's message, then each cause that adds something, on its own line.
pub(crate) fn chain(error: &(dyn Error + 'static), formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut shown = error.to_string();
    formatter.write_str(&shown)?;
    for source in std::iter::successors(error.source(), |source| (*source).source()) {
        let text = source.to_string();
        if !text.is_empty() && !shown.contains(&text) {
            write!(formatter, "\n  caused by: {text}")?;
            shown.push_str(&text);
        }
    }
    Ok(())
}
