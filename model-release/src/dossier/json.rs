//! The dossier as JSON.

use super::document::Dossier;

/// The dossier as indented JSON with a final line break; equal dossiers give equal bytes.
pub fn json(dossier: &Dossier) -> String {
    // A dossier has only strings, numbers and lists under string keys, which JSON can represent.
    let mut text = serde_json::to_string_pretty(dossier).unwrap_or_default();
    text.push('\n');
    text
}
