//! Rolls the instances of a failed wave back to the release before.
//!
//! A stack set has one template and one list of parameters, so the stack set goes back, too. The
//! waves that have passed keep the new release; CloudFormation lists their instances as `OUTDATED`
//! until a later rollout.

use std::borrow::Cow;
use std::future::Future;

use aws_names::{AccountId, Region};

use super::staged::{StagedRollout, limited};
use super::waves::WaveCheck;
use crate::error::Error;
use crate::event::Event;
use crate::identifiers::Target;
use crate::operation_loop::{Halt, TrackedOperation};
use crate::problem::{Place, Problem};
use crate::release::Release;
use crate::release_before::ReleaseBefore;
use crate::rollout::{Counts, Outcome, RollBackRecord, TargetRecord, Verdict, WaveOutcome, WaveRecord};
use crate::stack_sets::{StackSets, rectangles};
use crate::stacks::{SessionError, Stacks};
use crate::status::OperationStatus;
use crate::waves::Wave;
use clock::Clock;

impl<S: StackSets, C: Clock> StagedRollout<'_, S, C> {
    /// Rolls a failed wave back, and records the result. Instances that the wave created stay:
    /// before it, there was no release in their targets.
    pub(super) async fn roll_back<F, Fut, T>(&mut self, wave: &Wave, sessions: &F)
    where
        F: Fn(AccountId, Region) -> Fut + Sync,
        Fut: Future<Output = Result<T, SessionError>> + Send,
        T: Stacks + Send,
    {
        let there = match &self.run.release_before {
            Some(before) => before.targets_in(&wave.targets),
            None => {
                let instances = self.run.before.iter().flat_map(|before| &before.instances);
                instances.map(|instance| instance.target.clone()).filter(|target| wave.targets.contains(target)).collect()
            }
        };
        let before = match self.release_before(&there) {
            Ok(before) => before,
            Err(why) => {
                let hint = "roll out the release before with a run of its own";
                let message = format!("wave {} was not rolled back: {why}", wave.number);
                self.run.operations.problems.push(Problem::new("not-rolled-back", Place::StackSet, message).with_hint(hint));
                return;
            }
        };
        self.forget_failure();
        self.run.keeps_release_before = false;
        if let Some(before) = &mut self.run.release_before {
            before.set_rolling_back(Some(wave.number));
            (self.run.operations.on_event)(Event::ReleaseBefore(Some(Box::new(before.clone()))));
        }
        (self.run.operations.on_event)(Event::RollingBack { targets: there.len() });
        self.run.operations.has_result = true;
        self.run.operations.results.clear();
        self.run.operations.retry.restart();
        if let Err(error) = self.run.operations.check_untouched().await {
            self.run.operations.halt = Some(Halt::Error(error));
        }
        let mut records = Vec::new();
        let first = self.run.operations.operations.len();
        for targets in rectangles(&there) {
            self.run.is_later_wave = false;
            self.run.begin(Cow::Owned(limited(&before, &targets).into_owned()));
            // The failure of a rectangle does not prevent the others from going back.
            self.forget_failure();
            // Without a failure of its own, this returns no error: there is a result.
            let _ = self.run.complete().await;
            records.extend(self.records(sessions, first).await);
        }
        let verdict = Verdict::of(&Counts::of(records.iter().map(|record| record.outcome)));
        let is_back = |record: &TargetRecord| {
            let back = records.iter().find(|back| back.target() == record.target());
            back.is_some_and(|back| matches!(back.outcome, Outcome::Succeeded | Outcome::Unchanged))
        };
        let had_it = |record: &&mut TargetRecord| matches!(record.outcome, Outcome::Succeeded | Outcome::Unchanged);
        for record in self.targets.iter_mut().filter(had_it).filter(|record| is_back(record)) {
            (record.outcome, record.reason) = (Outcome::RolledBack, Some(format!("rolled back: wave {} failed", wave.number)));
        }
        if verdict == Verdict::Succeeded {
            (self.run.operations.on_event)(Event::ReleaseBefore(None));
        }
        self.rolled_back = Some(RollBackRecord { wave: wave.number, verdict, targets: records });
    }

    /// Finishes the roll-back that an earlier run had begun, and starts no wave. `false`: there is
    /// none, or another release has been rolled out since.
    pub(super) async fn finish_roll_back<F, Fut, T>(&mut self, waves: &[Wave], sessions: &F) -> Result<bool, Error>
    where
        F: Fn(AccountId, Region) -> Fut + Sync,
        Fut: Future<Output = Result<T, SessionError>> + Send,
        T: Stacks + Send,
    {
        let number = self.run.release_before.as_ref().and_then(ReleaseBefore::rolling_back);
        let Some(wave) = waves.iter().find(|wave| Some(wave.number) == number) else { return Ok(false) };
        if !self.run.exists().await? {
            return Ok(false);
        }
        self.run.operations.await_idle().await?;
        let (name, other) = (self.run.operations.name, self.run.operations.latest_other.as_ref());
        if !self.run.release_before.as_ref().is_some_and(|before| before.is_of(name, &self.run.options.release_id, other)) {
            return Ok(false);
        }
        self.roll_back(wave, sessions).await;
        let is_back = |target: &Target| {
            let back = self.rolled_back.iter().flat_map(|back| &back.targets).find(|back| back.target() == *target);
            back.map(|back| matches!(back.outcome, Outcome::Succeeded | Outcome::Unchanged))
        };
        let failed = format!("wave {} failed in an earlier run, which was interrupted while it was rolled back", wave.number);
        let of_target = |target: Target| {
            let (outcome, reason) = match is_back(&target) {
                Some(true) => (Outcome::RolledBack, format!("rolled back: {failed}")),
                Some(false) => (Outcome::Failed, failed.clone()),
                None => (Outcome::Skipped, format!("it had no release before, and {failed}")),
            };
            self.not_rolled_out(target, outcome, &reason)
        };
        let mut records: Vec<_> = wave.targets.iter().map(of_target).collect();
        self.targets.append(&mut records);
        for each in waves {
            if each.number == wave.number {
                self.waves.push(WaveRecord::new(wave, WaveOutcome::Failed, Some(failed.clone())));
            } else {
                let reason = format!("this run has only finished the roll-back of wave {}", wave.number);
                self.skip(each, wave, &WaveCheck::StopAfter(reason));
            }
        }
        Ok(true)
    }

    /// The release that the instances had before the first step.
    fn release_before(&self, there: &[Target]) -> Result<Release, String> {
        let was_stopped = |tracked: &TrackedOperation| tracked.operation.status == OperationStatus::Stopped;
        if self.run.operations.operations.last().is_some_and(was_stopped) {
            return Err("its operation was stopped by another caller, so no other one is started".to_owned());
        }
        if there.is_empty() {
            return Err("its targets had no release before".to_owned());
        }
        let Some(before) = &self.run.release_before else {
            return Err("an earlier run of this release has changed the stack set, so the release before is not known".to_owned());
        };
        if let Some(name) = before.hidden_parameter() {
            return Err(format!("CloudFormation hides the value of the parameter `{name}` (NoEcho), so it cannot be restored"));
        }
        let before = before.release(there, self.release);
        match before.problems().first() {
            None => Ok(before),
            Some(problem) => Err(problem.message.clone()),
        }
    }
}
