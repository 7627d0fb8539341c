//! Response times over the course of a load, with its phases; below, how much was sent and what became of it.

use std::fmt::Write as _;

use super::super::untrusted::Html;
use super::super::{PhaseReport, Series, SeriesStep, ThresholdReport};
use super::plot::{At, HEIGHT, Plane, WIDTH, begin, line, short, step, time, times, upper_edge};

/// How high the bars below the latencies are.
const BARS: f64 = 44.0;

/// The chart of one load; nothing when nobody was answered. `id` is unique on the page.
pub(in crate::report) fn timeline(id: &str, series: &Series, phases: &[PhaseReport], thresholds: &[ThresholdReport]) -> Option<String> {
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
    let mut svg = String::new();
    begin(&mut svg, id, "Response time over time", &words(series, phases, most));
    bands(&mut svg, &plane, phases);
    times(&mut svg, &plane, 4.0);
    bars(&mut svg, &plane, series);
    axis(&mut svg, &plane);
    for limit in limits.into_iter().filter(|limit| limit.limit_value <= plane.most_y) {
        let y = plane.y(limit.limit_value);
        let _ = writeln!(
            svg,
            "<g class=\"limit {}\"><path d=\"M{} {}H{}\"/><text class=\"end\" x=\"{}\" y=\"{}\">{}</text></g>",
            limit.outcome,
            At(plane.left),
            At(y),
            At(plane.right),
            At(plane.right - 4.0),
            At(y - 5.0),
            Html(&limit.threshold)
        );
    }
    for (class, value) in LINES {
        line(&mut svg, class, places(&plane, series, value));
    }
    svg.push_str("</svg>\n");
    Some(svg)
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

fn bands(svg: &mut String, plane: &Plane, phases: &[PhaseReport]) {
    let mut counted = 0;
    for phase in phases {
        let (from, to) = (plane.x(phase.start_ms), plane.x(phase.start_ms + phase.duration_ms));
        let class = match (phase.counted, counted % 2) {
            (false, _) => "band warm",
            (true, 0) => "band even",
            (true, _) => "band odd",
        };
        counted += usize::from(phase.counted);
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            At(from),
            At(plane.top),
            At((to - from).max(0.5)),
            At(HEIGHT - 30.0 - plane.top)
        );
        // Some seven units are a letter: what does not fit is told in words.
        if let Some(label) = label(phase, (to - from) / 7.0) {
            let _ = write!(
                svg,
                "<text class=\"middle\" x=\"{}\" y=\"{}\">{}</text>",
                At(f64::midpoint(from, to)),
                At(plane.top - 9.0),
                Html(&label)
            );
        }
        svg.push('\n');
    }
}

#[expect(clippy::cast_precision_loss, reason = "a name has eighty letters at most")]
fn label(phase: &PhaseReport, letters: f64) -> Option<String> {
    let long = format!("{} {}", phase.name, phase.traffic);
    [long.as_str(), phase.name.as_str(), phase.traffic.as_str()]
        .into_iter()
        .find(|text| text.chars().count() as f64 <= letters)
        .map(str::to_owned)
}

/// What was sent, as bars; of it what failed, and above it what was dropped.
#[expect(clippy::cast_precision_loss, reason = "a million at most")]
fn bars(svg: &mut String, plane: &Plane, series: &Series) {
    let most = series.steps.iter().map(|step| step.sent + step.dropped).max().unwrap_or_default().max(1) as f64;
    let bottom = HEIGHT - 30.0;
    let height = |count: u64| (BARS - 8.0) * count as f64 / most;
    let width = (plane.x(series.step_ms) - plane.x(0.0)).max(1.0);
    for (index, step) in series.steps.iter().enumerate() {
        let x = plane.x(middle(index, series.step_ms)) - width / 2.0;
        let mut y = bottom;
        for (class, count) in [("failed", step.errors), ("sent", step.sent.saturating_sub(step.errors)), ("dropped", step.dropped)] {
            if count > 0 {
                // An error among many is not to be lost.
                let tall = height(count).max(1.5);
                y -= tall;
                let _ = write!(
                    svg,
                    "<rect class=\"bar {class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                    At(x),
                    At(y),
                    At(width - 0.6),
                    At(tall)
                );
            }
        }
    }
    let rate = short(most / (series.step_ms / 1000.0));
    let _ = writeln!(svg, "<text class=\"end\" x=\"{}\" y=\"{}\">{rate}/s</text>", At(plane.left - 8.0), At(bottom - BARS + 14.0));
}

fn axis(svg: &mut String, plane: &Plane) {
    let bottom = HEIGHT - 30.0;
    let _ = write!(svg, "<path class=\"axis\" d=\"M{} {}H{}\"/>", At(plane.left), At(bottom), At(plane.right));
    let seconds = plane.most_x / 1000.0;
    let step = step(seconds, 6.0);
    for number in 0..=20 {
        let second = f64::from(number) * step;
        if second > seconds * 1.001 {
            break;
        }
        let _ = write!(
            svg,
            "<text class=\"middle\" x=\"{}\" y=\"{}\">{} s</text>",
            At(plane.x(second * 1000.0)),
            At(bottom + 18.0),
            short(second)
        );
    }
    svg.push('\n');
}

/// The course in words.
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
