//! What a suite's rows can prove, as text.

use std::path::Path;

use endpoint_test::{Suite, report};
use insta::assert_snapshot;

#[test]
fn the_outlook_of_the_shipped_suite_is_the_documented_one() {
    let suite = Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../test/endpoint-tests.yaml")).unwrap();
    assert!(suite.warnings().is_empty());
    assert_snapshot!(report::outlook(&suite.outlook()), @r#"
    case "labelled flowers are classified correctly"
      accuracy at least 0.8 with 95% confidence: 30 rows
        passes with 28 of 30 right
        if the true value is 0.9: passes with a chance of 41%; 80% needs 88 rows
      accuracy no worse than 0.15 with 95% confidence, compared: 30 rows
        if both are equally good and exactly one is right on 5% of the rows: passes
          with a chance of 85%; 80% needs 28 rows
        shows a loss of 0.393 with a chance of 80%
    all cases
      latency p50 at most 3 times with 95% confidence, compared (observed): 30 rows
        needs 5 rows for any bound
    all 3 limits with a confidence can pass with these rows
    "#);
}

#[test]
fn the_outlook_names_what_cannot_pass_and_what_is_observed() {
    let text = "version: 1\ncompare: { latency: { p99: { at_most_times: 1.1 }, p50: { at_most_times: 2, observe: true } } }\ncases:\n  - name: it\n    payload: { rows: { file: data.csv } }\n";
    let suite = Suite::parse(text, Path::new("suite.yaml")).unwrap().load_files(|_| Ok(b"a\n1\n".to_vec())).unwrap();
    assert_snapshot!(report::outlook(&suite.outlook()), @"
    all cases
      latency p50 at most 2 times with 95% confidence, compared (observed): 1 row
        cannot pass: needs 5 rows for any bound
      latency p99 at most 1.1 times with 95% confidence, compared: 1 row
        cannot pass: needs 299 rows for any bound
    1 of 2 limits with a confidence cannot pass with these rows
    ");
}
