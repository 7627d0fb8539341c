//! The dossier as an HTML page for the approver.

mod changes;
mod commands;
mod facts;
mod header;
mod metrics;
mod tests;

use endpoint_test::report::page::{page, prose};
use maud::{Markup, html as markup};

use super::claim::{Basis, Claim};
use super::document::Dossier;
use super::text::title;

const STYLE: &str = include_str!("html/dossier.css");

/// The most rows of a table or list; the JSON document has all of them.
const ROWS: usize = 100;

/// The dossier as one self-contained HTML page, with the style of the test report: no scripts, no
/// external resources. It begins with the verdict, whether the model is better than the one in
/// production, and how to go back.
pub fn html(dossier: &Dossier) -> String {
    let body = markup! {
        (header::header(dossier))
        main class="sections" {
            div { (metrics::section(dossier)) (changes::section(dossier)) }
            div { (tests::section(dossier)) (facts::gates(dossier)) (facts::skipped(dossier)) }
            div { (facts::people(dossier)) (commands::section(dossier)) (facts::release(dossier)) }
        }
        footer {
            p {
                (label(Basis::Measured)) " by tests of endpoints or digests of files; "
                (label(Basis::ReadFromAws)) " by a call; "
                (label(Basis::Declared)) " by a person or program, not checked here; "
                (label(Basis::NotKnown)) " with the reason. Point at a label for the source. "
                "Written by " (dossier.tool.name) " " (dossier.tool.version) "."
            }
        }
    };
    page(&markup! { (title(dossier)) ": " (dossier.verdict.decision.words()) }, STYLE, &body)
}

/// The basis as a word; the colour alone means nothing.
fn label(basis: Basis) -> Markup {
    markup! { span class={ "basis " (basis.as_str()) } { (basis.words()) } }
}

/// The basis of a claim, and where its value is from.
fn basis<T>(claim: &Claim<T>) -> Markup {
    markup! { span class={ "basis " (claim.basis.as_str()) } title=(claim.source) { (claim.basis.words()) } }
}

/// A text with its basis; the reason if it is not known.
fn shown(claim: &Claim<String>) -> Markup {
    markup! {
        @if let Some(value) = &claim.value { (prose(value)) " " (basis(claim)) } @else { (unknown(&claim.source)) }
    }
}

fn unknown(why: &str) -> Markup {
    markup! { (label(Basis::NotKnown)) " " span class="soft" { (prose(why)) } }
}

/// A section with its heading.
fn section(id: &str, heading: &str, content: &Markup) -> Markup {
    markup! {
        section class="card" aria-labelledby=(id) {
            h2 id=(id) { (heading) }
            (content)
        }
    }
}

fn more(all: usize) -> Markup {
    markup! { @if all > ROWS { p class="soft" { "and " (all - ROWS) " more in the JSON document" } } }
}
