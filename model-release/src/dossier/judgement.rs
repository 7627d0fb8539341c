//! Whether a release is better or worse than what production has.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The overall result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// At least one metric is better, and none is worse.
    Better,
    /// At least one metric is worse, and none is better.
    Worse,
    /// Some metrics are better, and some are worse.
    Mixed,
    /// All metrics are the same.
    Same,
}

/// How a metric changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The value is better.
    Better,
    /// The value is worse.
    Worse,
    /// The values are equal.
    Same,
    /// The value is higher; whether that is better is not known.
    Higher,
    /// The value is lower; whether that is better is not known.
    Lower,
}

impl Judgement {
    /// The words on a page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Better => "better than production",
            Self::Worse => "worse than production",
            Self::Mixed => "better in some metrics, worse in others",
            Self::Same => "the same as production",
        }
    }

    /// The judgement of these changes; `None` if none of them has a direction.
    pub fn of(changes: impl Iterator<Item = Change>) -> Option<Self> {
        let (mut better, mut worse, mut same) = (false, false, false);
        for change in changes {
            match change {
                Change::Better => better = true,
                Change::Worse => worse = true,
                Change::Same => same = true,
                Change::Higher | Change::Lower => {}
            }
        }
        match (better, worse, same) {
            (true, true, _) => Some(Self::Mixed),
            (true, false, _) => Some(Self::Better),
            (false, true, _) => Some(Self::Worse),
            (false, false, true) => Some(Self::Same),
            (false, false, false) => None,
        }
    }
}

impl Change {
    /// The word on a page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "same",
            Self::Higher => "higher",
            Self::Lower => "lower",
        }
    }

    /// The change of the metric `name` by `difference`.
    pub fn of(name: &str, difference: f64) -> Self {
        const HIGHER: [&str; 15] = [
            "accuracy",
            "precision",
            "recall",
            "f0_5",
            "f1",
            "f2",
            "auc",
            "au_prc",
            "auprc",
            "auroc",
            "r2",
            "true_positive_rate",
            "true_negative_rate",
            "specificity",
            "sensitivity",
        ];
        const LOWER: [&str; 10] =
            ["mae", "mse", "rmse", "mape", "log_loss", "logloss", "loss", "error", "false_positive_rate", "false_negative_rate"];
        // `weighted_f1`, `macro F1` and `accuracy of north` are all known by one of their names.
        let name = name.to_lowercase().replace([' ', '-'], "_");
        let is = |known: &&str| name == **known || name.starts_with(&format!("{known}_")) || name.ends_with(&format!("_{known}"));
        // `error_rate` is known by its first word, and so is `false_positive_rate` before `positive`.
        let direction = if LOWER.iter().any(&is) {
            -1.0
        } else if HIGHER.iter().any(&is) {
            1.0
        } else {
            0.0
        };
        let is_better = difference * direction;
        match (difference.total_cmp(&0.0), is_better.total_cmp(&0.0)) {
            (Ordering::Equal, _) => Self::Same,
            (_, Ordering::Greater) => Self::Better,
            (Ordering::Greater, _) if direction == 0.0 => Self::Higher,
            (Ordering::Less, _) if direction == 0.0 => Self::Lower,
            _ => Self::Worse,
        }
    }
}
