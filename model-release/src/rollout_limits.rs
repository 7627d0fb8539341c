//! Checks the limits of rollouts to production: when, and in how many accounts at once.

use std::time::SystemTime;

use jiff::Timestamp;
use stack_rollout::{Preferences, Targets};

use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::manifest::{Freeze, RolloutLimits};
use crate::plural::plural;
use crate::{Release, Stage};

impl Release {
    /// The limits of rollouts to a stage. Staging has none.
    pub fn rollout_limits(&self, stage: Stage) -> Option<&RolloutLimits> {
        let policy = self.manifest.choice.release_policy.as_ref().filter(|_| stage == Stage::Prod)?;
        Some(&policy.rollout).filter(|limits| !limits.is_empty())
    }

    /// The freezes of a stage in the time between these two.
    pub fn freezes(&self, stage: Stage, first: SystemTime, last: SystemTime) -> Vec<&Freeze> {
        // A time that cannot be represented is in every freeze.
        let time = |time: SystemTime, otherwise| Timestamp::try_from(time).unwrap_or(otherwise);
        let (first, last) = (time(first, Timestamp::MIN), time(last, Timestamp::MAX));
        let limits = self.rollout_limits(stage).into_iter();
        limits.flat_map(|limits| &limits.freeze).filter(|freeze| freeze.overlaps(first, last)).collect()
    }

    /// Checks that the stage is not frozen now. With a reason to deploy during a freeze, that is a
    /// warning.
    pub fn check_freeze(&self, stage: Stage, now: SystemTime, reason: Option<&str>) -> Result<Option<Diagnostic>, Failure> {
        let Some(freeze) = self.freezes(stage, now, now).into_iter().max_by(|one, other| one.to.cmp(&other.to)) else { return Ok(None) };
        let message = format!("production is frozen until {}: {}", freeze.to, freeze.reason);
        if let Some(reason) = reason {
            return Ok(Some(Diagnostic::warning(message).detail(format!("allowed during the freeze: {reason}"))));
        }
        Err(Failure::new(FailureKind::Failed, vec![self.frozen(message)]))
    }

    /// The error that blocks a rollout during a freeze.
    fn frozen(&self, message: String) -> Diagnostic {
        let file = self.manifest.choice.release_policy.as_ref().map(|policy| policy.file.clone()).unwrap_or_default();
        let hint = format!("roll out after the freeze, or change `freeze` in `{file}` and build the release again");
        Diagnostic::error(message).code("frozen").about(file).with_hint(hint)
    }

    /// Checks that no operation of a rollout to a stage operates on more accounts at once than the
    /// release policy permits. `targets` are those of each wave.
    pub fn check_parallel_accounts<'a>(
        &self,
        stage: Stage,
        preferences: &Preferences,
        targets: impl IntoIterator<Item = &'a Targets>,
    ) -> Result<(), Failure> {
        let Some(most) = self.rollout_limits(stage).and_then(|limits| limits.max_parallel_accounts) else { return Ok(()) };
        let parallel = targets.into_iter().map(|targets| preferences.concurrent_accounts(targets)).max().unwrap_or_default();
        if parallel <= usize::try_from(most).unwrap_or(usize::MAX) {
            return Ok(());
        }
        let parallel = plural(parallel, "production account");
        let message = format!("the rollout would operate on {parallel} at once; the release policy permits {most}");
        let hint = "operate on fewer accounts at once, in one region after the other";
        let diagnostic = Diagnostic::error(message).code("too-many-parallel-accounts").about(most.to_string()).with_hint(hint);
        Err(Failure::new(FailureKind::Failed, vec![diagnostic]))
    }
}
