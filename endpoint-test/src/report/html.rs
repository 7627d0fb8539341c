//! The report as html.

use super::Report;

/// The report as html.
pub fn html(report: &Report) -> String {
    report.stage.clone()
}
