//! What the endpoints of a stage serve, compared with what they must serve.

use std::collections::BTreeSet;

use stack_rollout::Target;

use crate::Stage;
use crate::diagnostic::Diagnostic;
use crate::endpoint_state::{EndpointState, Health, TargetEndpoints};
use crate::plural::plural;

/// One line for each endpoint, such as `222222222222/us-east-1/iris serves version 7`, and the hints
/// for those that could not be read.
pub(crate) fn lines(serving: &[TargetEndpoints]) -> Vec<String> {
    let endpoint = |target: &Target, endpoint: &EndpointState| format!("{target}/{} {}", endpoint.endpoint, endpoint.summary());
    let of_target = |read: &TargetEndpoints| match read.endpoints.as_slice() {
        [] => vec![format!("{} has no endpoint", read.target())],
        endpoints => endpoints.iter().map(|state| endpoint(&read.target(), state)).collect(),
    };
    let hints: BTreeSet<_> = serving.iter().flat_map(|read| &read.endpoints).filter_map(|endpoint| endpoint.hint.as_ref()).collect();
    serving.iter().flat_map(of_target).chain(hints.into_iter().map(|hint| format!("  hint: {hint}"))).collect()
}

/// A warning for each endpoint that could not be read.
pub fn unread_endpoints(serving: &[TargetEndpoints]) -> Vec<Diagnostic> {
    let is_unread = |endpoint: &&EndpointState| endpoint.health == Health::Unknown && endpoint.status.is_none();
    let of_target = |read: &TargetEndpoints| {
        let unread = read.endpoints.iter().filter(is_unread).map(|endpoint| {
            let reason = endpoint.reason.as_deref().unwrap_or_default();
            Diagnostic::warning(format!("endpoint `{}` could not be read: {reason}", endpoint.endpoint))
                .in_aws(Some(&read.account_id), Some(&read.region))
                .with_hint_opt(endpoint.hint.clone())
        });
        unread.collect::<Vec<_>>()
    };
    serving.iter().flat_map(of_target).collect()
}

/// A finding if endpoints do not serve the release although their stacks are up to date:
/// SageMaker rolled them back, and CloudFormation cannot see that. Another rollout of the release
/// does not update them.
pub fn not_updated(stage: Stage, serving: &[TargetEndpoints], is_up_to_date: impl Fn(&Target) -> bool) -> Option<Diagnostic> {
    let differs = |endpoint: &EndpointState| endpoint.health == Health::Differs && endpoint.status.as_deref() == Some("InService");
    let targets: Vec<Target> = serving
        .iter()
        .filter(|read| read.endpoints.iter().any(differs))
        .map(TargetEndpoints::target)
        .filter(|target| is_up_to_date(target))
        .collect();
    let names: Vec<_> = targets.iter().map(ToString::to_string).collect();
    (!targets.is_empty()).then(|| {
        let count = plural(targets.len(), "target");
        let message = format!("CloudFormation has updated the stack in {count}, but the endpoint does not serve the release");
        let hint = "SageMaker rolled the endpoint back, for example because of an alarm: find the cause, then update the endpoint again";
        let mut finding = Diagnostic::warning(message).code("endpoints-not-updated").about(format!("{stage} {}", names.join(" ")));
        finding.details = vec![names.join(", ")];
        finding.with_hint(hint)
    })
}
