//! The metrics of the release beside those of production.

use std::collections::BTreeSet;

use endpoint_test::report::page::table;
use maud::{Markup, html};

use super::super::claim::Claim;
use super::super::document::{Dossier, MetricComparison};
use super::super::judgement::Change;
use super::super::wording::{difference, number, version};
use super::{ROWS, basis, label, more, section as with_heading, unknown};

pub(super) fn section(dossier: &Dossier) -> Markup {
    let comparison = &dossier.comparison;
    let metrics = &comparison.metrics[..comparison.metrics.len().min(ROWS)];
    let this = format!("This{}", dossier.release.version.map(|version| format!(" ({version})")).unwrap_or_default());
    let other = comparison.production.value.as_deref().map(|arn| format!(" ({})", version(arn))).unwrap_or_default();
    let rows = html! { @for (index, metric) in metrics.iter().enumerate() { (group(metrics, index)) (row(metric)) } };
    let reasons: BTreeSet<_> =
        metrics.iter().filter(|metric| metric.production.value.is_none()).map(|metric| &metric.production.source).collect();
    let content = html! {
        @if let Some(judgement) = comparison.judgement.value {
            p { "This release is " b { (judgement.words()) } ", by the " (comparison.judgement.source) ". " (basis(&comparison.judgement)) }
        } @else {
            p { (unknown(&comparison.judgement.source)) }
        }
        @if metrics.is_empty() {
            p { (unknown("no metric of this model package is known")) }
        } @else {
            (table("Metrics of this release and of production", false, &["Metric"], &[&this, &format!("Production{other}"), "Difference"], &rows))
            (more(comparison.metrics.len()))
            @for reason in &reasons { @if **reason != comparison.judgement.source { p { "In production: " (unknown(reason)) } } }
        }
    };
    with_heading("metrics", "Better or worse than production", &content)
}

/// The heading of the metrics that were measured on the same thing.
fn group(metrics: &[MetricComparison], index: usize) -> Markup {
    let of = |metric: &MetricComparison| (metric.on.clone(), metric.this.basis);
    let metric = &metrics[index];
    html! {
        @if index == 0 || of(&metrics[index - 1]) != of(metric) {
            tr class="group" { th scope="rowgroup" colspan="4" { (metric.on) " " (label(metric.this.basis)) } }
        }
    }
}

fn row(metric: &MetricComparison) -> Markup {
    let value = |claim: &Claim<f64>| {
        html! { @match claim.value { Some(value) => (number(value)), None => span class="soft" title=(claim.source) { "not known" } } }
    };
    let tone = match metric.change {
        Some(Change::Better) => "passed",
        Some(Change::Worse) => "failed",
        _ => "",
    };
    html! {
        tr {
            th scope="row" { (metric.name) }
            td class="number" { (value(&metric.this)) }
            td class="number" { (value(&metric.production)) }
            td class={ "number change " (tone) } {
                @if let (Some(change), Some(word)) = (metric.difference, metric.change) { (difference(change)) " " (word.word()) }
            }
        }
    }
}
