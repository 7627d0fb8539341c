//! The results under load: thresholds, charts, phases, errors.

use maud::{Markup, html};

use super::super::svg;
use super::{badge, code, hint, prose, table, time, why};
use crate::report::{LoadFigures, LoadReport, Outcome, Pace, RateSearchReport, ThresholdReport};

/// One endpoint's load. `index` and `title` are the endpoint's, for unique names on the page.
pub(super) fn part(index: usize, title: &str, load: &LoadReport) -> Markup {
    html! {
        h3 { "Load" }
        div class="load" {
            p class={ "row " (load.outcome) } {
                (badge(load.outcome.as_str()))
                span class="what" {
                    @if let Some(message) = &load.message { (prose(message)) }
                    @else if let Some(total) = &load.total { (summary(load, total)) }
                    (hint(load.hint.as_deref()))
                }
            }
            (thresholds(title, &load.thresholds))
            @if let Some(found) = &load.rate_search { (rates(title, found)) }
            (charts(index, load))
            @if let Some(total) = &load.total { (phases(title, load, total)) }
            (errors(title, load))
            @if let Some(pace) = &load.pace { (notes(load, pace)) }
        }
    }
}

fn summary(load: &LoadReport, total: &LoadFigures) -> String {
    format!(
        "{} requests in {:.0} s: {} right, {} failed, {} dropped; {} right responses per second",
        total.sent,
        load.duration_ms / 1000.0,
        total.passed,
        total.errors,
        total.dropped,
        total.throughput_per_second
    )
}

fn thresholds(title: &str, thresholds: &[ThresholdReport]) -> Markup {
    // The value itself shows why a threshold failed.
    let failure = |threshold: &ThresholdReport| {
        threshold.message.clone().filter(|_| threshold.actual.is_none() || threshold.outcome != Outcome::Failed)
    };
    let rows = html! {
        @for threshold in thresholds {
            tr {
                td { (badge(threshold.outcome.as_str())) @if let Some(would_be) = threshold.would_be { " " span class="soft" { (would_be) } } }
                td { code { (threshold.threshold) } }
                td { (threshold.phase.as_deref().unwrap_or("all phases")) }
                td class="number" { (threshold.actual.as_deref().unwrap_or("unknown")) }
            }
            @if failure(threshold).is_some() || threshold.hint.is_some() {
                tr { td {} td colspan="3" { (why(failure(threshold).as_deref())) (hint(threshold.hint.as_deref())) } }
            }
        }
    };
    let name = format!("Thresholds at {title}");
    html! { @if !thresholds.is_empty() { (table(&name, false, &["Outcome", "Threshold", "Of"], &["Found"], &rows)) } }
}

/// The rates of a search, in their order.
fn rates(title: &str, found: &RateSearchReport) -> Markup {
    let rows = html! {
        @for step in &found.steps {
            tr {
                td { (step.shown()) @if !step.proof().is_empty() { " " span class="soft" { (step.proof()) } } }
                td { (why(step.message.as_deref())) }
                td class="number" { (step.rate_per_second) }
            }
        }
    };
    let conditions = found.thresholds.join(", ");
    html! {
        p class="notes" { "A rate holds if " code { (conditions) } ". What is proven is proven with 95% confidence, for independent requests." }
        (table(&format!("Rates at {title}"), false, &["Thresholds", "Why"], &["Per second"], &rows))
    }
}

fn charts(index: usize, load: &LoadReport) -> Markup {
    let curve = load.total.as_ref().and_then(|total| svg::percentiles(&format!("t{index}-curve"), total, &load.thresholds));
    let course = load.series.as_ref().and_then(|series| svg::timeline(&format!("t{index}-course"), series, &load.phases, &load.thresholds));
    let any = curve.is_some() || course.is_some();
    let charts = [
        ("Latency by percentile", curve, [("first", "response time"), ("second", "service time")].as_slice()),
        (
            "Response time over time",
            course,
            &[("first", "median"), ("second", "95%"), ("third", "slowest"), ("sent", "sent"), ("failed", "failed"), ("dropped", "dropped")],
        ),
    ];
    html! {
        @if any {
            div class="charts" {
                @for (title, chart, legend) in charts {
                    @if let Some(chart) = chart {
                        figure {
                            figcaption {
                                (title)
                                span class="legend" { @for (class, name) in legend { span { i class=(class) {} (name) } } }
                            }
                            (chart)
                        }
                    }
                }
            }
        }
    }
}

fn phases(title: &str, load: &LoadReport, total: &LoadFigures) -> Markup {
    let rows = html! {
        @for phase in &load.phases {
            tr {
                th scope="row" { (phase.name) @if !phase.counted { " " span class="soft" { "(not counted)" } } }
                td { (phase.traffic) }
                (figures(&phase.figures))
            }
        }
        tr class="sum" { th scope="row" { "All counted" } td {} (figures(total)) }
    };
    let numbers = ["Sent", "Failed", "Dropped", "Right per second", "p50", "p95", "p99", "Slowest"];
    table(&format!("Phases at {title}"), false, &["Phase", "Traffic"], &numbers, &rows)
}

fn figures(figures: &LoadFigures) -> Markup {
    let response = &figures.response_time;
    let percentile =
        |required: f64| response.percentiles.iter().find(|point| (point.percentile - required).abs() < 1e-9).map(|point| point.ms);
    let slowest = (response.count > 0).then_some(response.max_ms);
    html! {
        @for count in [figures.sent, figures.errors, figures.dropped] { td class="number" { (count) } }
        td class="number" { (figures.throughput_per_second) }
        @for milliseconds in [percentile(50.0), percentile(95.0), percentile(99.0), slowest] {
            td class="number" { (milliseconds.map_or_else(|| "–".to_owned(), time)) }
        }
    }
}

fn errors(title: &str, load: &LoadReport) -> Markup {
    let rows = html! {
        @for error in &load.errors {
            tr {
                td data-label="Kind" { (error.kind) }
                td data-label="Code" { (code(error.code.as_deref())) }
                td data-label="First error" {
                    span {
                        (error.example) " " span class="soft" { "at" } " " (error.case)
                        @if let Some(id) = &error.request_id { br; span class="soft" { "request " (id) } }
                    }
                }
                td data-label="Count" class="number" { (error.count) }
            }
        }
    };
    html! {
        @if !load.errors.is_empty() {
            h4 { "Errors by code" }
            (table(&format!("Errors at {title}"), true, &["Kind", "Code", "First error"], &["Count"], &rows))
        }
    }
}

/// What a reader must know to interpret the figures.
fn notes(load: &LoadReport, pace: &Pace) -> Markup {
    html! {
        p class="notes" {
            "Response time is measured from when a request was due, service time from when it was sent. The load generator sent 95 of 100 requests at \
             most " (time(pace.p95_ms)) " late, and the latest one " (time(pace.max_ms)) "."
            @if let Some(seed) = load.seed { " Arrivals are random, with the seed " (seed) "." }
            @if let Some(most) = load.max_in_flight { " At most " (most) " requests were in flight at once." }
        }
    }
}
