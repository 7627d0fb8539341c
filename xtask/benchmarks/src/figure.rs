//! One measured figure, and its goal.

use serde::{Deserialize, Serialize};

/// A measured figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The benchmark that measured it; `cargo xtask bench BENCHMARK` repeats it.
    pub benchmark: String,
    /// What was measured.
    pub name: String,
    /// The median of the runs.
    pub value: f64,
    /// Its unit, such as `CPU s`.
    pub unit: String,
    /// What it is compared with, measured in alternating runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
    /// The limit that it must keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
}

/// What a figure is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Its name, such as `oha`.
    pub name: String,
    /// Its value, in the same unit.
    pub value: f64,
}

/// The limits of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Goal {
    /// The minimum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// What the limits apply to.
    #[serde(default)]
    pub of: Of,
}

/// What a limit applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// The value.
    #[default]
    Value,
    /// The value divided by the peer's.
    Ratio,
    /// The peer's value divided by this one: how many times less it is.
    Saving,
}

/// Whether a figure keeps its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has no goal.
    None,
    /// It keeps it.
    Met,
    /// It misses it.
    Missed,
    /// It is compared with a peer that was not measured.
    NotCompared,
}

impl Figure {
    /// A figure without peer and goal.
    pub fn new(benchmark: &str, name: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { benchmark: benchmark.to_owned(), name: name.into(), value, unit: unit.to_owned(), peer: None, goal: None }
    }

    /// Adds the peer.
    #[must_use]
    pub fn beside(mut self, name: &str, value: f64) -> Self {
        self.peer = Some(Peer { name: name.to_owned(), value });
        self
    }

    /// Adds a maximum.
    #[must_use]
    pub fn at_most(mut self, limit: f64, of: Of) -> Self {
        self.goal = Some(Goal { at_most: Some(limit), at_least: None, of });
        self
    }

    /// Adds a minimum.
    #[must_use]
    pub fn at_least(mut self, limit: f64, of: Of) -> Self {
        self.goal = Some(Goal { at_least: Some(limit), at_most: None, of });
        self
    }

    /// What the goal applies to; `None` if the peer that it needs was not measured.
    pub fn measured(&self, of: Of) -> Option<f64> {
        let peer = self.peer.as_ref().map(|peer| peer.value);
        match of {
            Of::Value => Some(self.value),
            Of::Ratio => peer.map(|peer| self.value / peer),
            Of::Saving => peer.map(|peer| peer / self.value),
        }
        .filter(|value| value.is_finite())
    }

    /// Whether it keeps its goal.
    pub fn verdict(&self) -> Verdict {
        let Some(goal) = self.goal else { return Verdict::None };
        let Some(value) = self.measured(goal.of) else { return Verdict::NotCompared };
        let keeps = goal.at_least.is_none_or(|least| value >= least) && goal.at_most.is_none_or(|most| value <= most);
        if keeps { Verdict::Met } else { Verdict::Missed }
    }

    /// The goal in words, such as "at most 0.018 CPU s".
    pub fn goal_in_words(&self) -> String {
        let Some(goal) = self.goal else { return String::new() };
        let of = |limit: f64| {
            let peer = self.peer.as_ref().map_or("its peer", |peer| peer.name.as_str());
            match goal.of {
                Of::Value => format!("{} {}", number(limit), self.unit),
                Of::Ratio => format!("{} times {peer}", number(limit)),
                Of::Saving => format!("{} times less than {peer}", number(limit)),
            }
        };
        let limits =
            [goal.at_least.map(|least| format!("at least {}", of(least))), goal.at_most.map(|most| format!("at most {}", of(most)))];
        limits.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    /// How it compares with its peer, such as `61 times less`.
    pub fn comparison(&self) -> Option<String> {
        let of = self.goal.map_or(Of::Saving, |goal| goal.of);
        let of = if of == Of::Value { Of::Saving } else { of };
        let value = self.measured(of)?;
        Some(match of {
            Of::Saving if value < 1.0 => format!("{} times as much", number(1.0 / value)),
            Of::Saving => format!("{} times less", number(value)),
            Of::Value | Of::Ratio => format!("{} times", number(value)),
        })
    }
}

/// A number with three significant digits, and at least all digits of its integer part.
pub fn number(value: f64) -> String {
    let magnitude = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let decimals = (2.0 - magnitude).clamp(0.0, 6.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 6")]
    let text = format!("{value:.*}", decimals as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64) -> Figure {
        Figure::new("build", "10 versions", value, "CPU s")
    }

    #[test]
    fn a_goal_is_met_or_missed_by_the_value_the_ratio_or_the_saving() {
        assert_eq!(figure(0.018).verdict(), Verdict::None);
        assert_eq!(figure(0.018).at_most(0.018, Of::Value).verdict(), Verdict::Met);
        assert_eq!(figure(0.0181).at_most(0.018, Of::Value).verdict(), Verdict::Missed);
        assert_eq!(figure(0.01).beside("Python", 0.6).at_least(60.0, Of::Saving).verdict(), Verdict::Met);
        assert_eq!(figure(0.01).beside("Python", 0.59).at_least(60.0, Of::Saving).verdict(), Verdict::Missed);
        assert_eq!(figure(1.25).beside("one account", 1.0).at_most(1.25, Of::Ratio).verdict(), Verdict::Met);
        assert_eq!(figure(1.26).beside("one account", 1.0).at_most(1.25, Of::Ratio).verdict(), Verdict::Missed);
        assert_eq!(figure(0.01).at_least(60.0, Of::Saving).verdict(), Verdict::NotCompared);
        assert_eq!(figure(0.0).beside("Python", 1.0).at_least(60.0, Of::Saving).verdict(), Verdict::NotCompared);
    }

    #[test]
    fn goals_and_comparisons_are_sentences() {
        let saving = figure(0.0125).beside("Python", 1.135).at_least(60.0, Of::Saving);
        assert_eq!(saving.goal_in_words(), "at least 60 times less than Python");
        assert_eq!(saving.comparison().unwrap(), "90.8 times less");
        assert_eq!(figure(2.0).beside("Python", 1.0).comparison().unwrap(), "2 times as much");
        assert_eq!(figure(0.01).at_most(0.018, Of::Value).goal_in_words(), "at most 0.018 CPU s");
        assert_eq!(figure(1.2).beside("one account", 1.0).at_most(1.25, Of::Ratio).comparison().unwrap(), "1.2 times");
        assert_eq!(figure(1.0).comparison(), None);
    }

    #[test]
    fn a_line_of_the_protocol_is_read_and_written() {
        let line = r#"{"benchmark":"load","name":"rate","value":1.0,"unit":"1/s","peer":{"name":"oha","value":1.0},"goal":{"at_least":0.75,"of":"ratio"}}"#;
        let figure: Figure = serde_json::from_str(line).unwrap();
        assert_eq!(figure.verdict(), Verdict::Met);
        assert_eq!(serde_json::to_string(&figure).unwrap(), line);
        let least: Figure =
            serde_json::from_str(r#"{"benchmark":"load","name":"rate","value":1.0,"unit":"1/s","goal":{"at_most":2}}"#).unwrap();
        assert_eq!(least.verdict(), Verdict::Met);
    }

    #[test]
    fn numbers_have_three_digits() {
        let texts = [0.0, 0.012_34, 0.5, 1.0, 2.345, 67.89, 1234.5].map(number);
        assert_eq!(texts, ["0", "0.0123", "0.5", "1", "2.35", "67.9", "1234"]);
    }
}
