//! The comparison of one target's responses with another endpoint's.

use super::safe;
use super::wrap::paragraph;
use crate::report::{CaseReport, TargetReport};

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
    text.push('\n');
}
