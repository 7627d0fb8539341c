//! Captured requests that were sent again to one target.

use super::safe;
use super::wrap::paragraph;
use crate::report::TargetReport;

/// The most differences, and the most unusable records, that are listed for one target.
const MAX_LISTED: usize = 6;

pub(super) fn lines(text: &mut String, target: &TargetReport) {
    let Some(replay) = &target.replay else { return };
    let title = safe(&target.title());
    for (index, sentence) in replay.sentences().iter().enumerate() {
        let (lead, indent) = if index == 0 { (format!("{title}: "), 2) } else { ("  ".to_owned(), 4) };
        paragraph(text, &lead, indent, &safe(sentence));
    }
    for difference in replay.differences.iter().take(MAX_LISTED) {
        let at = difference.at.as_deref().map(|at| format!(" at {}", safe(at))).unwrap_or_default();
        let (this, captured) = (safe(&difference.this), safe(&difference.captured));
        paragraph(text, "    ", 6, &format!("{}{at}: {this} now, {captured} captured", safe(&difference.record)));
    }
    for unusable in replay.unusable_records.iter().take(MAX_LISTED) {
        paragraph(text, "    ", 6, &format!("{}: {}", safe(&unusable.record), safe(&unusable.why)));
    }
    let listed = replay.differences.len().min(MAX_LISTED) + replay.unusable_records.len().min(MAX_LISTED);
    let omitted = (replay.different + replay.unusable).saturating_sub(listed);
    if omitted > 0 {
        paragraph(text, "    ", 6, &format!("… and {omitted} more; the JSON report has the first of them"));
    }
    text.push('\n');
}
