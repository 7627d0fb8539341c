//! Outcomes and verdicts: a proven failure outranks what is not proven, that an unknown, and no tests
//! are not success.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The outcome of one check or case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Proven not to be as expected.
    Failed,
    /// It was tested with too few rows to prove either.
    NotProven,
    /// It could not be tested.
    Errored,
    /// It was tested, and decides nothing.
    Observed,
    /// It was not tested.
    #[default]
    Skipped,
}

/// The verdict of a target or of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something ran, and all of it passed.
    Passed,
    /// Something failed.
    Failed,
    /// Nothing failed, but something was tested with too few rows to prove it.
    NotProven,
    /// Nothing failed, but something could not be tested.
    Errored,
    /// Nothing ran.
    #[default]
    Empty,
    /// Skipped on purpose.
    Skipped,
}

/// The number of targets with each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    /// All targets.
    pub targets: usize,
    /// Those that passed.
    pub passed: usize,
    /// Those with a proven failure.
    pub failed: usize,
    /// Those where something is not proven.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_proven: usize,
    /// Those that could not be tested.
    pub errored: usize,
    /// Those where nothing ran.
    #[serde(default)]
    pub empty: usize,
}

/// Whether a count is left out of a report, as in those of earlier versions.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Outcome {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotProven => "not proven",
            Self::Errored => "errored",
            Self::Observed => "observed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether it needs attention.
    pub fn is_wrong(self) -> bool {
        matches!(self, Self::Failed | Self::NotProven | Self::Errored)
    }

    /// How many passed, of those that ran and decide.
    #[cfg(feature = "render")]
    pub(crate) fn passed_of(outcomes: impl IntoIterator<Item = Self>) -> (usize, usize) {
        let looked_at = outcomes.into_iter().filter(|outcome| !matches!(outcome, Self::Skipped | Self::Observed));
        looked_at.fold((0, 0), |(passed, all), outcome| (passed + usize::from(outcome == Self::Passed), all + 1))
    }

    /// The outcome of several checks together: failed, else not proven, else errored, else passed, else
    /// observed, else skipped.
    pub fn of_all(outcomes: impl IntoIterator<Item = Self>) -> Self {
        let rank = |outcome: &Self| match outcome {
            Self::Skipped => 0,
            Self::Observed => 1,
            Self::Passed => 2,
            Self::Errored => 3,
            Self::NotProven => 4,
            Self::Failed => 5,
        };
        outcomes.into_iter().max_by_key(rank).unwrap_or(Self::Skipped)
    }
}

impl Verdict {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotProven => "not proven",
            Self::Errored => "errored",
            Self::Empty => "empty",
            Self::Skipped => "skipped",
        }
    }

    /// The verdict of one target. Checks alone are not a test: without cases it is `empty`.
    pub fn of_target(checks: impl IntoIterator<Item = Outcome>, cases: impl IntoIterator<Item = Outcome>) -> Self {
        let cases = Outcome::of_all(cases);
        match Outcome::of_all(checks.into_iter().chain([cases])) {
            Outcome::Failed => Self::Failed,
            Outcome::NotProven => Self::NotProven,
            Outcome::Errored => Self::Errored,
            Outcome::Passed | Outcome::Observed | Outcome::Skipped if cases == Outcome::Passed => Self::Passed,
            Outcome::Passed | Outcome::Observed | Outcome::Skipped => Self::Empty,
        }
    }

    /// The verdict of a run's targets.
    pub fn of_run(targets: impl IntoIterator<Item = Self>) -> Self {
        let rank = |verdict: &Self| match verdict {
            Self::Skipped | Self::Empty => 0,
            Self::Passed => 1,
            Self::Errored => 2,
            Self::NotProven => 3,
            Self::Failed => 4,
        };
        match targets.into_iter().max_by_key(rank) {
            None | Some(Self::Skipped) => Self::Empty,
            Some(verdict) => verdict,
        }
    }
}

impl Counts {
    /// Counts verdicts.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            counts.targets += 1;
            match verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed => counts.failed += 1,
                Verdict::NotProven => counts.not_proven += 1,
                Verdict::Errored => counts.errored += 1,
                Verdict::Empty | Verdict::Skipped => counts.empty += 1,
            }
        }
        counts
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
        prop::collection::vec(
            select(vec![Outcome::Passed, Outcome::Failed, Outcome::NotProven, Outcome::Errored, Outcome::Observed, Outcome::Skipped]),
            0..6,
        )
    }

    fn verdicts() -> impl Strategy<Value = Vec<Verdict>> {
        let all = vec![Verdict::Passed, Verdict::Failed, Verdict::NotProven, Verdict::Errored, Verdict::Empty, Verdict::Skipped];
        prop::collection::vec(select(all), 0..6)
    }

    proptest! {
        #[test]
        fn a_failure_anywhere_fails_the_target(checks in outcomes(), cases in outcomes()) {
            let failed = checks.iter().chain(&cases).any(|outcome| *outcome == Outcome::Failed);
            prop_assert_eq!(Verdict::of_target(checks, cases) == Verdict::Failed, failed);
        }

        #[test]
        fn a_target_passes_only_if_a_case_passed_and_nothing_is_wrong(checks in outcomes(), cases in outcomes()) {
            let fine = checks.iter().chain(&cases).all(|outcome| !outcome.is_wrong());
            let passed = fine && cases.contains(&Outcome::Passed);
            prop_assert_eq!(Verdict::of_target(checks, cases) == Verdict::Passed, passed);
        }

        #[test]
        fn the_order_of_targets_does_not_matter(verdicts in verdicts()) {
            let mut reversed = verdicts.clone();
            reversed.reverse();
            prop_assert_eq!(Verdict::of_run(verdicts), Verdict::of_run(reversed));
        }

        #[test]
        fn one_more_target_never_turns_a_failure_into_anything_else(verdicts in verdicts(), more in verdicts()) {
            let before = Verdict::of_run(verdicts.clone());
            let after = Verdict::of_run(verdicts.into_iter().chain(more));
            prop_assert!(before != Verdict::Failed || after == Verdict::Failed);
            prop_assert!(before != Verdict::NotProven || matches!(after, Verdict::NotProven | Verdict::Failed));
            prop_assert!(before != Verdict::Errored || matches!(after, Verdict::Errored | Verdict::NotProven | Verdict::Failed));
        }

        #[test]
        fn what_is_observed_decides_nothing(checks in outcomes(), cases in outcomes()) {
            let without = |outcomes: &[Outcome]| outcomes.iter().copied().filter(|outcome| *outcome != Outcome::Observed).collect::<Vec<_>>();
            let (fewer_checks, fewer_cases) = (without(&checks), without(&cases));
            prop_assert_eq!(Verdict::of_target(checks, cases), Verdict::of_target(fewer_checks, fewer_cases));
        }

        #[test]
        fn every_target_is_counted_once(verdicts in verdicts()) {
            let counts = Counts::of(verdicts.iter().copied());
            prop_assert_eq!(counts.targets, verdicts.len());
            prop_assert_eq!(counts.passed + counts.failed + counts.not_proven + counts.errored + counts.empty, verdicts.len());
        }
    }

    #[test]
    fn a_run_without_tests_is_not_a_success() {
        assert_eq!(Verdict::of_run([]), Verdict::Empty);
        assert_eq!(Verdict::of_run([Verdict::Skipped]), Verdict::Empty);
        assert_eq!(Verdict::of_target([Outcome::Passed], []), Verdict::Empty);
        assert_eq!(Verdict::of_target([Outcome::Passed], [Outcome::Skipped]), Verdict::Empty);
    }

    const OUTCOMES: [(Outcome, &str, &str); 6] = [
        (Outcome::Passed, "passed", "passed"),
        (Outcome::Failed, "failed", "failed"),
        (Outcome::NotProven, "not proven", "not_proven"),
        (Outcome::Errored, "errored", "errored"),
        (Outcome::Observed, "observed", "observed"),
        (Outcome::Skipped, "skipped", "skipped"),
    ];
    const VERDICTS: [(Verdict, &str, &str); 6] = [
        (Verdict::Passed, "passed", "passed"),
        (Verdict::Failed, "failed", "failed"),
        (Verdict::NotProven, "not proven", "not_proven"),
        (Verdict::Errored, "errored", "errored"),
        (Verdict::Empty, "empty", "empty"),
        (Verdict::Skipped, "skipped", "skipped"),
    ];

    #[test]
    fn every_outcome_and_verdict_has_its_word_and_its_name_in_json() {
        for (outcome, word, name) in OUTCOMES {
            assert_eq!((outcome.as_str(), outcome.to_string(), format!("{outcome:>12}")), (word, word.to_owned(), format!("{word:>12}")));
            assert_eq!(serde_json::to_value(outcome).unwrap(), name);
        }
        for (verdict, word, name) in VERDICTS {
            assert_eq!((verdict.as_str(), verdict.to_string(), format!("{verdict:<12}")), (word, word.to_owned(), format!("{word:<12}")));
            assert_eq!(serde_json::to_value(verdict).unwrap(), name);
        }
    }

    /// Of two, the one that is earlier in the list decides.
    #[test]
    fn what_is_worse_decides_whatever_the_order() {
        let outcomes = [Outcome::Failed, Outcome::NotProven, Outcome::Errored, Outcome::Passed, Outcome::Observed, Outcome::Skipped];
        for (index, worse) in outcomes.into_iter().enumerate() {
            for other in &outcomes[index..] {
                assert_eq!((Outcome::of_all([worse, *other]), Outcome::of_all([*other, worse])), (worse, worse), "{worse} and {other}");
            }
        }
        assert_eq!(Outcome::of_all([]), Outcome::Skipped);
        let wrong: Vec<_> = outcomes.into_iter().filter(|outcome| outcome.is_wrong()).collect();
        assert_eq!(wrong, outcomes[..3]);
        let verdicts = [Verdict::Failed, Verdict::NotProven, Verdict::Errored, Verdict::Passed, Verdict::Empty];
        for (index, worse) in verdicts.into_iter().enumerate() {
            for other in &verdicts[index..] {
                assert_eq!((Verdict::of_run([worse, *other]), Verdict::of_run([*other, worse])), (worse, worse), "{worse} and {other}");
            }
        }
    }

    #[test]
    fn a_target_has_the_verdict_of_its_worst_check_or_case() {
        for (outcome, verdict) in
            [(Outcome::Failed, Verdict::Failed), (Outcome::NotProven, Verdict::NotProven), (Outcome::Errored, Verdict::Errored)]
        {
            assert_eq!(Verdict::of_target([outcome], [Outcome::Passed]), verdict);
            assert_eq!(Verdict::of_target([Outcome::Passed], [outcome, Outcome::Passed]), verdict);
        }
    }

    #[test]
    fn each_verdict_is_counted_as_what_it_is() {
        let counts = Counts::of(VERDICTS.map(|(verdict, ..)| verdict).into_iter().chain([Verdict::Passed, Verdict::NotProven]));
        assert_eq!(counts, Counts { targets: 8, passed: 2, failed: 1, not_proven: 2, errored: 1, empty: 2 });
        // Reports of earlier versions had no `not_proven`: it is written only if there are some.
        let json = serde_json::to_value(counts).unwrap();
        assert_eq!((&json["not_proven"], serde_json::from_value::<Counts>(json.clone()).unwrap()), (&2.into(), counts));
        let without = Counts { not_proven: 0, ..counts };
        let json = serde_json::to_value(without).unwrap();
        assert_eq!((json.get("not_proven"), serde_json::from_value::<Counts>(json.clone()).unwrap()), (None, without));
    }

    #[cfg(feature = "render")]
    #[test]
    fn the_share_of_what_passed_is_of_what_ran_and_decides() {
        assert_eq!(Outcome::passed_of(OUTCOMES.map(|(outcome, ..)| outcome)), (1, 4));
        assert_eq!(Outcome::passed_of([Outcome::Passed, Outcome::Passed, Outcome::Failed]), (2, 3));
        assert_eq!(Outcome::passed_of([Outcome::Observed, Outcome::Skipped]), (0, 0));
    }
}
