//! Bounds and cleans text from other sources, and formats numbers.

use endpoint_test::report::is_steering;

use crate::diagnostic::Failure;

/// The longest text from another source, in characters.
const LONGEST: usize = 400;

/// Text on one line, without characters that control a terminal or reverse text, cut if it is long.
pub(super) fn line(text: &str) -> String {
    bounded(text, LONGEST)
}

/// As [`line()`], of at most `longest` characters.
pub(super) fn bounded(text: &str, longest: usize) -> String {
    let clean = |character: char| if is_steering(character) { ' ' } else { character };
    let mut characters = text.chars().map(clean);
    let mut shown: String = characters.by_ref().take(longest).collect();
    if characters.next().is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// The reason of a failure, in a line.
pub(super) fn reason(failure: &Failure) -> String {
    let texts = failure.diagnostics.iter().map(|diagnostic| {
        let details = diagnostic.details.iter().fold(String::new(), |text, detail| format!("{text}; {detail}"));
        format!("{}{details}", diagnostic.message)
    });
    line(&texts.collect::<Vec<_>>().join("; "))
}

/// A number with at most four decimals; more if it would be shown as zero.
pub(super) fn number(value: f64) -> String {
    let scale = 10_000.0;
    let rounded = (value * scale).round() / scale;
    if rounded == 0.0 && value != 0.0 { format!("{value:.2e}") } else { rounded.to_string() }
}

/// A difference with its sign: `+0.01`, `−0.01` or `0`.
pub(super) fn difference(value: f64) -> String {
    let text = number(value.abs());
    match value.total_cmp(&0.0) {
        _ if text == "0" => text,
        std::cmp::Ordering::Less => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// `13`, or the ARN's last part for an unversioned package.
pub(super) fn version(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_bounded_line() {
        assert_eq!(line("a\nb\u{202e}c\u{1b}[31m"), "a b c [31m");
        assert_eq!(line(&"x".repeat(LONGEST)).chars().count(), LONGEST);
        let long = line(&"é".repeat(LONGEST + 1));
        assert!(long.chars().count() == LONGEST && long.ends_with('…'));
    }

    #[test]
    fn numbers_are_short_and_a_small_one_is_not_zero() {
        assert_eq!((number(0.966_66), number(12.0), number(0.000_01)), ("0.9667".to_owned(), "12".to_owned(), "1.00e-5".to_owned()));
        assert_eq!((difference(0.01), difference(-0.012), difference(0.0)), ("+0.01".to_owned(), "−0.012".to_owned(), "0".to_owned()));
    }
}
