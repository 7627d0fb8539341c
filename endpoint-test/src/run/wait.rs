//! Waiting for a target to be in service, and for no longer than is reasonable.

use std::time::Duration;

use super::Waited;
use crate::clock::{Clock, spread};
use crate::event::Event;
use crate::options::RunOptions;
use crate::report::CheckReport;
use crate::target::{Description, EndpointStatus, Target, TargetError, TargetErrorKind};

/// The check's name in reports.
const STATUS: &str = "status";

/// No pause is shorter, or a container that refuses connections would be asked thousands of times a second.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

/// Looks at the target until it is in service, cannot get there, or the time is up.
pub(super) async fn in_service<T: Target, C: Clock>(
    target: &T,
    options: &RunOptions,
    clock: &C,
    on_event: &mut impl FnMut(Event),
) -> Waited {
    let start = clock.now();
    let limit = options.wait;
    loop {
        let described = describe(target, options.describe_timeout, clock).await;
        let elapsed = clock.now().saturating_sub(start);
        let late = elapsed >= limit;
        match described {
            Ok(description) if description.status == EndpointStatus::InService => {
                on_event(Event::InService { elapsed });
                let check = CheckReport::passed(STATUS).actual(description.status.as_str());
                return Waited { check, description: Some(description) };
            }
            Ok(description) if description.status.is_dead_end() => {
                return Waited { check: dead_end(&description), description: Some(description) };
            }
            Ok(description) if late => return Waited { check: still_changing(&description, limit), description: Some(description) },
            Ok(description) => on_event(Event::Waiting { status: description.status, elapsed, limit }),
            Err(error) if late || !error.kind.is_passing() => return Waited { check: not_described(&error), description: None },
            Err(error) => on_event(Event::NotDescribed { message: error.to_string(), elapsed, limit }),
        }
        // The last look is taken at the deadline itself, not up to one pause before it.
        clock.sleep(spread(options.poll.max(SHORTEST_PAUSE), fastrand::f64()).min(limit.saturating_sub(elapsed))).await;
    }
}

async fn describe<T: Target, C: Clock>(target: &T, timeout: Duration, clock: &C) -> Result<Description, TargetError> {
    tokio::select! {
        biased;
        described = target.describe() => described,
        () = clock.sleep(timeout) => {
            Err(TargetError::new(TargetErrorKind::Timeout, format!("no answer within {timeout:?}")).operation("describe"))
        }
    }
}

fn dead_end(description: &Description) -> CheckReport {
    let status = &description.status;
    let message = match &description.failure_reason {
        Some(reason) => format!("the endpoint is `{status}`: {reason}"),
        None => format!("the endpoint is `{status}`, and AWS gives no reason"),
    };
    let hint = match status {
        EndpointStatus::Failed => {
            "an endpoint in this state can only be deleted; the container's log in CloudWatch, group /aws/sagemaker/Endpoints, usually says why it did not start"
        }
        EndpointStatus::OutOfService => "the endpoint takes no requests; see its stack's events for the deployment that stopped it",
        EndpointStatus::UpdateRollbackFailed => {
            "old and new instances are in service together; deploy again, or ask AWS Support to mend the endpoint"
        }
        _ => "somebody deletes this endpoint: see its stack's events",
    };
    CheckReport::failed(STATUS, message).expected("InService").actual(status.as_str()).with_hint(hint)
}

/// At the deadline nothing is proven yet: the deployment may well succeed a minute later.
fn still_changing(description: &Description, limit: Duration) -> CheckReport {
    let message = format!("the endpoint is still `{}` after {} s", description.status, limit.as_secs());
    CheckReport::errored(STATUS, message)
        .expected("InService")
        .actual(description.status.as_str())
        .with_hint("wait longer, or see the endpoint's stack for what it is doing")
}

fn not_described(error: &TargetError) -> CheckReport {
    CheckReport { hint: error.hint.clone(), ..CheckReport::errored(STATUS, error.to_string()) }.expected("InService")
}
