//! Some cases of a suite, and the list of all.

use endpoint_test::{Suite, UnknownCase};
use serde_json::json;

use crate::good;

const SUITE: &str = "version: 1
name: flowers
cases:
  - name: one flower gets a species
    payload: { csv: '5.1,3.5,1.4,0.2' }
    expect: { content_type: text/csv, text: { contains: setosa }, latency: { max: 1s } }
  - name: labelled flowers
    payload: { rows: { file: data.csv, drop: species } }
    expect_each: { json: [{ at: /label, equals_column: species }], check: { command: [python3, each.py] } }
    expect: { latency: { p50: 1s }, metrics: { label: species, prediction: /label, accuracy: { at_least: 0.9 } }, check: { command: [python3, all.py] } }
  - name: samples
    payload: { sample: all }
  - name: a word is refused
    payload: { csv: 'x' }
    expect: { model_error: { status: 400 } }
load: { phases: [{ rate: 1/s, for: 10s }], thresholds: [errors < 50%] }
";

fn suite() -> Suite {
    good(SUITE).load_files(|_| Ok("a,species\n1,setosa\n2,virginica\n".into())).unwrap()
}

fn names(suite: &Suite) -> Vec<&str> {
    suite.cases().iter().map(endpoint_test::Case::name).collect()
}

fn only(names: &[&str]) -> Result<Suite, Vec<UnknownCase>> {
    suite().only(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

#[test]
fn selected_cases_keep_the_suites_order_and_the_load_is_dropped() {
    let selected = only(&["a word is refused", "one flower gets a species", "a word is refused"]).unwrap();
    assert_eq!(names(&selected), ["one flower gets a species", "a word is refused"]);
    assert!(selected.load_plan().is_none() && !selected.listing().load);
    let partial = selected.partial().unwrap();
    assert_eq!((partial.to_string().as_str(), partial.of), ("2 of 4 cases", 4));
    assert_eq!(partial.cases, names(&selected));
    // All cases by their names are a selection, too: the load is missing.
    assert!(only(&["one flower gets a species", "labelled flowers", "samples", "a word is refused"]).unwrap().partial().is_some());
    assert!(suite().partial().is_none());
}

#[test]
fn one_sample_of_many_can_be_selected_by_the_name_that_reports_have() {
    let selected = only(&["samples (deep/one.csv)", "samples (two.json)"]).unwrap();
    assert_eq!(names(&selected), ["samples (deep/one.csv)", "samples (two.json)"]);
    assert!(selected.wants_samples());
    // A sample is not sent twice.
    for names_of_both in [["samples", "samples (two.json)"], ["samples (two.json)", "samples"]] {
        let both = only(&names_of_both).unwrap();
        assert_eq!((names(&both), both.partial().unwrap().cases.len()), (vec!["samples"], 1));
    }
    assert_eq!(only(&["samples one.csv"]).unwrap_err()[0].nearest.as_deref(), None);
}

#[test]
fn every_unknown_name_is_reported_with_the_case_that_it_probably_means() {
    let unknown = only(&["one flower gets a spesies", "labelled flowers", "Flower", "nothing of the kind", ""]).unwrap_err();
    let found: Vec<_> = unknown.iter().map(|unknown| (unknown.to_string(), unknown.nearest.as_deref())).collect();
    assert_eq!(
        found,
        [
            ("the suite has no case `one flower gets a spesies`".to_owned(), Some("one flower gets a species")),
            ("the suite has no case `Flower`".to_owned(), Some("one flower gets a species")),
            ("the suite has no case `nothing of the kind`".to_owned(), None),
            ("the suite has no case ``".to_owned(), None),
        ]
    );
}

#[test]
fn a_list_has_the_requests_and_expectations_of_each_case() {
    let listing = suite().listing();
    assert_eq!(
        serde_json::to_value(&listing).unwrap(),
        json!({
            "name": "flowers",
            "cases": [
                { "name": "one flower gets a species", "requests": 1, "content_type": "text/csv", "expects": ["content_type", "text", "latency"] },
                { "name": "labelled flowers", "requests": 2, "content_type": "text/csv", "expects": ["json", "check", "latency", "metrics"] },
                { "name": "samples", "content_type": "application/octet-stream", "expects": [] },
                { "name": "a word is refused", "requests": 1, "content_type": "text/csv", "expects": ["model_error"] },
            ],
            "load": true,
        })
    );
}

#[cfg(feature = "render")]
#[test]
fn a_list_is_a_table_on_the_terminal() {
    let text = endpoint_test::report::case_list(&suite().listing());
    let lines: Vec<_> =
        text.lines().map(|line| line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>()).collect();
    assert_eq!(lines[0], ["CASE", "REQUESTS", "SENT AS", "EXPECTS"]);
    assert_eq!(lines[2], ["labelled flowers", "2", "text/csv", "json, check, latency, metrics"]);
    assert_eq!(lines[3], ["samples", "one for each sample", "application/octet-stream", "a response"]);
    assert_eq!(lines[5], ["4 cases, and a load phase"]);
}
