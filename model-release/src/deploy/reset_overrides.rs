//! Parameter overrides of single stack instances that a release does not have.

use stack_rollout::{InstanceAction, Plan, SetChange};

/// The overrides that a rollout resets, as text: manual ones, or those of another or interrupted run.
pub fn reset_overrides(plan: &Plan) -> Option<String> {
    const NAMED: usize = 3;
    let is_there = plan.stack_set == SetChange::Untouched;
    let mut resets = Vec::new();
    for planned in plan.instances.iter().filter(|planned| planned.observed.is_some() && planned.action != InstanceAction::Reapply) {
        let changes = planned.override_changes().into_iter().filter(|change| change.to.is_none() || is_there);
        let keys: Vec<_> = changes.map(|change| change.key).collect();
        if !keys.is_empty() {
            resets.push(format!("{} of {}", keys.join(", "), planned.target));
        }
    }
    let more = resets.len().saturating_sub(NAMED);
    resets.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and in {more} more") };
    (!resets.is_empty()).then(|| format!("parameter overrides that this release does not have: {}{more}", resets.join("; ")))
}
