//! The metrics over labelled rows, also of cases that passed.

use std::fmt::Write as _;

use super::safe;
use super::wrap::paragraph;
use crate::report::Report;
use crate::report::metrics::RunMetric;

/// The maximum number of segments listed for one case; the other reports have all of them.
const MAX_SEGMENTS: usize = 10;

/// Adds each metric once: over several endpoints with its worst value, and where that is.
pub(super) fn lines(text: &mut String, report: &Report) {
    let metrics = report.metrics();
    for of_case in metrics.chunk_by(|left, right| left.case == right.case) {
        paragraph(text, "", 2, &format!("metrics of case \"{}\"", safe(of_case[0].case)));
        let name = |metric: &RunMetric<'_>| {
            let rows = metric.worst.rows.map(|rows| if rows == 1 { " (1 row)".to_owned() } else { format!(" ({rows} rows)") });
            format!("{}{}", safe(&metric.worst.title()), rows.unwrap_or_default())
        };
        // Segments that failed are always listed.
        let mut segments = 0;
        let (mut shown, mut omitted) = (Vec::new(), 0);
        for metric in of_case {
            segments += usize::from(metric.worst.segment.is_some());
            if segments > MAX_SEGMENTS && metric.worst.segment.is_some() && !metric.worst.outcome.is_wrong() {
                omitted += 1;
            } else {
                shown.push((metric, name(metric)));
            }
        }
        let width = shown.iter().map(|(_, name)| name.chars().count()).max().unwrap_or_default();
        let outcomes = shown.iter().map(|(metric, _)| metric.worst.outcome_text().chars().count()).max().unwrap_or_default().max(7);
        for (metric, name) in shown {
            let limit = Some(metric.worst.limit()).filter(|limit| !limit.is_empty()).map(|limit| format!(" ({limit})"));
            let value = metric.value();
            let line = format!("{name:<width$}  {value}{}", limit.unwrap_or_default());
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {:<outcomes$}  {}", metric.worst.outcome_text(), line.trim_end());
            if let Some(interval) = &metric.worst.interval {
                paragraph(text, &" ".repeat(outcomes + 4), outcomes + 4, &safe(&interval.describe()));
            }
            if value.contains(" to ") {
                let _ = writeln!(text, "{:1$}worst at {2}", "", outcomes + 4, safe(&metric.at.title()));
            }
        }
        if omitted > 0 {
            paragraph(text, "  ", 2, &format!("… and {omitted} more, in the JSON report and on the HTML page"));
        }
        text.push('\n');
    }
}
