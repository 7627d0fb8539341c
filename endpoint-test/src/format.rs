//! Readable durations (`250ms`, `1.5s`, `15m`), dates and excerpts of long texts.

use std::time::{Duration, SystemTime};

/// The longest duration in a suite. No operation of a real-time endpoint takes an hour.
const MAX_DURATION: Duration = Duration::from_hours(1);

/// Parses a number with a unit: `ms`, `s`, `m` or `h`. Zero and more than an hour are refused.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_at = text.find(|character: char| character.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let number = number.trim_end();
    if !number.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let duration = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
    (!duration.is_zero() && duration <= MAX_DURATION).then_some(duration)
}

/// Writes a duration in a fitting unit: `250 ms`, `1.5 s`, `15 min`.
pub(crate) fn display_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{} ms", (seconds * 100_000.0).round() / 100.0)
    } else if seconds < 120.0 {
        format!("{} s", (seconds * 100.0).round() / 100.0)
    } else {
        format!("{} min", (seconds / 6.0).round() / 10.0)
    }
}

/// Milliseconds, rounded to a hundredth: networks are less steady than that.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

/// A date and time in RFC 3339, in UTC and with milliseconds: such texts are in order of time.
pub(crate) fn timestamp(date: SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(date).ok().map(|date| format!("{date:.3}"))
}

/// The longest value in a report, in characters.
pub(crate) const EXCERPT: usize = 500;

pub(crate) fn excerpt(text: &str) -> String {
    cut(text, EXCERPT)
}

/// The first `most` characters of a text, with a note of its length if it is cut.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// A text of at most some `most` characters: a longer one keeps its beginning and its end.
pub(crate) fn ends(text: &str, most: usize) -> String {
    let (Some((head, _)), Some((tail, _))) = (text.char_indices().nth(most / 2), text.char_indices().nth_back(most / 2)) else {
        return text.to_owned();
    };
    if head >= tail { text.to_owned() } else { format!("{}… ({} bytes in all) …{}", &text[..head], text.len(), &text[tail..]) }
}

/// The first `most` characters of a body that may be long and may not be text.
pub(crate) fn beginning(body: &[u8], most: usize) -> String {
    // A character has at most four bytes: more need not be decoded.
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * most)]);
    let shown = text.char_indices().nth(most).map_or(&*text, |(end, _)| &text[..end]);
    if shown.len() < text.len() || body.len() > 4 * most { format!("{shown}… ({} bytes in all)", body.len()) } else { shown.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_duration_is_a_number_with_a_unit() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(parse_duration("15 m"), Some(Duration::from_mins(15)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_hours(1)));
        for wrong in ["", "5", "s", "-1s", "+1s", "0ms", "61m", "5 seconds", "1e400s", "inf s", "nan s", "1_000ms", "٣s"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_duration_is_shown_in_a_fitting_unit() {
        assert_eq!(display_duration(Duration::from_micros(2310)), "2.31 ms");
        assert_eq!(display_duration(Duration::from_millis(1500)), "1.5 s");
        assert_eq!(display_duration(Duration::from_mins(15)), "15 min");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            parse_duration(&text);
        }
    }
}
