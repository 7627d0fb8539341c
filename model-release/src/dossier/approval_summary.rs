//! The summary of a dossier for the text of an approval request.

use super::document::{ConditionState, Dossier, MetricComparison};
use super::text::judgement;
use super::wording::{difference, number};

/// The maximum length of [`approval_summary`], in bytes. CodePipeline accepts 1,000 characters after
/// the variables of the text are replaced; the pipeline's own part has at most 500.
pub const LONGEST_APPROVAL_SUMMARY: usize = 500;

/// The maximum length of the verdict and of the changes, so that a long one leaves room for the
/// others.
const LONGEST_PART: usize = 170;

/// The verdict, what changes in production, and the metrics beside those of production: one line of
/// ASCII text of at most [`LONGEST_APPROVAL_SUMMARY`] bytes, without variables of CodePipeline.
///
/// The verdict comes first, with what is not passed, then the changes, then the metrics. Each of the
/// first two is cut to 170 bytes. A metric is complete or omitted, and the omitted ones are counted.
pub fn approval_summary(dossier: &Dossier) -> String {
    let mut summary = format!("{} {}", cut(&verdict(dossier), LONGEST_PART), cut(&changes(dossier), LONGEST_PART));
    let metrics: Vec<_> = dossier.comparison.metrics.iter().map(|compared| ascii(&metric(compared))).collect();
    let left = LONGEST_APPROVAL_SUMMARY.saturating_sub(summary.len() + 1);
    let head = format!("Metrics, {}:", cut(&judgement(dossier), LONGEST_PART / 2));
    let fitting = (0..=metrics.len()).rev().map(|count| list(&head, &metrics, count)).find(|list| list.len() <= left);
    if let Some(fitting) = fitting.filter(|_| !metrics.is_empty()) {
        summary.push(' ');
        summary.push_str(&fitting);
    }
    summary
}

fn verdict(dossier: &Dossier) -> String {
    let verdict = &dossier.verdict;
    let open = verdict.conditions.iter().filter(|condition| condition.state != ConditionState::Passed).map(|condition| {
        let found = condition.found.value.as_deref().unwrap_or(&condition.found.source);
        format!("{} {}: {found}", condition.name, condition.state.word())
    });
    let open: Vec<_> = open.collect();
    let open = if open.is_empty() { String::new() } else { format!(" ({})", open.join("; ")) };
    format!("Verdict: {}{open}.", verdict.decision.words())
}

fn changes(dossier: &Dossier) -> String {
    match &dossier.changes.value {
        Some(changes) if changes.only_the_model => format!("Plan: only the model package changes. {}.", changes.summary),
        Some(changes) => format!("Plan: {}.", changes.summary),
        None => format!("Plan: not known, {}.", dossier.changes.source),
    }
}

/// `accuracy 0.97 (production 0.96, +0.01, better)`.
fn metric(metric: &MetricComparison) -> String {
    let value = |value: Option<f64>| value.map_or_else(|| "not known".to_owned(), number);
    let change = match (metric.difference, metric.change) {
        (Some(change), Some(word)) => format!(", {}, {}", difference(change), word.word()),
        _ => String::new(),
    };
    format!("{} {} (production {}{change})", metric.name, value(metric.this.value), value(metric.production.value))
}

/// The first metrics, and how many are omitted.
fn list(head: &str, metrics: &[String], count: usize) -> String {
    let shown = metrics[..count].join(", ");
    match (metrics.len() - count, count) {
        (0, _) => format!("{head} {shown}."),
        (omitted, 0) => format!("{head} {omitted} in the dossier."),
        (omitted, _) => format!("{head} {shown}, and {omitted} more in the dossier."),
    }
}

/// ASCII text of at most `longest` bytes.
fn cut(text: &str, longest: usize) -> String {
    let text = ascii(text);
    if text.len() <= longest { text } else { format!("{}...", &text[..longest - 3]) }
}

/// The text with the ASCII spelling of the signs that the dossier uses, and without `#{`, which
/// begins a variable of CodePipeline.
fn ascii(text: &str) -> String {
    let text = text.replace('…', "...").replace(['−', '–', '—'], "-").replace('→', "to").replace("#{", "# {");
    text.chars().map(|character| if character.is_ascii_graphic() || character == ' ' { character } else { '?' }).collect()
}
