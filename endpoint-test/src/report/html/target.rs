//! One endpoint's part of the page: its checks, and its cases to unfold.

use std::fmt::Write as _;

use super::{Html, Prose, badge, time};
use crate::report::{CaseReport, CheckReport, Outcome, TargetReport};

/// Writes the part of one endpoint.
pub(super) fn section(page: &mut String, index: usize, target: &TargetReport) {
    let _ = writeln!(
        page,
        "<section class=\"card target\" id=\"t{index}\">\n<header>{}<h3>{}</h3><p>{}</p></header>",
        badge(target.verdict.as_str()),
        Html(&target.endpoint),
        Html(&facts(target))
    );
    if !target.checks.is_empty() {
        page.push_str("<div class=\"heading\">Checks</div>\n");
    }
    for check in &target.checks {
        check_row(page, check);
    }
    if !target.cases.is_empty() {
        page.push_str("<div class=\"heading\">Cases</div>\n");
    }
    for case in &target.cases {
        case_row(page, case);
    }
    page.push_str("</section>\n");
}

/// Where the endpoint is and how it was reached, on one line.
fn facts(target: &TargetReport) -> String {
    let named = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} {value}"));
    let facts = [
        Some(format!("account {}", target.account_id)),
        Some(target.region.clone()),
        named("environment", &target.environment_name),
        target.environment_type.clone(),
        named("configuration", &target.endpoint_config),
        named("role", &target.role),
        (target.duration_ms > 0.0).then(|| format!("tested for {}", time(target.duration_ms))),
    ];
    facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn check_row(page: &mut String, check: &CheckReport) {
    let _ = write!(
        page,
        "<div class=\"row {0}\">{1}<div class=\"what\">{2}",
        check.outcome,
        badge(check.outcome.as_str()),
        Html(&label(&check.name))
    );
    let why = check.message.as_ref().or(check.actual.as_ref());
    if let Some(why) = why {
        let _ = write!(page, "<span class=\"why\">{}</span>", Prose(why));
    }
    if let (Outcome::Failed | Outcome::Errored, Some(expected), Some(actual)) = (check.outcome, &check.expected, &check.actual) {
        let _ = write!(
            page,
            "<span class=\"why\">expected <code>{}</code></span><span class=\"why\">found <code>{}</code></span>",
            Html(expected),
            Html(actual)
        );
    }
    hint(page, check.hint.as_deref());
    page.push_str("</div></div>\n");
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

fn case_row(page: &mut String, case: &CaseReport) {
    let open = if matches!(case.outcome, Outcome::Failed | Outcome::Errored) { " open" } else { "" };
    let why = case.message.as_deref().or_else(|| {
        let wrong = case.checks.iter().find(|check| check.outcome != Outcome::Passed)?;
        wrong.message.as_deref()
    });
    let _ = write!(
        page,
        "<details class=\"{0}\"{open}><summary class=\"row\">{1}<span class=\"what\"><span class=\"name\">{2}</span>",
        case.outcome,
        badge(case.outcome.as_str()),
        Html(&case.name)
    );
    if let Some(why) = why {
        let _ = write!(page, "<span class=\"why\">{}</span>", Prose(why));
    }
    let latency = case.latency_ms.map(time).unwrap_or_default();
    let _ = writeln!(page, "</span><span class=\"time\">{latency}</span></summary>\n<div class=\"inside\">");
    hint(page, case.hint.as_deref());
    checks(page, &case.checks);
    case_facts(page, case);
    for (name, text) in [("The model's error", &case.model_error), ("The reply", &case.reply), ("To ask the same by hand", &case.reproduce)]
    {
        if let Some(text) = text {
            let text = if text.is_empty() { "(empty)" } else { text };
            let _ = writeln!(page, "<div class=\"soft\">{name}</div><pre>{}</pre>", Html(text));
        }
    }
    page.push_str("</div></details>\n");
}

fn checks(page: &mut String, checks: &[CheckReport]) {
    if checks.is_empty() {
        return;
    }
    page.push_str("<div class=\"scroll\"><table class=\"stack\"><thead><tr><th scope=\"col\">Outcome</th><th scope=\"col\">Check</th><th scope=\"col\">Expected</th><th scope=\"col\">Found</th></tr></thead><tbody>\n");
    for check in checks {
        let place = check.at.as_deref().filter(|at| !at.is_empty()).map(|at| format!("<br><code>{}</code>", Html(at))).unwrap_or_default();
        let _ = write!(
            page,
            "<tr><td data-label=\"Outcome\">{}</td><td data-label=\"Check\"><span>{}{place}</span></td>",
            badge(check.outcome.as_str()),
            Html(&label(&check.name))
        );
        for (name, value) in [("Expected", &check.expected), ("Found", &check.actual)] {
            match value {
                Some(value) => {
                    let _ = write!(page, "<td data-label=\"{name}\"><code>{}</code></td>", Html(value));
                }
                None => page.push_str("<td></td>"),
            }
        }
        page.push_str("</tr>\n");
        if let Some(text) = &check.hint {
            let _ = writeln!(page, "<tr><td></td><td colspan=\"3\"><span class=\"hint\">{}</span></td></tr>", Prose(text));
        }
    }
    page.push_str("</tbody></table></div>\n");
}

fn case_facts(page: &mut String, case: &CaseReport) {
    let facts = [
        ("Status", case.status.map(|status| status.to_string())),
        ("Media type", case.content_type.clone()),
        ("Variant", case.variant.clone()),
        ("Request id", case.request_id.clone()),
        ("Log stream", case.log_stream_arn.clone()),
    ];
    page.push_str("<dl class=\"facts\">\n");
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(page, "<dt>{name}</dt><dd><code>{}</code></dd>", Html(&value));
        }
    }
    page.push_str("</dl>\n");
}

fn hint(page: &mut String, hint: Option<&str>) {
    if let Some(hint) = hint {
        let _ = write!(page, "<span class=\"hint\">{}</span>", Prose(hint));
    }
}
