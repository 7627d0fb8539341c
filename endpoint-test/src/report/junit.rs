//! The report as junit.

use super::Report;

/// The report as junit.
pub fn junit(report: &Report) -> String {
    report.stage.clone()
}
