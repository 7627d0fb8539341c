//! How one target's answers compare with another endpoint's.

use super::safe;
use super::wrap::paragraph;
use crate::report::{CaseReport, TargetReport};

/// The most differences that are told for one target.
const MOST: usize = 6;

/// Adds what was compared, and the first differences.
pub(super) fn lines(text: &mut String, target: &TargetReport) {
    let Some(comparison) = &target.comparison else { return };
    let compared = match (comparison.compared, comparison.different) {
        (0, _) => "nothing was compared".to_owned(),
        (all, 0) => format!("all {all} answers are the same"),
        (all, different) => format!("{different} of {all} answers differ"),
    };
    let errors = if comparison.errored > 0 { format!(", {} could not be asked", comparison.errored) } else { String::new() };
    let why = comparison.message.as_deref().map(|message| format!(": {}", safe(message))).unwrap_or_default();
    let (this, other) = (safe(&target.title()), safe(&comparison.with));
    paragraph(text, "", 2, &format!("{this} beside {other}: {compared}{errors}{why}"));
    let differences = target.cases.iter().flat_map(|case| {
        let found = case.comparison.iter().flat_map(|comparison| &comparison.differences);
        found.map(move |difference| (case, difference))
    });
    let name = |case: &CaseReport| safe(&case.name);
    for (case, difference) in differences.take(MOST) {
        let row = difference.row.map(|row| format!(" row {row}")).unwrap_or_default();
        let at = difference.at.as_deref().map(|at| format!(" at {}", safe(at))).unwrap_or_default();
        let (here, there) = (safe(&difference.this), safe(&difference.other));
        paragraph(text, "  ", 6, &format!("\"{}\"{row}{at}: {here} here, {there} there", name(case)));
    }
    text.push('\n');
}
