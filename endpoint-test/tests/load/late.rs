//! A load generator that is late: what its load proves about the model, and what it does not.

use std::time::Duration;

use endpoint_test::{LoadReport, Outcome};

use crate::simulated::{Simulated, response};
use crate::virtual_time::VirtualClock;
use crate::{load, outcome, threshold};

/// A load of 200 requests, 50 ms apart, on a model that needs `time`. While it serves the requests
/// whose numbers `pauses` selects, the machine pauses for `pause`.
fn paused(thresholds: &str, time: Duration, pause: Duration, pauses: impl Fn(u64) -> bool + Send + Sync) -> LoadReport {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| {
        // The first request is that of the case.
        if number > 0 && pauses(number) {
            clock.pause(pause);
        }
        (time, Ok(response("setosa")))
    });
    load(&clock, &target, &format!("  phases: [{{ rate: 20/s, for: 10s }}]\n  thresholds: [{thresholds}]\n"))
}

fn pace(report: &LoadReport) -> Outcome {
    report.pace.as_ref().unwrap().outcome
}

const LONG: Duration = Duration::from_millis(400);
const LIMITS: &str = "p95 < 100ms, service p95 < 100ms";

#[test]
fn a_request_that_is_sent_twenty_milliseconds_after_its_time_is_not_late_yet() {
    // The next request is due after 50 ms.
    for (microseconds, expected) in [(70_000, Outcome::Passed), (70_001, Outcome::Errored)] {
        let report = paused("errors == 0", Duration::ZERO, Duration::from_micros(microseconds), |number| number % 10 == 0);
        assert_eq!((pace(&report), report.outcome), (expected, expected), "{microseconds}");
        assert_eq!(outcome(&report, "errors == 0"), Outcome::Passed);
    }
}

#[test]
fn a_generator_keeps_pace_with_five_late_requests_of_a_hundred_and_not_with_more() {
    for (late, expected) in [(10, Outcome::Passed), (11, Outcome::Errored)] {
        let report = paused("errors == 0", Duration::ZERO, Duration::from_millis(90), |number| number % 2 == 0 && number <= 2 * late);
        assert_eq!(pace(&report), expected, "{report:#?}");
        let message = "the load generator did not keep pace: 11 of 200 requests were sent more than 20 ms late";
        assert_eq!(report.message.as_deref(), (expected == Outcome::Errored).then_some(message));
    }
}

#[test]
fn service_time_alone_decides_about_a_latency_limit_of_a_late_generator() {
    // Seven of forty requests are late by up to 350 ms, which is in no service time but their
    // first one's.
    for (milliseconds, p95, service, whole) in
        [(98, Outcome::Errored, Outcome::Passed, Outcome::Errored), (102, Outcome::Failed, Outcome::Failed, Outcome::Failed)]
    {
        let report = paused(LIMITS, Duration::from_millis(milliseconds), LONG, |number| number % 40 == 0);
        assert_eq!(pace(&report), Outcome::Errored);
        assert!(threshold(&report, "p95 < 100ms").actual_value.unwrap() > 300.0);
        assert_eq!((outcome(&report, "p95 < 100ms"), outcome(&report, "service p95 < 100ms")), (p95, service), "{report:#?}");
        assert_eq!(report.outcome, whole);
        let message = report.message.unwrap();
        assert!(message.starts_with("the load generator did not keep pace"), "{message}");
        assert_eq!(message.ends_with("; what failed is proven without this delay"), whole == Outcome::Failed);
    }
}

#[test]
fn service_time_alone_decides_about_a_latency_limit_of_a_punctual_generator() {
    for (milliseconds, expected) in [(98, Outcome::Passed), (102, Outcome::Failed)] {
        let report = paused(LIMITS, Duration::from_millis(milliseconds), LONG, |_| false);
        assert_eq!((pace(&report), report.outcome), (Outcome::Passed, expected));
        assert_eq!((outcome(&report, "p95 < 100ms"), outcome(&report, "service p95 < 100ms")), (expected, expected));
    }
}

#[test]
fn a_small_delay_of_the_generator_that_breaks_a_limit_is_not_blamed_on_the_model() {
    // Four of a hundred requests are sent 15 ms late, which is in time for the pace, after four
    // others during which the machine paused.
    let report = paused("p95 < 50ms", Duration::from_millis(40), Duration::from_millis(65), |number| number % 25 == 0);
    assert_eq!(pace(&report), Outcome::Passed, "{report:#?}");
    let p95 = threshold(&report, "p95 < 50ms");
    assert_eq!((p95.outcome, report.outcome), (Outcome::Errored, Outcome::Errored), "{p95:?}");
    assert!(p95.message.as_ref().unwrap().contains("the load generator itself was late"), "{p95:?}");
}
