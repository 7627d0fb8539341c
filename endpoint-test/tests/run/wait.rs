//! Waiting for `InService`.

use std::time::Duration;

use endpoint_test::{Clock, EndpointStatus, Event, FindingCode, Outcome, RunOptions, TargetErrorKind, Verdict};

use crate::scripted::{FakeClock, Scripted, healthy, with_status};
use crate::{ONE_CASE, approved, check, run_all};

#[tokio::test]
async fn a_run_waits_for_a_deployment_and_reports_progress() {
    let statuses = [EndpointStatus::Creating, EndpointStatus::Updating, EndpointStatus::SystemUpdating, EndpointStatus::RollingBack];
    let mut script: Vec<_> = statuses.iter().cloned().map(|status| Ok(with_status(status))).collect();
    script.push(Ok(healthy()));
    let clock = FakeClock::default();
    let (report, events) = run_all(&Scripted::new(script), ONE_CASE, &approved(), &clock).await;
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    let reported: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Waiting { status, .. } => Some(status.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(reported, statuses);
    // Four pauses of ten seconds, each up to a quarter more or less.
    assert!((30.0..=50.0).contains(&clock.now().as_secs_f64()), "{:?}", clock.now());
    assert!(matches!(events.last(), Some(Event::CaseFinished { index: 0, of: 1, .. })));
}

#[tokio::test]
async fn a_final_failure_is_reported_at_once_and_the_cases_are_skipped() {
    for status in [EndpointStatus::Failed, EndpointStatus::OutOfService, EndpointStatus::Deleting, EndpointStatus::UpdateRollbackFailed] {
        let mut description = with_status(status.clone());
        description.failure_reason = Some("the container did not pass the ping health check".to_owned());
        let clock = FakeClock::default();
        let (report, _) = run_all(&Scripted::new(vec![Ok(description)]), ONE_CASE, &approved(), &clock).await;
        let status_check = check(&report, "status");
        assert_eq!((report.verdict, status_check.outcome), (Verdict::Failed, Outcome::Failed), "{status}");
        assert!(status_check.message.as_deref().unwrap().contains("ping health check"));
        assert!(status_check.hint.is_some());
        assert_eq!(report.cases[0].outcome, Outcome::Skipped);
        assert_eq!(report.status.as_deref(), Some(status.as_str()));
        assert_eq!(clock.now(), Duration::ZERO);
    }
}

#[tokio::test]
async fn an_endpoint_still_changing_at_the_deadline_is_an_error_and_not_a_failure() {
    let clock = FakeClock::default();
    for status in [EndpointStatus::Updating, EndpointStatus::Unknown("Dreaming".to_owned())] {
        let (report, _) = run_all(&Scripted::new(vec![Ok(with_status(status.clone()))]), ONE_CASE, &approved(), &clock).await;
        assert_eq!(report.verdict, Verdict::Errored);
        assert_eq!(check(&report, "status").message.as_deref(), Some(format!("the endpoint is still `{status}` after 900 s").as_str()));
        assert_eq!(report.cases[0].outcome, Outcome::Skipped);
    }
    // The last poll is at the deadline itself.
    assert_eq!(clock.now(), 2 * RunOptions::default().wait);
}

#[tokio::test]
async fn a_temporary_error_is_retried_and_reported() {
    let script = vec![Err(TargetErrorKind::Throttled), Err(TargetErrorKind::Network), Ok(healthy())];
    let (report, events) = run_all(&Scripted::new(script), ONE_CASE, &approved(), &FakeClock::default()).await;
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!(events.iter().filter(|event| matches!(event, Event::NotDescribed { .. })).count(), 2);
}

#[tokio::test]
async fn a_permanent_error_ends_the_wait_at_once() {
    for kind in [TargetErrorKind::AccessDenied, TargetErrorKind::NotFound, TargetErrorKind::ExpiredCredentials] {
        let clock = FakeClock::default();
        let (report, _) = run_all(&Scripted::new(vec![Err(kind), Ok(healthy())]), ONE_CASE, &approved(), &clock).await;
        assert_eq!(report.verdict, Verdict::Errored);
        let status = check(&report, "status");
        assert_eq!(status.message.as_deref(), Some("DescribeEndpoint: as scripted"));
        assert_eq!(status.code == Some(FindingCode::EndpointMissing), kind == TargetErrorKind::NotFound);
        assert_eq!(clock.now(), Duration::ZERO);
    }
}

#[tokio::test]
async fn errors_in_a_row_end_the_wait_after_a_minute_whatever_its_limit() {
    for kind in [TargetErrorKind::Network, TargetErrorKind::Throttled, TargetErrorKind::Unavailable] {
        let clock = FakeClock::default();
        let (report, _) = run_all(&Scripted::new(vec![Err(kind)]), ONE_CASE, &approved(), &clock).await;
        assert_eq!(report.verdict, Verdict::Errored);
        // The last pause is 10 seconds, up to a quarter more.
        assert!((60.0..73.0).contains(&clock.now().as_secs_f64()), "{:?}", clock.now());
    }
    // Errors with responses between them are not in a row.
    let clock = FakeClock::default();
    let mut script = Vec::new();
    for _ in 0..20 {
        script.extend([Err(TargetErrorKind::Throttled), Err(TargetErrorKind::Throttled), Ok(with_status(EndpointStatus::Creating))]);
    }
    script.push(Ok(healthy()));
    let (report, _) = run_all(&Scripted::new(script), ONE_CASE, &approved(), &clock).await;
    assert_eq!(report.verdict, Verdict::Passed);
    assert!(clock.now() > Duration::from_mins(7));
}

#[tokio::test]
async fn a_description_that_never_returns_does_not_block_the_run() {
    let clock = FakeClock::default();
    let (report, events) = run_all(&Scripted::new(Vec::new()), ONE_CASE, &approved(), &clock).await;
    assert_eq!(report.verdict, Verdict::Errored);
    assert!(check(&report, "status").message.as_deref().unwrap().contains("no response within"));
    assert!(!events.is_empty());
}
