//! The waves of a planned rollout, and the limits of the release policy.

use std::time::SystemTime;

use stack_rollout::{InstanceAction, Plan, SetChange, Wave};

use super::assemble::operations;
use super::document::{PlanDocument, PlannedWave, Problem, TargetAction};
use crate::{Release, Stage};

impl PlanDocument {
    /// Adds the waves of the rollout. Each wave has operations of its own.
    pub fn add_waves(&mut self, plan: &Plan, waves: &[Wave]) {
        self.operations.clear();
        for (index, wave) in waves.iter().enumerate() {
            self.operations.extend(operations(&of_wave(plan, wave, index > 0)));
            let mut changing = 0;
            for target in self.targets.iter_mut().filter(|target| target.action != TargetAction::Orphaned) {
                let is_in_wave = wave.targets.accounts.iter().any(|account| account.as_str() == target.account_id)
                    && wave.targets.regions.iter().any(|region| region.as_str() == target.region);
                if is_in_wave {
                    target.wave = Some(wave.number);
                    changing += usize::from(!matches!(target.action, TargetAction::Unchanged | TargetAction::Inoperable));
                }
            }
            self.waves.push(PlannedWave {
                number: wave.number,
                size: wave.size.clone(),
                accounts: wave.targets.accounts.iter().map(ToString::to_string).collect(),
                regions: wave.targets.regions.iter().map(ToString::to_string).collect(),
                changing,
            });
        }
    }

    /// Adds the limits of rollouts to the stage. A freeze at the time `now` blocks the rollout.
    pub fn add_limits(&mut self, release: &Release, stage: Stage, now: SystemTime) {
        self.limits = release.rollout_limits(stage).cloned();
        let frozen = release.check_freeze(stage, now, None).err();
        self.problems.extend(frozen.into_iter().flat_map(|failure| failure.diagnostics).map(Problem::from));
    }
}

/// The plan of one wave. After the first wave, the stack set has the release.
fn of_wave(plan: &Plan, wave: &Wave, is_later: bool) -> Plan {
    let mut plan = plan.clone();
    if is_later {
        plan.stack_set = SetChange::Untouched;
    }
    for planned in plan.instances.iter_mut().filter(|planned| !wave.targets.contains(&planned.target)) {
        planned.action = InstanceAction::Orphan;
    }
    plan
}
