//! What was found under load: thresholds, charts, phases, errors.

use std::fmt::Write as _;

use super::super::svg;
use super::{Html, Prose, badge, columns, hint, scrolling, time};
use crate::report::{LoadFigures, LoadReport, Outcome, Pace, ThresholdReport};

/// Writes the part of one endpoint's load. `index` and `title` are the endpoint's, for names that are unique
/// on the page.
pub(super) fn part(page: &mut String, index: usize, title: &str, load: &LoadReport) {
    let _ = writeln!(
        page,
        "<h3>Load</h3>\n<div class=\"load\">\n<p class=\"row {0}\">{1}<span class=\"what\">",
        load.outcome,
        badge(load.outcome.as_str())
    );
    match (&load.message, &load.total) {
        (Some(message), _) => {
            let _ = write!(page, "{}", Prose(message));
        }
        (None, Some(total)) => {
            let _ = write!(page, "{}", Html(&summary(load, total)));
        }
        (None, None) => {}
    }
    hint(page, load.hint.as_deref());
    page.push_str("</span></p>\n");
    thresholds(page, title, &load.thresholds);
    charts(page, index, load);
    if let Some(total) = &load.total {
        phases(page, title, load, total);
    }
    errors(page, title, load);
    if let Some(kept) = &load.pace {
        notes(page, load, kept);
    }
    page.push_str("</div>\n");
}

fn summary(load: &LoadReport, total: &LoadFigures) -> String {
    format!(
        "{} requests in {:.0} s: {} right, {} failed, {} dropped; {} right answers a second",
        total.sent,
        load.duration_ms / 1000.0,
        total.passed,
        total.errors,
        total.dropped,
        total.throughput_per_second
    )
}

fn thresholds(page: &mut String, title: &str, thresholds: &[ThresholdReport]) {
    if thresholds.is_empty() {
        return;
    }
    scrolling(page, &format!("Thresholds at {title}"));
    page.push_str("<table>");
    columns(page, &["Outcome", "Threshold", "Of"], &["Found"]);
    for threshold in thresholds {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}</td><td class=\"number\">{}</td></tr>",
            badge(threshold.outcome.as_str()),
            Html(&threshold.threshold),
            Html(threshold.phase.as_deref().unwrap_or("all phases")),
            Html(threshold.actual.as_deref().unwrap_or("unknown")),
        );
        let told = threshold.message.as_deref().filter(|_| threshold.actual.is_none() || threshold.outcome != Outcome::Failed);
        if told.is_some() || threshold.hint.is_some() {
            page.push_str("<tr><td></td><td colspan=\"3\">");
            if let Some(told) = told {
                let _ = write!(page, "<span class=\"why\">{}</span>", Prose(told));
            }
            hint(page, threshold.hint.as_deref());
            page.push_str("</td></tr>\n");
        }
    }
    page.push_str("</tbody></table></div>\n");
}

fn charts(page: &mut String, index: usize, load: &LoadReport) {
    let curve = load.total.as_ref().and_then(|total| svg::percentiles(&format!("t{index}-curve"), total, &load.thresholds));
    let course = load.series.as_ref().and_then(|series| svg::timeline(&format!("t{index}-course"), series, &load.phases, &load.thresholds));
    if curve.is_none() && course.is_none() {
        return;
    }
    page.push_str("<div class=\"charts\">\n");
    let charts = [
        ("Latency by percentile", curve, [("first", "response time"), ("second", "service time")].as_slice()),
        (
            "Response time over time",
            course,
            &[("first", "median"), ("second", "95%"), ("third", "slowest"), ("sent", "sent"), ("failed", "failed"), ("dropped", "dropped")],
        ),
    ];
    for (title, chart, legend) in charts {
        let Some(chart) = chart else { continue };
        let _ = write!(page, "<figure><figcaption>{title}<span class=\"legend\">");
        for (class, name) in legend {
            let _ = write!(page, "<span><i class=\"{class}\"></i>{name}</span>");
        }
        let _ = writeln!(page, "</span></figcaption>\n{chart}</figure>");
    }
    page.push_str("</div>\n");
}

fn phases(page: &mut String, title: &str, load: &LoadReport, total: &LoadFigures) {
    scrolling(page, &format!("Phases at {title}"));
    page.push_str("<table>");
    columns(page, &["Phase", "Traffic"], &["Sent", "Failed", "Dropped", "Right a second", "p50", "p95", "p99", "Slowest"]);
    for phase in &load.phases {
        let note = if phase.counted { "" } else { " <span class=\"soft\">(not counted)</span>" };
        let _ = write!(page, "<tr><th scope=\"row\">{}{note}</th><td>{}</td>", Html(&phase.name), Html(&phase.traffic));
        figures(page, &phase.figures);
    }
    page.push_str("<tr class=\"sum\"><th scope=\"row\">All counted</th><td></td>");
    figures(page, total);
    page.push_str("</tbody></table></div>\n");
}

fn figures(page: &mut String, figures: &LoadFigures) {
    let response = &figures.response_time;
    let percentile = |wanted: f64| response.percentiles.iter().find(|point| (point.percentile - wanted).abs() < 1e-9).map(|point| point.ms);
    let slowest = (response.count > 0).then_some(response.max_ms);
    for count in [figures.sent, figures.errors, figures.dropped] {
        let _ = write!(page, "<td class=\"number\">{count}</td>");
    }
    let _ = write!(page, "<td class=\"number\">{}</td>", figures.throughput_per_second);
    for milliseconds in [percentile(50.0), percentile(95.0), percentile(99.0), slowest] {
        let _ = write!(page, "<td class=\"number\">{}</td>", milliseconds.map_or_else(|| "–".to_owned(), time));
    }
    page.push_str("</tr>\n");
}

fn errors(page: &mut String, title: &str, load: &LoadReport) {
    if load.errors.is_empty() {
        return;
    }
    page.push_str("<h4>Errors by code</h4>\n");
    scrolling(page, &format!("Errors at {title}"));
    page.push_str("<table class=\"stack\">");
    columns(page, &["Kind", "Code", "The first one"], &["Count"]);
    for error in &load.errors {
        let request =
            error.request_id.as_ref().map(|id| format!("<br><span class=\"soft\">request {}</span>", Html(id))).unwrap_or_default();
        let _ = writeln!(
            page,
            "<tr><td data-label=\"Kind\">{}</td><td data-label=\"Code\">{}</td><td data-label=\"The first one\"><span>{} <span class=\"soft\">at</span> {}{request}</span></td><td data-label=\"Count\" class=\"number\">{}</td></tr>",
            Html(&error.kind),
            error.code.as_ref().map(|code| format!("<code>{}</code>", Html(code))).unwrap_or_default(),
            Html(&error.example),
            Html(&error.case),
            error.count
        );
    }
    page.push_str("</tbody></table></div>\n");
}

/// What a reader has to know to trust the figures.
fn notes(page: &mut String, load: &LoadReport, kept: &Pace) {
    let mut notes = vec![
        "Response time counts from when a request was due, service time from when it was sent.".to_owned(),
        format!("The load generator sent 95 of 100 requests at most {} late, and the latest one {}.", time(kept.p95_ms), time(kept.max_ms)),
    ];
    if let Some(seed) = load.seed {
        notes.push(format!("Arrivals are random, from the seed {seed}."));
    }
    if let Some(most) = load.max_in_flight {
        notes.push(format!("At most {most} requests were under way at once."));
    }
    let _ = writeln!(page, "<p class=\"notes\">{}</p>", Html(&notes.join(" ")));
}
