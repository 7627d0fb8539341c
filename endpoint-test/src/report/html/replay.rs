//! Captured requests that were sent again to one target.

use maud::{Markup, html};

use super::{code, prose, table};
use crate::report::ReplayReport;

/// `place` is the target's name, for unique names on the page.
pub(super) fn of_target(place: &str, replay: &ReplayReport) -> Markup {
    let differences = html! {
        @for difference in &replay.differences {
            tr {
                td data-label="Record" { span { (difference.record) " " (code(difference.at.as_deref())) } }
                td data-label="Now" { (code(Some(&difference.this))) }
                td data-label="Captured" { (code(Some(&difference.captured))) }
            }
        }
    };
    let unusable = html! {
        @for unusable in &replay.unusable_records {
            tr { td data-label="Record" { (unusable.record) } td data-label="Why" { (unusable.why) } }
        }
    };
    html! {
        h3 { "Captured requests" }
        @for sentence in replay.sentences() { p class="row plain" { (prose(&sentence)) } }
        @if !replay.differences.is_empty() {
            (table(&format!("Differences from captured responses at {place}"), true, &["Record", "Now", "Captured"], &[], &differences))
        }
        @if !replay.unusable_records.is_empty() {
            (table(&format!("Records that could not be used at {place}"), true, &["Record", "Why"], &[], &unusable))
        }
    }
}
