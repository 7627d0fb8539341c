//! Waits for a target to be in service, up to a deadline.

use std::time::Duration;

use call_fault::ERRORS_IN_A_ROW;

use super::WaitResult;
use crate::clock::{Clock, in_time, spread};
use crate::event::Event;
use crate::format::display_duration;
use crate::options::RunOptions;
use crate::report::{CheckReport, FindingCode};
use crate::target::{Description, EndpointStatus, Target, TargetError, TargetErrorKind, TargetKind};

/// The check's name in reports.
const STATUS: &str = "status";

/// A shorter pause would call a container that refuses connections thousands of times a second.
const MIN_PAUSE: Duration = Duration::from_millis(20);

/// Polls the target until it is in service, cannot get there, or the time is up.
pub(super) async fn in_service<T: Target, C: Clock>(
    target: &T,
    options: &RunOptions,
    clock: &C,
    on_event: &mut impl FnMut(Event),
) -> WaitResult {
    let start = clock.now();
    let limit = options.wait;
    let mut failing_since = None;
    loop {
        let described = describe(target, options.describe_timeout, clock).await;
        let elapsed = clock.now().saturating_sub(start);
        let late = elapsed >= limit;
        let now = clock.now();
        let fails_for_long = match &described {
            Ok(_) => {
                failing_since = None;
                false
            }
            Err(_) => {
                let failing_for = now.saturating_sub(*failing_since.get_or_insert(now));
                // A container that starts returns nothing but errors.
                target.kind() == TargetKind::Endpoint && failing_for >= ERRORS_IN_A_ROW
            }
        };
        match described {
            Ok(description) if description.status == EndpointStatus::InService => {
                on_event(Event::InService { elapsed });
                let check = CheckReport::passed(STATUS).actual(description.status.as_str());
                return WaitResult { check, description: Some(description) };
            }
            Ok(description) if description.status.is_final_failure() => {
                return WaitResult { check: final_failure(&description), description: Some(description) };
            }
            Ok(description) if late => return WaitResult { check: still_changing(&description, limit), description: Some(description) },
            Ok(description) => on_event(Event::Waiting { status: description.status, elapsed, limit }),
            Err(error) if late || fails_for_long || !error.kind.is_temporary() => {
                return WaitResult { check: not_described(&error), description: None };
            }
            Err(error) => on_event(Event::NotDescribed { message: error.to_string(), elapsed, limit }),
        }
        // The last poll is at the deadline itself, not up to one pause before it.
        clock.sleep(spread(options.poll.max(MIN_PAUSE), fastrand::f64()).min(limit.saturating_sub(elapsed))).await;
    }
}

async fn describe<T: Target, C: Clock>(target: &T, timeout: Duration, clock: &C) -> Result<Description, TargetError> {
    in_time(target.describe(), clock, timeout).await.unwrap_or_else(|| {
        let message = format!("the target's status: no response within {}", display_duration(timeout));
        Err(TargetError::new(TargetErrorKind::Timeout, message)
            .with_hint("is this its address and port? Its log shows whether it got the request"))
    })
}

fn final_failure(description: &Description) -> CheckReport {
    let status = &description.status;
    let message = match &description.failure_reason {
        Some(reason) => format!("the endpoint is `{status}`: {reason}"),
        None => format!("the endpoint is `{status}`; AWS reports no reason"),
    };
    let hint = match status {
        EndpointStatus::Failed => {
            "an endpoint in this state can only be deleted; the container's log in CloudWatch, group /aws/sagemaker/Endpoints, usually shows why it did not start"
        }
        EndpointStatus::OutOfService => "the endpoint accepts no requests; see its stack's events for the deployment that stopped it",
        EndpointStatus::UpdateRollbackFailed => "old and new instances are in service together; deploy again, or contact AWS Support",
        _ => "the endpoint is being deleted: see its stack's events",
    };
    CheckReport::failed(STATUS, message).expected("InService").actual(status.as_str()).with_hint(hint)
}

/// At the deadline nothing is proven yet: the deployment may succeed a minute later.
fn still_changing(description: &Description, limit: Duration) -> CheckReport {
    let message = format!("the endpoint is still `{}` after {} s", description.status, limit.as_secs());
    CheckReport::errored(STATUS, message)
        .expected("InService")
        .actual(description.status.as_str())
        .with_hint("wait longer, or see the events of the endpoint's stack")
}

fn not_described(error: &TargetError) -> CheckReport {
    let code = (error.kind == TargetErrorKind::NotFound).then_some(FindingCode::EndpointMissing);
    CheckReport { code, hint: error.hint.clone(), ..CheckReport::errored(STATUS, error.to_string()) }.expected("InService")
}
