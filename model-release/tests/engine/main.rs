//! Deployments, plans and the preflight in process, against stack-rollout's model of CloudFormation's stack sets.

mod deployments;
// Not a published dependency: the model is the one that stack-rollout itself is tested with.
#[path = "../../../stack-rollout/tests/rollout/fake.rs"]
#[expect(dead_code, reason = "stack-rollout's own tests use more of it")]
mod fake;
mod plans;
mod preflights;
mod project;
mod rejections;
mod release_checks;
