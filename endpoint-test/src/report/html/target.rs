//! One endpoint: its checks, its cases with details, and its load.

use maud::{Markup, html};

use super::{badge, case, comparison, date, hint, label, load, replay, time, why};
use crate::report::{CheckReport, TargetReport};

pub(super) fn section(index: usize, target: &TargetReport) -> Markup {
    let title = target.title();
    html! {
        section class="card target" id={ "t" (index) } aria-label=(title) {
            div class="head" { (badge(target.verdict.as_str())) h2 { (target.endpoint) } p { (facts(target)) } }
            @if !target.checks.is_empty() {
                h3 { "Checks" }
                ul class="rows" { @for check in &target.checks { (check_row(check)) } }
            }
            @if !target.cases.is_empty() {
                h3 { "Cases" }
                ul class="rows" { @for case in &target.cases { (case::row(&title, &target.credentials(), case)) } }
            }
            @if let Some(found) = &target.comparison { (comparison::of_target(&title, found)) }
            @if let Some(found) = &target.replay { (replay::of_target(&title, found)) }
            @if let Some(found) = &target.load { (load::part(index, &title, found)) }
        }
    }
}

/// The endpoint's location and configuration, on one line.
fn facts(target: &TargetReport) -> String {
    let named = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} {value}"));
    let facts = [
        Some(format!("account {}", target.account_id)),
        Some(target.region.clone()),
        named("environment", &target.environment_name),
        target.environment_type.clone(),
        named("configuration", &target.endpoint_config),
        named("role", &target.role),
        target.asynchronous.then(|| "asynchronous: latencies last until the response is in S3".to_owned()),
        (target.duration_ms > 0.0).then(|| match &target.started_at {
            Some(start) => format!("tested from {} for {}", date(start), time(target.duration_ms)),
            None => format!("tested for {}", time(target.duration_ms)),
        }),
    ];
    facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn check_row(check: &CheckReport) -> Markup {
    html! {
        li class={ "row " (check.outcome) } {
            (badge(check.outcome.as_str()))
            div class="what" {
                (label(&check.name))
                (why(check.message.as_deref().or(check.actual.as_deref())))
                @if let (true, Some(expected), Some(actual)) = (check.outcome.is_wrong(), &check.expected, &check.actual) {
                    span class="why" { "expected " code { (expected) } }
                    span class="why" { "found " code { (actual) } }
                }
                (hint(check.hint.as_deref()))
            }
        }
    }
}
