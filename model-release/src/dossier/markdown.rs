//! The dossier as Markdown, for a pull request.

use std::fmt::Write as _;

use super::claim::Claim;
use super::document::{ChangeGroup, Command, Dossier};
use super::text::{judgement, title};
use super::wording::{bounded, difference, number, version};
use crate::plan_report::markdown::{code, escaped};
use crate::plural;

/// The longest text, in bytes: a comment on GitHub has at most 65,536 characters.
const LONGEST: usize = 59_000;

/// The most rows of a table or list.
const ROWS: usize = 20;

/// The longest value in a table, in characters.
const LONGEST_VALUE: usize = 120;

/// The dossier as Markdown, of less than 60 KB.
pub fn markdown(dossier: &Dossier) -> String {
    let mut out = format!("### {}: {}\n\n", code(&title(dossier)), dossier.verdict.decision.words());
    conditions(&mut out, dossier);
    comparison(&mut out, dossier);
    go_back(&mut out, dossier);
    changes(&mut out, dossier);
    tests(&mut out, dossier);
    gates_and_people(&mut out, dossier);
    skipped(&mut out, dossier);
    if !dossier.verify.is_empty() {
        out.push_str("**Verify**\n\n");
        commands(&mut out, &dossier.verify);
    }
    let release = &dossier.release;
    let _ = writeln!(out, "<sub>release {}, commit {}</sub>", shown(&release.digest), shown(&release.commit));
    cut(out)
}

/// Cuts a text that is too long after a whole line, and closes nothing: no element spans lines except
/// code, which is only in the short parts.
fn cut(out: String) -> String {
    if out.len() <= LONGEST {
        return out;
    }
    let end = out.char_indices().take_while(|(at, _)| *at < LONGEST).filter(|(_, character)| *character == '\n').last();
    let end = end.map_or(0, |(at, _)| at + 1);
    let is_in_code = out[..end].lines().filter(|line| line.starts_with("```")).count() % 2 == 1;
    let fence = if is_in_code { "```\n" } else { "" };
    format!("{}{fence}\n…the rest is in the HTML page.\n", &out[..end])
}

/// A value with its basis.
fn shown(claim: &Claim<String>) -> String {
    match &claim.value {
        Some(value) => format!("{} _({})_", code(&bounded(value, LONGEST_VALUE)), claim.basis.words()),
        None => format!("_not known_: {}", escaped(&claim.source)),
    }
}

fn conditions(out: &mut String, dossier: &Dossier) {
    for condition in dossier.verdict.conditions.iter().take(ROWS) {
        let found = condition.found.value.as_deref().unwrap_or(&condition.found.source);
        let basis = condition.found.basis.words();
        let _ = writeln!(out, "- **{}** {}: {} _({basis})_", condition.state.word(), escaped(&condition.name), escaped(found));
    }
    out.push('\n');
}

fn comparison(out: &mut String, dossier: &Dossier) {
    let comparison = &dossier.comparison;
    let _ = match &comparison.production.value {
        Some(arn) => writeln!(
            out,
            "This release is **{}**; production has version {} _({})_\n",
            escaped(&judgement(dossier)),
            escaped(version(arn)),
            comparison.judgement.basis.words()
        ),
        None => writeln!(out, "Production: _not known_: {}\n", escaped(&comparison.production.source)),
    };
    if comparison.metrics.is_empty() {
        return;
    }
    out.push_str("| metric | on | this release | production | difference | basis |\n|---|---|---|---|---|---|\n");
    for metric in comparison.metrics.iter().take(ROWS) {
        let value = |claim: &Claim<f64>| claim.value.map_or_else(|| "not known".to_owned(), number);
        let change = match (metric.difference, metric.change) {
            (Some(change), Some(word)) => format!("{} {}", difference(change), word.word()),
            _ => escaped(metric.production.value.map_or(metric.production.source.as_str(), |_| "")),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {change} | {} |",
            code(&metric.name),
            escaped(&metric.on),
            value(&metric.this),
            value(&metric.production),
            metric.this.basis.words()
        );
    }
    more(out, comparison.metrics.len());
    out.push('\n');
}

fn more(out: &mut String, all: usize) {
    if all > ROWS {
        let _ = writeln!(out, "\n…and {} more.", all - ROWS);
    }
}

fn go_back(out: &mut String, dossier: &Dossier) {
    out.push_str("**Go back**\n\n");
    if dossier.roll_back.is_empty() {
        let _ = writeln!(out, "_not known_: {}\n", escaped(&dossier.comparison.production.source));
    } else {
        commands(out, &dossier.roll_back);
    }
}

/// Commands in a fence. A command is one line, and cannot end the fence.
fn commands(out: &mut String, commands: &[Command]) {
    out.push_str("```sh\n");
    for command in commands.iter().take(ROWS) {
        let line = |text: &str| bounded(text, usize::MAX);
        let _ = writeln!(out, "# {}\n{}", line(&command.purpose), line(&command.command));
    }
    out.push_str("```\n\n");
}

fn changes(out: &mut String, dossier: &Dossier) {
    out.push_str("**What changes in production**\n\n");
    let Some(changes) = &dossier.changes.value else {
        let _ = writeln!(out, "_not known_: {}\n", escaped(&dossier.changes.source));
        return;
    };
    let only = if changes.only_the_model { "Only the model package changes. " } else { "" };
    let _ = writeln!(out, "{only}{} _({})_\n", escaped(&changes.summary), dossier.changes.basis.words());
    for (title, texts) in
        [("Problems", &changes.problems), ("Endpoints that are interrupted", &changes.interrupted), ("Attention", &changes.notable)]
    {
        if !texts.is_empty() {
            let _ = writeln!(out, "{title}:\n");
            for text in texts.iter().take(ROWS) {
                let _ = writeln!(out, "- {}", escaped(text));
            }
            more(out, texts.len());
            out.push('\n');
        }
    }
    if !changes.parameters.is_empty() {
        out.push_str("| parameter | from | to |\n|---|---|---|\n");
        for change in changes.parameters.iter().take(ROWS) {
            let value = |value: &Option<String>| value.as_deref().map(|value| code(&bounded(value, LONGEST_VALUE))).unwrap_or_default();
            let _ = writeln!(out, "| {} | {} | {} |", code(&change.name), value(&change.from), value(&change.to));
        }
        more(out, changes.parameters.len());
        out.push('\n');
    }
    changes.groups.iter().take(ROWS).for_each(|group| self::group(out, group));
    more(out, changes.groups.len());
}

fn group(out: &mut String, group: &ChangeGroup) {
    let targets = plural(group.targets, if group.action == "new" { "new target" } else { "target" });
    let same = if group.targets > 1 { "the same in " } else { "" };
    let _ = writeln!(out, "{same}{targets} ({})\n", escaped(&group.regions.join(", ")));
    for packages in group.model_packages.iter().take(ROWS) {
        let _ = writeln!(out, "- model package {}", code(packages));
    }
    if let Some(why) = &group.not_known {
        let _ = writeln!(out, "- _not known_: {}", escaped(why));
    }
    out.push('\n');
    if group.resources.is_empty() {
        return;
    }
    out.push_str("| resource | type | what | properties |\n|---|---|---|---|\n");
    for resource in group.resources.iter().take(ROWS) {
        let properties: Vec<_> = resource.properties.iter().take(4).map(|property| code(&bounded(&property.path, LONGEST_VALUE))).collect();
        let properties = properties.join("<br>");
        let _ =
            writeln!(out, "| {} | {} | {} | {properties} |", code(&resource.logical_id), code(&resource.kind), escaped(&resource.effect));
    }
    more(out, group.resources.len());
    out.push('\n');
}

fn tests(out: &mut String, dossier: &Dossier) {
    let Some(tests) = &dossier.staging.value else {
        let _ = writeln!(out, "**Staging tests**: _not known_: {}\n", escaped(&dossier.staging.source));
        return;
    };
    let _ = writeln!(
        out,
        "**Staging tests: {}** _({})_. {}\n",
        escaped(&tests.verdict),
        dossier.staging.basis.words(),
        escaped(&tests.summary)
    );
    let milliseconds = |value: Option<f64>| value.map_or_else(|| "not known".to_owned(), |value| format!("{} ms", number(value)));
    match &tests.latency.value {
        Some(latency) => {
            let _ = writeln!(
                out,
                "Latency under load: p50 {}, p95 {}, p99 {}; {} requests, {} failed _({})_\n",
                milliseconds(latency.p50_ms),
                milliseconds(latency.p95_ms),
                milliseconds(latency.p99_ms),
                latency.requests,
                latency.errors,
                tests.latency.basis.words()
            );
        }
        None => {
            let _ = writeln!(out, "Latency under load: _not known_: {}\n", escaped(&tests.latency.source));
        }
    }
    for target in tests.targets.iter().take(ROWS) {
        if let Some(found) = &target.rate_search {
            let _ = writeln!(out, "- Rate of {}: {}", escaped(&target.endpoint), escaped(found));
        }
    }
    let wrong: Vec<_> = tests.targets.iter().filter(|target| target.verdict != "passed").collect();
    for target in wrong.iter().take(ROWS) {
        let place = format!("{} {} {}", target.account_id, target.region, target.endpoint);
        let why: Vec<_> = target.findings.iter().take(3).map(|finding| escaped(finding)).collect();
        let _ = writeln!(out, "- {} **{}** {}", escaped(&place), escaped(&target.verdict), why.join("; "));
    }
    more(out, wrong.len());
    out.push('\n');
}

fn gates_and_people(out: &mut String, dossier: &Dossier) {
    match &dossier.gates.value {
        None => {
            let _ = writeln!(out, "**Release policy**: _not known_: {}\n", escaped(&dossier.gates.source));
        }
        Some(gates) => {
            let _ = writeln!(out, "**Release policy** _({})_\n", dossier.gates.basis.words());
            for gate in gates.iter().take(ROWS) {
                let _ = writeln!(out, "- passed: {}: {}", escaped(&gate.gate), escaped(&gate.found));
            }
            more(out, gates.len());
            for limit in dossier.limits.iter().take(ROWS) {
                let _ = writeln!(out, "- {}", escaped(limit));
            }
            more(out, dossier.limits.len());
            out.push('\n');
        }
    }
    out.push_str("| | |\n|---|---|\n");
    for (name, claim) in dossier.people.rows() {
        let _ = writeln!(out, "| {name} | {} |", shown(claim));
    }
    out.push('\n');
}

fn skipped(out: &mut String, dossier: &Dossier) {
    if dossier.skipped.is_empty() {
        return;
    }
    out.push_str("**Skipped**\n\n");
    for skipped in dossier.skipped.iter().take(ROWS) {
        let why = skipped.why.value.as_deref().unwrap_or(&skipped.why.source);
        let _ = writeln!(out, "- {}: {} _({})_", escaped(&skipped.what), escaped(why), skipped.why.basis.words());
    }
    more(out, dossier.skipped.len());
    out.push('\n');
}
