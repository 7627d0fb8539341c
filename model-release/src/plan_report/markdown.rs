//! A plan as Markdown, for a comment on a pull request.

use std::fmt::Write as _;

use endpoint_test::report::is_steering;
use stack_rollout::preflight::CheckOutcome;

use super::document::{PlanDocument, Property, TargetAction};
use super::text::{overrides, packages_arrow, running_operation, same, serving, summary, wave_targets};
use crate::plural::plural;

/// The maximum number of rows of a table: comments on pull requests have a length limit.
const ROWS: usize = 50;

/// The plan as Markdown.
pub fn markdown(plan: &PlanDocument) -> String {
    let mut out = format!("### {}\n\n{}\n\n", code(&plan.stack_set), summary(plan));
    if let Some(running) = &plan.running_operation {
        let _ = writeln!(out, "**{}**\n", escaped(&running_operation(running)));
    }
    if !plan.problems.is_empty() {
        out.push_str("**These problems block the rollout:**\n\n");
        for problem in plan.problems.iter().take(ROWS) {
            let place = problem.place.as_ref().map(|place| format!("{}: ", escaped(place))).unwrap_or_default();
            let _ = writeln!(out, "- {place}{}", escaped(&problem.message));
        }
        out.push('\n');
    }
    if let Some(findings) = &plan.preflight {
        let _ = writeln!(out, "{}\n", findings.summary());
        for finding in findings.findings.iter().take(ROWS) {
            let outcome = if finding.outcome == CheckOutcome::Failed { "failed" } else { "unchecked" };
            let places = if finding.targets.is_empty() { String::new() } else { format!(" ({})", plural(finding.targets.len(), "target")) };
            let _ = writeln!(out, "- {}: {}{places}", outcome, escaped(&finding.message));
        }
        if !findings.findings.is_empty() {
            out.push('\n');
        }
    }
    let interrupted: Vec<_> = plan.interrupted().collect();
    if !interrupted.is_empty() {
        out.push_str("**Endpoints that are interrupted:**\n\n");
        for (group, resource) in interrupted.iter().take(ROWS) {
            let name = resource.name.as_deref().unwrap_or(&resource.logical_id);
            let _ = writeln!(out, "- {} in {} ({}), {}", code(name), group.region, plural(group.targets, "target"), resource.effect);
        }
        out.push('\n');
    }
    if !plan.parameters.is_empty() {
        out.push_str("| parameter | from | to |\n|---|---|---|\n");
        for change in plan.parameters.iter().take(ROWS) {
            let value = |value: &Option<String>| value.as_deref().map(code).unwrap_or_default();
            let _ = writeln!(out, "| {} | {} | {} |", code(&change.name), value(&change.from), value(&change.to));
        }
        out.push('\n');
    }
    let overrides = overrides(plan);
    if !overrides.is_empty() {
        out.push_str("| parameter override | change | where |\n|---|---|---|\n");
        for (name, value, places) in overrides.into_iter().take(ROWS) {
            let _ = writeln!(out, "| {} | {} | {places} |", code(name), code(&value));
        }
        out.push('\n');
    }
    for (group, members) in same(&plan.groups).into_iter().take(ROWS) {
        let count: usize = members.iter().map(|group| group.targets).sum();
        let regions: Vec<_> = members.iter().map(|group| group.region.as_str()).collect();
        let kind = if group.action == TargetAction::New { "new target" } else { "target" };
        let _ = writeln!(out, "**{} in {}**\n", plural(count, kind), regions.join(", "));
        for group in members.iter().take(ROWS) {
            let packages = packages_arrow(group.model_package_from.as_deref(), group.model_package_to.as_deref());
            if !packages.is_empty() {
                let _ = writeln!(out, "- model package {}", code(&packages));
            }
        }
        out.push('\n');
        if let Some(reason) = &group.not_known {
            let _ = writeln!(out, "{}\n", escaped(reason));
        }
        if group.resources.is_empty() {
            continue;
        }
        out.push_str("| resource | type | what | properties |\n|---|---|---|---|\n");
        for resource in group.resources.iter().take(ROWS) {
            let properties: Vec<_> = resource.properties.iter().take(8).map(property).collect();
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                code(&resource.logical_id),
                code(&resource.kind),
                resource.effect,
                properties.join("<br>")
            );
        }
        out.push('\n');
    }
    if !plan.waves.is_empty() {
        out.push_str("| wave | size | targets |\n|---|---|---|\n");
        for wave in plan.waves.iter().take(ROWS) {
            let _ = writeln!(out, "| {} | {} | {} |", wave.number, code(&wave.size), escaped(&wave_targets(wave, 6)));
        }
        out.push('\n');
    }
    if plan.exact.is_some() {
        out.push_str("**CloudFormation's change sets:**\n\n");
        for found in plan.exact_lines().iter().take(ROWS) {
            let _ = writeln!(out, "- {}", escaped(found));
        }
        out.push('\n');
    }
    if let Some(limits) = &plan.limits {
        out.push_str("**Limits of the release policy:**\n\n");
        for limit in limits.lines().iter().take(ROWS) {
            let _ = writeln!(out, "- {}", escaped(limit));
        }
        out.push('\n');
    }
    let notable: Vec<_> = plan
        .targets
        .iter()
        .filter(|target| {
            !matches!(target.action, TargetAction::Unchanged | TargetAction::Changed)
                || target.last_failure.is_some()
                || target.not_reached.is_some()
                || target.drift.as_deref() == Some("DRIFTED")
        })
        .collect();
    if !notable.is_empty() {
        out.push_str("| account | region | what | drift | last failure |\n|---|---|---|---|---|\n");
        for target in notable.iter().take(ROWS) {
            let drift = target.drift.as_deref().filter(|word| *word != "NOT_CHECKED").unwrap_or_default();
            let failure = target.last_failure.as_deref().or(target.not_reached.as_deref()).map(escaped).unwrap_or_default();
            let state = target.status.as_deref().filter(|status| target.action == TargetAction::Orphaned && *status != "CURRENT");
            let action = state.map_or_else(|| target.action.as_str().to_owned(), |state| format!("{} ({state})", target.action.as_str()));
            let _ = writeln!(out, "| {} | {} | {action} | {drift} | {failure} |", target.account_id, target.region);
        }
        if notable.len() > ROWS {
            let _ = writeln!(out, "\n…and {} more.", notable.len() - ROWS);
        }
        out.push('\n');
    }
    let serving = serving(plan);
    if !serving.is_empty() {
        out.push_str("| endpoints now | count | where |\n|---|---|---|\n");
        for (summary, (_, names)) in serving.iter().take(ROWS) {
            let places = if names.len() > 3 { String::new() } else { names.join(", ") };
            let _ = writeln!(out, "| {} | {} | {places} |", escaped(summary), names.len());
        }
        out.push('\n');
    }
    let _ = writeln!(out, "<sub>release `{}`, model package {}</sub>", plan.release, code(&plan.model_package));
    out
}

fn property(change: &Property) -> String {
    match &change.follows {
        Some(followed) => format!("{} follows {}", code(&change.path), code(followed)),
        None => code(&change.path),
    }
}

/// Inline code, without characters that would end it or a table cell.
pub(crate) fn code(text: &str) -> String {
    let text: String = text.chars().map(|character| if is_steering(character) { ' ' } else { character }).collect();
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}

/// Escaped text: no markup, no mentions, no end of a table cell.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            character if is_steering(character) => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{code, escaped};

    #[test]
    fn text_from_other_sources_is_escaped() {
        assert_eq!(escaped("<img src=x> @all *x* | `y`\nz"), "&lt;img src=x&gt; &#64;all \\*x\\* \\| \\`y\\` z");
        assert_eq!(code("a`b|c"), "`a'b\\|c`");
    }
}
