//! Rolls the instances of a failed wave back to the release before.
//!
//! A stack set has one template and one list of parameters, so the stack set goes back, too. The
//! waves that have passed keep the new release; CloudFormation lists their instances as `OUTDATED`
//! until a later rollout.

use std::borrow::Cow;
use std::future::Future;

use aws_names::{AccountId, Region};

use super::staged::{StagedRollout, limited};
use crate::event::Event;
use crate::operation_loop::{Halt, TrackedOperation};
use crate::problem::{Place, Problem};
use crate::release::{ParameterOverride, Release, Targets, Template};
use crate::rollout::{Counts, Outcome, RollBackRecord, TargetRecord, Verdict};
use crate::stack_sets::{Instance, StackSet, StackSets, rectangles};
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
        let there: Vec<Instance> = self.run.before.iter().flat_map(|before| &before.instances).cloned().collect();
        let there: Vec<_> = there.into_iter().filter(|instance| wave.targets.contains(&instance.target)).collect();
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
        (self.run.operations.on_event)(Event::RollingBack { targets: there.len() });
        self.run.operations.has_result = true;
        self.run.operations.results.clear();
        self.run.operations.retry.restart();
        if let Err(error) = self.run.operations.check_untouched().await {
            self.run.operations.halt = Some(Halt::Error(error));
        }
        let mut records = Vec::new();
        let first = self.run.operations.operations.len();
        for targets in rectangles(there.iter().map(|instance| &instance.target)) {
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
        self.rolled_back = Some(RollBackRecord { wave: wave.number, verdict, targets: records });
    }

    /// The release that the instances had before the first step.
    fn release_before(&self, there: &[Instance]) -> Result<Release, String> {
        let was_stopped = |tracked: &TrackedOperation| tracked.operation.status == OperationStatus::Stopped;
        if self.run.operations.operations.last().is_some_and(was_stopped) {
            return Err("its operation was stopped by another caller, so no other one is started".to_owned());
        }
        if there.is_empty() {
            return Err("its targets had no release before".to_owned());
        }
        let Some(set) = &self.set_before else {
            return Err("an earlier run of this release has changed the stack set, so the release before is not known".to_owned());
        };
        if let Some((name, _)) = set.parameters.iter().find(|(_, value)| value == "****") {
            return Err(format!("CloudFormation hides the value of the parameter `{name}` (NoEcho), so it cannot be restored"));
        }
        let before = release_of(set, there, self.release);
        match before.problems().first() {
            None => Ok(before),
            Some(problem) => Err(problem.message.clone()),
        }
    }
}

/// The release of a stack set as it was observed, with the overrides of these instances.
fn release_of(set: &StackSet, there: &[Instance], release: &Release) -> Release {
    let targets = Targets::new(
        there.iter().map(|instance| instance.target.account.clone()),
        there.iter().map(|instance| instance.target.region.clone()),
    );
    let overrides = there.iter().map(|instance| ParameterOverride {
        account: Some(instance.target.account.clone()),
        region: Some(instance.target.region.clone()),
        parameters: instance.overrides.clone().unwrap_or_default(),
    });
    Release {
        description: set.description.clone(),
        parameters: set.parameters.clone(),
        capabilities: set.capabilities.clone().unwrap_or_else(|| release.capabilities.clone()),
        tags: set.tags.clone(),
        template: Template::inline(set.template_body.clone()),
        overrides: overrides.filter(|entry| !entry.parameters.is_empty()).collect(),
        managed_execution: set.managed_execution,
        reapply: None,
        targets,
        ..release.clone()
    }
}
