//! What a rollout to production changes.

use endpoint_test::report::page::prose;
use maud::{Markup, html};

use super::super::document::{ChangeGroup, Changes, Dossier};
use super::{ROWS, basis, more, section as with_heading, unknown};
use crate::plan_report::{ParameterChange, Property, Resource};
use crate::plural;

pub(super) fn section(dossier: &Dossier) -> Markup {
    let content = match &dossier.changes.value {
        None => html! { p { (unknown(&dossier.changes.source)) } },
        Some(changes) => html! {
            p {
                @if changes.nothing_to_do { b { "Nothing changes. " } }
                @else if changes.only_the_model { b { "Only the model package changes. " } }
                (changes.summary) " " (basis(&dossier.changes))
            }
            (details(changes))
        },
    };
    with_heading("changes", "What changes in production", &content)
}

fn details(changes: &Changes) -> Markup {
    html! {
        (list("Problems that block the rollout", "failed", &changes.problems))
        (list("Endpoints that are interrupted", "failed", &changes.interrupted))
        (list("Targets that need attention", "errored", &changes.notable))
        @for group in changes.groups.iter().take(ROWS) {
            details open[!changes.only_the_model && changes.groups.len() < 6] {
                summary { span class="name" { (heading(group)) } }
                (self::group(group))
            }
        }
        (more(changes.groups.len()))
        @let others = changes.parameters.iter().filter(|change| !changes.only_the_model || change.name != crate::MODEL_PACKAGE);
        @let others: Vec<_> = others.collect();
        @if !others.is_empty() || !changes.overrides.is_empty() {
            h3 { "Parameters" }
            ul class="diff" {
                @for change in others.iter().take(ROWS) { li { (parameter(change)) } }
                @for change in changes.overrides.iter().take(ROWS) { li { code { (change.name) } " " (change.change) " in " (change.targets) } }
            }
            (more(others.len()))
        }
        @if changes.unchanged > 0 { p class="soft" { (plural(changes.unchanged, "target")) " unchanged" } }
        p class="soft" {
            "Checks in the accounts: "
            @if let Some(checks) = &changes.preflight.value { (checks) " " (basis(&changes.preflight)) } @else { (unknown(&changes.preflight.source)) }
        }
    }
}

fn list(heading: &str, class: &str, texts: &[String]) -> Markup {
    html! {
        @if !texts.is_empty() {
            h3 { (heading) }
            ul class={ "found " (class) } { @for text in texts.iter().take(ROWS) { li { (prose(text)) } } }
            (more(texts.len()))
        }
    }
}

fn heading(group: &ChangeGroup) -> String {
    let targets = plural(group.targets, if group.action == "new" { "new target" } else { "target" });
    let same = if group.targets > 1 { "The same in " } else { "" };
    format!("{same}{targets} in {}", group.regions.join(", "))
}

fn group(group: &ChangeGroup) -> Markup {
    html! {
        @for packages in group.model_packages.iter().take(ROWS) { p { "model package " code { (packages) } } }
        @if let Some(why) = &group.not_known { p { (unknown(why)) } }
        ul class="diff" {
            @for resource in group.resources.iter().take(ROWS) { li { (self::resource(resource)) } }
        }
        (more(group.resources.len()))
    }
}

fn resource(resource: &Resource) -> Markup {
    html! {
        code { (resource.logical_id) } " " span class="soft" { (resource.kind) } " " b { (effect(&resource.effect)) }
        @for property in resource.properties.iter().take(ROWS) { (self::property(property)) }
    }
}

fn effect(effect: &str) -> String {
    match effect {
        "create" => "is created".to_owned(),
        "update" => "is updated in place".to_owned(),
        "replace" => "is replaced".to_owned(),
        "delete" => "is deleted".to_owned(),
        "update-or-replace" => "is updated or replaced".to_owned(),
        other => other.to_owned(),
    }
}

fn property(property: &Property) -> Markup {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    html! {
        div class="property" {
            code { (property.path) }
            @if let Some(followed) = &property.follows { " follows " code { (followed) } }
            @else { (values(property.from.as_ref().map(text).as_deref(), property.to.as_ref().map(text).as_deref())) }
        }
    }
}

fn parameter(change: &ParameterChange) -> Markup {
    html! { code { (change.name) } (values(change.from.as_deref(), change.to.as_deref())) }
}

/// The old value and the new one, each in a line with its sign.
fn values(from: Option<&str>, to: Option<&str>) -> Markup {
    html! {
        @if let Some(from) = from { del { span aria-hidden="true" { "− " } (from) } }
        @if let Some(to) = to { ins { span aria-hidden="true" { "+ " } (to) } }
    }
}
