//! Who approved, which gates were passed, what was skipped, and what the release contains.

use endpoint_test::report::page::{date, prose};
use maud::{Markup, html};

use super::super::claim::Claim;
use super::super::document::Dossier;
use super::{ROWS, basis, more, section, shown, unknown};

/// The number of entries that are shown at once.
const FEW: usize = 2;

pub(super) fn people(dossier: &Dossier) -> Markup {
    let rows = html! {
        dl class="facts" { @for (name, claim) in dossier.people.rows() { (fact(name, &shown(&dated(claim)))) } }
    };
    section("people", "Registration and approval", &rows)
}

/// A time for readers; any other text as it is.
fn dated(claim: &Claim<String>) -> Claim<String> {
    claim.clone().map(|value| date(&value))
}

fn fact(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

pub(super) fn gates(dossier: &Dossier) -> Markup {
    let content = match &dossier.gates.value {
        None => html! { p { (unknown(&dossier.gates.source)) } },
        Some(gates) if gates.is_empty() => html! { p { "The policy has no gates for this package. " (basis(&dossier.gates)) } },
        Some(gates) => html! {
            p { (gates.len()) " passed " (basis(&dossier.gates)) }
            (few(&gates.iter().map(|gate| html! { b { (prose(&gate.gate)) } ": " (prose(&gate.found)) }).collect::<Vec<_>>()))
        },
    };
    let limits = html! {
        (content)
        @if !dossier.limits.is_empty() {
            p { "Rollouts to production" }
            (few(&dossier.limits.iter().map(|limit| prose(limit)).collect::<Vec<_>>()))
        }
    };
    section("gates", "Gates of the release policy", &limits)
}

pub(super) fn skipped(dossier: &Dossier) -> Markup {
    let skipped = &dossier.skipped;
    let content = html! {
        @if skipped.is_empty() { p { "Nothing was skipped." } }
        @else { (few(&skipped.iter().map(|skipped| html! { b { (prose(&skipped.what)) } ": " (shown(&skipped.why)) }).collect::<Vec<_>>())) }
    };
    section("skipped", "What was skipped", &content)
}

/// The first entries, and the others collapsed.
fn few(entries: &[Markup]) -> Markup {
    let (first, others) = entries.split_at(FEW.min(entries.len()));
    html! {
        ul class="diff" { @for entry in first { li { (entry) } } }
        @if !others.is_empty() {
            details {
                summary { span class="name" { (others.len()) " more" } }
                ul class="diff" { @for entry in others.iter().take(ROWS) { li { (entry) } } }
                (more(others.len()))
            }
        }
    }
}

pub(super) fn release(dossier: &Dossier) -> Markup {
    let release = &dossier.release;
    let names = |claim: &Claim<Vec<String>>| {
        html! {
            @if let Some(names) = &claim.value {
                @for name in names.iter().take(ROWS) { code { (name) } br; }
                (basis(claim)) (more(names.len()))
            } @else { (unknown(&claim.source)) }
        }
    };
    let dirty =
        release.dirty.clone().map(|dirty| if dirty { "tracked files differed from the commit" } else { "no differences" }.to_owned());
    let content = html! {
        details {
            summary { span class="name" { "Digest, images, model data, commit, sources" } }
            dl class="facts" {
                (fact("Manifest", &shown(&release.digest)))
                (fact("Model package", &shown(&release.model_package)))
                (fact("Description", &shown(&release.description)))
                (fact("Chosen", &shown(&release.because)))
                (fact("Images", &names(&release.images)))
                (fact("Model data", &names(&release.model_data)))
                (fact("Commit", &shown(&release.commit)))
                (fact("Working tree", &shown(&dirty)))
                (fact("Pipeline execution", &shown(&release.pipeline_execution)))
                (fact("Production", &shown(&dossier.comparison.production)))
            }
        }
    };
    section("release", "The release", &content)
}
