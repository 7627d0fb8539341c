//! Metrics of a model package: a document, a number at a JSON pointer in it, and its limits.

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::RequiredMetric;
use super::gates::GateViolation;
use crate::documents::{DocumentError, Documents};
use crate::package::{MetricSource, ModelPackage};

/// The relative difference that two spellings of the same decimal number can have.
const ROUNDING: f64 = 1e-12;

/// Why a metric could not be read.
pub(crate) enum MetricError {
    Document(DocumentError),
    Content { reason: String, hint: String },
}

fn content(reason: String, hint: &str) -> MetricError {
    MetricError::Content { reason, hint: hint.to_owned() }
}

/// Reads one of the package's documents and compares it with the registered digest.
pub(crate) async fn read<D: Documents>(documents: &D, package: &ModelPackage, source: MetricSource) -> Result<Json, MetricError> {
    let Some(metrics) = package.metrics.iter().find(|metrics| metrics.source == source) else {
        let named: Vec<_> = package.metrics.iter().map(|metrics| format!("`{}`", metrics.source)).collect();
        let has = if named.is_empty() { "it refers to no metrics".to_owned() } else { format!("it refers to {}", named.join(", ")) };
        return Err(content(
            format!("the package refers to no metrics `{source}`; {has}"),
            "register the model with its metrics, or choose another `source`",
        ));
    };
    let uri = metrics.uri.parse().map_err(|error| content(format!("the package's `{source}`: {error}"), "register the model again"))?;
    let bytes = documents.read(&uri).await.map_err(MetricError::Document)?;
    if let Some(registered) = &metrics.digest {
        let found = Sha256::digest(&bytes).iter().fold(String::from("sha256:"), |text, byte| format!("{text}{byte:02x}"));
        if !registered.eq_ignore_ascii_case(&found) {
            let reason = format!("`{uri}` is not the document that was registered: its digest is {found}, and {registered} was registered");
            return Err(content(reason, "the document was changed: register the model again"));
        }
    }
    serde_json::from_slice(&bytes).map_err(|error| content(format!("`{uri}` is not JSON: {error}"), "choose a JSON document with `source`"))
}

/// The number that a gate needs.
pub(super) fn value(document: &Json, required: &RequiredMetric) -> Result<f64, MetricError> {
    let at = &required.at;
    let Some(found) = document.pointer(at) else {
        return Err(content(format!("the document of `{}` has nothing at `{at}`", required.source), &nearest(document, at)));
    };
    found.as_f64().filter(|number| number.is_finite()).ok_or_else(|| {
        let kind = match found {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::String(_) => "a string",
            Json::Array(_) => "a list",
            Json::Object(_) => "an object",
            Json::Number(_) => "a number that is too large",
        };
        content(
            format!("the value at `{at}` in the document of `{}` is {kind}, not a number", required.source),
            "point at a number with `at`",
        )
    })
}

/// How far a pointer leads, and which keys exist there.
fn nearest(document: &Json, pointer: &str) -> String {
    let mut known = pointer;
    while let Some((parent, _)) = known.rsplit_once('/') {
        known = parent;
        match document.pointer(known) {
            Some(Json::Object(members)) => {
                let names: Vec<_> = members.keys().take(12).map(|name| format!("`{name}`")).collect();
                let place = if known.is_empty() { "the document".to_owned() } else { format!("`{known}`") };
                return format!("{place} has {}", if names.is_empty() { "nothing".to_owned() } else { names.join(", ") });
            }
            Some(Json::Array(items)) => return format!("`{known}` is a list of {}", items.len()),
            _ => {}
        }
    }
    "use a pointer to a value in the document".to_owned()
}

/// The limit that a number exceeds, if any.
pub(super) fn beyond(required: &RequiredMetric, found: f64) -> Option<GateViolation> {
    let RequiredMetric { name, min, max, tolerance, .. } = required;
    // 0.8 - 0.2 is slightly more than 0.6.
    let slack = |limit: f64| tolerance + ROUNDING * limit.abs().max(tolerance.abs());
    let (metric, tolerance) = (name.clone(), *tolerance);
    match (*min, *max) {
        (Some(min), _) if found < min - slack(min) => Some(GateViolation::TooLow { metric, found, min, tolerance }),
        (_, Some(max)) if found > max + slack(max) => Some(GateViolation::TooHigh { metric, found, max, tolerance }),
        _ => None,
    }
}

/// The limits in words.
pub(super) fn limits(required: &RequiredMetric) -> String {
    let limits = match (required.min, required.max) {
        (Some(min), Some(max)) => format!("from {min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any".to_owned(),
    };
    if required.tolerance > 0.0 { format!("{limits} with a tolerance of {}", required.tolerance) } else { limits }
}

#[cfg(test)]
mod tests {
    use super::{MetricSource, RequiredMetric, beyond};

    #[test]
    fn the_tolerance_moves_a_limit_and_rounding_does_not() {
        let metric = |min, max, tolerance| RequiredMetric {
            name: "accuracy".to_owned(),
            source: MetricSource::default(),
            at: "/accuracy".to_owned(),
            min,
            max,
            tolerance,
        };
        assert!(beyond(&metric(Some(0.8), None, 0.2), 0.6).is_none());
        assert!(beyond(&metric(Some(0.8), None, 0.2), 0.599_999).is_some());
        assert!(beyond(&metric(None, Some(0.1), 0.2), 0.3).is_none());
        assert!(beyond(&metric(None, Some(0.1), 0.2), 0.300_001).is_some());
        assert!(beyond(&metric(Some(0.95), Some(1.0), 0.0), 0.95).is_none());
        assert!(beyond(&metric(Some(0.95), Some(1.0), 0.0), 0.949_999).is_some());
    }
}
