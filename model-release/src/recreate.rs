//! The next steps for endpoints that do not serve the release although no operation is running.

use std::collections::BTreeSet;

use endpoint_test::EndpointStatus;
use stack_rollout::Target;

use crate::Stage;
use crate::diagnostic::Diagnostic;
use crate::endpoint_state::{EndpointState, Health, TargetEndpoints};
use crate::plural::plural;
use crate::serving::not_updated;

/// What to do about the endpoints of a stage. Updating again helps only if no endpoint of the
/// target has to be created again.
pub(crate) fn next_steps(stage: Stage, serving: &[TargetEndpoints], is_up_to_date: impl Fn(&Target) -> bool) -> Vec<Diagnostic> {
    let must_be_recreated = |read: &&TargetEndpoints| {
        let is_current = is_up_to_date(&read.target());
        read.endpoints.iter().any(|endpoint| is_failed(endpoint) || (is_current && is_missing(endpoint)))
    };
    let recreated: BTreeSet<Target> = serving.iter().filter(must_be_recreated).map(TargetEndpoints::target).collect();
    let mut steps = Vec::from_iter(not_updated(stage, serving, |target| is_up_to_date(target) && !recreated.contains(target)));
    if !recreated.is_empty() {
        let names: Vec<_> = recreated.iter().map(ToString::to_string).collect();
        let count = plural(names.len(), "target");
        let message = format!("an endpoint in {count} failed or was deleted, and CloudFormation cannot update it");
        let hint = "find the cause, delete the target's stack with all its endpoints, then roll out the release again";
        let mut finding = Diagnostic::warning(message).code("endpoints-to-recreate").about(format!("{stage} {}", names.join(" ")));
        finding.details = vec![names.join(", ")];
        steps.push(finding.with_hint(hint));
    }
    steps
}

/// SageMaker can only delete such an endpoint.
fn is_failed(endpoint: &EndpointState) -> bool {
    endpoint.status.as_deref() == Some(EndpointStatus::Failed.as_str())
}

/// An endpoint without a status was either not found or not read.
fn is_missing(endpoint: &EndpointState) -> bool {
    endpoint.status.is_none() && endpoint.health == Health::Differs
}
