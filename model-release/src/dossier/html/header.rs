//! The head of the page: the verdict, what is approved, better or worse, and how to go back.

use endpoint_test::report::page::prose;
use maud::{Markup, html};

use super::super::document::{ConditionState, Decision, Dossier};
use super::super::judgement::Judgement;
use super::super::text::title;
use super::super::wording::version;
use super::{basis, unknown};

pub(super) fn header(dossier: &Dossier) -> Markup {
    let (class, sign) = match dossier.verdict.decision {
        Decision::CanBeApproved => ("passed", "✓"),
        Decision::CannotBeApproved => ("failed", "✕"),
        Decision::NotKnown => ("errored", "?"),
    };
    html! {
        header class={ "card verdict " (class) } {
            div class="sign" aria-hidden="true" { (sign) }
            div class="words" {
                h1 { (title(dossier)) ": " b { (dossier.verdict.decision.words()) } }
                p { (subline(dossier)) }
            }
            (judgement(dossier))
            ul class="evidence" {
                @for condition in &dossier.verdict.conditions {
                    li class=(class_of(condition.state)) {
                        b { (condition.name) " " (condition.state.word()) } ": "
                        (prose(condition.found.value.as_deref().unwrap_or(&condition.found.source))) " " (basis(&condition.found))
                    }
                }
                li {
                    b class="plain" { "Go back" } ": "
                    @if let Some(command) = dossier.roll_back.first() { code { (command.command) } }
                    @else { (unknown(&dossier.comparison.production.source)) }
                    @if dossier.roll_back.len() > 1 { " and " a href="#commands" { "the steps after it" } }
                }
            }
        }
    }
}

fn class_of(state: ConditionState) -> &'static str {
    match state {
        ConditionState::Passed => "passed",
        ConditionState::Failed => "failed",
        ConditionState::NotKnown => "errored",
    }
}

fn subline(dossier: &Dossier) -> Markup {
    let release = &dossier.release;
    let production = &dossier.comparison.production;
    html! {
        "Project " (release.project) ". "
        @if let Some(arn) = &production.value { "Production has version " b { (version(arn)) } " " (basis(production)) ". " }
        @if let Some(commit) = &release.commit.value {
            "Commit " code { (short(commit)) }
            @match release.dirty.value { Some(true) => b class="failed-text" { ", with changes that are not committed" }, Some(false) => ", clean", None => "" }
            " " (basis(&release.commit)) ". "
        }
        "Manifest " code { (short(release.digest.value.as_deref().unwrap_or_default())) } " " (basis(&release.digest))
    }
}

/// The first characters of a digest or commit.
fn short(text: &str) -> String {
    text.trim_start_matches("sha256:").chars().take(12).collect()
}

fn judgement(dossier: &Dossier) -> Markup {
    let judged = &dossier.comparison.judgement;
    let (class, word) = match judged.value {
        Some(Judgement::Better) => ("passed", "Better"),
        Some(Judgement::Worse) => ("failed", "Worse"),
        Some(Judgement::Mixed) => ("errored", "Mixed"),
        Some(Judgement::Same) => ("", "The same"),
        None => ("", "Not known"),
    };
    html! {
        dl class="tiles" {
            div class={ "tile " (class) } {
                dt { @if judged.value.is_some() { "compared with production " (basis(judged)) } @else { "whether better than production" } }
                dd { (word) }
            }
        }
    }
}
