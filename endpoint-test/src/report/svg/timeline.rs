//! Response times over a load with its phases; below, the sent, failed and dropped requests.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::super::{PhaseReport, Series, SeriesStep, ThresholdReport};
use super::plot::{At, HEIGHT, Plane, WIDTH, across, chart, line, short, step, text, ticks, time, times, upper_edge};

/// The height of the bars below the latencies.
const BARS: f64 = 44.0;

/// The chart of one load; `None` without a response. `id` is unique on the page.
pub(in crate::report) fn timeline(id: &str, series: &Series, phases: &[PhaseReport], thresholds: &[ThresholdReport]) -> Option<Markup> {
    let most = series.steps.iter().filter_map(|step| step.max_ms).reduce(f64::max)?;
    if !series.step_ms.is_finite() || series.step_ms <= 0.0 {
        return None;
    }
    let limits: Vec<_> = thresholds.iter().filter(|threshold| threshold.phase.is_none() && threshold.percentile.is_some()).collect();
    #[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
    let length = series.steps.len() as f64 * series.step_ms;
    let end = phases.iter().map(|phase| phase.start_ms + phase.duration_ms).fold(length, f64::max);
    let plane = Plane {
        left: 72.0,
        right: WIDTH - 14.0,
        top: 26.0,
        bottom: HEIGHT - 42.0 - BARS,
        most_x: end,
        most_y: upper_edge(most, limits.iter().map(|limit| limit.limit_value)),
    };
    let parts = html! {
        (bands(&plane, phases))
        (times(&plane, 4.0))
        (bars(&plane, series))
        (axis(&plane))
        @for limit in limits.into_iter().filter(|limit| limit.limit_value <= plane.most_y) {
            @let y = plane.y(limit.limit_value);
            g class={ "limit " (limit.outcome) } {
                (across(&plane, None, y))
                (text("end", plane.right - 4.0, y - 5.0, &limit.threshold))
            }
        }
        @for (class, value) in LINES { (line(class, places(&plane, series, value))) }
    };
    Some(chart(id, "Response time over time", &words(series, phases, most), &parts))
}

type Value = fn(&SeriesStep) -> Option<f64>;

/// The lines, the lowest first.
const LINES: [(&str, Value); 3] = [("third", |step| step.max_ms), ("second", |step| step.p95_ms), ("first", |step| step.p50_ms)];

fn places(plane: &Plane, series: &Series, value: Value) -> Vec<Option<(f64, f64)>> {
    let at = |(index, step): (usize, &SeriesStep)| Some((plane.x(middle(index, series.step_ms)), plane.y(value(step)?)));
    series.steps.iter().enumerate().map(at).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
fn middle(index: usize, step_ms: f64) -> f64 {
    (index as f64 + 0.5) * step_ms
}

fn bands(plane: &Plane, phases: &[PhaseReport]) -> Markup {
    let counted = |index: usize| phases[..index].iter().filter(|phase| phase.counted).count();
    let class = |index: usize| match (phases[index].counted, counted(index) % 2) {
        (false, _) => "band warm",
        (true, 0) => "band even",
        (true, _) => "band odd",
    };
    html! {
        @for (index, phase) in phases.iter().enumerate() {
            @let (from, to) = (plane.x(phase.start_ms), plane.x(phase.start_ms + phase.duration_ms));
            (bar(class(index), from, plane.top, (to - from).max(0.5), HEIGHT - 30.0 - plane.top))
            // A letter takes about seven units: a label that does not fit is only in the text.
            @if let Some(label) = label(phase, (to - from) / 7.0) {
                (text("middle", f64::midpoint(from, to), plane.top - 9.0, &label))
            }
        }
    }
}

fn bar(class: &str, x: f64, y: f64, width: f64, height: f64) -> Markup {
    html! { rect class=(class) x=(At(x)) y=(At(y)) width=(At(width)) height=(At(height)) {} }
}

#[expect(clippy::cast_precision_loss, reason = "a name has at most eighty letters")]
fn label(phase: &PhaseReport, letters: f64) -> Option<String> {
    let long = format!("{} {}", phase.name, phase.traffic);
    [long.as_str(), phase.name.as_str(), phase.traffic.as_str()]
        .into_iter()
        .find(|text| text.chars().count() as f64 <= letters)
        .map(str::to_owned)
}

/// Bars of the sent requests, with the failed ones, and the dropped ones above.
#[expect(clippy::cast_precision_loss, reason = "a million at most")]
fn bars(plane: &Plane, series: &Series) -> Markup {
    let most = series.steps.iter().map(|step| step.sent + step.dropped).max().unwrap_or_default().max(1) as f64;
    let bottom = HEIGHT - 30.0;
    // A single error must stay visible.
    let height = |count: u64| if count == 0 { 0.0 } else { ((BARS - 8.0) * count as f64 / most).max(1.5) };
    let width = (plane.x(series.step_ms) - plane.x(0.0)).max(1.0);
    let stacked = |step: &SeriesStep| {
        let mut y = bottom;
        [("bar failed", step.errors), ("bar sent", step.sent.saturating_sub(step.errors)), ("bar dropped", step.dropped)].map(
            |(class, count)| {
                y -= height(count);
                (class, y, height(count))
            },
        )
    };
    html! {
        @for (index, step) in series.steps.iter().enumerate() {
            @for (class, y, height) in stacked(step).into_iter().filter(|(.., height)| *height > 0.0) {
                (bar(class, plane.x(middle(index, series.step_ms)) - width / 2.0, y, width - 0.6, height))
            }
        }
        (text("end", plane.left - 8.0, bottom - BARS + 14.0, &format!("{}/s", short(most / (series.step_ms / 1000.0)))))
    }
}

fn axis(plane: &Plane) -> Markup {
    let (bottom, seconds) = (HEIGHT - 30.0, plane.most_x / 1000.0);
    html! {
        (across(plane, Some("axis"), bottom))
        @for second in ticks(step(seconds, 6.0), seconds) {
            (text("middle", plane.x(second * 1000.0), bottom + 18.0, &format!("{} s", short(second))))
        }
    }
}

/// The chart as text.
fn words(series: &Series, phases: &[PhaseReport], most: f64) -> String {
    let slowest = series.steps.iter().position(|step| step.max_ms == Some(most)).unwrap_or_default();
    let mut words = String::new();
    for phase in phases {
        let seconds = short(phase.duration_ms / 1000.0);
        let _ = write!(words, "Phase {}: {} for {seconds} s. ", phase.name, phase.traffic);
    }
    let at = short(middle(slowest, series.step_ms) / 1000.0);
    let sum = |count: fn(&SeriesStep) -> u64| series.steps.iter().map(count).sum::<u64>();
    let _ = write!(
        words,
        "The slowest request took {} and was due at {at} s. {} were sent, {} failed, {} were dropped.",
        time(most),
        sum(|step| step.sent),
        sum(|step| step.errors),
        sum(|step| step.dropped)
    );
    words
}
