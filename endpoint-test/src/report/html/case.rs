//! One case: its result on one line, with details that can be expanded.

use maud::{Markup, html};

use super::{badge, code, comparison, date, hint, label, rows, table, time, why};
use crate::report::{CaseReport, CheckReport};

/// One case. `title` and `credentials` are the target's.
pub(super) fn row(title: &str, credentials: &str, case: &CaseReport) -> Markup {
    let reason = case.message.as_deref().or_else(|| case.checks.iter().find(|check| check.outcome.is_wrong())?.message.as_deref());
    let place = format!("{} at {title}", case.name);
    let by_hand = format!("Send the same request{credentials}");
    let texts = [("The model’s error", &case.model_error), ("The response", &case.reply), (by_hand.as_str(), &case.reproduce)];
    html! {
        li {
            details class=(case.outcome) open[case.outcome.is_wrong()] {
                summary class="row" {
                    (badge(case.outcome.as_str()))
                    span class="what" { span class="name" { (case.name) } (why(reason)) }
                    span class="time" { @if let Some(latency) = case.latency_ms { (time(latency)) } }
                }
                div class="inside" {
                    (hint(case.hint.as_deref()))
                    (checks(&place, &case.checks))
                    @if let Some(found) = &case.rows { (rows::part(&place, credentials, found)) }
                    @if let Some(found) = &case.comparison { (comparison::of_case(&place, found)) }
                    (facts(case))
                    @for (name, text) in texts {
                        @if let Some(text) = text {
                            h4 { (name) }
                            pre tabindex="0" role="region" aria-label={ (name) ": " (place) } {
                                (if text.is_empty() { "(empty)" } else { text })
                            }
                        }
                    }
                }
            }
        }
    }
}

fn checks(place: &str, checks: &[CheckReport]) -> Markup {
    let rows = html! {
        @for check in checks {
            tr {
                td data-label="Outcome" { (badge(check.outcome.as_str())) }
                td data-label="Check" {
                    span {
                        (label(&check.name))
                        @if let Some(at) = check.at.as_deref().filter(|at| !at.is_empty()) { br; code { (at) } }
                    }
                }
                @for (name, value) in [("Expected", &check.expected), ("Found", &check.actual)] {
                    td data-label=[value.as_ref().map(|_| name)] { (code(value.as_deref())) }
                }
            }
            @if check.hint.is_some() { tr { td {} td colspan="3" { (hint(check.hint.as_deref())) } } }
        }
    };
    let columns = ["Outcome", "Check", "Expected", "Found"];
    html! { @if !checks.is_empty() { (table(&format!("Checks of {place}"), true, &columns, &[], &rows)) } }
}

fn facts(case: &CaseReport) -> Markup {
    let facts = [
        ("Started", case.started_at.as_deref().map(date)),
        ("Status", case.status.map(|status| status.to_string())),
        ("Media type", case.content_type.clone()),
        ("Variant", case.variant.clone()),
        ("Request id", case.request_id.clone()),
        ("Log stream", case.log_stream_arn.clone()),
    ];
    html! {
        @if facts.iter().any(|(_, value)| value.is_some()) {
            dl class="facts" {
                @for (name, value) in facts {
                    @if let Some(value) = value { div { dt { (name) } dd { code { (value) } } } }
                }
            }
        }
    }
}
