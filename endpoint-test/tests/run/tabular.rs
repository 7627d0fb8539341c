//! Expectations for CSV and JSON Lines responses.

use endpoint_test::{CaseReport, CheckReport, ModelResponse, Outcome};
use proptest::prelude::*;

use crate::scripted::{CallResult, FakeClock, Scripted, bytes_response, healthy, response};
use crate::{approved, run_all, suite};

/// The checks of a case with this expectation, of a response with this body.
async fn checks(expect: &str, body: &str) -> Vec<CheckReport> {
    case(expect, response(body)).await.checks
}

async fn case(expect: &str, response: ModelResponse) -> CaseReport {
    let text = format!("version: 1\ncases:\n  - name: it\n    payload: {{ csv: '1' }}\n    expect: {{ {expect} }}\n");
    let target = Scripted::new(vec![Ok(healthy())]).responding(|_| CallResult::Now(Ok(response.clone())));
    run_all(&target, &text, &approved(), &FakeClock::default()).await.0.cases.remove(0)
}

/// The locations and messages of the checks that failed; none is anything else than passed or failed.
async fn wrong(expect: &str, body: &str) -> Vec<(String, String)> {
    let checks = checks(expect, body).await;
    assert!(checks.iter().all(|check| matches!(check.outcome, Outcome::Passed | Outcome::Failed)), "{checks:?}");
    let failed = checks.into_iter().filter(|check| check.outcome == Outcome::Failed);
    failed.map(|check| (check.at.unwrap_or_default(), check.message.unwrap_or_default())).collect()
}

#[tokio::test]
async fn a_cell_is_a_number_a_text_or_a_boolean_as_its_rule_needs() {
    let body = "0.1,0.90,setosa,True,,007\n0.2,0.80,virginica,False,x,8\n";
    for rules in [
        "{ row: 0, column: 1, between: [0.9, 1] }",
        "{ row: 0, column: 1, equals: 0.9 }",
        "{ row: 0, column: 1, equals: '0.90' }",
        "{ row: 0, column: 1, matches: '^0\\.90$' }",
        "{ row: 1, column: 1, equals: 0.81, abs: 0.02 }",
        "{ row: 1, column: 1, less_than: 0.9, at_most: 0.8, greater_than: 0.7, at_least: 0.8 }",
        "{ row: 0, column: 2, equals: setosa, type: string, length: 6, contains: tos }",
        "{ column: 2, one_of: [setosa, virginica] }",
        "{ row: 0, column: 3, equals: true, type: boolean }",
        "{ row: 0, column: 4, equals: null, type: 'null', length: 0 }",
        "{ row: 0, column: 5, equals: '007' }",
        "{ row: 0, column: 5, equals: 7, type: integer }",
        "{ column: 0, type: number, between: [0, 1] }",
        "{ column: 0, count: 2 }",
        "{ row: 1, count: 6 }",
        "{ count: 12 }",
        "{ row: 2, absent: true }",
        "{ column: 6, absent: true }",
    ] {
        assert_eq!(wrong(&format!("csv: [{rules}]"), body).await, [], "{rules}");
    }
    let found = wrong(
        "csv: [{ row: 0, column: 1, between: [0, 0.5] }, { row: 0, column: 2, at_least: 1 }, { column: 2, equals: setosa },
               { row: 0, column: 5, equals: '7' }, { column: 0, count: 3 }, { row: 0, absent: true }]",
        body,
    )
    .await;
    let expected = [
        ("row 0, column 1", "the number is out of range"),
        ("row 0, column 2", "the value is not a number"),
        ("every row, column 2", "at `row 1, column 2`: the value is \"virginica\", not \"setosa\""),
        ("row 0, column 5", "the value is \"007\", not \"7\""),
        ("every row, column 0", "2 locations match"),
        ("row 0, every column", "there is a value where none is expected"),
    ];
    assert_eq!(found, expected.map(|(at, message)| (at.to_owned(), message.to_owned())));
}

#[tokio::test]
async fn a_column_with_a_name_makes_the_first_line_a_header() {
    let body = "\u{feff}label, score\r\n\"setosa, the first\",0.9\r\nvirginica,0.8\r\n";
    assert_eq!(
        wrong("csv: [{ row: 0, column: label, equals: 'setosa, the first' }, { column: score, between: [0.8, 0.9] }, { column: score, count: 2 }]", body).await,
        []
    );
    // By its number, the first line is a row.
    assert_eq!(wrong("csv: [{ row: 0, column: 1, equals: score }]", body).await, []);
    assert_eq!(
        wrong("csv: [{ row: 0, column: scores, at_least: 0 }, { row: 2, column: score, at_least: 0 }]", body).await,
        [
            ("row 0, column scores", "there is no column `scores`: the first line of the response has `label`, `score`"),
            ("row 2, column score", "there is no row 2: the response has 2 rows"),
        ]
        .map(|(at, message)| (at.to_owned(), message.to_owned()))
    );
}

#[tokio::test]
async fn what_is_missing_is_named_with_what_is_there() {
    for (rules, body, message) in [
        ("{ row: 1, column: 0, equals: a }", "a,b", "there is no row 1: the response has 1 row"),
        ("{ row: 0, column: 2, equals: a }", "a,b", "there is no column 2 in row 0, which has 2 columns"),
        ("{ column: 1, equals: b }", "a,b\na,b\na\n", "there is no column 1 in row 2, which has 1 column"),
        ("{ row: 0, equals: a }", "", "there is no row 0: the response has 0 rows"),
        ("{ column: 0, equals: a }", "\n\n", "the response has no rows"),
        ("{ column: a, equals: a }", "a,b\n", "the response has no rows"),
        ("{ column: a, equals: a }", "", "the response is empty"),
    ] {
        let found = wrong(&format!("csv: [{rules}]"), body).await;
        assert_eq!(found.iter().map(|(_, message)| message.as_str()).collect::<Vec<_>>(), [message], "{rules} {body:?}");
    }
    let report = case("csv: [{ row: 0, column: 0, equals: a }]", bytes_response(b"a\n\xff\n".to_vec())).await;
    assert_eq!(report.checks[1].message.as_deref(), Some("the response is not CSV: line 2 is not UTF-8 text"));
}

#[tokio::test]
async fn a_place_in_a_line_has_the_rules_of_json() {
    let body = "{\"score\":0.9,\"label\":\"a\"}\r\n\n{\"score\":0.20,\"label\":\"b\"}\n";
    for rules in [
        "{ line: 0, at: $.score, between: [0, 1] }",
        "{ line: 1, at: /score, equals: 0.2 }",
        "{ at: /label, one_of: [a, b] }",
        "{ at: $.score, count: 2 }",
        "{ line: 1, at: '', type: object, length: 2 }",
        "{ line: 2, at: '', absent: true }",
        "{ at: /error, absent: true }",
    ] {
        assert_eq!(wrong(&format!("jsonl: [{rules}]"), body).await, [], "{rules}");
    }
    let found = wrong(
        "jsonl: [{ at: $.score, at_least: 0.5 }, { line: 5, at: /score, at_least: 0 }, { line: 1, at: /scores, at_least: 0 },
                 { at: '$.x', at_least: 0 }, { at: '', count: 3 }]",
        body,
    )
    .await;
    let expected = [
        ("every line, $.score", "at `line 1, /score`: the number is too small"),
        ("line 5, /score", "there is no line 5: the response has 2 lines"),
        ("line 1, /scores", "line 1: there is nothing at `/scores`: the response is an object with the keys label, score"),
        ("every line, $.x", "line 0: `$.x` matches nothing"),
        ("every line", "2 locations match"),
    ];
    assert_eq!(found, expected.map(|(at, message)| (at.to_owned(), message.to_owned())));
    assert_eq!(
        wrong("jsonl: [{ at: /a, equals: 1 }]", " \n").await,
        [("every line, /a".to_owned(), "the response has no lines".to_owned())]
    );
}

#[tokio::test]
async fn every_line_must_be_json_and_the_first_that_is_not_is_named() {
    let found = wrong("jsonl: [{ line: 0, at: /a, equals: 1 }]", "{\"a\":1}\n{\"a\":}\nx\n").await;
    assert_eq!(found, [(String::new(), "line 1 (from 0) of the response is not JSON: expected value at column 6".to_owned())]);
}

#[tokio::test]
async fn a_response_of_another_format_has_a_hint_to_the_right_key() {
    for (expect, body, hint) in [
        ("json: [{ at: /a, equals: 1 }]", "{\"a\":1}\n{\"a\":2}\n", "the response is JSON Lines: check it with `jsonl`"),
        // The scripted target's media type is text/csv.
        (
            "json: [{ at: /1, equals: 1 }]",
            "0.1,0.9\n",
            "the response is CSV: check it with `csv`, or request JSON with `accept: application/json`",
        ),
        ("jsonl: [{ at: /a, equals: 1 }]", "{\n  \"a\": 1\n}\n", "the response is one JSON document: check it with `json`"),
        ("jsonl: [{ at: /a, equals: 1 }]", "setosa,1\n", "request it with `accept: application/jsonlines`"),
        ("csv: [{ row: 0, column: 3, equals: 1 }]", "{\"a\":1}", "the response is JSON: check it with `json`"),
    ] {
        let checks = checks(expect, body).await;
        assert_eq!(checks.last().unwrap().hint.as_deref(), Some(hint), "{expect} {body}");
    }
}

proptest! {
    #[test]
    fn every_written_cell_is_found(rows in prop::collection::vec(prop::collection::vec("[a-z,\"\n]{1,6}x", 2..4), 1..5)) {
        let mut writer = Vec::new();
        for row in &rows {
            let fields: Vec<_> = row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            writer.extend_from_slice(fields.join(",").as_bytes());
            writer.push(b'\n');
        }
        let rules: Vec<_> = rows.iter().enumerate().flat_map(|(row, cells)| cells.iter().enumerate().map(move |(column, cell)| {
            format!("{{ row: {row}, column: {column}, equals: {} }}", serde_json::Value::from(cell.trim()))
        })).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let report = runtime.block_on(case(&format!("csv: [{}]", rules.join(", ")), bytes_response(writer)));
        prop_assert_eq!(report.outcome, Outcome::Passed, "{:?}", report.checks);
    }
}

#[test]
fn a_row_and_a_prediction_may_be_columns() {
    let text = "version: 1\ncases:\n  - name: it\n    payload: { rows: { file: data.csv, drop: label } }\n    expect_each:\n      csv: [{ row: 0, column: 0, equals_column: label }]
    expect: { metrics: { label: label, prediction: { column: 0 }, score: { column: 1 }, positive: large, accuracy: { at_least: 1 }, auc: { at_least: 1 } } }\n";
    let suite = suite(text).load_files(|_| Ok("size,label\n1,small\n9,large\n".into())).unwrap();
    let target = Scripted::new(vec![Ok(healthy())])
        .responding(|request| CallResult::Now(Ok(response(if request.body.as_ref() == b"1" { "small,0.2\n" } else { "large,0.9\n" }))));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = endpoint_test::Run::new(&target, &suite).clock(FakeClock::default());
    let report = runtime.block_on(run.start(crate::info(), |_| {}));
    assert_eq!(report.cases[0].outcome, Outcome::Passed, "{:#?}", report.cases[0]);
}
