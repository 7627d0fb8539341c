//! Response and service time by percentile: each grid line has ten times fewer requests beyond it.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::super::{Latencies, LoadFigures, Percentile, ThresholdReport};
use super::plot::{At, HEIGHT, Plane, WIDTH, chart, line, text, time, times, upper_edge};

/// The chart of one load; `None` without a response. `id` is unique on the page.
pub(in crate::report) fn percentiles(id: &str, figures: &LoadFigures, thresholds: &[ThresholdReport]) -> Option<Markup> {
    let (response, service) = (&figures.response_time, &figures.service_time);
    if response.spectrum.is_empty() {
        return None;
    }
    let limits: Vec<_> = thresholds.iter().filter(|threshold| threshold.phase.is_none() && threshold.percentile.is_some()).collect();
    #[expect(clippy::cast_precision_loss, reason = "a million at most")]
    let count = response.count as f64;
    let plane = Plane {
        left: 72.0,
        right: WIDTH - 14.0,
        top: 26.0,
        bottom: HEIGHT - 40.0,
        most_x: count.log10().max(1.0),
        most_y: upper_edge(response.max_ms, limits.iter().map(|limit| limit.limit_value)),
    };
    let parts = html! {
        (times(&plane, 5.0))
        (axis(&plane))
        (line("second", service.spectrum.iter().map(|point| Some(place(&plane, *point)))))
        (line("first", response.spectrum.iter().map(|point| Some(place(&plane, *point)))))
        @for limit in &limits { (mark(&plane, limit)) }
    };
    Some(chart(id, "Latency by percentile", &words(response, service, &limits), &parts))
}

/// How many powers of ten a percentile is from zero. The right edge is 100%: one request.
fn across(percentile: f64) -> f64 {
    if percentile >= 100.0 { f64::MAX } else { -(1.0 - percentile / 100.0).log10() }
}

fn place(plane: &Plane, point: Percentile) -> (f64, f64) {
    (plane.x(across(point.percentile)), plane.y(point.ms))
}

fn axis(plane: &Plane) -> Markup {
    let shown = |percentile: &f64| across(*percentile) <= plane.most_x * 1.001;
    html! {
        @for percentile in [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999].into_iter().take_while(shown) {
            @let x = plane.x(across(percentile));
            path class="grid" d={ "M" (At(x)) " " (At(plane.top)) "V" (At(plane.bottom)) } {}
            (text("middle", x, plane.bottom + 18.0, &format!("{percentile}%")))
        }
        (text("middle", f64::midpoint(plane.left, plane.right), HEIGHT - 4.0, "percentage of requests that were as fast or faster"))
    }
}

/// A limit as a bar at its percentile; the curve must pass below it.
fn mark(plane: &Plane, limit: &ThresholdReport) -> Markup {
    let across = across(limit.percentile.unwrap_or_default());
    if across > plane.most_x {
        return Markup::default();
    }
    let x = plane.x(across);
    let above = limit.limit_value > plane.most_y;
    let y = if above { plane.top } else { plane.y(limit.limit_value) };
    let (anchor, at) = if x > plane.right - 90.0 { ("end", x + 16.0) } else { ("start", x - 16.0) };
    let arrow = if above { "↑ " } else { "" };
    html! {
        g class={ "limit " (limit.outcome) } {
            path d={ "M" (At(x - 16.0)) " " (At(y)) "h32" } {}
            @if let Some(actual) = limit.actual_value { circle cx=(At(x)) cy=(At(plane.y(actual))) r="4" {} }
            (text(anchor, at, y - 6.0, &format!("{arrow}{}", limit.threshold)))
        }
    }
}

/// The chart as text.
fn words(response: &Latencies, service: &Latencies, limits: &[&ThresholdReport]) -> String {
    let list = |latencies: &Latencies| {
        let mut parts: Vec<_> =
            latencies.percentiles.iter().map(|point| format!("{}% within {}", point.percentile, time(point.ms))).collect();
        parts.push(format!("the slowest {}", time(latencies.max_ms)));
        parts.join(", ")
    };
    let mut words = format!("Response time: {}. Service time: {}.", list(response), list(service));
    for limit in limits {
        let actual = limit.actual.as_deref().unwrap_or("unknown");
        // Writing to a string does not fail.
        let _ = write!(words, " Threshold {}: {actual}, {}.", limit.threshold, limit.outcome);
    }
    words
}
