//! How errors look with `{:?}`, which is what a `main` that returns one prints.

use std::error::Error;
use std::fmt;

/// The error's own words, then each cause that says something new on a line of its own.
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
