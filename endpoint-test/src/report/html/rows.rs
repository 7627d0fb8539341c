//! The results of a case's rows: how many passed, the metrics, and the first that did not pass.

use maud::{Markup, html};

use super::super::svg;
use super::{badge, code, table, time};
use crate::report::{MetricReport, RowReport, RowsReport};

/// `place` names the case and its target, for unique names on the page.
pub(super) fn part(place: &str, credentials: &str, rows: &RowsReport) -> Markup {
    html! {
        h4 { "Rows" }
        p {
            (rows.passed) " of " (rows.total) " rows passed"
            @for (count, what) in [(rows.failed, "failed"), (rows.errored, "could not be tested")] {
                @if count > 0 { ", " (count) " " (what) }
            }
            @if let Some(interval) = &rows.passed_interval { " (" (interval.describe()) ")" }
            @if let Some(median) = rows.median_latency_ms { "; half of them within " (time(median)) }
            @if let Some(most) = rows.p95_latency_ms { ", 95% within " (time(most)) }
        }
        @if !rows.metrics.is_empty() { (metrics(place, &rows.metrics)) }
        @if !rows.not_passed.is_empty() { (not_passed(place, credentials, &rows.not_passed)) }
    }
}

fn metrics(place: &str, metrics: &[MetricReport]) -> Markup {
    let rows = html! {
        @for metric in metrics {
            tr {
                td { (badge(metric.outcome.as_str())) @if let Some(would_be) = metric.would_be { " " span class="soft" { (would_be) } } }
                th scope="row" {
                    (metric.title())
                    @if let Some(rows) = metric.rows { " " span class="soft" { "(" (rows) @if rows == 1 { " row)" } @else { " rows)" } } }
                }
                td { @if let Some(chart) = svg::interval(metric) { (chart) } }
                td class="number" {
                    (metric.shown())
                    @if let Some(interval) = &metric.interval { br; span class="soft" { (interval.describe()) } }
                }
                td class="number" { (metric.limit()) }
            }
        }
    };
    table(&format!("Metrics of {place}"), false, &["Outcome", "Metric", "Interval"], &["Value", "Limit"], &rows)
}

fn not_passed(place: &str, credentials: &str, not_passed: &[RowReport]) -> Markup {
    let rows = html! {
        @for row in not_passed {
            tr {
                td data-label="Outcome" { (badge(row.outcome.as_str())) }
                td data-label="Row" { (row.row) " " span class="soft" { "line " (row.line) } }
                td data-label="Expected" { (code(row.expected.as_deref())) }
                td data-label="Found" { (code(row.actual.as_deref())) }
                td data-label="Why" {
                    span {
                        (row.message.as_deref().unwrap_or_default())
                        @if let Some(id) = &row.request_id { br; span class="soft" { "request " (id) } }
                        @if let Some(command) = &row.reproduce {
                            br; span class="soft" { "to send the same request" (credentials) ":" }
                            br; code class="soft" { (command) }
                        }
                    }
                }
            }
        }
    };
    table(&format!("Rows that did not pass of {place}"), true, &["Outcome", "Row", "Expected", "Found", "Why"], &[], &rows)
}
