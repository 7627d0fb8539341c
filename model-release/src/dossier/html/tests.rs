//! The tests in staging, with latencies.

use endpoint_test::report::page::{badge, date, prose, table, time};
use maud::{Markup, html};

use super::super::document::{Dossier, Latency, TestedTarget, Tests};
use super::super::wording::number;
use super::{ROWS, basis, more, section as with_heading, unknown};
use crate::plural;

pub(super) fn section(dossier: &Dossier) -> Markup {
    let content = match &dossier.staging.value {
        None => html! { p { (unknown(&dossier.staging.source)) } },
        Some(tests) => html! {
            p { (badge(&tests.verdict)) " " (basis(&dossier.staging)) " " (period(tests)) }
            (latency(tests))
            (metrics(tests))
            (targets(tests))
        },
    };
    with_heading("staging", "Tests in staging", &content)
}

/// When the tests ran.
fn period(tests: &Tests) -> Markup {
    html! {
        @if let (Some(start), Some(end)) = (&tests.started_at, &tests.ended_at) {
            span class="soft" { (date(start)) @if date(start) != date(end) { " to " (date(end)) } }
        } @else { (unknown("the results have no time")) }
    }
}

fn latency(tests: &Tests) -> Markup {
    let tile = |label: &str, value: Option<f64>| html! { div class="tile" { dt { (label) } dd { (value.map_or_else(|| "not known".to_owned(), time)) } } };
    html! {
        @match &tests.latency.value {
            Some(latency) => {
                dl class="tiles small" {
                    (tile("p50", latency.p50_ms)) (tile("p95", latency.p95_ms)) (tile("p99", latency.p99_ms))
                }
                p class="soft" { (under_load(latency)) " " (basis(&tests.latency)) }
            }
            None => p { "Latency under load: " (unknown(&tests.latency.source)) },
        }
    }
}

fn under_load(latency: &Latency) -> String {
    let missing = if latency.p99_ms.is_none() || latency.p95_ms.is_none() { "; a percentile needs ten slower requests" } else { "" };
    format!(
        "{} requests under load, {} failed, {} per second{missing}",
        latency.requests,
        latency.errors,
        number((latency.throughput_per_second * 10.0).round() / 10.0)
    )
}

fn metrics(tests: &Tests) -> Markup {
    let wrong = tests.metrics.iter().any(|metric| metric.outcome != "passed");
    html! {
        @if !tests.metrics.is_empty() {
            details open[wrong] {
                summary { span class="name" { (plural(tests.metrics.len(), "metric")) " with their limits" } }
                ul class="diff" {
                    @for metric in tests.metrics.iter().take(ROWS) {
                        li {
                            (metric.name) " " b { (metric.value.map_or_else(|| "not known".to_owned(), number)) }
                            @if !metric.limit.is_empty() { ", " (metric.limit) } " " span class="on" { (metric.case) } " " (metric.outcome)
                        }
                    }
                }
                (more(tests.metrics.len()))
            }
        }
    }
}

fn targets(tests: &Tests) -> Markup {
    let passed = tests.targets.iter().all(|target| target.verdict == "passed");
    let rows = html! { @for target in tests.targets.iter().take(ROWS) { (row(target)) } };
    html! {
        @if !tests.targets.is_empty() {
            details open[!passed] {
                summary { span class="name" { (plural(tests.targets.len(), "endpoint")) @if passed { ", all passed" } } }
                (table("Tested endpoints", false, &["Endpoint", "Verdict"], &["Cases", "Slowest", "p95"], &rows))
                (more(tests.targets.len()))
            }
        }
    }
}

fn row(target: &TestedTarget) -> Markup {
    html! {
        tr {
            th scope="row" {
                (target.endpoint) " " span class="on" { (target.account_id) " " (target.region) }
                @if let Some(found) = &target.rate_search { span class="on" { (prose(found)) } }
                @for finding in target.findings.iter().take(5) { span class="why" { (prose(finding)) } }
            }
            td { (badge(&target.verdict)) }
            td class="number" { (target.passed) " of " (target.cases) }
            td class="number" { (target.slowest_ms.map(time).unwrap_or_default()) }
            td class="number" { (target.latency.as_ref().and_then(|latency| latency.p95_ms).map(time).unwrap_or_default()) }
        }
    }
}
