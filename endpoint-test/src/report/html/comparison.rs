//! The comparison of responses with a baseline's.

use maud::{Markup, html};

use super::{code, prose, table, time};
use crate::report::{CaseComparison, ComparisonReport};

pub(super) fn of_target(comparison: &ComparisonReport) -> Markup {
    html! {
        h3 { "Compared with " (comparison.with) }
        p class="row plain" {
            @if let Some(message) = &comparison.message { (prose(message)) }
            @else {
                (counts(comparison.compared, comparison.different, comparison.errored))
                @if let Some(most) = comparison.at_most { "; " ((most * 10_000.0).round() / 100.0) "% are allowed" }
            }
        }
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
