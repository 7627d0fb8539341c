//! The metrics of a run: each once, over all targets, with its limit and its worst value.

use super::interval::{confidence_text, short};
use super::untrusted::one_line;
use super::{BoundReport, MetricReport, Outcome, Report, TargetReport};

/// The longest part of [`Report::summary`] about metrics, in characters: CodePipeline's manual
/// approval shows 1000 characters in all.
const MAX_SUMMARY: usize = 300;

/// A metric of a case over all targets.
#[derive(Debug, Clone, PartialEq)]
pub struct RunMetric<'r> {
    /// The case's name.
    pub case: &'r str,
    /// The metric where it is worst: a failure, then an error, then the value nearest to its limit.
    pub worst: &'r MetricReport,
    /// The metric where its value is best.
    best: &'r MetricReport,
    /// The target where it is worst.
    pub at: &'r TargetReport,
}

impl RunMetric<'_> {
    /// `0.9733`, or `0.9333 to 0.9733` if targets differ.
    pub fn value(&self) -> String {
        let (worst, best) = (self.worst.shown(), self.best.shown());
        if best == worst || self.best.value.is_none() { worst } else { format!("{worst} to {best}") }
    }
}

impl MetricReport {
    /// `accuracy`, or `accuracy of north`.
    pub fn title(&self) -> String {
        match &self.segment {
            Some(segment) => format!("{} of {segment}", self.name),
            None => self.name.clone(),
        }
    }

    /// The value to four decimals, or to as many as show on which side of its limit it is.
    pub(super) fn shown(&self) -> String {
        let Some(value) = self.value else { return "unknown".to_owned() };
        let rounded = |digits: i32| {
            let scale = 10f64.powi(digits);
            (value * scale).round() / scale
        };
        let is_true = |shown: &f64| {
            self.at_least.is_none_or(|limit| (*shown >= limit) == (value >= limit))
                && self.at_most.is_none_or(|limit| (*shown <= limit) == (value <= limit))
        };
        (4..15).map(rounded).find(is_true).unwrap_or(value).to_string()
    }

    /// `at least 0.95`, or with a confidence `at least 0.95, 95% bound 0.9663`; empty without a limit.
    pub fn limit(&self) -> String {
        let side = |word: &str, limit: Option<f64>, bound: &Option<BoundReport>| {
            let limit = format!("{word} {}", limit?);
            let Some(bound) = bound else { return Some(limit) };
            let value = bound.value.map_or_else(|| "unknown".to_owned(), short);
            Some(format!("{limit}, {} bound {value}", confidence_text(bound.confidence)))
        };
        let least = side("at least", self.at_least, &self.lower_bound);
        let most = side("at most", self.at_most, &self.upper_bound);
        least.into_iter().chain(most).collect::<Vec<_>>().join(", ")
    }

    /// `passed`, or `observed (failed)`.
    #[cfg(feature = "render")]
    pub(super) fn outcome_text(&self) -> String {
        match self.would_be {
            Some(would_be) => format!("{} ({would_be})", self.outcome),
            None => self.outcome.to_string(),
        }
    }

    /// The outcome, and the value as a number that is larger if it is worse.
    fn badness(&self) -> (u8, f64) {
        let rank = match self.outcome {
            Outcome::Failed => 5,
            Outcome::NotProven => 4,
            Outcome::Errored => 3,
            Outcome::Passed => 2,
            Outcome::Observed => 1,
            Outcome::Skipped => 0,
        };
        let grows_worse = matches!(self.name.as_str(), "mae" | "rmse") || self.name.starts_with("latency");
        let value = self.value.unwrap_or(f64::NAN);
        (rank, if grows_worse { value } else { -value })
    }
}

impl Report {
    /// Every metric of every case over all targets, in the order of the suite.
    pub fn metrics(&self) -> Vec<RunMetric<'_>> {
        let mut metrics: Vec<RunMetric<'_>> = Vec::new();
        for target in &self.targets {
            for case in &target.cases {
                for metric in case.rows.iter().flat_map(|rows| &rows.metrics) {
                    let same = |known: &&mut RunMetric<'_>| {
                        known.case == case.name && known.worst.name == metric.name && known.worst.segment == metric.segment
                    };
                    match metrics.iter_mut().find(same) {
                        Some(known) => {
                            if metric.badness() > known.worst.badness() {
                                (known.worst, known.at) = (metric, target);
                            }
                            if metric.badness().1 < known.best.badness().1 || known.best.value.is_none() {
                                known.best = metric;
                            }
                        }
                        None => metrics.push(RunMetric { case: &case.name, worst: metric, best: metric, at: target }),
                    }
                }
            }
        }
        metrics
    }

    /// The result in a line for an approver: what passed, and the metrics with their limits.
    pub fn summary(&self) -> String {
        let partial = self.partial.as_ref().map(|partial| format!("partial run: {partial}"));
        let mut parts: Vec<_> = partial.into_iter().collect();
        parts.push(format!("{} of {} endpoints passed", self.counts.passed, self.counts.targets));
        let metrics = self.metrics();
        let several_cases = metrics.iter().any(|metric| metric.case != metrics[0].case);
        // A segment is worth a word only if it is the reason of a failure.
        let (named, others): (Vec<_>, Vec<_>) =
            metrics.iter().partition(|metric| metric.worst.segment.is_none() || metric.worst.outcome.is_wrong());
        let mut length = 0;
        let mut omitted = others.len();
        for metric in named {
            let limit = metric.worst.limit();
            let limit = if limit.is_empty() { limit } else { format!(" ({limit})") };
            let case = if several_cases { format!("{}: ", metric.case) } else { String::new() };
            let wrong = if metric.worst.outcome.is_wrong() || metric.worst.outcome == Outcome::Observed {
                format!("{} ", metric.worst.outcome)
            } else {
                String::new()
            };
            let part = one_line(&format!("{wrong}{case}{} {}{limit}", metric.worst.title(), metric.value()));
            let with_separator = part.chars().count() + 2;
            if length + with_separator > MAX_SUMMARY {
                omitted += 1;
                continue;
            }
            length += with_separator;
            parts.push(part);
        }
        let comparison = self.targets.iter().find_map(|target| target.comparison.as_ref()?.headline());
        if let Some(part) = comparison.map(|comparison| one_line(&comparison)) {
            if length + part.chars().count() + 2 <= MAX_SUMMARY { parts.push(part) } else { omitted += 1 }
        }
        let found = |target: &TargetReport| target.load.as_ref().and_then(|load| load.rate_search.clone());
        let searches = self.targets.iter().filter_map(found);
        // The target that holds the least.
        let least =
            searches.min_by(|one, other| one.holds_per_second.unwrap_or_default().total_cmp(&other.holds_per_second.unwrap_or_default()));
        parts.extend(least.map(|found| format!("rate under load {}", found.headline())));
        if omitted > 0 {
            parts.push(format!("{omitted} more metric{} in the report", if omitted == 1 { "" } else { "s" }));
        }
        parts.join("; ")
    }
}
