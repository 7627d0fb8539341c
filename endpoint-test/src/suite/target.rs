//! Which settings of a suite a target cannot honour.

use super::{Case, Suite, SuiteErrors};
use crate::expect::Expectation;
use crate::problem::{Place, Problem};
use crate::target::TargetKind;

/// The status of every response of an endpoint's model (InvokeEndpoint, "Response Syntax").
const ENDPOINT_STATUS: u16 = 200;

pub(super) fn check(suite: &Suite, target: TargetKind) -> Result<(), SuiteErrors> {
    let mut problems: Vec<Problem> = suite.cases.iter().flat_map(|case| of_case(case, target)).collect();
    // Cases share the settings under `defaults`, and those of samples all settings.
    problems.sort_by_key(|problem| problem.place);
    problems.dedup();
    if problems.is_empty() { Ok(()) } else { Err(SuiteErrors::new(suite.source.clone(), problems)) }
}

fn of_case(case: &Case, target: TargetKind) -> Vec<Problem> {
    match target {
        TargetKind::Container => case.selections.iter().map(selection_of_a_container).collect(),
        TargetKind::Endpoint => status_of_an_endpoint(case).into_iter().collect(),
    }
}

fn selection_of_a_container((key, place): &(&str, Place)) -> Problem {
    let (parts, hint) = match *key {
        "target_variant" => ("no variants", "remove the key, and run the container that the variant serves"),
        "target_model" => ("one model", "remove the key, or test an endpoint with several models"),
        "target_container" => ("no other containers", "remove the key, and run the container with this host name"),
        _ => ("no inference components", "remove the key, and run the container of the inference component"),
    };
    Problem::new(format!("`{key}` is not supported: a container has {parts}")).with_hint(hint).at(Some(*place))
}

fn status_of_an_endpoint(case: &Case) -> Option<Problem> {
    let Expectation::Response(expected) = &case.expectation else { return None };
    let status = expected.status.filter(|status| *status != ENDPOINT_STATUS)?;
    let message = format!("`status: {status}` cannot be checked on an endpoint, which reports {ENDPOINT_STATUS} for every response");
    Some(Problem::new(message).with_hint("remove the key, or test a container").at(case.status))
}
