//! Reads limits: a number or a duration alone, or with what it takes to pass it.

use std::time::Duration;

use super::document::{Content, Node};
use super::reader::{Fields, Reader};
use crate::expect::LatencyMax;
use crate::expect::latency::{LatencyLimit, Percentile};
use crate::expect::limit::Limit;

pub(super) const PROOF_KEYS: &[&str] = &["value", "confidence", "expected"];
pub(super) const PERCENTILE_LIMIT_KEYS: &[&str] = &["at_most", "confidence", "observe"];
pub(super) const MAX_LIMIT_KEYS: &[&str] = &["at_most", "observe"];

/// A confidence must be above that of a coin, and below what so many rows could show.
const CONFIDENCES: (f64, f64) = (0.5, 0.9999);

/// `0.9`, or `{ value: 0.9, confidence: 0.95 }`.
pub(super) fn limit(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Option<Limit> {
    let node = fields.get(key)?;
    if !matches!(node.content, Content::Map(_)) {
        return Some(Limit { value: fields.number(reader, key)?.value(), confidence: None, expected: None });
    }
    let what = format!("`{key}`");
    let fields = reader.fields(node, &what, PROOF_KEYS)?;
    fields.require(reader, "value");
    let confidence = confidence(reader, &fields);
    if fields.get("confidence").is_none() {
        reader.problem(node.place, format!("`{key}` with a `value` needs a `confidence`")).hint =
            Some(format!("such as `{key}: {{ value: 0.9, confidence: 0.95 }}`; `{key}: 0.9` alone compares the measured value"));
    }
    let expected = fields.number(reader, "expected").map(|number| number.value());
    Some(Limit { value: fields.number(reader, "value")?.value(), confidence: Some(confidence?), expected })
}

/// A limit of a share.
pub(super) fn share(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Option<Limit> {
    let node = fields.get(key)?;
    if !matches!(node.content, Content::Map(_)) {
        return Some(Limit { value: fields.share(reader, key)?, confidence: None, expected: None });
    }
    let limit = limit(reader, fields, key)?;
    for value in [Some(limit.value), limit.expected].into_iter().flatten().filter(|value| !(0.0..=1.0).contains(value)) {
        reader.problem(node.place, format!("`{key}` must be a number from 0 to 1, not {value}")).hint =
            Some("0.97 is 97 percent".to_owned());
    }
    Some(limit)
}

/// How sure a result must be.
pub(super) fn confidence(reader: &mut Reader, fields: &Fields<'_>) -> Option<f64> {
    let confidence = fields.number(reader, "confidence")?.value();
    if (CONFIDENCES.0..=CONFIDENCES.1).contains(&confidence) {
        return Some(confidence);
    }
    let (least, most) = CONFIDENCES;
    reader.problem(fields.place("confidence"), format!("`confidence` must be a number from {least} to {most}")).hint =
        Some("0.95 is 95 percent".to_owned());
    None
}

/// Whether a limit is only reported.
pub(super) fn observe(reader: &mut Reader, fields: &Fields<'_>) -> bool {
    fields.boolean(reader, "observe").unwrap_or(false)
}

/// `max: 300ms`, or `max: { at_most: 300ms, observe: true }`.
pub(super) fn latency_max(reader: &mut Reader, fields: &Fields<'_>) -> Option<LatencyMax> {
    let (limit, _, observe) = duration(reader, fields, "max", MAX_LIMIT_KEYS)?;
    Some(LatencyMax { limit, observe })
}

/// Limits for percentiles over all rows.
pub(super) fn percentiles(reader: &mut Reader, fields: &Fields<'_>) -> Vec<LatencyLimit> {
    let limit = |percentile: Percentile| {
        let keys = if percentile.quantile() < 1.0 { PERCENTILE_LIMIT_KEYS } else { MAX_LIMIT_KEYS };
        let (limit, confidence, observe) = duration(reader, fields, percentile.key, keys)?;
        Some(LatencyLimit { percentile, limit, confidence, observe })
    };
    Percentile::ALL.into_iter().filter_map(limit).collect()
}

fn duration(reader: &mut Reader, fields: &Fields<'_>, key: &str, keys: &[&str]) -> Option<(Duration, Option<f64>, bool)> {
    let node: &Node = fields.get(key)?;
    if !matches!(node.content, Content::Map(_)) {
        return Some((fields.duration(reader, key)?, None, false));
    }
    let what = format!("`{key}`");
    let fields = reader.fields(node, &what, keys)?;
    fields.require(reader, "at_most");
    let confidence = confidence(reader, &fields);
    let observe = observe(reader, &fields);
    Some((fields.duration(reader, "at_most")?, confidence, observe))
}
