//! How answers compare with another endpoint's.

use std::fmt::Write as _;

use super::{Html, Prose, columns, scrolling, time};
use crate::report::{CaseComparison, ComparisonReport};

/// Writes what holds of one target.
pub(super) fn of_target(page: &mut String, comparison: &ComparisonReport) {
    let _ = write!(page, "<h3>Compared with {}</h3>\n<p class=\"row plain\">", Html(&comparison.with));
    match &comparison.message {
        Some(message) => {
            let _ = write!(page, "{}", Prose(message));
        }
        None => {
            page.push_str(&counts(comparison.compared, comparison.different, comparison.errored));
            if let Some(most) = comparison.at_most {
                let _ = write!(page, "; {}% may", (most * 10_000.0).round() / 100.0);
            }
        }
    }
    page.push_str("</p>\n");
}

/// Writes what holds of one case. `place` names it and its target, for names that are unique on the page.
pub(super) fn of_case(page: &mut String, place: &str, comparison: &CaseComparison) {
    let latency = comparison.latency_ms.map(|latency| format!("; the other one took {}", time(latency))).unwrap_or_default();
    let _ = write!(page, "<h4>Compared</h4><p>{}{latency}", counts(comparison.compared, comparison.different, comparison.errored));
    if let Some(message) = &comparison.message {
        let _ = write!(page, ": {}", Prose(message));
    }
    page.push_str("</p>\n");
    if comparison.differences.is_empty() {
        return;
    }
    scrolling(page, &format!("Differences of {place}"));
    page.push_str("<table class=\"stack\">");
    columns(page, &["Where", "This endpoint", "The other one"], &[]);
    for difference in &comparison.differences {
        let row = difference.row.map(|row| format!("row {row} ")).unwrap_or_default();
        let at = difference.at.as_ref().map(|at| format!("<code>{}</code>", Html(at))).unwrap_or_default();
        let _ = writeln!(
            page,
            "<tr><td data-label=\"Where\"><span>{row}{at}</span></td><td data-label=\"This endpoint\"><code>{}</code></td><td data-label=\"The other one\"><code>{}</code></td></tr>",
            Html(&difference.this),
            Html(&difference.other)
        );
    }
    page.push_str("</tbody></table></div>\n");
}

fn counts(compared: usize, different: usize, errored: usize) -> String {
    let asked = if errored > 0 { format!("; {errored} could not be compared") } else { String::new() };
    match (compared, different) {
        (0, _) => format!("nothing was compared{asked}"),
        (compared, 0) => format!("all {compared} answers are the same{asked}"),
        (compared, different) => format!("{different} of {compared} answers differ{asked}"),
    }
}
