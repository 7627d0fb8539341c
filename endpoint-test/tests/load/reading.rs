//! The key `load` of a suite.

use std::path::Path;
use std::time::Duration;

use endpoint_test::Suite;

use crate::suite;

/// The messages of all problems with this load, with their lines and hints.
fn problems(load: &str) -> Vec<(usize, String, Option<String>)> {
    let text = format!(
        "version: 1\ncases:\n  - {{ name: flower, payload: {{ csv: '1' }} }}\n  - {{ name: refused, payload: {{ csv: a }}, expect: {{ model_error: {{}} }} }}\nload:\n{load}"
    );
    let errors = Suite::parse(&text, Path::new("suite.yaml")).unwrap_err();
    errors.problems().iter().map(|problem| (problem.place.unwrap().line, problem.message.clone(), problem.hint.clone())).collect()
}

fn messages(load: &str) -> Vec<String> {
    problems(load).into_iter().map(|(_, message, _)| message).collect()
}

#[test]
fn the_load_of_the_documentation_is_valid() {
    let suite = suite(
        "  use: [flower]\n  warmup: { requests: 20 }\n  phases:\n    - { rate: 5/s, for: 30s }\n    - { rate: 5/s..25/s, for: 60s }\n  max_in_flight: 64\n  thresholds:\n    - p95 < 250ms\n    - p99 < 500ms\n    - errors < 1%\n    - dropped == 0\n",
    );
    let plan = suite.load_plan().unwrap();
    assert_eq!((plan.cases(), plan.planned(), plan.duration()), (["flower".to_owned()].as_slice(), Some(1050), Duration::from_secs(94)));
}

#[test]
fn json_is_accepted_as_well() {
    let text = r#"{ "version": 1, "cases": [{ "name": "a", "payload": { "csv": "1" } }],
        "load": { "phases": [{ "users": 3, "for": "30s" }, { "rate": "90/m", "for": "2m" }], "thresholds": ["p90 < 1s"] } }"#;
    assert_eq!(Suite::parse(text, Path::new("suite.json")).unwrap().load_plan().unwrap().planned(), None);
}

#[test]
fn every_mistake_is_reported_with_its_location_and_a_hint() {
    let load = "  use: [flowr, 7]\n  phases:\n    - { rate: 5, for: 30s }\n    - { rate: 0/s, for: 30s }\n    - { for: 30s }\n    - { rate: 5/s, users: 3, for: 30s }\n    - { rat: 5/s, for: 30s }\n    - { rate: 99999/s, for: 100ms }\n    - { users: 0, for: 2h }\n  max_in_flight: 0\n  arrivals: random\n  seed: 1\n  abort_when: errors > 150%\n  check_replies: 'no'\n  thresholds: [p95 < 250, 7, dropped == 0, dropped==0]\n  warmup: {}\n";
    let found = problems(load);
    let messages: Vec<_> = found.iter().map(|(line, message, _)| (*line, message.as_str())).collect();
    let expected = [
        (6, "there is no case `flowr`"),
        (6, "`use` must be a list of case names, not a number"),
        (8, "`rate` must be a rate, not `5`"),
        (9, "a `rate` of zero sends nothing"),
        (10, "a phase has one of `rate` and `users`"),
        (11, "a phase has one of `rate` and `users`"),
        (12, "unknown key `rat` in a phase"),
        (14, "`users` must be a whole number from 1 to 4096"),
        (14, "`for` must be a duration above zero and at most an hour"),
        (15, "`max_in_flight` must be a whole number from 1 to 4096"),
        (16, "`arrivals` must be `even` or `poisson`, not `random`"),
        (18, "`abort_when` must be a percentage of failed requests, not `errors > 150%`"),
        (19, "`check_replies` must be true or false, not text"),
        (20, "`250` is not a duration"),
        (20, "a threshold is text such as `p95 < 250ms`, not a number"),
        (20, "the threshold `dropped == 0` is given twice"),
        (21, "`warmup` has one of `requests` and `for`"),
    ];
    for required in expected {
        assert!(messages.contains(&required), "{required:?} is not in {messages:#?}");
    }
    assert_eq!(messages.len(), expected.len(), "{messages:#?}");
    assert_eq!(found[0].2.as_deref(), Some("did you mean `flower`?"));
}

#[test]
fn a_percentile_with_too_few_planned_requests_is_refused() {
    let found = problems("  phases: [{ rate: 5/s, for: 30s }]\n  thresholds: [p99 < 1s, p90 < 1s, p50 < 1s]\n");
    assert_eq!(
        found,
        [(
            7,
            "`p99` needs 1000 requests, ten of them beyond it, but only 150 are planned".to_owned(),
            Some("make the load longer or faster, or use at most `p90`".to_owned())
        )]
    );
    // A phase's thresholds are about its own requests; a warm-up's requests do not count.
    let found = messages(
        "  warmup: { requests: 500 }\n  phases:\n    - { rate: 5/s, for: 30s, thresholds: [p95 < 1s] }\n    - { rate: 50/s, for: 60s, thresholds: [service p95 < 1s] }\n",
    );
    assert_eq!(found, ["`p95` needs 200 requests, ten of them beyond it, but only 150 are planned"]);
}

#[test]
fn a_threshold_can_be_observed() {
    let load = |threshold: &str| format!("  phases: [{{ users: 1, for: 5s }}]\n  thresholds: [{threshold}]\n");
    suite(&load("{ threshold: p95 < 250ms, observe: true }"));
    for (threshold, message) in [
        ("{ observe: true }", "a threshold needs the key `threshold`"),
        ("{ threshold: p95 < 250, observe: true }", "`250` is not a duration"),
        ("{ threshold: p95 < 250ms, observe: 1 }", "`observe` must be `true` or `false`, not a number"),
        ("{ threshold: p95 < 250ms, watch: true }", "unknown key `watch` in a threshold"),
    ] {
        assert_eq!(messages(&load(threshold)), [message]);
    }
}

#[test]
fn a_load_is_limited_in_count_and_time() {
    assert_eq!(
        messages("  phases: [{ rate: 1/s, for: 1h }, { rate: 1/s, for: 1m }]\n"),
        ["the load takes 61 minutes; the limit is an hour"]
    );
    assert_eq!(messages("  phases: [{ rate: 1000/s, for: 30m }]\n"), ["the load sends 1800000 requests; the limit is 1000000"]);
    assert_eq!(
        problems("  max_requests: 900\n  phases: [{ rate: 100/s, for: 10s }]\n"),
        [(
            6,
            "the load sends 1000 requests; the limit is 900".to_owned(),
            Some("make it shorter or slower; for a container, which costs nothing, `max_requests` raises the limit".to_owned())
        )]
    );
    assert_eq!(
        messages("  max_requests: 1000000001\n  phases: [{ rate: 1/s, for: 1s }]\n"),
        ["`max_requests` must be a whole number from 1 to 1000000000"]
    );
    assert_eq!(messages("  phases: []\n"), ["`phases` must be a list with at least one member, not a list"]);
    assert_eq!(messages("  use: [flower]\n"), ["`load` needs the key `phases`"]);
    let phases = "    - { rate: 1/s, for: 1s }\n".repeat(51);
    assert_eq!(messages(&format!("  phases:\n{phases}")), ["a load has at most 50 phases, not 51"]);
}

#[test]
fn without_use_all_cases_that_expect_a_response_are_sent() {
    let text = "version: 1\ncases:\n  - { name: a, payload: { csv: '1' } }\n  - { name: b, payload: { csv: x }, expect: { model_error: {} } }\n  - { name: c, payload: { csv: '1' } }\nload: { phases: [{ rate: 5/s, for: 10s }] }\n";
    let suite = Suite::parse(text, Path::new("suite.yaml")).unwrap();
    assert_eq!(suite.load_plan().unwrap().cases(), ["a", "c"]);
    let text =
        "version: 1\ncases: [{ name: b, payload: { csv: x }, expect: { model_error: {} } }]\nload: { phases: [{ rate: 5/s, for: 10s }] }\n";
    let errors = Suite::parse(text, Path::new("suite.yaml")).unwrap_err();
    assert_eq!(errors.problems()[0].message, "no case expects a response, so the load has nothing to send");
}

#[test]
fn a_rate_has_no_limit_of_its_own() {
    let plan = |load: &str| suite(load).load_plan().unwrap().planned();
    assert_eq!(plan("  phases: [{ rate: 250000/s, for: 2s }]\n"), Some(500_000));
    assert_eq!(plan("  max_requests: 60000000\n  phases: [{ rate: 100000/s, for: 10m }]\n"), Some(60_000_000));
}
