//! The results of a load.

use std::time::Duration;

use endpoint_test::{Event, InvokeError, LoadMode, ModelFailure, Outcome, RunOptions, TargetError, TargetErrorKind, Verdict};
use proptest::prelude::*;

use crate::simulated::{Simulated, response};
use crate::virtual_time::VirtualClock;
use crate::{listened, load, outcome, test, threshold};

const TEN: Duration = Duration::from_millis(10);

/// A target that needs ten milliseconds, but stops for the second after the thirtieth.
fn stalling(_: u64, now: Duration) -> (Duration, Result<endpoint_test::ModelResponse, InvokeError>) {
    let (start, end) = (Duration::from_secs(30), Duration::from_secs(31));
    let stalled = if now + TEN > start && now < end { end.saturating_sub(now.max(start)) } else { Duration::ZERO };
    (TEN + stalled, Ok(response("setosa")))
}

#[test]
fn a_stalled_second_is_visible_in_an_open_load_and_hidden_in_a_closed_one() {
    let clock = VirtualClock::default();
    let open = load(&clock, &Simulated::new(&clock, stalling), "  phases: [{ rate: 20/s, for: 60s }]\n  thresholds: [p99 < 100ms]\n");
    let p99 = threshold(&open, "p99 < 100ms");
    assert_eq!(p99.outcome, Outcome::Failed);
    // Twenty of 1200 arrived in that second: the twelfth slowest waited at least 0.4 s.
    assert!((400.0..=1010.0).contains(&p99.actual_value.unwrap()), "{p99:?}");
    assert!((990.0..=1012.0).contains(&open.total.as_ref().unwrap().response_time.max_ms));

    let clock = VirtualClock::default();
    let closed = load(&clock, &Simulated::new(&clock, stalling), "  phases: [{ users: 1, for: 60s }]\n  thresholds: [p99 < 100ms]\n");
    let p99 = threshold(&closed, "p99 < 100ms");
    assert_eq!((p99.outcome, p99.actual.as_deref()), (Outcome::Passed, Some("10.01 ms")));
}

#[test]
fn an_observed_threshold_decides_nothing() {
    let clock = VirtualClock::default();
    let report = test(
        &clock,
        &Simulated::new(&clock, stalling),
        "  phases: [{ rate: 20/s, for: 60s }]\n  thresholds: [{ threshold: p99 < 100ms, observe: true }]\n",
        &RunOptions::default(),
    );
    let load = report.load.unwrap();
    assert_eq!((report.verdict, load.outcome), (Verdict::Passed, Outcome::Passed));
    let p99 = threshold(&load, "p99 < 100ms");
    assert_eq!((p99.outcome, p99.would_be), (Outcome::Observed, Some(Outcome::Failed)));
}

#[test]
fn a_steady_load_passes_its_thresholds() {
    let clock = VirtualClock::default();
    let target = Simulated::steady(&clock, 50);
    let load = "  warmup: { requests: 10 }\n  phases:\n    - { name: steady, rate: 20/s, for: 60s, thresholds: [p95 < 60ms, throughput >= 19.9/s] }\n    - { rate: 20/s..40/s, for: 60s }\n  thresholds: [p99 < 60ms, service p99 < 60ms, mean <= 51ms, max < 51ms, min > 49ms, dropped == 0, errors == 0, timeouts < 1%, throttles == 0, wrong_answers == 0]\n";
    let report = test(&clock, &target, load, &RunOptions::default());
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    let load = report.load.unwrap();
    assert_eq!((load.outcome, load.thresholds.len()), (Outcome::Passed, 12));
    let total = load.total.unwrap();
    // 1200, then 1800 on the ramp; the ten of the warm-up and the case are not counted.
    assert_eq!((total.sent, total.passed, total.errors, total.dropped, total.unfinished), (3000, 3000, 0, 0, 0));
    assert_eq!(target.requests(), 3011);
    assert_eq!(load.phases.iter().map(|phase| phase.name.as_str()).collect::<Vec<_>>(), ["warm-up", "steady", "phase 2"]);
    assert_eq!(load.phases.iter().map(|phase| phase.figures.sent).collect::<Vec<_>>(), [10, 1200, 1800]);
    assert_eq!(load.phases[2].traffic, "20/s..40/s");
    assert_eq!(load.series.unwrap().steps.iter().map(|step| step.sent).sum::<u64>(), 3010);
}

#[test]
fn arrivals_above_the_limit_are_dropped_and_not_queued() {
    let clock = VirtualClock::default();
    let report = load(
        &clock,
        &Simulated::steady(&clock, 1000),
        "  phases: [{ rate: 10/s, for: 20s }]\n  max_in_flight: 4\n  thresholds: [dropped == 0, dropped < 61%, p90 <= 1100ms]\n",
    );
    let total = report.total.as_ref().unwrap();
    // Each second four are accepted.
    assert_eq!((total.sent, total.dropped), (80, 120));
    assert_eq!(outcome(&report, "dropped == 0"), Outcome::Failed);
    assert_eq!(outcome(&report, "dropped < 61%"), Outcome::Passed);
    assert!(total.response_time.max_ms < 1002.0);
    // Eighty responses are too few for a p90.
    let p90 = threshold(&report, "p90 <= 1100ms");
    assert_eq!((p90.outcome, p90.message.as_deref()), (Outcome::Errored, Some("too few responses: 80, and 100 are needed")));
}

#[test]
fn errors_are_counted_by_code_and_refusals_do_not_improve_the_latency() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| match number {
        0 => (TEN, Ok(response("setosa"))),
        number if number % 10 == 3 => {
            let throttled = TargetError::new(TargetErrorKind::Throttled, "Rate exceeded").code(Some("ThrottlingException".to_owned()));
            (Duration::ZERO, Err(throttled.into()))
        }
        number if number % 10 == 5 => {
            let failure = ModelFailure { status: Some(500), message: "out of memory".to_owned(), ..ModelFailure::default() };
            (Duration::from_millis(1), Err(InvokeError::Model(failure)))
        }
        number if number % 10 == 7 => (Duration::from_millis(20), Ok(response("virginica"))),
        _ => (Duration::from_millis(20), Ok(response("setosa"))),
    });
    let report = load(
        &clock,
        &target,
        "  phases: [{ rate: 100/s, for: 10s }]\n  thresholds: [errors < 31%, wrong_answers < 1%, throttles < 5%, min > 19ms]\n",
    );
    let errors: Vec<_> = report.errors.iter().map(|error| (error.kind.as_str(), error.code.as_deref(), error.count)).collect();
    assert_eq!(errors, [("wrong answer", None, 100), ("model error", Some("500"), 100), ("throttled", Some("ThrottlingException"), 100)]);
    assert_eq!(report.errors[0].example, "text: the response does not contain the text: expected contains setosa, found virginica");
    assert_eq!((report.errors[1].example.as_str(), report.errors[1].case.as_str()), ("out of memory", "flower"));
    assert_eq!(outcome(&report, "errors < 31%"), Outcome::Passed);
    assert_eq!(outcome(&report, "wrong_answers < 1%"), Outcome::Failed);
    assert_eq!(
        (outcome(&report, "throttles < 5%"), threshold(&report, "throttles < 5%").actual.as_deref()),
        (Outcome::Failed, Some("10%"))
    );
    assert_eq!(outcome(&report, "min > 19ms"), Outcome::Passed);
    assert_eq!(report.total.unwrap().response_time.count, 800);
}

#[test]
fn a_request_without_a_response_is_a_timeout_and_counts_as_a_latency() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| (if number % 10 == 9 { Duration::from_mins(10) } else { TEN }, Ok(response("setosa"))));
    let report = load(&clock, &target, "  timeout: 2s\n  phases: [{ rate: 20/s, for: 10s }]\n  thresholds: [timeouts == 0, p95 < 1s]\n");
    assert_eq!((report.errors[0].kind.as_str(), report.errors[0].count), ("timeout", 20));
    assert_eq!(outcome(&report, "timeouts == 0"), Outcome::Failed);
    let p95 = threshold(&report, "p95 < 1s");
    assert_eq!((p95.outcome, p95.actual.as_deref()), (Outcome::Failed, Some("2 s")));
}

#[test]
fn a_network_error_is_not_a_failure_of_the_target() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| match number % 10 {
        9 => (Duration::ZERO, Err(TargetError::new(TargetErrorKind::Network, "connection reset").into())),
        _ => (TEN, Ok(response("setosa"))),
    });
    let report = load(&clock, &target, "  phases: [{ rate: 20/s, for: 10s }]\n  thresholds: [dropped == 0]\n");
    // Without a threshold on errors in the suite, `errors < 1%` applies.
    let errors = threshold(&report, "errors < 1%");
    assert_eq!((errors.outcome, errors.actual.as_deref(), report.outcome), (Outcome::Errored, Some("10%"), Outcome::Errored));
}

#[test]
fn a_hopeless_load_is_aborted_early() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| {
        let failure = ModelFailure { status: Some(500), message: "broken".to_owned(), ..ModelFailure::default() };
        (TEN, if number == 0 { Ok(response("setosa")) } else { Err(InvokeError::Model(failure)) })
    });
    let report = load(&clock, &target, "  phases: [{ rate: 20/s, for: 30m }]\n  thresholds: [dropped == 0]\n");
    assert_eq!(report.total.as_ref().unwrap().sent, 20);
    assert_eq!(report.message.as_deref(), Some("the load was aborted: 20 of the last 20 requests failed, more than 50%"));
    assert_eq!(report.outcome, Outcome::Failed);
    // A threshold that passed so far is not proven.
    assert_eq!(outcome(&report, "dropped == 0"), Outcome::Errored);

    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| {
        let denied = TargetError::new(TargetErrorKind::AccessDenied, "not authorized");
        (TEN, if number == 0 { Ok(response("setosa")) } else { Err(denied.into()) })
    });
    let report = load(&clock, &target, "  phases: [{ rate: 20/s, for: 30m }]\n  abort_when: errors > 90%\n");
    assert_eq!((report.total.as_ref().unwrap().sent, report.outcome), (20, Outcome::Errored), "{report:#?}");
}

#[test]
fn a_load_with_abort_when_never_continues() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| (TEN, Ok(response(if number == 0 { "setosa" } else { "virginica" }))));
    let report = load(&clock, &target, "  phases: [{ rate: 20/s, for: 60s }]\n  abort_when: never\n  check_replies: false\n");
    assert_eq!((report.total.as_ref().unwrap().passed, report.outcome), (1200, Outcome::Passed));
    let report = load(&clock, &target, "  phases: [{ rate: 20/s, for: 60s }]\n  abort_when: never\n");
    assert_eq!(report.message, Some("not everything before it passed".to_owned()));
}

#[test]
fn a_warm_up_is_not_in_the_figures() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| (if number < 40 { Duration::from_secs(3) } else { TEN }, Ok(response("setosa"))));
    let report = load(&clock, &target, "  warmup: { for: 10s }\n  phases: [{ rate: 20/s, for: 10s }]\n  thresholds: [max < 20ms]\n");
    assert_eq!(outcome(&report, "max < 20ms"), Outcome::Passed);
    assert!(report.phases[0].figures.response_time.max_ms > 2999.0 && !report.phases[0].counted);
}

#[test]
fn users_wait_for_their_responses_and_a_warm_up_by_requests_ends_with_them() {
    let clock = VirtualClock::default();
    let target = Simulated::steady(&clock, 100);
    let report = load(
        &clock,
        &target,
        "  warmup: { requests: 8 }\n  phases: [{ users: 4, for: 10s }]\n  thresholds: [throughput > 39/s, p99 < 1s]\n",
    );
    assert_eq!(report.phases[0].figures.sent, 8);
    assert!((199.9..=200.1).contains(&report.phases[1].start_ms));
    assert_eq!(report.total.as_ref().unwrap().sent, 400);
    assert_eq!(outcome(&report, "throughput > 39/s"), Outcome::Passed);
    // Four hundred responses are too few for a p99: with users that is known only afterwards.
    assert_eq!(outcome(&report, "p99 < 1s"), Outcome::Errored);
}

#[test]
fn a_generator_that_does_not_keep_pace_reports_it_and_does_not_blame_the_model() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| {
        // The machine is busy with something else now and then.
        if number % 5 == 4 {
            clock.pause(Duration::from_millis(400));
        }
        (TEN, Ok(response("setosa")))
    });
    let report =
        load(&clock, &target, "  phases: [{ rate: 20/s, for: 20s }]\n  thresholds: [p95 < 100ms, service p95 < 1s, dropped == 0]\n");
    let pace = report.pace.as_ref().unwrap();
    assert_eq!(pace.outcome, Outcome::Errored);
    assert!(pace.p95_ms > 100.0, "{pace:?}");
    let p95 = threshold(&report, "p95 < 100ms");
    assert_eq!(p95.outcome, Outcome::Errored, "{p95:?}");
    assert!(p95.message.as_ref().unwrap().contains("the load generator itself was late"), "{p95:?}");
    assert_eq!(report.outcome, Outcome::Errored);
    assert!(report.message.unwrap().starts_with("the load generator did not keep pace"));
}

#[test]
fn arrivals_dropped_after_the_machine_paused_prove_nothing_about_the_model() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| {
        // Once in a minute the machine pauses for a second.
        if number == 600 {
            clock.pause(Duration::from_secs(1));
        }
        (TEN, Ok(response("setosa")))
    });
    let load =
        load(&clock, &target, "  phases: [{ rate: 20/s, for: 60s }]\n  max_in_flight: 4\n  thresholds: [dropped == 0, dropped < 1%]\n");
    // Twenty arrivals are due at once, and four may be in flight: too few to affect the pace of the
    // whole minute.
    assert_eq!(load.pace.as_ref().unwrap().outcome, Outcome::Passed);
    let total = load.total.as_ref().unwrap();
    assert!(total.dropped > 12 && total.sent + total.dropped == 1200, "{total:#?}");
    let dropped = threshold(&load, "dropped == 0");
    assert_eq!(dropped.outcome, Outcome::Errored, "{dropped:?}");
    let message = dropped.message.as_ref().unwrap();
    assert!(message.contains("were dropped because the load generator itself was late, which proves nothing"), "{message}");
    assert_eq!((outcome(&load, "dropped < 1%"), load.outcome), (Outcome::Errored, Outcome::Errored));
}

#[test]
fn responses_during_a_pause_of_the_machine_make_room_before_anything_is_dropped() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| {
        if number == 600 {
            clock.pause(Duration::from_secs(1));
        }
        // An immediate response needs no room.
        (Duration::ZERO, Ok(response("setosa")))
    });
    let load = load(&clock, &target, "  phases: [{ rate: 20/s, for: 60s }]\n  max_in_flight: 4\n  thresholds: [dropped == 0]\n");
    let total = load.total.as_ref().unwrap();
    assert_eq!((total.sent, total.dropped, load.outcome), (1200, 0, Outcome::Passed), "{load:#?}");
}

#[test]
fn a_load_runs_only_after_success_unless_forced() {
    let load = "  phases: [{ rate: 20/s, for: 10s }]\n";
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| (TEN, Ok(response(if number == 0 { "virginica" } else { "setosa" }))));
    let report = test(&clock, &target, load, &RunOptions::default());
    let skipped = report.load.unwrap();
    assert_eq!((report.verdict, skipped.outcome, target.requests()), (Verdict::Failed, Outcome::Skipped, 1));

    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, _| (TEN, Ok(response(if number == 0 { "virginica" } else { "setosa" }))));
    let report = test(&clock, &target, load, &RunOptions { load: LoadMode::Anyway, ..RunOptions::default() });
    assert_eq!((report.verdict, report.load.unwrap().outcome, target.requests()), (Verdict::Failed, Outcome::Passed, 201));

    let clock = VirtualClock::default();
    let target = Simulated::steady(&clock, 10);
    let report = test(&clock, &target, load, &RunOptions { load: LoadMode::Never("not on production"), ..RunOptions::default() });
    assert_eq!((report.verdict, report.load.unwrap().outcome, target.requests()), (Verdict::Passed, Outcome::Skipped, 1));
}

#[test]
fn an_interruption_keeps_the_results_so_far() {
    let clock = VirtualClock::default();
    let target = Simulated::steady(&clock, 10);
    let options = RunOptions::default();
    let interruption = options.interruption.clone();
    let load = "  phases: [{ rate: 20/s, for: 60s }]\n  thresholds: [p50 < 1s, errors == 0]\n";
    let report = listened(&clock, &target, load, &options, |event| {
        if matches!(event, Event::LoadProgress { elapsed, .. } if elapsed >= Duration::from_secs(5)) {
            interruption.raise();
        }
    });
    assert_eq!((report.verdict, report.cases[0].outcome), (Verdict::Errored, Outcome::Passed));
    let load = report.load.unwrap();
    assert_eq!((load.outcome, load.message.as_deref()), (Outcome::Errored, Some("the load was interrupted")));
    assert!((100..=102).contains(&load.total.as_ref().unwrap().passed), "{load:#?}");
    assert_eq!(outcome(&load, "p50 < 1s"), Outcome::Errored);
    assert_eq!(threshold(&load, "p50 < 1s").actual.as_deref(), Some("10.01 ms"));
    assert!(report.checks.iter().any(|check| check.name == "run" && check.outcome == Outcome::Errored));
}

#[test]
fn a_run_that_is_interrupted_at_once_skips_everything() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |_, _| (Duration::from_hours(1), Ok(response("setosa"))));
    let options = RunOptions::default();
    options.interruption.raise();
    let report = test(&clock, &target, "  phases: [{ rate: 20/s, for: 60s }]\n", &options);
    assert_eq!((report.verdict, report.cases[0].outcome), (Verdict::Errored, Outcome::Skipped));
    assert_eq!(report.load.unwrap().message.as_deref(), Some("the run was interrupted"));
}

#[test]
fn random_arrivals_are_the_same_for_the_same_seed() {
    let of = |seed: u64| {
        let clock = VirtualClock::default();
        let target = Simulated::steady(&clock, 30);
        let report = load(&clock, &target, &format!("  phases: [{{ rate: 50/s, for: 20s }}]\n  arrivals: poisson\n  seed: {seed}\n"));
        assert_eq!((report.seed, report.arrivals.as_deref()), (Some(seed), Some("poisson")));
        (report.series, report.total)
    };
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
}

#[test]
fn progress_is_reported_every_second() {
    let clock = VirtualClock::default();
    let mut reported = Vec::new();
    listened(
        &clock,
        &Simulated::steady(&clock, 10),
        "  phases: [{ rate: 20/s, for: 3s }]\n",
        &RunOptions::default(),
        |event| match event {
            Event::LoadStarted { planned, duration } => reported.push((planned.unwrap(), duration.as_secs(), 0)),
            Event::LoadProgress { elapsed, of, sent, errors: 0, dropped: 0 } => reported.push((sent, elapsed.as_secs(), of.as_secs())),
            _ => {}
        },
    );
    assert_eq!(reported, [(60, 3, 0), (20, 1, 3), (40, 2, 3), (60, 3, 3), (60, 3, 3)]);
}

proptest! {
    // Each case is a whole load: run a part of the cases, however many are configured.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.div_ceil(4)))]
    #[test]
    fn every_planned_request_is_sent_or_dropped_and_every_sent_one_is_counted(
        rates in prop::collection::vec((1u32..60, 1u32..60, 1u32..10), 1..4),
        limit in 1u32..20,
        milliseconds in prop::collection::vec(1u64..3000, 1..20),
    ) {
        let clock = VirtualClock::default();
        let target = Simulated::new(&clock, |number, _| {
            let time = milliseconds[usize::try_from(number).unwrap() % milliseconds.len()];
            (Duration::from_millis(time), Ok(response(if number == 0 || time < 1500 { "setosa" } else { "virginica" })))
        });
        let phases: Vec<_> = rates.iter().map(|(from, to, seconds)| format!("{{ rate: {from}/s..{to}/s, for: {seconds}s }}")).collect();
        let text = format!("  phases: [{}]\n  max_in_flight: {limit}\n  timeout: 2500ms\n  abort_when: never\n", phases.join(", "));
        let report = load(&clock, &target, &text);
        let total = report.total.unwrap();
        let planned: f64 = rates.iter().map(|(from, to, seconds)| f64::from((from + to) * seconds) / 2.0).sum();
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let due = (total.sent + total.dropped) as f64;
        prop_assert!((due - planned).abs() <= 1.0, "{} {}", due, planned);
        prop_assert_eq!(total.sent, total.passed + total.errors);
        prop_assert_eq!(total.unfinished, 0);
        prop_assert_eq!(total.sent + 1, target.requests());
        prop_assert_eq!(report.series.unwrap().steps.iter().map(|step| step.sent + step.dropped).sum::<u64>(), total.sent + total.dropped);
        prop_assert!(total.response_time.max_ms <= 2502.0);
    }
}

#[test]
fn an_endpoint_gets_at_most_a_million_requests_whatever_the_suite_allows() {
    let clock = VirtualClock::default();
    let target = Simulated::steady(&clock, 1);
    let report = load(&clock, &target, "  max_requests: 2000000\n  phases: [{ rate: 1000/s, for: 20m }]\n");
    assert_eq!((report.outcome, target.requests()), (Outcome::Errored, 1), "only the case was sent");
    let message = "the load sends 1200000 requests; the limit for an endpoint is 1000000, because each costs money";
    assert_eq!(report.message.as_deref(), Some(message));
    assert!(report.hint.unwrap().contains("on a container"));
}

#[test]
fn users_stop_at_the_limit_of_requests() {
    let clock = VirtualClock::default();
    let target = Simulated::steady(&clock, 10);
    let report = load(&clock, &target, "  max_requests: 250\n  phases: [{ users: 2, for: 1m }]\n");
    assert_eq!((report.outcome, report.total.unwrap().sent), (Outcome::Errored, 250));
    assert_eq!(report.message.as_deref(), Some("the load was ended after 250 requests, the limit of one load"));
}
