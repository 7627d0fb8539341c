//! The results of captured requests that were sent again, as data and in words.

use serde::{Deserialize, Serialize};

use super::IntervalReport;
#[cfg(feature = "render")]
use super::{confidence_text, short};

/// The results of captured requests that were sent again to one target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayReport {
    /// Where the captured requests are.
    pub from: String,
    /// The shadow variant whose captured responses were compared with those of production. Then
    /// nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<String>,
    /// Captured responses of one variant without that of the other to the same request.
    #[serde(default)]
    pub unmatched: usize,
    /// Requests sent.
    pub sent: usize,
    /// Requests whose response was compared with the captured one.
    pub compared: usize,
    /// Those of them with another response.
    pub different: usize,
    /// The part with another response, with its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub different_share: Option<IntervalReport>,
    /// Requests to which the model returned an error.
    #[serde(default)]
    pub refused: usize,
    /// Requests without a response.
    pub errored: usize,
    /// Records that could not be used, and were not sent.
    pub unusable: usize,
    /// Why the replay ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the first and the last of the sent requests were captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_from: Option<String>,
    /// See `captured_from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_to: Option<String>,
    /// The fields that were removed from requests and responses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<String>,
    /// How the scores, or the classes, differ from the captured ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftReport>,
    /// The latencies of the responses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<ReplayLatency>,
    /// The first differences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<ReplayDifference>,
    /// The first records that could not be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable_records: Vec<UnusableRecord>,
}

/// How the scores of all responses differ from the captured ones.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DriftReport {
    /// `scores`, or `classes` if the values are not numbers.
    pub of: String,
    /// Pairs of a captured value and the new one.
    pub pairs: usize,
    /// The population stability index.
    pub psi: f64,
    /// Its bins: deciles of the captured scores, or classes.
    pub bins: usize,
    /// The index that 95 of 100 replays without any drift stay below.
    pub psi_by_chance: f64,
    /// The largest distance of the two distributions (Kolmogorov and Smirnov); scores only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ks: Option<f64>,
    /// How probable so large a distance is without drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// The distance that so many pairs show in 80 of 100 replays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_ks: Option<f64>,
}

/// The latencies of the responses, in milliseconds, measured by the client.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayLatency {
    /// The number of responses.
    pub count: usize,
    /// The median.
    pub p50_ms: f64,
    /// Of at least 20 responses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// Of at least 100 responses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    /// The slowest response.
    pub max_ms: f64,
}

/// A difference between a response and the captured one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayDifference {
    /// The record: `FILE:LINE`.
    pub record: String,
    /// SageMaker's id of the captured request.
    pub event_id: String,
    /// The location in the response: a JSON Pointer, a line of a text, or `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The new value.
    pub this: String,
    /// The captured value.
    pub captured: String,
}

/// A record that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnusableRecord {
    /// The record: `FILE:LINE`, or a file.
    pub record: String,
    /// Why, without any part of the record.
    pub why: String,
}

#[cfg(feature = "render")]
impl ReplayReport {
    /// The result in sentences.
    pub(super) fn sentences(&self) -> Vec<String> {
        let Self { sent, compared, different, .. } = self;
        let dates = self.captured_from.as_ref().zip(self.captured_to.as_ref());
        let dates = dates.map(|(from, to)| format!(", captured from {from} to {to}")).unwrap_or_default();
        let responses = match (compared, different) {
            (0, _) => "no response was compared with a captured one".to_owned(),
            (_, 0) => format!("all {compared} compared responses are the same"),
            _ => format!("{different} of {compared} responses differ from the captured ones"),
        };
        let share = self.different_share.as_ref().map(|share| format!("; {}", share.describe())).unwrap_or_default();
        let first = match &self.shadow {
            Some(shadow) => {
                let responses = responses.replace("captured ones", "ones of production");
                format!("captured responses of the shadow variant {shadow} in {}{dates}: {responses}{share}", self.from)
            }
            None => format!("{sent} captured requests of {} were sent again{dates}: {responses}{share}", self.from),
        };
        let mut found = vec![first];
        for (count, what) in [
            (self.refused, "got an error of the model"),
            (self.errored, "got no response"),
            (self.unmatched, "have no captured response of the other variant"),
            (self.unusable, "could not be used, and were not sent"),
        ] {
            if count > 0 {
                found.push(format!("{count} {what}"));
            }
        }
        found.extend(self.message.clone());
        found.extend(self.drift.iter().map(DriftReport::sentence));
        found.extend(self.latency.as_ref().map(|latency| {
            let part = |name: &str, time: Option<f64>| time.map(|time| format!(", {name} {time:.1} ms")).unwrap_or_default();
            let (p95, p99) = (part("p95", latency.p95_ms), part("p99", latency.p99_ms));
            format!("latency: median {:.1} ms{p95}{p99}, slowest {:.1} ms", latency.p50_ms, latency.max_ms)
        }));
        if !self.redacted.is_empty() {
            found.push(format!("removed from every request and response: {}", self.redacted.join(", ")));
        }
        found
    }
}

#[cfg(feature = "render")]
impl DriftReport {
    fn sentence(&self) -> String {
        let Self { of, pairs, psi, bins, psi_by_chance, .. } = self;
        let above = if psi > psi_by_chance { "above" } else { "within" };
        let chance = confidence_text(0.95);
        let index = format!(
            "drift of {pairs} {of}: PSI {} over {bins} bins, {above} chance ({chance} of replays without drift stay below {})",
            short(*psi),
            short(*psi_by_chance)
        );
        let distance = self.ks.zip(self.p_value).zip(self.visible_ks).map(|((distance, p_value), visible)| {
            format!(
                "; KS distance {}, p = {}; so many pairs show a distance of {} in 4 of 5 replays",
                short(distance),
                short(p_value),
                short(visible)
            )
        });
        index + &distance.unwrap_or_default()
    }
}

impl ReplayReport {
    /// Whether more of the records than one of a hundred could not be used.
    pub(crate) fn is_mostly_unusable(&self) -> bool {
        self.unusable * 100 > self.sent.max(self.compared) + self.unusable
    }
}
