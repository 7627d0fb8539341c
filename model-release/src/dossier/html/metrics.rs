//! The metrics of the release beside those of production.

use maud::{Markup, html};

use super::super::claim::Claim;
use super::super::document::{Change, Dossier, MetricComparison};
use super::super::wording::{difference, number, version};
use super::{ROWS, basis, label, more, unknown};
use endpoint_test::report::page::table;

pub(super) fn section_of(dossier: &Dossier) -> Markup {
    let comparison = &dossier.comparison;
    let of = |arn: Option<&str>| arn.map(|arn| format!(" {}", version(arn))).unwrap_or_default();
    let this = format!("This{}", dossier.release.version.map(|version| format!(" ({version})")).unwrap_or_default());
    let other = format!("Production{}", of(comparison.production.value.as_deref()));
    let rows = html! { @for metric in comparison.metrics.iter().take(ROWS) { (row(metric)) } };
    html! {
        @if let Some(judgement) = comparison.judgement.value {
            p { "This release is " b { (judgement.words()) } ", by " (comparison.judgement.source) " " (basis(&comparison.judgement)) }
        } @else {
            p { (unknown(&comparison.judgement.source)) }
        }
        @if comparison.metrics.is_empty() {
            p { (unknown("no metrics of this model package are known")) }
        } @else {
            (table("Metrics of this release and of production", false, &["Metric"], &[&this, &other, "Difference"], &rows))
            (more(comparison.metrics.len()))
        }
    }
}

pub(super) fn section(dossier: &Dossier) -> Markup {
    super::section("metrics", "Better or worse than production", &section_of(dossier))
}

fn row(metric: &MetricComparison) -> Markup {
    let value = |claim: &Claim<f64>| html! { @match claim.value { Some(value) => (number(value)), None => span class="soft" title=(claim.source) { "not known" } } };
    let tone = match metric.change {
        Some(Change::Better) => "passed",
        Some(Change::Worse) => "failed",
        _ => "",
    };
    html! {
        tr {
            th scope="row" { (metric.name) " " span class="on" { (metric.on) } " " (label(metric.this.basis)) }
            td class="number" { (value(&metric.this)) }
            td class="number" { (value(&metric.production)) }
            td class={ "number change " (tone) } {
                @if let (Some(change), Some(word)) = (metric.difference, metric.change) { (difference(change)) " " (word.word()) }
            }
        }
    }
}
