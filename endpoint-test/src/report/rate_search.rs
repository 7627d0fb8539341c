//! The result of a search for the rate at which the thresholds break, as data.

use serde::{Deserialize, Serialize};

/// Between which rates the thresholds of a load break.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RateSearchReport {
    /// The highest rate at which the thresholds held; absent if they broke at the lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_per_second: Option<f64>,
    /// The lowest rate at which they broke; absent if they held at the highest, or if the search
    /// ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks_per_second: Option<f64>,
    /// The highest rate for which the requests prove, with 95% confidence, that the thresholds hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_holds_per_second: Option<f64>,
    /// The lowest rate for which the requests prove, with 95% confidence, that they break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_breaks_per_second: Option<f64>,
    /// The thresholds that had to hold.
    pub thresholds: Vec<String>,
    /// The rates that were tried, in their order.
    pub steps: Vec<RateStep>,
}

/// A rate that was tried.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RateStep {
    /// The rate, in requests a second.
    pub rate_per_second: f64,
    /// Whether the thresholds held; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
    /// Whether the requests prove it with 95% confidence.
    pub proven: bool,
    /// The threshold that broke, or why nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl RateSearchReport {
    /// The result of these steps.
    #[cfg(feature = "load")]
    pub(crate) fn of(thresholds: Vec<String>, steps: Vec<RateStep>) -> Self {
        let highest =
            |is: &dyn Fn(&RateStep) -> bool| steps.iter().filter(|step| is(step)).map(|step| step.rate_per_second).reduce(f64::max);
        let lowest =
            |is: &dyn Fn(&RateStep) -> bool| steps.iter().filter(|step| is(step)).map(|step| step.rate_per_second).reduce(f64::min);
        Self {
            holds_per_second: highest(&|step| step.holds == Some(true)),
            breaks_per_second: lowest(&|step| step.holds == Some(false)),
            proven_holds_per_second: highest(&|step| step.holds == Some(true) && step.proven),
            proven_breaks_per_second: lowest(&|step| step.holds == Some(false) && step.proven),
            thresholds,
            steps,
        }
    }

    /// The interval alone: `holds at 300/s, breaks at 325/s`.
    #[must_use]
    pub fn headline(&self) -> String {
        let holds = self.holds_per_second.map(|rate| format!("holds at {rate}/s"));
        let parts: Vec<_> = holds.into_iter().chain(self.breaks_per_second.map(|rate| format!("breaks at {rate}/s"))).collect();
        if parts.is_empty() { "not known".to_owned() } else { parts.join(", ") }
    }

    /// The result in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let broke = || {
            let step = self.steps.iter().find(|step| Some(step.rate_per_second) == self.breaks_per_second);
            step.and_then(|step| step.message.as_ref()).map(|message| format!(": {message}")).unwrap_or_default()
        };
        let unknown = self.steps.iter().find(|step| step.holds.is_none());
        let found = match (self.holds_per_second, self.breaks_per_second, unknown) {
            (Some(holds), Some(breaks), _) => format!("the thresholds hold at {holds}/s and break at {breaks}/s{}", broke()),
            (None, Some(breaks), _) => format!("the thresholds break at {breaks}/s already, the lowest rate{}", broke()),
            (Some(holds), None, None) => format!("the thresholds hold at {holds}/s, the highest rate that was tried"),
            (holds, None, Some(step)) => {
                let why = step.message.as_deref().unwrap_or("the search ended early");
                let holds = holds.map(|holds| format!("the thresholds hold at {holds}/s; ")).unwrap_or_default();
                format!("{holds}what {}/s shows is not known: {why}", step.rate_per_second)
            }
            (None, None, None) => "no rate was tried to its end".to_owned(),
        };
        let proven = match (self.proven_holds_per_second, self.proven_breaks_per_second) {
            (Some(holds), Some(breaks)) => format!("; proven with 95% confidence: hold at {holds}/s, break at {breaks}/s"),
            (Some(holds), None) => format!("; proven with 95% confidence: hold at {holds}/s"),
            (None, Some(breaks)) => format!("; proven with 95% confidence: break at {breaks}/s"),
            (None, None) => String::new(),
        };
        format!("{found}{proven}")
    }
}

impl RateStep {
    /// `holds`, `breaks` or `unknown`.
    #[cfg(feature = "render")]
    pub(crate) fn shown(&self) -> &'static str {
        match self.holds {
            Some(true) => "holds",
            Some(false) => "breaks",
            None => "unknown",
        }
    }

    /// Whether that is proven, in words.
    #[cfg(feature = "render")]
    pub(crate) fn proof(&self) -> &'static str {
        match (self.holds, self.proven) {
            (None, _) => "",
            (Some(_), true) => "proven",
            (Some(_), false) => "not proven",
        }
    }
}
