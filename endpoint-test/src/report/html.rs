//! The report as an HTML page for the approver.

mod case;
mod comparison;
mod load;
mod overview;
mod replay;
mod rows;
mod target;
mod verdict;

use maud::{Markup, html as markup};

use super::page::{badge, date, page, prose, table, time};
use super::{Report, TargetReport, Verdict};

/// The report as one self-contained HTML page: no scripts, no external resources, light and dark,
/// readable on a phone and on paper. It begins with the verdict and its evidence, then what was
/// tested, then every target; results that did not pass are expanded. Charts of a load are inline
/// SVG.
///
/// All text is escaped, and the page's Content-Security-Policy also forbids scripts.
pub fn html(report: &Report) -> String {
    let title = markup! { (verdict::headline(report)) " · " (report.stage) };
    let body = markup! {
        (verdict::header(report))
        main {
            (overview::tested(report))
            (overview::endpoints(report))
            @for (index, target) in by_urgency(report) { (target::section(index, target)) }
        }
        footer {
            "Written by " (report.tool.name) " " (report.tool.version) ". Latencies are measured by the client and include the network."
        }
    };
    page(&title, "", &body)
}

/// The targets with their index, those with problems first.
fn by_urgency(report: &Report) -> Vec<(usize, &TargetReport)> {
    let mut targets: Vec<_> = report.targets.iter().enumerate().collect();
    targets.sort_by_key(|(_, target)| match target.verdict {
        Verdict::Failed => 0,
        Verdict::NotProven => 1,
        Verdict::Errored => 2,
        Verdict::Empty | Verdict::Skipped => 3,
        Verdict::Passed => 4,
    });
    targets
}

fn why(text: Option<&str>) -> Markup {
    markup! { @if let Some(text) = text { span class="why" { (prose(text)) } } }
}

fn hint(text: Option<&str>) -> Markup {
    markup! { @if let Some(text) = text { span class="hint" { (prose(text)) } } }
}

fn code(text: Option<&str>) -> Markup {
    markup! { @if let Some(text) = text { code { (text) } } }
}

/// `data_capture` as `Data capture`.
fn label(name: &str) -> String {
    if name == "json" {
        return "JSON".to_owned();
    }
    let name = name.replace('_', " ");
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => name,
    }
}
