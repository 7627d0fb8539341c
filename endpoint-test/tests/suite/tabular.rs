//! Mistakes in expectations for CSV and JSON Lines responses.

use crate::{parse, with_case};

fn problems(expect: &str) -> Vec<String> {
    let errors = parse(&with_case(&format!("payload: {{ csv: '1' }}\n    expect: {{ {expect} }}"))).unwrap_err();
    errors.problems().iter().map(|problem| problem.message.clone()).collect()
}

#[test]
fn every_mistake_is_reported() {
    for (expect, messages) in [
        ("csv: []", vec!["`csv` must be a list with at least one member, not a list"]),
        ("csv: [{ row: 0, column: 1 }]", vec!["an entry of `csv` expects nothing"]),
        ("csv: [{ row: -1, column: one, equals: 1 }]", vec!["`row` must be a whole number from 0 to 4294967295"]),
        ("csv: [{ row: 0, column: [1], equals: 1 }]", vec!["`column` must be a whole number from 0 to 4294967295"]),
        ("csv: [{ row: 0, colum: 1, equals: 1 }]", vec!["unknown key `colum` in an entry of `csv`"]),
        ("csv: [{ row: 0, column: 1, count: 1 }]", vec!["`count` is for several cells: a row and a column have one"]),
        ("csv: [{ column: 1, between: [2, 1] }]", vec!["`between` has the larger number first: 2, 1"]),
        ("csv: [{ column: 1, equals_column: a }]", vec!["there is no column `a`: `equals_column` needs a payload of `rows`"]),
        ("csv: [{ column: 1, less_than: 2, abs: 1 }]", vec!["`abs` is a tolerance for `equals`, which is missing"]),
        ("jsonl: [{ line: 0, equals: 1 }]", vec!["an entry of `jsonl` needs the key `at`"]),
        (
            "jsonl: [{ line: first, at: score, equals: 1 }]",
            vec!["`line` must be a whole number from 0 to 4294967295", "`score` is not a JSON Pointer"],
        ),
        ("jsonl: [{ line: 0, at: /a, count: 1 }]", vec!["`count` is for several places: a JSON Pointer in one line has one"]),
        ("jsonl: [{ row: 0, at: /a, equals: 1 }]", vec!["unknown key `row` in an entry of `jsonl`"]),
        (
            "model_error: { status: 400 }, csv: [{ row: 0, equals: 1 }]",
            vec!["`csv` cannot be checked together with `model_error`: there is no response"],
        ),
    ] {
        assert_eq!(problems(expect), messages, "{expect}");
    }
}

#[test]
fn under_expect_the_rows_of_a_file_have_no_single_response() {
    let text = with_case("payload: { rows: { file: data.csv } }\n    expect: { jsonl: [{ at: /a, equals: 1 }] }");
    let errors = parse(&text).unwrap_err();
    assert_eq!(errors.problems()[0].message, "`jsonl` is for one response, but each row has its own");
    assert_eq!(errors.problems()[0].hint.as_deref(), Some("write it under `expect_each`"));
}

#[test]
fn mistakes_in_segments_are_reported() {
    for (metrics, messages) in [
        ("accuracy: { each_segment: { at_least: 0.5 } }", vec!["`each_segment` needs `segment` beside the metrics"]),
        ("segment: a, accuracy: {}", vec!["`accuracy` has no limit"]),
        ("segment: a, accuracy: { each_segment: {} }", vec!["`each_segment` has no limit"]),
        (
            "segment: a, accuracy: { each_segment: { at_least: 0.9, at_most: 0.1 } }",
            vec!["`accuracy` cannot be at least 0.9 and at most 0.1"],
        ),
        ("segment: a, accuracy: { each_segment: { least: 0.9 } }", vec!["unknown key `least` in `each_segment`"]),
        ("segment: { column: a, min_rows: 0 }, accuracy: { at_least: 0.5 }", vec!["`min_rows` must be a whole number from 1 to 100000"]),
        ("segment: { min_rows: 5 }, accuracy: { at_least: 0.5 }", vec!["`segment` needs the key `column`"]),
        ("segment: [a], accuracy: { at_least: 0.5 }", vec!["`segment` must be text, not a list"]),
    ] {
        let text = with_case(&format!(
            "payload: {{ rows: {{ file: data.csv }} }}\n    expect: {{ metrics: {{ label: l, prediction: text, {metrics} }} }}"
        ));
        let errors = parse(&text).unwrap_err();
        assert_eq!(errors.problems().iter().map(|problem| problem.message.clone()).collect::<Vec<_>>(), messages, "{metrics}");
    }
}
