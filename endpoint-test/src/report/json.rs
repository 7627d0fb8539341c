//! The report as one JSON document.

use super::Report;
use super::untrusted;

/// The report as indented JSON with a final line break; equal reports give equal bytes.
pub fn json(report: &Report) -> String {
    // A report has only strings, numbers and lists under string keys, which JSON can represent.
    let mut text = untrusted::json(&serde_json::to_string_pretty(report).unwrap_or_default());
    text.push('\n');
    text
}

/// The JSON Schema of [`json`]'s output.
#[cfg(feature = "schema")]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
