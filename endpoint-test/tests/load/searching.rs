//! The rate at which the thresholds of a load break, and cases with rows under load.

use std::path::Path;
use std::time::Duration;

use endpoint_test::{InvokeError, ModelFailure, Outcome, Run, RunOptions, Suite, TargetError, TargetErrorKind, TargetInfo, Verdict};

use crate::simulated::{Simulated, response};
use crate::virtual_time::VirtualClock;
use crate::{load, suite, test, threshold};

/// A target that serves so many requests a second, one after another: beyond it a queue grows.
fn capacity(clock: &VirtualClock, per_second: u64) -> Simulated<'_> {
    let (gap, free) = (Duration::from_secs(1) / u32::try_from(per_second).unwrap(), std::sync::Mutex::new(Duration::ZERO));
    Simulated::new(clock, move |_, now| {
        let mut free = free.lock().unwrap();
        *free = now.max(*free) + gap;
        (free.saturating_sub(now), Ok(response("setosa")))
    })
}

const SEARCH: &str = "  find_rate: { from: 50/s, to: 800/s, step: 100%, hold: 20s, precision: 10% }\n  max_in_flight: 500\n";

fn rates(report: &endpoint_test::LoadReport) -> Vec<(f64, Option<bool>)> {
    report.rate_search.as_ref().unwrap().steps.iter().map(|step| (step.rate_per_second, step.holds)).collect()
}

#[test]
fn the_rate_at_which_the_thresholds_break_is_found_with_an_interval() {
    let clock = VirtualClock::default();
    let report = test(&clock, &capacity(&clock, 310), &format!("{SEARCH}  thresholds: [p95 < 250ms]\n"), &RunOptions::default());
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    let load = report.load.unwrap();
    let expected = [(50.0, true), (100.0, true), (200.0, true), (400.0, false), (300.0, true), (350.0, false), (325.0, false)];
    assert_eq!(rates(&load), expected.map(|(rate, holds)| (rate, Some(holds))), "{load:#?}");
    let found = load.rate_search.as_ref().unwrap();
    assert_eq!((found.holds_per_second, found.breaks_per_second), (Some(300.0), Some(325.0)));
    assert_eq!(found.thresholds, ["p95 < 250ms", "errors < 1%", "dropped < 1%"]);
    let message = load.message.as_deref().unwrap();
    assert!(message.starts_with("the thresholds hold at 300/s and break at 325/s: `p95 < 250ms` failed"), "{message}");
    // It decides nothing.
    assert_eq!((load.outcome, load.thresholds.len(), load.phases.len()), (Outcome::Passed, 0, 7));
    let sent: u64 = load.phases.iter().map(|phase| phase.figures.sent + phase.figures.dropped).sum();
    assert_eq!(sent, 20 * (50 + 100 + 200 + 400 + 300 + 350 + 325));
    let total = load.total.unwrap();
    assert_eq!(total.sent + total.dropped, sent);
}

#[test]
fn a_threshold_of_the_rate_decides() {
    for (limit, outcome, verdict) in
        [(250, Outcome::Passed, Verdict::Passed), (310, Outcome::Passed, Verdict::Passed), (320, Outcome::Failed, Verdict::Failed)]
    {
        let clock = VirtualClock::default();
        let text = format!("{SEARCH}  thresholds: [p95 < 250ms, 'rate >= {limit}/s']\n");
        let report = test(&clock, &capacity(&clock, 310), &text, &RunOptions::default());
        let load = report.load.as_ref().unwrap();
        let rate = threshold(load, &format!("rate >= {limit}/s"));
        assert_eq!((rate.outcome, load.outcome, report.verdict), (outcome, outcome, verdict), "{load:#?}");
        // The required rate was tried itself, unless a break below it was found before.
        assert!(rates(load).iter().any(|(tried, _)| (*tried - f64::from(limit)).abs() < 1e-9), "{:?}", rates(load));
    }
    let clock = VirtualClock::default();
    let text = format!("{SEARCH}  thresholds: [p95 < 250ms, {{ threshold: 'rate >= 320/s', observe: true }}]\n");
    let report = test(&clock, &capacity(&clock, 310), &text, &RunOptions::default());
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!(report.load.unwrap().thresholds[0].would_be, Some(Outcome::Failed));
}

#[test]
fn what_the_samples_prove_is_known_for_each_rate() {
    let clock = VirtualClock::default();
    // At 100/s 4 of 100 requests are slow, at 200/s 7 of 100: `p95` holds and breaks by little.
    let target = Simulated::new(&clock, |number, now| {
        // The first step lasts until 10 s.
        let slow = if now < Duration::from_secs(11) { number % 25 == 0 } else { number % 14 == 0 };
        (Duration::from_millis(if slow { 300 } else { 10 }), Ok(response("setosa")))
    });
    let text = |hold: &str| {
        format!(
            "  find_rate: {{ from: 20/s, to: 40/s, step: 100%, hold: {hold}, precision: 100% }}\n  max_in_flight: 500\n  thresholds: [p95 < 250ms, errors < 50%, dropped == 0]\n"
        )
    };
    let report = load(&clock, &target, &text("10s"));
    let found = report.rate_search.unwrap();
    assert_eq!((found.holds_per_second, found.breaks_per_second), (Some(20.0), Some(40.0)), "{found:#?}");
    // 8 of 200 are no proof for at most 5 of 100, and neither are 28 of 400 for more.
    assert_eq!((found.proven_holds_per_second, found.proven_breaks_per_second), (None, None), "{found:#?}");
    let clock = VirtualClock::default();
    let steady = Simulated::steady(&clock, 10);
    let found = load(&clock, &steady, &text("10s")).rate_search.unwrap();
    assert_eq!((found.proven_holds_per_second, found.breaks_per_second), (Some(40.0), None));
    let clock = VirtualClock::default();
    let slow = Simulated::new(&clock, |number, _| (Duration::from_millis(if number == 0 { 10 } else { 300 }), Ok(response("setosa"))));
    let report = load(&clock, &slow, &text("10s"));
    let found = report.rate_search.unwrap();
    assert_eq!((found.holds_per_second, found.breaks_per_second, found.proven_breaks_per_second), (None, Some(20.0), Some(20.0)));
    assert!(report.message.unwrap().starts_with("the thresholds break at 20/s already, the lowest rate"));
}

#[test]
fn a_hopeless_rate_ends_early_and_the_search_continues_below_it() {
    let clock = VirtualClock::default();
    let window = std::sync::Mutex::new((Duration::ZERO, 0u64));
    let target = Simulated::new(&clock, move |number, now| {
        let mut window = window.lock().unwrap();
        if now >= window.0 + Duration::from_millis(100) {
            *window = (now, 0);
        }
        window.1 += 1;
        // More than 15 in a tenth of a second are refused, and all that follow in it.
        let failure = ModelFailure { status: Some(503), message: "overloaded".to_owned(), ..ModelFailure::default() };
        (Duration::from_millis(5), if number == 0 || window.1 <= 15 { Ok(response("setosa")) } else { Err(InvokeError::Model(failure)) })
    });
    let report = load(&clock, &target, SEARCH);
    let found = report.rate_search.as_ref().unwrap();
    assert_eq!(found.holds_per_second.map(|rate| rate <= 155.0), Some(true), "{found:#?}");
    assert!(report.phases.iter().all(|phase| phase.figures.unfinished == 0), "{report:#?}");
    assert_eq!(report.outcome, Outcome::Passed);
}

#[test]
fn a_rate_that_shows_nothing_ends_the_search_and_leaves_a_required_rate_undecided() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |number, now| {
        let lost = now > Duration::from_secs(45) && number % 10 == 0;
        let network = || Err(TargetError::new(TargetErrorKind::Network, "connection reset").into());
        (Duration::from_millis(5), if lost { network() } else { Ok(response("setosa")) })
    });
    let report = load(&clock, &target, &format!("{SEARCH}  thresholds: ['rate >= 600/s']\n"));
    assert_eq!(rates(&report), [(50.0, Some(true)), (100.0, Some(true)), (200.0, None)]);
    let rate = threshold(&report, "rate >= 600/s");
    assert_eq!((rate.outcome, report.outcome), (Outcome::Errored, Outcome::Errored), "{report:#?}");
    let message = report.message.unwrap();
    assert!(message.starts_with("the thresholds hold at 100/s; what 200/s shows is not known: `errors < 1%` failed"), "{message}");
}

#[test]
fn a_late_generator_does_not_break_a_rate() {
    let clock = VirtualClock::default();
    let target = Simulated::new(&clock, |_, now| {
        if now > Duration::from_secs(21) {
            clock.pause(Duration::from_millis(30));
        }
        (Duration::from_millis(5), Ok(response("setosa")))
    });
    let report = load(&clock, &target, &format!("{SEARCH}  thresholds: [max < 10s]\n"));
    let found = report.rate_search.unwrap();
    assert_eq!((found.steps.len(), found.holds_per_second, found.breaks_per_second), (2, Some(50.0), None), "{found:#?}");
    assert_eq!(found.steps[1].message.as_deref(), Some("the load generator did not keep pace"));
    assert!(report.hint.unwrap().contains("larger machine"));
}

#[test]
fn a_search_has_a_planned_cost_within_the_limits() {
    let plan = suite(SEARCH);
    let outlook = plan.outlook().load.unwrap();
    // The five rates up to 800/s, and up to four between 400/s and 800/s.
    assert!(outlook.at_most && (outlook.seconds - 9.0 * 20.0).abs() < 1e-9 && outlook.requests <= 72_000, "{outlook:?}");
    assert!(outlook.requests >= 20 * (50 + 100 + 200 + 400 + 800), "{outlook:?}");
    assert_eq!(suite("  phases: [{ rate: 5/s, for: 10s }]\n").outlook().load.map(|load| (load.requests, load.at_most)), Some((50, false)));
    let messages = |load: &str| {
        let text = format!("version: 1\ncases:\n  - {{ name: flower, payload: {{ csv: '1' }} }}\nload:\n{load}");
        let errors = Suite::parse(&text, Path::new("suite.yaml")).unwrap_err();
        errors.problems().iter().map(|problem| problem.message.clone()).collect::<Vec<_>>()
    };
    for (load, message) in [
        ("  find_rate: { from: 10/s, to: 5/s }\n", "`to` must be a higher rate than `from`"),
        ("  find_rate: { from: 10, to: 50/s }\n", "`from` must be a rate above zero, not `10`"),
        ("  find_rate: { to: 50/s }\n", "`find_rate` needs the key `from`"),
        ("  find_rate: { from: 10/s, to: 50/s, step: fast }\n", "`step` must be a percentage from 1% to 900%, or a rate, not `fast`"),
        ("  find_rate: { from: 10/s, to: 50/s, precision: 0.1 }\n", "`precision` must be a percentage from 1% to 100%"),
        ("  find_rate: { from: 10/s, to: 50/s, until: 3 }\n", "unknown key `until` in `find_rate`"),
        ("  find_rate: { from: 10/s, to: 50/s }\n  phases: [{ rate: 1/s, for: 1s }]\n", "a load has one of `phases` and `find_rate`"),
        ("  find_rate: { from: 1/s, to: 5000/s, step: 1% }\n", "`find_rate` takes up to"),
        ("  find_rate: { from: 1000/s, to: 50000/s, hold: 5m }\n", "the load takes"),
        ("  find_rate: { from: 1000/s, to: 50000/s }\n", "the load sends"),
        (
            "  find_rate: { from: 10/s, to: 50/s }\n  thresholds: [p99 < 1s]\n",
            "`p99` needs 1000 requests, ten of them beyond it, but only 200 are planned",
        ),
        (
            "  find_rate: { from: 10/s, to: 50/s }\n  thresholds: ['rate >= 51/s']\n",
            "`rate >= 51/s` is not between the rates `from` and `to` of `find_rate`",
        ),
        ("  find_rate: { from: 10/s, to: 50/s }\n  thresholds: ['rate < 20/s']\n", "`rate < 20/s` must compare with `>=`"),
        (
            "  find_rate: { from: 10/s, to: 50/s }\n  thresholds: [{ threshold: p50 < 1s, observe: true }]\n",
            "a threshold of a load with `find_rate` decides whether a rate holds",
        ),
        (
            "  phases: [{ rate: 1/s, for: 1s }]\n  thresholds: ['rate >= 1/s']\n",
            "`rate` is the result of `find_rate`, which this load does not have",
        ),
    ] {
        let found = messages(load);
        assert!(found.iter().any(|found| found.starts_with(message)), "{load}{found:#?}");
    }
}

/// A suite whose case has rows, with a load.
fn rows(expect_each: &str, more: &str) -> Suite {
    let text = format!(
        "version: 1\ncases:\n  - name: labelled\n    payload: {{ rows: {{ file: rows.csv, drop: species }} }}\n    expect_each: {expect_each}\nload: {{ phases: [{{ rate: 10/s, for: 30s }}]{more} }}\n"
    );
    let suite = Suite::parse(&text, Path::new("suite.yaml")).unwrap_or_else(|errors| panic!("{errors}"));
    suite.load_files(|_| Ok(b"length,species\n1,setosa\n2,virginica\n3,setosa\n".to_vec())).unwrap()
}

/// Runs it on a model that takes the length 2 for virginica, and after the case what `wrong` says.
fn run_rows(suite: &Suite, wrong: bool) -> endpoint_test::LoadReport {
    let clock = VirtualClock::default();
    let served = std::sync::atomic::AtomicU64::new(0);
    let target = Simulated::of_body(&clock, move |body| {
        let number = served.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let is_two = body.starts_with(b"2") && !(wrong && number >= 3);
        response(if is_two { "virginica" } else { "setosa" })
    });
    let report = clock.run(Run::new(&target, suite).clock(&clock).start(TargetInfo::default(), |_| {}));
    *report.load.unwrap()
}

#[test]
fn the_rows_of_a_case_are_sent_in_turn_and_each_is_checked_by_its_own_expectation() {
    let suite = rows("{ text: { equals_column: species } }", "");
    let report = run_rows(&suite, false);
    assert_eq!((report.outcome, report.total.as_ref().unwrap().passed), (Outcome::Passed, 300), "{report:#?}");
    let report = run_rows(&suite, true);
    let total = report.total.unwrap();
    assert_eq!((report.outcome, total.passed, total.errors), (Outcome::Failed, 200, 100));
    let error = &report.errors[0];
    assert_eq!((error.kind.as_str(), error.case.as_str()), ("wrong answer", "labelled"));
    assert!(error.example.starts_with("row 2 (line 3): text"), "{error:#?}");
}

#[test]
fn wrong_rows_that_a_case_tolerates_are_no_errors_of_its_load() {
    let suite = rows("{ text: { equals_column: species }, at_least: 0.5 }", "");
    assert_eq!(run_rows(&suite, true).outcome, Outcome::Passed);
}
