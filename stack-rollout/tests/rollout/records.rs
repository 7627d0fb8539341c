//! What must hold for every record of a rollout in the property test.

use std::collections::{BTreeMap, BTreeSet};

use stack_rollout::status::{DetailedStatus, InstanceStatus, OperationStatus};
use stack_rollout::*;

use crate::fake::*;
use crate::state_machine::{ATTEMPT, Desired};

/// Successes in the record must match the state at the run's last call. It cannot know more:
/// another run may start while the response is in transit.
pub(crate) fn check_record(rollout: &Rollout, release: &Release, snapshot: &Snapshot) {
    let recorded: Vec<_> = rollout.targets.iter().map(TargetRecord::target).collect();
    assert_eq!(recorded, release.targets.iter().collect::<Vec<_>>(), "every target is in the record");
    for record in &rollout.targets {
        let is_up_to_date = matches!(record.outcome, Outcome::Succeeded | Outcome::Unchanged);
        assert_eq!(record.reason.is_some(), !is_up_to_date);
        if is_up_to_date {
            let target = record.target();
            let (status, version, own) = &snapshot.instances[&target];
            assert_eq!((status, *version), (&InstanceStatus::Current, snapshot.version), "{target} is not up to date");
            assert_eq!(snapshot.parameters, release.parameters, "{target}");
            let mut own = own.clone();
            own.remove(ATTEMPT);
            assert_eq!(own, release.overrides_of(&target), "{target}");
        }
    }
}

/// Failures in the record must be failures of this run's operations.
pub(crate) fn check_failures(rollout: &Rollout, operations: &[Running]) {
    let of_this_run = |running: &&Running| rollout.operations.iter().any(|record| record.operation_id == running.operation.id);
    for record in rollout.targets.iter().filter(|record| record.outcome == Outcome::Failed) {
        let result = |running: &Running| running.results.get(&record.target()).map(|result| result.status.clone());
        let mut results = operations.iter().filter(of_this_run).filter_map(result);
        assert!(results.any(|status| status == DetailedStatus::Failed), "{record:#?}");
    }
}

/// An endpoint that SageMaker rolled back is never updated again unless its stack changes.
pub(crate) fn check_reverted(cloud: &Cloud, rollout: &Rollout, before: &BTreeSet<Target>) {
    let unchanged = rollout.targets.iter().filter(|record| record.outcome == Outcome::Unchanged).map(TargetRecord::target);
    for target in unchanged.filter(|target| before.contains(target)) {
        assert!(cloud.state().reverted.contains(&target), "{target} was updated again, and nobody asked for it");
    }
}

/// Updates one instance again: exactly this one, once.
pub(crate) fn check_reapply(cloud: &Cloud, desired: &Desired, target: &Target) {
    let release = desired.reapplied(cloud, target);
    let (reverted, changes, operations) = {
        let state = cloud.state();
        (state.reverted.clone(), state.calls.len(), state.operations.len())
    };
    if !release.targets.contains(target) {
        let refused = rolled_out_with(cloud, &release, &desired.options(), |_| {});
        assert!(matches!(refused, Err(Error::Release { .. })), "{refused:?}");
        assert_eq!(cloud.state().calls.len(), changes, "no call is made");
        return;
    }
    let Some(rollout) = check(cloud, desired, &release, true) else { return };
    check_reverted(cloud, &rollout, &reverted);
    let is_resumed = rollout.operations.iter().any(|operation| operation.resumed);
    if rollout.verdict() == Verdict::Succeeded && !is_resumed {
        assert!(!cloud.state().reverted.contains(target), "{rollout:#?}");
        let times = cloud.state().operations[operations..].iter().filter(|running| running.targets.contains(target)).count();
        assert!(times == 1 || rollout.change != SetChange::Untouched, "{times} updates of {target}");
        assert!(rolled_out_with(cloud, &desired.release(), &desired.options(), |_| {}).unwrap().nothing_to_do, "{rollout:#?}");
    }
}

/// Rolls out and checks the record. `is_without_errors`: no call has an error.
pub(crate) fn check(cloud: &Cloud, desired: &Desired, release: &Release, is_without_errors: bool) -> Option<Rollout> {
    let options = desired.options();
    let (other_runs, is_blocked) = {
        let state = cloud.state();
        let running = state.operations.iter().find(|running| !running.operation.status.has_ended());
        let other = running.is_some_and(|running| !running.operation.id.is_step_of(&options.release_id));
        // Only an existing set can be blocked.
        (other, state.set.is_some() && (other || state.foreign.is_some()))
    };
    let orphans: BTreeMap<_, _> = {
        let state = cloud.state();
        let orphans = state.instances.iter().filter(|(target, _)| !release.targets.contains(target));
        orphans.map(|(target, (_, version))| (target.clone(), *version)).collect()
    };
    let changes = cloud.calls_that_change().len();
    let result = rolled_out_with(cloud, release, &options, |_| {});
    if is_blocked && is_without_errors {
        assert!(matches!(result, Err(Error::OperationInProgress { .. })), "{result:?}");
        assert_eq!(cloud.calls_that_change().len(), changes, "nothing is changed during a foreign operation");
        return None;
    }
    {
        let state = cloud.state();
        for (target, version) in orphans {
            assert!(other_runs || state.instances[&target].1 == version, "an orphan does not change");
        }
    }
    let rollout = match result {
        Ok(rollout) => rollout,
        Err(error) => {
            assert!(!is_without_errors || desired.foreign, "{error}");
            return None;
        }
    };
    let state = cloud.state();
    check_record(&rollout, release, &state.snapshot());
    let fails = release.targets.iter().any(|target| state.fates.contains_key(&target));
    if is_without_errors && !fails && !desired.foreign {
        // A resumed operation that failed is reported and not retried in the same run.
        let found_failed = rollout.operations.iter().any(|operation| operation.resumed && operation.status != OperationStatus::Succeeded);
        assert!(rollout.verdict() == Verdict::Succeeded || found_failed, "{rollout:#?}");
    }
    drop(state);
    Some(rollout)
}
