//! The limits that the release policy sets for rollouts to production.

use jiff::Timestamp;
use model_registry::ReleasePolicy;
use serde::{Deserialize, Serialize};

/// The limits that the release policy sets for rollouts to production.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RolloutLimits {
    /// The times in which nothing is rolled out to production. Missing if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
    /// The maximum number of production accounts that a rollout operates on at once. Missing if
    /// there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel_accounts: Option<u32>,
}

/// A time in which nothing is rolled out to production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Freeze {
    /// Its beginning (RFC 3339, in UTC).
    pub from: String,
    /// Its end, which is not part of it (RFC 3339, in UTC).
    pub to: String,
    /// Why.
    pub reason: String,
}

impl RolloutLimits {
    /// Whether there are no limits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The limits, one line each.
    pub fn lines(&self) -> Vec<String> {
        let most = self.max_parallel_accounts.map(|most| format!("production accounts at once: at most {most}"));
        let frozen = self.freeze.iter().map(|freeze| format!("frozen from {} to {}: {}", freeze.from, freeze.to, freeze.reason));
        most.into_iter().chain(frozen).collect()
    }
}

impl Freeze {
    /// Whether a time between these two is in the freeze. One whose limits cannot be read does not
    /// end.
    pub fn overlaps(&self, first: Timestamp, last: Timestamp) -> bool {
        let limits = (self.from.parse::<Timestamp>(), self.to.parse::<Timestamp>());
        !matches!(limits, (Ok(from), Ok(to)) if last < from || to <= first)
    }
}

impl From<&ReleasePolicy> for RolloutLimits {
    fn from(policy: &ReleasePolicy) -> Self {
        let freeze = policy.freeze.iter().map(|freeze| Freeze {
            from: freeze.from.to_string(),
            to: freeze.to.to_string(),
            reason: freeze.reason.clone(),
        });
        Self { freeze: freeze.collect(), max_parallel_accounts: policy.max_parallel_accounts }
    }
}
