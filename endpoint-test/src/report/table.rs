//! The report as table.

use super::Report;

/// The report as table.
pub fn table(report: &Report) -> String {
    report.stage.clone()
}
