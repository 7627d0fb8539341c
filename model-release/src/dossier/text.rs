//! The dossier on the terminal: at most twenty lines.

use super::document::{ConditionState, Dossier, MetricComparison};
use super::wording::{bounded, difference, number, version};

/// The longest line, in characters.
const LONGEST: usize = 160;

/// The most conditions, metrics and commands.
const MOST: usize = 4;

/// The summary of a dossier, of at most twenty lines.
pub fn text(dossier: &Dossier) -> String {
    let mut lines = vec![format!("{}: {}", title(dossier), dossier.verdict.decision.words())];
    let mut line = |name: &str, what: &str| lines.push(format!("{name:<16} {what}"));
    for condition in dossier.verdict.conditions.iter().take(MOST) {
        let sign = match condition.state {
            ConditionState::Passed => "ok",
            ConditionState::Failed => "FAILED",
            ConditionState::NotKnown => "not known",
        };
        let found = condition.found.value.as_deref().unwrap_or(&condition.found.source);
        line(&condition.name, &format!("{sign}: {found}"));
    }
    line(
        "production",
        &match &dossier.comparison.production.value {
            Some(arn) => format!("has version {}; this release is {}", version(arn), judgement(dossier)),
            None => format!("not known: {}", dossier.comparison.production.source),
        },
    );
    for metric in dossier.comparison.metrics.iter().take(MOST) {
        line("", &self::metric(metric));
    }
    if dossier.comparison.metrics.len() > MOST {
        line("", &format!("and {} more metrics", dossier.comparison.metrics.len() - MOST));
    }
    if let Some(changes) = dossier.changes.value.as_ref().filter(|changes| changes.only_the_model) {
        line("changes", &format!("only the model package. {}", changes.summary));
    } else if let Some(changes) = &dossier.changes.value {
        line("changes", &changes.summary);
    } else {
        line("changes", &format!("not known: {}", dossier.changes.source));
    }
    if !dossier.skipped.is_empty() {
        line("skipped", &format!("{} (the dossier lists them)", dossier.skipped.len()));
    }
    match dossier.roll_back.first() {
        Some(command) => line("go back", &command.command),
        None => line("go back", "the command is not known: see the dossier"),
    }
    let lines: Vec<_> = lines.iter().map(|line| bounded(line, if line.starts_with("go back") { usize::MAX } else { LONGEST })).collect();
    lines.join("\n")
}

/// `iris version 13`.
pub(super) fn title(dossier: &Dossier) -> String {
    let version = dossier.release.version.map(|version| format!(" version {version}")).unwrap_or_default();
    format!("{}{version}", dossier.release.group)
}

/// `better than production`, or why that is not known.
pub(super) fn judgement(dossier: &Dossier) -> String {
    match dossier.comparison.judgement.value {
        Some(judgement) => judgement.words().to_owned(),
        None => format!("not comparable: {}", dossier.comparison.judgement.source),
    }
}

/// `accuracy 0.97, production 0.96 (+0.01, better)`.
fn metric(metric: &MetricComparison) -> String {
    let value = |value: Option<f64>| value.map_or_else(|| "not known".to_owned(), number);
    let change = match (metric.difference, metric.change) {
        (Some(change), Some(word)) => format!(" ({}, {})", difference(change), word.word()),
        _ => String::new(),
    };
    let basis = metric.this.basis.words();
    format!("{} {}, production {}{change}, {basis}", metric.name, value(metric.this.value), value(metric.production.value))
}
