//! Rolls a release out wave by wave. A wave starts only after the one before has passed its checks.

use std::future::Future;

use aws_names::{AccountId, Region};

use super::staged::{StagedRollout, limited};
use crate::error::Error;
use crate::event::Event;
use crate::identifiers::Target;
use crate::operation_loop::Halt;
use crate::options::Options;
use crate::plan::{HiddenValues, InstanceAction, Observed, plan_with};
use crate::release::Release;
use crate::release_before::ReleaseBefore;
use crate::rollout::{Outcome, Rollout, TargetRecord, Verdict, WaveOutcome, WaveRecord};
use crate::stack_sets::{Instance, StackSets};
use crate::stacks::{SessionError, Stacks};
use crate::status::InstanceStatus;
use crate::waves::Wave;
use clock::Clock;

/// The waves of a rollout, and what to do if one fails.
#[derive(Debug, Clone, Copy)]
pub struct Waves<'a> {
    /// The waves, in order. Together they must have all targets of the release.
    pub waves: &'a [Wave],
    /// What to do if one fails.
    pub on_failure: OnFailure,
    /// What an earlier run of the release has emitted last ([`Event::ReleaseBefore`]), for a roll-back.
    pub release_before: Option<&'a ReleaseBefore>,
}

/// What to do if a wave fails. No later wave starts in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// Leave everything as it is.
    #[default]
    Stop,
    /// Roll the stack set and the instances of the failed wave back to the release before.
    RollBack,
}

/// A wave whose targets have the release, and that is to be checked.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RolledOutWave<'a> {
    /// The wave.
    pub wave: &'a Wave,
    /// Its stack instances.
    pub instances: &'a [Instance],
    /// Whether it is the last one.
    pub is_last: bool,
    /// Whether an earlier run has already started a later wave, after this one had passed.
    pub has_passed_before: bool,
}

/// The result of the checks of a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaveCheck {
    /// The next wave may start.
    Passed,
    /// The wave has passed, but no later one may start, for this reason.
    StopAfter(String),
    /// The wave has failed, for this reason.
    Failed(String),
    /// Whether the wave has passed is not known, for this reason. No later wave starts.
    Unknown(String),
}

/// Deploys a release wave by wave, as [`roll_out`](crate::roll_out) does. After each wave, `check`
/// decides whether the next one starts.
///
/// Which targets have the release is read from CloudFormation. After a kill, the next run checks the
/// waves again that have the release, and continues with the first one that does not. If the killed
/// run was rolling a wave back, the next one with [`OnFailure::RollBack`] finishes that, and starts no
/// wave. Only the release before must be stored, by the caller. If another caller changes the stack
/// set in the meantime, no later wave starts. The deadline of the options applies to each wave.
///
/// # Errors
///
/// As [`roll_out`](crate::roll_out). After the first wave, failures are in the record.
pub async fn roll_out_waves<S, F, Fut, T, C>(
    stack_sets: &S,
    sessions: F,
    release: &Release,
    waves: Waves<'_>,
    options: &Options<C>,
    mut check: impl AsyncFnMut(RolledOutWave<'_>) -> WaveCheck,
    mut on_event: impl FnMut(Event) + Send,
) -> Result<Rollout, Error>
where
    S: StackSets,
    F: Fn(AccountId, Region) -> Fut + Sync,
    Fut: Future<Output = Result<T, SessionError>> + Send,
    T: Stacks + Send,
    C: Clock,
{
    let Waves { waves, on_failure, release_before } = waves;
    let mut rollout = StagedRollout::new(stack_sets, release, options, &mut on_event)?;
    (rollout.run.release_before, rollout.run.keeps_release_before) = (release_before.cloned(), true);
    if on_failure == OnFailure::RollBack && rollout.finish_roll_back(waves, &sessions).await? {
        return Ok(rollout.finish());
    }
    let mut stopped: Option<(&Wave, WaveCheck)> = None;
    for (index, wave) in waves.iter().enumerate() {
        if let Some((failed, check)) = &stopped {
            rollout.skip(wave, failed, check);
            continue;
        }
        (rollout.run.operations.on_event)(Event::WaveStarted { wave: wave.clone(), of: waves.len() });
        let result = match rollout.roll_out(wave, &sessions).await? {
            Verdict::Succeeded => {
                let later = &waves[index + 1..];
                let has_passed_before = rollout.has_begun(later).await;
                let all = rollout.run.instances.iter();
                let instances: Vec<_> = all.filter(|instance| wave.targets.contains(&instance.target)).cloned().collect();
                check(RolledOutWave { wave, instances: &instances, is_last: later.is_empty(), has_passed_before }).await
            }
            Verdict::Failed => WaveCheck::Failed("not every target has the release".to_owned()),
            Verdict::Unfinished => WaveCheck::Unknown("it is not known whether every target has the release".to_owned()),
        };
        rollout.waves.push(record(wave, &result));
        if let WaveCheck::Failed(_) = result
            && on_failure == OnFailure::RollBack
        {
            rollout.roll_back(wave, &sessions).await;
        }
        if result != WaveCheck::Passed {
            stopped = Some((wave, result));
        }
        rollout.run.is_later_wave = true;
    }
    if stopped.is_none() {
        (rollout.run.operations.on_event)(Event::ReleaseBefore(None));
    }
    Ok(rollout.finish())
}

fn record(wave: &Wave, check: &WaveCheck) -> WaveRecord {
    let (outcome, reason) = match check {
        WaveCheck::Passed => (WaveOutcome::Passed, None),
        WaveCheck::StopAfter(reason) => (WaveOutcome::Passed, Some(reason.clone())),
        WaveCheck::Failed(reason) => (WaveOutcome::Failed, Some(reason.clone())),
        WaveCheck::Unknown(reason) => (WaveOutcome::Unfinished, Some(reason.clone())),
    };
    WaveRecord::new(wave, outcome, reason)
}

impl<S: StackSets, C: Clock> StagedRollout<'_, S, C> {
    /// Records a wave that is not started after an earlier one.
    pub(super) fn skip(&mut self, wave: &Wave, failed: &Wave, check: &WaveCheck) {
        let after = |what: &str| format!("not started: wave {} {what}", failed.number);
        let (outcome, of_target, reason) = match check {
            WaveCheck::Unknown(_) => (WaveOutcome::Unfinished, Outcome::Unfinished, after("is not known to have passed")),
            WaveCheck::StopAfter(reason) => (WaveOutcome::Skipped, Outcome::Skipped, format!("not started: {reason}")),
            WaveCheck::Failed(_) | WaveCheck::Passed => (WaveOutcome::Skipped, Outcome::Skipped, after("failed")),
        };
        let mut records: Vec<_> = wave.targets.iter().map(|target| self.not_rolled_out(target, of_target, &reason)).collect();
        self.targets.append(&mut records);
        self.waves.push(WaveRecord::new(wave, outcome, Some(reason)));
    }

    /// The record of a target to which this run has not rolled the release out.
    pub(super) fn not_rolled_out(&self, target: Target, outcome: Outcome, reason: &str) -> TargetRecord {
        let instance = self.run.instances.iter().find(|instance| instance.target == target);
        TargetRecord {
            account_id: target.account,
            region: target.region,
            outcome,
            status: instance.map(|instance| instance.status.clone()),
            detailed_status: instance.and_then(|instance| instance.detailed_status.clone()),
            reason: Some(reason.to_owned()),
            stack_id: instance.and_then(|instance| instance.stack_id.clone()),
            events: Vec::new(),
        }
    }

    /// Whether a later wave has an instance with the release: an earlier run started that wave after
    /// the current one had passed. A wave that this run has changed has not passed before.
    async fn has_begun(&mut self, later: &[Wave]) -> bool {
        if !self.run.plan.is_nothing_to_do() || self.run.operations.has_started() {
            return false;
        }
        let current: Vec<_> = self.run.instances.iter().filter(|instance| instance.status == InstanceStatus::Current).cloned().collect();
        let Some(set) = self.run.before.as_ref().and_then(|before| before.stack_set.clone()) else { return false };
        let (stack_sets, name) = (self.run.operations.stack_sets, self.run.operations.name);
        for mut instance in current.into_iter().filter(|instance| later.iter().any(|wave| wave.targets.contains(&instance.target))) {
            let target = instance.target.clone();
            let read = self.run.operations.retry.call(self.run.operations.on_event, || stack_sets.instance_overrides(name, &target)).await;
            let Ok(overrides) = read else { return false };
            instance.overrides = Some(overrides);
            let only = crate::release::Targets::new([target.account.clone()], [target.region.clone()]);
            let observed = Observed { stack_set: Some(set.clone()), instances: vec![instance] };
            let plan = plan_with(&limited(self.release, &only), &observed, HiddenValues::AreTheRelease);
            if plan.targets(InstanceAction::Unchanged).next().is_some() {
                return true;
            }
        }
        false
    }

    /// Clears what ended the current wave, before operations that roll it back.
    pub(super) fn forget_failure(&mut self) {
        if matches!(self.run.operations.halt, Some(Halt::OperationFailed(_))) {
            self.run.operations.halt = None;
        }
    }
}
