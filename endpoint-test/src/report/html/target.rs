//! One endpoint's part of the page: its checks, its cases to unfold, and its load.

use std::fmt::Write as _;

use super::{Html, Prose, badge, case, comparison, hint, label, load, time};
use crate::report::{CheckReport, Outcome, TargetReport};

/// Writes the part of one endpoint.
pub(super) fn section(page: &mut String, index: usize, target: &TargetReport) {
    let title = target.title();
    let _ = writeln!(
        page,
        "<section class=\"card target\" id=\"t{index}\" aria-label=\"{}\">\n<div class=\"head\">{}<h2>{}</h2><p>{}</p></div>",
        Html(&title),
        badge(target.verdict.as_str()),
        Html(&target.endpoint),
        Html(&facts(target))
    );
    if !target.checks.is_empty() {
        page.push_str("<h3>Checks</h3>\n<ul class=\"rows\">\n");
        for check in &target.checks {
            check_row(page, check);
        }
        page.push_str("</ul>\n");
    }
    if !target.cases.is_empty() {
        page.push_str("<h3>Cases</h3>\n<ul class=\"rows\">\n");
        for case in &target.cases {
            case::row(page, &title, case);
        }
        page.push_str("</ul>\n");
    }
    if let Some(found) = &target.comparison {
        comparison::of_target(page, found);
    }
    if let Some(found) = &target.load {
        load::part(page, index, &title, found);
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
        target.asynchronous.then(|| "asynchronous: latencies last until the answer is in S3".to_owned()),
        (target.duration_ms > 0.0).then(|| format!("tested for {}", time(target.duration_ms))),
    ];
    facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn check_row(page: &mut String, check: &CheckReport) {
    let _ = write!(
        page,
        "<li class=\"row {0}\">{1}<div class=\"what\">{2}",
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
    page.push_str("</div></li>\n");
}
