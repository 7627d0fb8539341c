//! The report as an HTML page for the approver.

mod case;
mod comparison;
mod load;
mod overview;
mod rows;
mod target;
mod verdict;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::{Report, TargetReport, Verdict, untrusted};

const STYLE: &str = include_str!("html/style.css");

/// The report as one self-contained HTML page: no scripts, no external resources, light and dark,
/// readable on a phone and on paper. It begins with the verdict and its evidence, then what was
/// tested, then every target; results that did not pass are expanded. Charts of a load are inline
/// SVG.
///
/// All text is escaped, and the page's Content-Security-Policy also forbids scripts.
pub fn html(report: &Report) -> String {
    let safe = |markup: Markup| PreEscaped(untrusted::html(&markup.into_string()));
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
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (safe(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body { (safe(body)) }
        }
    };
    page.into_string()
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

/// A message: text between backticks is set as code.
fn prose(text: &str) -> Markup {
    let last = text.matches('`').count();
    markup! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 0 { (part) }
            // A last backtick without a partner is only a character.
            @else if index == last { "`" (part) }
            @else { code { (part) } }
        }
    }
}

/// A word with its colour; the word alone has the meaning.
fn badge(word: &str) -> Markup {
    markup! { span class={ "badge " (word) } { (word) } }
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

fn time(milliseconds: f64) -> String {
    if milliseconds < 1000.0 { format!("{milliseconds:.1} ms") } else { format!("{:.2} s", milliseconds / 1000.0) }
}

/// `2026-11-27T12:00:00.000Z` as `2026-11-27 12:00:00 UTC`; any other text as it is.
fn date(text: &str) -> String {
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    parts.map_or_else(|| text.to_owned(), |(date, time)| format!("{date} {} UTC", time.split('.').next().unwrap_or(time)))
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

/// A table that scrolls by itself if it is too wide, also by keyboard. The columns after `texts`
/// are numeric; with `stack` a narrow screen shows each row as a card.
fn table(name: &str, stack: bool, texts: &[&str], numbers: &[&str], rows: &Markup) -> Markup {
    markup! {
        div class="scroll" tabindex="0" role="region" aria-label=(name) {
            table class=[stack.then_some("stack")] {
                thead {
                    tr {
                        @for name in texts { th scope="col" { (name) } }
                        @for name in numbers { th scope="col" class="number" { (name) } }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_backticks_is_code_and_a_lone_backtick_is_not() {
        assert_eq!(prose("is `<b>`, not `x").into_string(), "is <code>&lt;b&gt;</code>, not `x");
    }
}
