//! What became of a case's rows: how many held, what was measured over all of them, and the first that did not hold.

use std::fmt::Write as _;

use super::{Html, badge, columns, scrolling, time};
use crate::report::{MetricReport, RowReport, RowsReport};

/// Writes it. `place` names the case and its target, for names that are unique on the page.
pub(super) fn part(page: &mut String, place: &str, rows: &RowsReport) {
    let median = rows.median_latency_ms.map(|median| format!("; half of them within {}", time(median))).unwrap_or_default();
    let wrong = [(rows.failed, "were not"), (rows.errored, "could not be asked")];
    let wrong: String =
        wrong.into_iter().filter(|(count, _)| *count > 0).fold(String::new(), |text, (count, what)| format!("{text}, {count} {what}"));
    let _ = writeln!(page, "<h4>Rows</h4><p>{} of {} rows were answered as expected{wrong}{median}</p>", rows.passed, rows.total);
    metrics(page, place, &rows.metrics);
    not_passed(page, place, &rows.not_passed);
}

fn metrics(page: &mut String, place: &str, metrics: &[MetricReport]) {
    if metrics.is_empty() {
        return;
    }
    scrolling(page, &format!("Metrics of {place}"));
    page.push_str("<table>");
    columns(page, &["Outcome", "Metric"], &["Value", "Limit"]);
    for metric in metrics {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            badge(metric.outcome.as_str()),
            Html(&metric.name),
            metric.value.map_or_else(|| "unknown".to_owned(), number),
            limit(metric)
        );
    }
    page.push_str("</tbody></table></div>\n");
}

/// A metric to four digits after the point.
pub(super) fn number(value: f64) -> String {
    ((value * 10_000.0).round() / 10_000.0).to_string()
}

/// `at least 0.95`.
pub(super) fn limit(metric: &MetricReport) -> String {
    let least = metric.at_least.map(|least| format!("at least {}", number(least)));
    let most = metric.at_most.map(|most| format!("at most {}", number(most)));
    least.into_iter().chain(most).collect::<Vec<_>>().join(", ")
}

fn not_passed(page: &mut String, place: &str, rows: &[RowReport]) {
    if rows.is_empty() {
        return;
    }
    scrolling(page, &format!("Rows that did not pass of {place}"));
    page.push_str("<table class=\"stack\">");
    columns(page, &["Outcome", "Row", "Expected", "Found", "Why"], &[]);
    for row in rows {
        let code = |value: &Option<String>| value.as_ref().map(|value| format!("<code>{}</code>", Html(value))).unwrap_or_default();
        let _ = write!(
            page,
            "<tr><td data-label=\"Outcome\">{}</td><td data-label=\"Row\">{} <span class=\"soft\">line {}</span></td><td data-label=\"Expected\">{}</td><td data-label=\"Found\">{}</td><td data-label=\"Why\"><span>{}",
            badge(row.outcome.as_str()),
            row.row,
            row.line,
            code(&row.expected),
            code(&row.actual),
            Html(row.message.as_deref().unwrap_or_default())
        );
        if let Some(id) = &row.request_id {
            let _ = write!(page, "<br><span class=\"soft\">request {}</span>", Html(id));
        }
        if let Some(command) = &row.reproduce {
            let _ = write!(page, "<br><code class=\"soft\">{}</code>", Html(command));
        }
        page.push_str("</span></td></tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}
