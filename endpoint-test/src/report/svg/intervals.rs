//! Intervals as bars: one beside its limit, and the gains over another endpoint.

use maud::{Markup, html};

use super::plot::{At, WIDTH, text};
use crate::report::interval::short;
use crate::report::{ComparisonReport, IntervalReport, MetricReport, Outcome};

/// The size of the bar of one metric.
const BAR: (f64, f64) = (150.0, 22.0);
/// The height of a line of the chart of gains.
const LINE: f64 = 30.0;

/// An interval on its own scale, with the value and the limits as marks; `None` without one.
pub(in crate::report) fn interval(metric: &MetricReport) -> Option<Markup> {
    let (value, interval) = (metric.value?, metric.interval.as_ref()?);
    let limits = || metric.at_least.iter().chain(&metric.at_most).copied();
    let ends = || [interval.low, interval.high, value].into_iter().chain(limits());
    // A report may come from a file: its figures are untrusted.
    if !ends().all(f64::is_finite) {
        return None;
    }
    let (low, high) = (ends().fold(f64::INFINITY, f64::min), ends().fold(f64::NEG_INFINITY, f64::max));
    let x = |value: f64| 4.0 + (BAR.0 - 8.0) * if high > low { (value - low) / (high - low) } else { 0.5 };
    let limit_words = if metric.limit().is_empty() { String::new() } else { format!("; limit {}", metric.limit()) };
    let words = format!("{} {}; {}{limit_words}", metric.title(), metric.shown(), interval.describe());
    Some(html! {
        svg class={ "interval " (metric.outcome) } viewBox={ "0 0 " (BAR.0) " " (BAR.1) } role="img" aria-label=(words) {
            (bar(x(interval.low), x(interval.high), x(value), BAR.1 / 2.0))
            @for limit in limits() { path class="gate" d={ "M" (At(x(limit))) " 2V" (At(BAR.1 - 2.0)) } {} }
        }
    })
}

fn bar(low: f64, high: f64, value: f64, middle: f64) -> Markup {
    html! {
        rect class="span" x=(At(low)) y=(At(middle - 4.0)) width=(At((high - low).max(1.0))) height="8" rx="4" {}
        circle cx=(At(value)) cy=(At(middle)) r="4" {}
    }
}

/// A line of the chart: a gain, and the largest loss that passes. Zero is no difference.
struct Gain<'a> {
    name: String,
    low: f64,
    value: f64,
    high: f64,
    loss: Option<f64>,
    /// The loss in the unit of the gate.
    limit: String,
    outcome: Outcome,
    words: &'a IntervalReport,
}

/// The gain of each metric and percentile over another endpoint's as a bar, each on its own scale:
/// left of the middle is worse. A latency is the logarithm of the ratio. `None` without any.
pub(in crate::report) fn gains(comparison: &ComparisonReport) -> Option<Markup> {
    let several = comparison.metrics.iter().any(|metric| metric.case != comparison.metrics[0].case);
    let metrics = comparison.metrics.iter().filter_map(|metric| {
        let words = metric.gain.as_ref()?;
        let difference = metric.this? - metric.other?;
        let name = if several { format!("{} of {}", metric.name, metric.case) } else { metric.name.clone() };
        let limit = metric.no_worse_than.map(|margin| short(-margin)).unwrap_or_default();
        let value = if matches!(metric.name.as_str(), "mae" | "rmse") { -difference } else { difference };
        Some(Gain { name, low: words.low, value, high: words.high, loss: metric.no_worse_than, limit, outcome: metric.outcome, words })
    });
    let latency = comparison.latency.iter().filter_map(|latency| {
        let words = latency.ratio.as_ref()?;
        Some(Gain {
            name: format!("latency {}", latency.name),
            low: -words.high.ln(),
            value: -(latency.this_ms? / latency.other_ms?).ln(),
            high: -words.low.ln(),
            loss: Some(latency.at_most_times.ln()),
            limit: format!("{} times", latency.at_most_times),
            outcome: latency.outcome,
            words,
        })
    });
    let is_finite = |gain: &Gain<'_>| [gain.low, gain.value, gain.high, gain.loss.unwrap_or_default()].into_iter().all(f64::is_finite);
    let lines: Vec<Gain<'_>> = metrics.chain(latency).filter(is_finite).collect();
    let words: Vec<_> = lines.iter().map(|line| format!("{}: {}, {}", line.name, line.words.describe(), line.outcome)).collect();
    #[expect(clippy::cast_precision_loss, reason = "at most some hundred lines")]
    let height = lines.len() as f64 * LINE + 26.0;
    let middle = WIDTH * 0.64;
    let parts = html! {
        path class="axis" d={ "M" (At(middle)) " 4V" (At(height - 22.0)) } {}
        @for (line, top) in lines.iter().zip((0..).map(|index| f64::from(index) * LINE)) { (gain(line, top + LINE / 2.0, middle)) }
        (text("end", middle - 10.0, height - 6.0, "← worse"))
        (text("start", middle + 10.0, height - 6.0, "better →"))
    };
    (!lines.is_empty()).then(|| chart_of(&words.join(". "), height, &parts))
}

fn gain(gain: &Gain<'_>, y: f64, middle: f64) -> Markup {
    let room = WIDTH - middle - 10.0;
    let most = [gain.low, gain.high, gain.value, gain.loss.unwrap_or_default()].into_iter().map(f64::abs).fold(1e-12, f64::max);
    let x = |value: f64| middle + room * (value / most).clamp(-1.0, 1.0);
    html! {
        g class={ "interval " (gain.outcome) } {
            (text("start", 4.0, y + 4.0, &crate::format::excerpt(&gain.name)))
            (bar(x(gain.low), x(gain.high), x(gain.value), y))
            @if let Some(loss) = gain.loss {
                path class="gate" d={ "M" (At(x(-loss))) " " (At(y - 11.0)) "v22" } {}
                (text("end", x(-loss) - 3.0, y - 5.0, &gain.limit))
            }
        }
    }
}

fn chart_of(words: &str, height: f64, parts: &Markup) -> Markup {
    html! {
        svg class="gains" viewBox={ "0 0 " (WIDTH) " " (At(height)) } role="img" aria-label=(words) { (parts) }
    }
}
