//! The statuses that a suite may expect: one truth in parser, schema and documentation.

use crate::{parse, with_case};

const RESPONSE: [u64; 2] = [200, 399];
const ERROR: [u64; 2] = [400, 599];

fn problem(expect: &str) -> Option<(String, Option<String>)> {
    let errors = parse(&with_case(&format!("payload: {{ csv: '1' }}\n    expect: {expect}"))).err()?;
    let problem = &errors.problems()[0];
    Some((problem.message.clone(), problem.hint.clone()))
}

#[test]
fn the_parser_accepts_exactly_the_statuses_of_the_documentation() {
    for status in [0, 100, 199, 200, 299, 300, 399, 400, 499, 500, 599, 600, 999, 70_000] {
        let within = |range: [u64; 2]| (range[0]..=range[1]).contains(&status);
        let response = problem(&format!("{{ status: {status} }}"));
        assert_eq!(response.is_none(), within(RESPONSE), "{status}: {response:?}");
        let error = problem(&format!("{{ model_error: {{ status: {status} }} }}"));
        assert_eq!(error.is_none(), within(ERROR), "{status}: {error:?}");
    }
    assert_eq!(
        problem("{ status: 404 }"),
        Some(("status 404 is a model's error, not a response".to_owned(), Some("write `model_error: { status: 404 }`".to_owned())))
    );
    assert_eq!(
        problem("{ model_error: { status: 200 } }"),
        Some((
            "`status` must be a whole number from 400 to 599".to_owned(),
            Some("for a response, write `status: 200` instead of `model_error`".to_owned())
        ))
    );
    assert_eq!(problem("{ status: 600 }").unwrap().0, "`status` must be a whole number from 200 to 399");
    assert_eq!(problem("{ model_error: { status: ok } }").unwrap().0, "`status` must be a whole number from 400 to 599");
}

#[test]
fn the_documentation_states_the_same_statuses() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for file in ["endpoint-test/README.md", "docs/tests.md"] {
        let text = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
        let row = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{file}: {start}")).to_owned();
        let stated = |[least, most]: [u64; 2]| format!("{least} to {most}");
        assert!(row("| `status").contains(&stated(RESPONSE)), "{file}");
        assert!(row("| `model_error:").contains(&stated(ERROR)), "{file}");
    }
}

#[test]
#[cfg(feature = "schema")]
fn the_schema_has_the_same_statuses() {
    let schema = endpoint_test::suite::json_schema();
    let range = |definition: &str| {
        let status = &schema["$defs"][definition]["properties"]["status"];
        [status["minimum"].as_u64().unwrap(), status["maximum"].as_u64().unwrap()]
    };
    assert_eq!((range("Expect"), range("ExpectEach"), range("ModelError")), (RESPONSE, RESPONSE, ERROR));
}
