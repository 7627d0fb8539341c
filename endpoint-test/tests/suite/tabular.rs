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
