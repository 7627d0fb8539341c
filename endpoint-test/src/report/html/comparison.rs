//! The comparison of responses with a baseline's.

use maud::{Markup, html};

use super::super::svg;
use super::{badge, code, prose, table, time};
use crate::report::{CaseComparison, ComparisonReport, FlipsReport, Outcome};

/// `place` is the target's name, for unique names on the page.
pub(super) fn of_target(place: &str, comparison: &ComparisonReport) -> Markup {
    html! {
        h3 { "Compared with " (comparison.with) }
        p class="row plain" {
            @if let Some(message) = &comparison.message { (prose(message)) }
            @else {
                (counts(comparison.compared, comparison.different, comparison.errored))
                @if let Some(most) = comparison.at_most { "; " ((most * 10_000.0).round() / 100.0) "% are allowed" }
            }
        }
        @if let Some(unpaired) = comparison.unpaired_text() { p class="row plain" { (prose(&unpaired)) } }
        (gains(place, comparison))
    }
}

/// The comparison of one case. `place` names it and its target, for unique names on the page.
pub(super) fn of_case(place: &str, comparison: &CaseComparison) -> Markup {
    let rows = html! {
        @for difference in &comparison.differences {
            tr {
                td data-label="Where" {
                    span { @if let Some(row) = difference.row { "row " (row) " " } (code(difference.at.as_deref())) }
                }
                td data-label="This endpoint" { (code(Some(&difference.this))) }
                td data-label="The other endpoint" { (code(Some(&difference.other))) }
            }
        }
    };
    html! {
        h4 { "Compared" }
        p {
            (counts(comparison.compared, comparison.different, comparison.errored))
            @if let Some(latency) = comparison.latency_ms { "; the other endpoint took " (time(latency)) }
            @if let Some(message) = &comparison.message { ": " (prose(message)) }
        }
        @if !comparison.differences.is_empty() {
            (table(&format!("Differences of {place}"), true, &["Where", "This endpoint", "The other endpoint"], &[], &rows))
        }
    }
}

fn counts(compared: usize, different: usize, errored: usize) -> String {
    let errors = if errored > 0 { format!("; {errored} could not be compared") } else { String::new() };
    match (compared, different) {
        (0, _) => format!("nothing was compared{errors}"),
        (compared, 0) => format!("all {compared} responses are the same{errors}"),
        (compared, different) => format!("{different} of {compared} responses differ{errors}"),
    }
}

/// A table of metrics and latencies beside the other endpoint's, with the gains as bars, and the rows
/// whose class changed.
fn gains(place: &str, comparison: &ComparisonReport) -> Markup {
    let gains = comparison.gains();
    let rows = html! {
        @for gain in &gains {
            tr {
                td data-label="Outcome" {
                    @if gain.outcome != Outcome::Skipped {
                        span {
                            (badge(gain.outcome.as_str()))
                            @if let Some(would_be) = gain.would_be { " " span class="soft" { (would_be) } }
                        }
                    }
                }
                th scope="row" { (gain.name) }
                td data-label="Limit" {
                    @if !gain.limit.is_empty() || gain.interval.is_some() {
                        span { (gain.limit) @if let Some(interval) = &gain.interval { br; span class="soft" { (interval) } } }
                    }
                }
                td data-label="This endpoint" class="number" { (gain.this) }
                td data-label="The other endpoint" class="number" { (gain.other) }
            }
        }
    };
    let texts = ["Outcome", "Metric", "Limit"];
    html! {
        @if !gains.is_empty() {
            (table(&format!("Comparison at {place}"), true, &texts, &["This endpoint", "The other endpoint"], &rows))
            @if let Some(chart) = svg::gains(comparison) {
                figure { figcaption { "Gain over the other endpoint, 95% intervals; dashed: the largest loss that passes" } (chart) }
            }
        }
        @if let Some(text) = comparison.flips_text() { p { (text) } }
        @if let Some(flips) = comparison.flips.as_ref().filter(|flips| flips.changed > 0) { (classes(place, flips)) }
    }
}

fn classes(place: &str, flips: &FlipsReport) -> Markup {
    let classes = html! {
        @for flip in &flips.classes {
            tr { td { (flip.label) } td { (flip.other) } td { (flip.this) } td class="number" { (flip.rows) } }
        }
    };
    let rows = html! {
        @for flip in &flips.rows {
            tr {
                td { (flip.case) } td { (flip.label) } td { (flip.other) } td { (flip.this) }
                td class="number" { (flip.row) } td class="number" { (flip.line) }
            }
        }
    };
    let texts = ["Label", "The other endpoint", "This endpoint"];
    html! {
        (table(&format!("Changed classes at {place}"), false, &texts, &["Rows"], &classes))
        details {
            summary { span class="name" { "The rows" } @if flips.changed > flips.rows.len() { " (the first " (flips.rows.len()) " of " (flips.changed) ")" } }
            (table(&format!("Rows with another class at {place}"), false, &["Case", texts[0], texts[1], texts[2]], &["Row", "Line"], &rows))
        }
    }
}
