//! A rollout that is made in one or more waves, and its record.

use std::borrow::Cow;
use std::future::Future;

use aws_names::{AccountId, Region};

use super::outcome::{self, Ending};
use super::{Run, explain};
use crate::error::Error;
use crate::event::Event;
use crate::operation_loop::OperationLoop;
use crate::options::Options;
use crate::plan::{InstanceAction, Plan, SetChange};
use crate::problem::Problems;
use crate::release::{Release, Targets};
use crate::rollout::{Counts, RollBackRecord, Rollout, TargetRecord, Verdict, WaveRecord};
use crate::stack_sets::StackSets;
use crate::stacks::{SessionError, Stacks};
use crate::waves::Wave;
use clock::Clock;

/// A rollout in waves, with the records of those that have ended.
pub(super) struct StagedRollout<'a, S, C> {
    pub(super) run: Run<'a, S, C>,
    pub(super) release: &'a Release,
    pub(super) targets: Vec<TargetRecord>,
    pub(super) waves: Vec<WaveRecord>,
    pub(super) rolled_back: Option<RollBackRecord>,
    is_unchanged: bool,
}

impl<'a, S: StackSets, C: Clock> StagedRollout<'a, S, C> {
    /// An error if the release is invalid.
    pub(super) fn new(
        stack_sets: &'a S,
        release: &'a Release,
        options: &'a Options<C>,
        on_event: &'a mut (dyn FnMut(Event) + Send),
    ) -> Result<Self, Error> {
        let problems = release.problems();
        if !problems.is_empty() {
            return Err(Error::Release { stack_set: release.stack_set.clone(), problems: Problems(problems) });
        }
        let operations = OperationLoop::new(stack_sets, &release.stack_set, options, on_event);
        let run = Run::new(operations, release, options);
        Ok(Self { run, release, targets: Vec::new(), waves: Vec::new(), rolled_back: None, is_unchanged: true })
    }

    /// Rolls out to one wave, and records the result of its targets.
    pub(super) async fn roll_out<F, Fut, T>(&mut self, wave: &Wave, sessions: &F) -> Result<Verdict, Error>
    where
        F: Fn(AccountId, Region) -> Fut + Sync,
        Fut: Future<Output = Result<T, SessionError>> + Send,
        T: Stacks + Send,
    {
        let run = &mut self.run;
        run.begin(limited(self.release, &wave.targets));
        if run.is_later_wave {
            run.operations.retry.restart();
            run.operations.has_result = true;
            if let Err(error) = run.operations.check_untouched().await {
                run.operations.fail(error)?;
            }
        }
        run.complete().await?;
        self.is_unchanged &= run.plan.is_nothing_to_do();
        let records = self.records(sessions, 0).await;
        let verdict = Verdict::of(&Counts::of(records.iter().map(|record| record.outcome)));
        self.targets.extend(records);
        Ok(verdict)
    }

    /// The records of the targets of the current wave, by the operations from this one on.
    pub(super) async fn records<F, Fut, T>(&mut self, sessions: &F, first: usize) -> Vec<TargetRecord>
    where
        F: Fn(AccountId, Region) -> Fut + Sync,
        Fut: Future<Output = Result<T, SessionError>> + Send,
        T: Stacks + Send,
    {
        let Run { operations, plan, steps, started, instances, outdated_because, options, .. } = &mut self.run;
        let OperationLoop { operations: tracked, results, halt, problems, on_event, .. } = operations;
        let tracked = &tracked[first..];
        let ending = Ending { pending: &steps[*started..], halt: halt.as_ref(), outdated_because: outdated_because.as_deref() };
        let mut records = outcome::records(plan, tracked, results, &ending, instances);
        explain::explain(&mut records, tracked, sessions, options.explain_at_most, problems, *on_event).await;
        records
    }

    /// The record of the whole rollout.
    pub(super) fn finish(self) -> Rollout {
        let Run { operations, mut plan, change, .. } = self.run;
        let nothing_to_do = self.is_unchanged && !operations.has_started();
        let (operations, problems) = operations.into_record();
        let release = self.release;
        plan.instances.retain(|planned| planned.action != InstanceAction::Orphan || !release.targets.contains(&planned.target));
        let plan = Plan { stack_set: change.unwrap_or(SetChange::Untouched), ..plan };
        let mut targets = self.targets;
        targets.sort_by_key(TargetRecord::target);
        let rollout = Rollout::new(release.stack_set.clone(), plan, nothing_to_do, operations, targets, problems);
        rollout.with_waves(self.waves, self.rolled_back)
    }
}

/// The release, limited to some of its targets.
pub(super) fn limited<'a>(release: &'a Release, targets: &Targets) -> Cow<'a, Release> {
    if release.targets == *targets {
        return Cow::Borrowed(release);
    }
    let mut limited = Release { targets: targets.clone(), ..release.clone() };
    limited.preferences = release.preferences.within(&targets.regions);
    if let Some(reapply) = &mut limited.reapply {
        reapply.targets.retain(|target| targets.contains(target));
    }
    Cow::Owned(limited)
}
