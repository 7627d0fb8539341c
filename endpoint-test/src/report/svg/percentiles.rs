//! Response and service time by percentile: each step to the right has ten times fewer requests beyond it.

use std::fmt::Write as _;

use super::super::untrusted::Html;
use super::super::{Latencies, LoadFigures, Percentile, ThresholdReport};
use super::plot::{At, HEIGHT, Plane, WIDTH, begin, line, time, times, upper_edge};

/// The chart of one load; nothing when nobody was answered. `id` is unique on the page.
pub(in crate::report) fn percentiles(id: &str, figures: &LoadFigures, thresholds: &[ThresholdReport]) -> Option<String> {
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
    let mut svg = String::new();
    begin(&mut svg, id, "Latency by percentile", &words(response, service, &limits));
    times(&mut svg, &plane, 5.0);
    axis(&mut svg, &plane);
    line(&mut svg, "second", service.spectrum.iter().map(|point| Some(place(&plane, *point))));
    line(&mut svg, "first", response.spectrum.iter().map(|point| Some(place(&plane, *point))));
    for limit in limits {
        mark(&mut svg, &plane, limit);
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

/// How often the part that is beyond a percentile is divided by ten. 100% is at the right edge: it is one request.
fn across(percentile: f64) -> f64 {
    if percentile >= 100.0 { f64::MAX } else { -(1.0 - percentile / 100.0).log10() }
}

fn place(plane: &Plane, point: Percentile) -> (f64, f64) {
    (plane.x(across(point.percentile)), plane.y(point.ms))
}

fn axis(svg: &mut String, plane: &Plane) {
    for percentile in [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999] {
        let across = across(percentile);
        if across > plane.most_x * 1.001 {
            break;
        }
        let x = plane.x(across);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{0} {1}V{2}\"/><text class=\"middle\" x=\"{0}\" y=\"{3}\">{percentile}%</text>",
            At(x),
            At(plane.top),
            At(plane.bottom),
            At(plane.bottom + 18.0)
        );
    }
    let middle = f64::midpoint(plane.left, plane.right);
    let _ = writeln!(
        svg,
        "<text class=\"middle\" x=\"{}\" y=\"{}\">so many requests were as fast or faster</text>",
        At(middle),
        At(HEIGHT - 4.0)
    );
}

/// A limit as a bar at its percentile, under which the curve has to pass.
fn mark(svg: &mut String, plane: &Plane, limit: &ThresholdReport) {
    let across = across(limit.percentile.unwrap_or_default());
    if across > plane.most_x {
        return;
    }
    let class = limit.outcome.as_str();
    let x = plane.x(across);
    let above = limit.limit_value > plane.most_y;
    let y = if above { plane.top } else { plane.y(limit.limit_value) };
    let _ = write!(svg, "<g class=\"limit {class}\"><path d=\"M{} {}h32\"/>", At(x - 16.0), At(y));
    if let Some(actual) = limit.actual_value {
        let _ = write!(svg, "<circle cx=\"{}\" cy=\"{}\" r=\"4\"/>", At(x), At(plane.y(actual)));
    }
    let (anchor, at) = if x > plane.right - 90.0 { ("end", x + 16.0) } else { ("start", x - 16.0) };
    let arrow = if above { "↑ " } else { "" };
    let _ = writeln!(svg, "<text class=\"{anchor}\" x=\"{}\" y=\"{}\">{arrow}{}</text></g>", At(at), At(y - 6.0), Html(&limit.threshold));
}

/// The curve in words.
fn words(response: &Latencies, service: &Latencies, limits: &[&ThresholdReport]) -> String {
    let list = |latencies: &Latencies| {
        let mut parts: Vec<_> =
            latencies.percentiles.iter().map(|point| format!("{}% within {}", point.percentile, time(point.ms))).collect();
        parts.push(format!("the slowest {}", time(latencies.max_ms)));
        parts.join(", ")
    };
    let mut words = format!("Response time: {}. Service time: {}.", list(response), list(service));
    for limit in limits {
        let actual = limit.actual.as_deref().unwrap_or("not known");
        let _ = write!(words, " Threshold {}: {actual}, {}.", limit.threshold, limit.outcome);
    }
    words
}
