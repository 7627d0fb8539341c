//! Commands that verify the release and go back.

use maud::{Markup, html};

use super::super::document::{Command, Dossier};
use super::{section as with_heading, unknown};

pub(super) fn section(dossier: &Dossier) -> Markup {
    let content = html! {
        details {
            summary { span class="name" { "Verify this release" } }
            @if dossier.verify.is_empty() { p { (unknown("the caller passed no commands")) } } @else { (list(&dossier.verify)) }
        }
        details {
            summary { span class="name" { "Go back to the model in production" } }
            @if dossier.roll_back.is_empty() { p { (unknown(&dossier.comparison.production.source)) } } @else { (list(&dossier.roll_back)) }
        }
    };
    with_heading("commands", "Verify and go back", &content)
}

fn list(commands: &[Command]) -> Markup {
    html! {
        ol class="commands" {
            @for command in commands {
                li { (command.purpose) pre tabindex="0" role="region" aria-label=(command.purpose) { code { (command.command) } } }
            }
        }
    }
}
