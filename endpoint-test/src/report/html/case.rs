//! One case: what was found on one line, and all about it to unfold.

use std::fmt::Write as _;

use super::{Html, Prose, badge, columns, comparison, hint, is_wrong, label, rows, scrolling, time};
use crate::report::{CaseReport, CheckReport};

/// Writes one case. `title` is the target's.
pub(super) fn row(page: &mut String, title: &str, case: &CaseReport) {
    let open = if is_wrong(case.outcome) { " open" } else { "" };
    let why = case.message.as_deref().or_else(|| case.checks.iter().find(|check| is_wrong(check.outcome))?.message.as_deref());
    let _ = write!(
        page,
        "<li><details class=\"{0}\"{open}><summary class=\"row\">{1}<span class=\"what\"><span class=\"name\">{2}</span>",
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
    checks(page, title, case);
    let place = format!("{} at {title}", case.name);
    if let Some(found) = &case.rows {
        rows::part(page, &place, found);
    }
    if let Some(found) = &case.comparison {
        comparison::of_case(page, &place, found);
    }
    facts(page, case);
    for (name, text) in [("The model’s error", &case.model_error), ("The reply", &case.reply), ("To ask the same by hand", &case.reproduce)]
    {
        if let Some(text) = text {
            let text = if text.is_empty() { "(empty)" } else { text };
            let _ = writeln!(
                page,
                "<h4>{name}</h4><pre tabindex=\"0\" role=\"region\" aria-label=\"{name}: {} at {}\">{}</pre>",
                Html(&case.name),
                Html(title),
                Html(text)
            );
        }
    }
    page.push_str("</div></details></li>\n");
}

fn checks(page: &mut String, title: &str, case: &CaseReport) {
    if case.checks.is_empty() {
        return;
    }
    scrolling(page, &format!("Checks of {} at {title}", case.name));
    page.push_str("<table class=\"stack\">");
    columns(page, &["Outcome", "Check", "Expected", "Found"], &[]);
    for check in &case.checks {
        check_line(page, check);
    }
    page.push_str("</tbody></table></div>\n");
}

fn check_line(page: &mut String, check: &CheckReport) {
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

fn facts(page: &mut String, case: &CaseReport) {
    let facts = [
        ("Status", case.status.map(|status| status.to_string())),
        ("Media type", case.content_type.clone()),
        ("Variant", case.variant.clone()),
        ("Request id", case.request_id.clone()),
        ("Log stream", case.log_stream_arn.clone()),
    ];
    if facts.iter().all(|(_, value)| value.is_none()) {
        return;
    }
    page.push_str("<dl class=\"facts\">\n");
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(page, "<div><dt>{name}</dt><dd><code>{}</code></dd></div>", Html(&value));
        }
    }
    page.push_str("</dl>\n");
}
