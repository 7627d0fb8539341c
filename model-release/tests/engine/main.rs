//! Tests of deployments, plans and the preflight in one process, with stack-rollout's model of
//! stack sets.

mod approvals;
mod approved_bytes;
mod builds;
mod contradictions;
mod deployments;
mod dossiers;
// The model that stack-rollout is tested with; it is not a published dependency.
#[path = "../../../stack-rollout/tests/rollout/fake.rs"]
#[expect(dead_code, reason = "stack-rollout's tests use all of it")]
mod fake;
mod interruptions;
mod plans;
mod preflights;
mod project;
mod rejections;
mod release_checks;
mod rollout_limits;
mod stage_states;
mod statuses;
mod waves;
