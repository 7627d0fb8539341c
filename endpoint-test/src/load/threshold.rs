//! Thresholds of a load: `p95 < 250ms`, `errors < 1%`, `dropped == 0`, `throughput > 20/s`.

use std::fmt;
use std::time::Duration;

/// One condition on the figures of a load.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Threshold {
    /// In a normalised spelling.
    pub(crate) expression: String,
    pub(crate) metric: Metric,
    pub(crate) comparison: Comparison,
    pub(crate) limit: Limit,
    /// The index of the phase; `None` for all counted phases.
    pub(crate) phase: Option<usize>,
    /// Whether it is reported and decides nothing.
    pub(crate) observe: bool,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Metric {
    /// From the scheduled time of a request.
    ResponseTime(Statistic),
    /// From the time when it was sent.
    ServiceTime(Statistic),
    /// The number of requests of one kind, or of all failed ones.
    Count(Counted),
    /// Right responses per second.
    Throughput,
    /// The highest rate at which the other thresholds hold: the result of `find_rate`.
    Rate,
}

/// Which requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// All failed requests, for any reason.
    Errors,
    /// Arrivals that were not sent because too many requests were in flight.
    Dropped,
    /// Responses that are not what the case expects.
    WrongResponses,
    /// Requests without a response in time.
    Timeouts,
    /// Throttled requests.
    Throttles,
}

/// One figure of a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Statistic {
    /// Between 0 and 1, both excluded.
    Percentile(f64),
    Min,
    Mean,
    Max,
}

/// How the figure compares with the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
    Equal,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    Time(Duration),
    Number(u64),
    /// From 0 to 1.
    Part(f64),
    /// Per second.
    Rate(f64),
}

/// The fewest samples beyond a percentile that make it reliable.
const MIN_BEYOND: f64 = 10.0;

impl Statistic {
    /// The fewest samples that the figure needs.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentile is at most 0.99999")]
    pub(crate) fn needs(self) -> u64 {
        match self {
            // 1 - 0.99 is a little more than 0.01: subtract a tiny amount, since 1000 samples
            // suffice.
            Self::Percentile(percentile) => (MIN_BEYOND / (1.0 - percentile) - 1e-6).ceil() as u64,
            Self::Min | Self::Mean | Self::Max => 1,
        }
    }
}

impl Metric {
    pub(crate) fn statistic(self) -> Option<Statistic> {
        match self {
            Self::ResponseTime(statistic) | Self::ServiceTime(statistic) => Some(statistic),
            Self::Count(_) | Self::Throughput | Self::Rate => None,
        }
    }
}

impl Comparison {
    pub(crate) fn is_satisfied(self, actual: f64, limit: f64) -> bool {
        match self {
            Self::Below => actual < limit,
            Self::AtMost => actual <= limit,
            Self::Above => actual > limit,
            Self::AtLeast => actual >= limit,
            Self::Equal => (actual - limit).abs() < 1e-9,
        }
    }
}

/// Why a text is not a threshold, and a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidThreshold {
    pub(crate) message: String,
    pub(crate) hint: String,
}

fn wrong(message: impl Into<String>, hint: impl Into<String>) -> InvalidThreshold {
    InvalidThreshold { message: message.into(), hint: hint.into() }
}

/// Parses `METRIC COMPARISON LIMIT`, with or without spaces.
pub(crate) fn parse(text: &str) -> Result<Threshold, InvalidThreshold> {
    const FORM: &str = "write it like `p95 < 250ms`, `errors < 1%`, `dropped == 0` or `throughput > 20/s`";
    let text = text.trim();
    let Some(at) = text.find(['<', '>', '=', '!']) else {
        return Err(wrong(format!("`{text}` is not a threshold: it has no comparison"), FORM));
    };
    let (name, rest) = text.split_at(at);
    let end = rest.find(|character| !"<>=!".contains(character)).unwrap_or(rest.len());
    let (sign, limit_text) = (&rest[..end], rest[end..].trim());
    let comparison = match sign {
        "<" => Comparison::Below,
        "<=" => Comparison::AtMost,
        ">" => Comparison::Above,
        ">=" => Comparison::AtLeast,
        "==" => Comparison::Equal,
        _ => return Err(wrong(format!("`{sign}` is not a comparison"), "use one of `<`, `<=`, `>`, `>=` and `==`")),
    };
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let metric = metric(&name).ok_or_else(|| unknown_metric(&name))?;
    let limit = limit(metric, limit_text)?;
    let expression = format!("{name} {sign} {limit_text}");
    Ok(Threshold { expression, metric, comparison, limit, phase: None, observe: false })
}

fn metric(name: &str) -> Option<Metric> {
    if let Some(statistic) = name.strip_prefix("service ") {
        return Some(Metric::ServiceTime(read_statistic(statistic)?));
    }
    Some(match name {
        "errors" => Metric::Count(Counted::Errors),
        "dropped" => Metric::Count(Counted::Dropped),
        "wrong_answers" => Metric::Count(Counted::WrongResponses),
        "timeouts" => Metric::Count(Counted::Timeouts),
        "throttles" => Metric::Count(Counted::Throttles),
        "throughput" => Metric::Throughput,
        "rate" => Metric::Rate,
        statistic => Metric::ResponseTime(read_statistic(statistic)?),
    })
}

fn read_statistic(name: &str) -> Option<Statistic> {
    match name {
        "min" => return Some(Statistic::Min),
        "mean" => return Some(Statistic::Mean),
        "max" => return Some(Statistic::Max),
        _ => {}
    }
    let number = name.strip_prefix('p')?;
    if !number.starts_with(|character: char| character.is_ascii_digit()) || number.ends_with('.') {
        return None;
    }
    let percent: f64 = number.parse().ok()?;
    // Beyond five nines no load within the limits has enough samples. Divide integers: 99.9 / 100
    // is not exactly the number written 0.999.
    (percent > 0.0 && percent <= 99.999).then(|| Statistic::Percentile((percent * 1e6).round() / 1e8))
}

fn unknown_metric(name: &str) -> InvalidThreshold {
    const NAMES: &str = "`p50` to `p99.999`, `min`, `mean`, `max` (with the prefix `service`: measured from when the request was sent, not from when it was due), `errors`, \
                         `dropped`, `wrong_answers`, `timeouts`, `throttles`, `throughput`, and `rate` with `find_rate`";
    wrong(format!("`{name}` is not a metric"), format!("the metrics are {NAMES}"))
}

fn limit(metric: Metric, text: &str) -> Result<Limit, InvalidThreshold> {
    let (found, what, example) = match metric {
        Metric::ResponseTime(_) | Metric::ServiceTime(_) => {
            (crate::format::parse_duration(text).map(Limit::Time), "a duration", "such as `250ms` or `1.5s`")
        }
        Metric::Count(_) => (part_or_number(text), "a whole number or a percentage up to 100%", "such as `0` or `1%`"),
        Metric::Throughput | Metric::Rate => (rate(text).filter(|rate| *rate > 0.0).map(Limit::Rate), "a rate", "such as `20/s`"),
    };
    found.ok_or_else(|| wrong(format!("`{text}` is not {what}"), example))
}

fn part_or_number(text: &str) -> Option<Limit> {
    match text.strip_suffix('%') {
        Some(number) => plain_number(number.trim_end()).filter(|number| *number <= 100.0).map(|number| Limit::Part(number / 100.0)),
        None => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())).map(Limit::Number),
    }
}

/// Parses a rate, `20/s` or `300/m`, as requests per second.
pub(crate) fn rate(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once('/')?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return None,
    };
    Some(plain_number(number.trim())? / seconds)
}

/// A finite number that is not negative, in digits: no `inf`, no `1e9`.
fn plain_number(text: &str) -> Option<f64> {
    let digits = text.starts_with(|character: char| character.is_ascii_digit());
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| digits && plain && !text.ends_with('.'))
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.expression)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thresholds_have_a_readable_form() {
        let read = |text| parse(text).map(|threshold| (threshold.metric, threshold.comparison, threshold.limit, threshold.expression));
        let p95 = Metric::ResponseTime(Statistic::Percentile(0.95));
        let time = Limit::Time(Duration::from_millis(250));
        assert_eq!(read("p95 < 250ms"), Ok((p95, Comparison::Below, time, "p95 < 250ms".to_owned())));
        assert_eq!(read(" p95<250ms "), Ok((p95, Comparison::Below, time, "p95 < 250ms".to_owned())));
        let errors = Metric::Count(Counted::Errors);
        assert_eq!(read("errors <= 1%"), Ok((errors, Comparison::AtMost, Limit::Part(0.01), "errors <= 1%".to_owned())));
        let dropped = Metric::Count(Counted::Dropped);
        assert_eq!(read("dropped == 0"), Ok((dropped, Comparison::Equal, Limit::Number(0), "dropped == 0".to_owned())));
        assert_eq!(
            read("throughput > 20/s"),
            Ok((Metric::Throughput, Comparison::Above, Limit::Rate(20.0), "throughput > 20/s".to_owned()))
        );
        let service = Metric::ServiceTime(Statistic::Percentile(0.999));
        assert_eq!(
            read("service p99.9 < 1s"),
            Ok((service, Comparison::Below, Limit::Time(Duration::from_secs(1)), "service p99.9 < 1s".to_owned()))
        );
    }

    #[test]
    fn an_invalid_threshold_is_refused_with_a_hint() {
        for (text, message) in [
            ("p95", "`p95` is not a threshold: it has no comparison"),
            ("p95 < 250", "`250` is not a duration"),
            ("p95 != 250ms", "`!=` is not a comparison"),
            ("p95 = 250ms", "`=` is not a comparison"),
            ("p100 < 1s", "`p100` is not a metric"),
            ("p0 < 1s", "`p0` is not a metric"),
            ("latency < 1s", "`latency` is not a metric"),
            ("errors < 1ms", "`1ms` is not a whole number or a percentage up to 100%"),
            ("errors < 101%", "`101%` is not a whole number or a percentage up to 100%"),
            ("errors < -1%", "`-1%` is not a whole number or a percentage up to 100%"),
            ("dropped == 0.5", "`0.5` is not a whole number or a percentage up to 100%"),
            ("throughput > 20", "`20` is not a rate"),
            ("throughput > 0/s", "`0/s` is not a rate"),
            ("throughput > inf/s", "`inf/s` is not a rate"),
            ("< 3", "`` is not a metric"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.message, message);
            assert!(!error.hint.is_empty());
        }
    }

    #[test]
    fn a_percentile_needs_ten_samples_beyond_it() {
        for (percentile, samples) in [(0.5, 20), (0.9, 100), (0.95, 200), (0.99, 1000), (0.999, 10_000), (0.9999, 100_000)] {
            assert_eq!(Statistic::Percentile(percentile).needs(), samples, "{percentile}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn a_parsed_threshold_parses_the_same_again(percent in 1u32..99_999, milliseconds in 1u32..100_000) {
            let text = format!("p{} < {milliseconds}ms", f64::from(percent) / 1000.0);
            let threshold = parse(&text).unwrap();
            prop_assert_eq!(parse(&threshold.expression).unwrap(), threshold);
        }
    }
}
