//! The comparison of metrics and latencies in words, the same in all renderings.

use super::interval::{confidence_text, short};
use super::{ComparisonReport, LatencyComparison, MetricComparison, Outcome};

/// A compared metric or percentile in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gain {
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) would_be: Option<Outcome>,
    /// The tested endpoint's value, and the other one's.
    pub(super) this: String,
    pub(super) other: String,
    /// `no worse than 0.01, 95% bound -0.0213`; empty without a gate.
    pub(super) limit: String,
    /// The two-sided interval, with its method and its number of rows.
    pub(super) interval: Option<String>,
}

impl Gain {
    /// `observed (failed)`, or `-` without a gate.
    pub(super) fn outcome_text(&self) -> String {
        match (self.outcome, self.would_be) {
            (Outcome::Skipped, _) => "-".to_owned(),
            (outcome, Some(would_be)) => format!("{outcome} ({would_be})"),
            (outcome, None) => outcome.to_string(),
        }
    }
}

impl ComparisonReport {
    /// All compared metrics and percentiles.
    pub(super) fn gains(&self) -> Vec<Gain> {
        let several = self.metrics.iter().any(|metric| metric.case != self.metrics[0].case);
        self.metrics.iter().map(|metric| of_metric(metric, several)).chain(self.latency.iter().map(of_latency)).collect()
    }

    /// `accuracy 0.95 and 0.96 before`, of the metrics with a gate, for a headline.
    pub(super) fn headline(&self) -> Option<String> {
        let gates: Vec<_> = self.gains().into_iter().filter(|gain| gain.outcome != Outcome::Skipped).collect();
        let texts: Vec<_> = gates.iter().map(|gain| format!("{} {}, there {}", gain.name, gain.this, gain.other)).collect();
        let unpaired = if self.unpaired.is_some() { " (unpaired, stored results)" } else { "" };
        (!texts.is_empty()).then(|| format!("compared with {}{unpaired}: {}", self.with, texts.join(", ")))
    }

    /// What an unpaired comparison is, in plain words.
    pub(super) fn unpaired_text(&self) -> Option<String> {
        let unpaired = self.unpaired.as_ref()?;
        let release = unpaired.release.as_ref().map(|release| format!(" of release {}", release.chars().take(12).collect::<String>()));
        let package = unpaired.model_package.as_ref().map(|package| format!(" ({package})"));
        let date = unpaired.tested_at.as_ref().map(|date| format!(", tested {date}"));
        let about = [release, package, date].into_iter().flatten().collect::<String>();
        Some(format!(
            "unpaired: {}. The metrics are compared with the stored results{about} in {}. Those are of another run and perhaps of other \
             rows, so this proves less than the same rows sent to both; responses, classes and latencies are not compared",
            unpaired.why, unpaired.results
        ))
    }

    /// `3 of 30 rows have another class: 1 became right, 2 became wrong`.
    pub(super) fn flips_text(&self) -> Option<String> {
        let flips = self.flips.as_ref()?;
        Some(match flips.changed {
            0 => format!("all {} rows have the same class", flips.compared),
            changed => format!(
                "{changed} of {} rows have another class: {} became right, {} became wrong",
                flips.compared, flips.better, flips.worse
            ),
        })
    }
}

fn of_metric(metric: &MetricComparison, several: bool) -> Gain {
    let value = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), short);
    let bound = metric
        .lower_bound
        .as_ref()
        .map(|bound| format!(", {} bound of the gain {}", confidence_text(bound.confidence), value(bound.value)));
    let p_value = metric.p_value.map(|p_value| format!("; McNemar p = {}", short(p_value))).unwrap_or_default();
    Gain {
        name: if several { format!("{} of {}", metric.name, metric.case) } else { metric.name.clone() },
        outcome: metric.outcome,
        would_be: metric.would_be,
        this: value(metric.this),
        other: value(metric.other),
        limit: metric.no_worse_than.map(|margin| format!("no worse than {margin}{}", bound.unwrap_or_default())).unwrap_or_default(),
        interval: metric.gain.as_ref().map(|gain| format!("gain: {}{p_value}", gain.describe())),
    }
}

fn of_latency(latency: &LatencyComparison) -> Gain {
    let time = |time: Option<f64>| time.map_or_else(|| "unknown".to_owned(), |time| format!("{time:.1} ms"));
    let bound = match latency.upper_bound.value {
        Some(bound) => short(bound),
        None => format!("unknown with {} rows", latency.rows),
    };
    Gain {
        name: format!("latency {}", latency.name),
        outcome: latency.outcome,
        would_be: latency.would_be,
        this: time(latency.this_ms),
        other: time(latency.other_ms),
        limit: format!(
            "at most {} times, {} bound of the ratio {bound}",
            latency.at_most_times,
            confidence_text(latency.upper_bound.confidence)
        ),
        interval: latency.ratio.as_ref().map(|ratio| format!("ratio: {}", ratio.describe())),
    }
}
