//! The report as one page for a person who has to decide.

mod case;
mod comparison;
mod load;
mod overview;
mod rows;
mod target;
mod verdict;

use std::fmt::Write as _;

use super::untrusted::{Html, Prose};
use super::{Outcome, Report, TargetReport, Verdict};

const STYLE: &str = include_str!("html/style.css");

/// The report as one self-contained HTML page: no script, nothing fetched, light and dark, readable on a phone and on
/// paper. The verdict with its evidence comes first, then what was tested, then every target; what did not pass is
/// unfolded. Charts of a load are inline SVG.
///
/// All text is escaped, and the page's own policy forbids scripts besides.
pub fn html(report: &Report) -> String {
    let mut page = String::with_capacity(64 * 1024);
    let title = format!("{} · {}", verdict::headline(report), report.stage);
    // Writing to a string does not fail, here and below.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        Html(&title)
    );
    verdict::header(&mut page, report);
    page.push_str("<main>\n");
    overview::tested(&mut page, report);
    overview::endpoints(&mut page, report);
    for (index, target) in by_urgency(report) {
        target::section(&mut page, index, target);
    }
    let tool = &report.tool;
    let _ = write!(
        page,
        "</main>\n<footer>Written by {} {}. Latencies are those that the client saw, the network included.</footer>\n</body>\n</html>\n",
        Html(&tool.name),
        Html(&tool.version)
    );
    page
}

/// The targets with their number, those first that somebody has to look at.
fn by_urgency(report: &Report) -> Vec<(usize, &TargetReport)> {
    let mut targets: Vec<_> = report.targets.iter().enumerate().collect();
    targets.sort_by_key(|(_, target)| match target.verdict {
        Verdict::Failed => 0,
        Verdict::Errored => 1,
        Verdict::Empty | Verdict::Skipped => 2,
        Verdict::Passed => 3,
    });
    targets
}

/// Group and version of a model package's ARN.
fn package_name(arn: &str) -> Option<(&str, &str)> {
    arn.split_once(":model-package/")?.1.rsplit_once('/')
}

/// A word with its colour; the word alone tells.
fn badge(word: &str) -> String {
    format!("<span class=\"badge {word}\">{word}</span>")
}

fn time(milliseconds: f64) -> String {
    if milliseconds < 1000.0 { format!("{milliseconds:.1} ms") } else { format!("{:.2} s", milliseconds / 1000.0) }
}

fn hint(page: &mut String, hint: Option<&str>) {
    if let Some(hint) = hint {
        let _ = write!(page, "<span class=\"hint\">{}</span>", Prose(hint));
    }
}

/// `data_capture` as a person writes it.
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

/// The beginning of a table that scrolls by itself where it is too wide: then the keyboard reaches it too.
fn scrolling(page: &mut String, name: &str) {
    let _ = write!(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">", Html(name));
}

/// A row of column headers; those after `texts` are of numbers.
fn columns(page: &mut String, texts: &[&str], numbers: &[&str]) {
    page.push_str("<thead><tr>");
    for name in texts {
        let _ = write!(page, "<th scope=\"col\">{name}</th>");
    }
    for name in numbers {
        let _ = write!(page, "<th scope=\"col\" class=\"number\">{name}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
}

/// Whether somebody has to look at it.
fn is_wrong(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Errored)
}
