//! The comparison of one target's responses with another endpoint's.

use super::safe;
use super::wrap::paragraph;
use crate::report::gains::Gain;
use crate::report::{CaseReport, ComparisonReport, TargetReport};

/// The maximum number of differences listed for one target.
const MAX_DIFFERENCES: usize = 6;

/// Adds the comparison and its first differences.
pub(super) fn lines(text: &mut String, target: &TargetReport) {
    let Some(comparison) = &target.comparison else { return };
    let compared = match (comparison.compared, comparison.different) {
        (0, _) => "nothing was compared".to_owned(),
        (all, 0) => format!("all {all} responses are the same"),
        (all, different) => format!("{different} of {all} responses differ"),
    };
    let errors = if comparison.errored > 0 { format!(", {} could not be compared", comparison.errored) } else { String::new() };
    let why = comparison.message.as_deref().map(|message| format!(": {}", safe(message))).unwrap_or_default();
    let (this, other) = (safe(&target.title()), safe(&comparison.with));
    paragraph(text, "", 2, &format!("{this} compared with {other}: {compared}{errors}{why}"));
    let differences = target.cases.iter().flat_map(|case| {
        let found = case.comparison.iter().flat_map(|comparison| &comparison.differences);
        found.map(move |difference| (case, difference))
    });
    let name = |case: &CaseReport| safe(&case.name);
    for (case, difference) in differences.take(MAX_DIFFERENCES) {
        let row = difference.row.map(|row| format!(" row {row}")).unwrap_or_default();
        let at = difference.at.as_deref().map(|at| format!(" at {}", safe(at))).unwrap_or_default();
        let (here, there) = (safe(&difference.this), safe(&difference.other));
        paragraph(text, "  ", 6, &format!("\"{}\"{row}{at}: {here} here, {there} there", name(case)));
    }
    if let Some(unpaired) = comparison.unpaired_text() {
        paragraph(text, "  ", 4, &safe(&unpaired));
    }
    gains(text, comparison);
    if let Some(flips) = comparison.flips_text() {
        paragraph(text, "  ", 4, &flips);
    }
    for flip in comparison.flips.iter().flat_map(|flips| &flips.rows).take(MAX_DIFFERENCES) {
        let (row, line, label) = (flip.row, flip.line, safe(&flip.label));
        paragraph(text, "    ", 6, &format!("row {row} (line {line}), {label}: {} here, {} there", safe(&flip.this), safe(&flip.other)));
    }
    let omitted = comparison.flips.as_ref().map_or(0, |flips| flips.changed.saturating_sub(MAX_DIFFERENCES));
    if omitted > 0 {
        paragraph(text, "    ", 6, &format!("… and {omitted} more, in the JSON report and on the HTML page"));
    }
    text.push('\n');
}

/// Each metric and percentile beside the other endpoint's.
fn gains(text: &mut String, comparison: &ComparisonReport) {
    let gains = comparison.gains();
    let width = |of: fn(&Gain) -> usize| gains.iter().map(of).max().unwrap_or_default();
    let outcomes = width(|gain| gain.outcome_text().chars().count());
    let names = width(|gain| safe(&gain.name).chars().count());
    for gain in &gains {
        let limit = if gain.limit.is_empty() { String::new() } else { format!(" ({})", gain.limit) };
        let values = format!("{:<names$}  {} here, {} there{limit}", safe(&gain.name), gain.this, gain.other);
        paragraph(text, &format!("  {:<outcomes$}  ", gain.outcome_text()), outcomes + 4, &values);
        if let Some(interval) = &gain.interval {
            paragraph(text, &" ".repeat(outcomes + 4), outcomes + 4, &safe(interval));
        }
    }
}
