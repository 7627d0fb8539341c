//! The rest of the format: variables, rows, metrics, checks, and JSON instead of YAML.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use endpoint_test::{Suite, SuiteOptions};

use crate::{good, parse, with_case};

fn first(rest: &str) -> String {
    match parse(&with_case(rest)) {
        Ok(_) => "no problem".to_owned(),
        Err(errors) => errors.problems()[0].message.clone(),
    }
}

fn with_variables(text: &str, variables: &[(&str, &str)]) -> Result<Suite, endpoint_test::SuiteErrors> {
    let variables: BTreeMap<_, _> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Suite::parse_with(text, Path::new("suite.yaml"), &SuiteOptions { variables, ..SuiteOptions::default() })
}

#[test]
fn variables_have_given_values_and_defaults_and_no_others() {
    let text = "version: 1\nvariables: { size: 1, least: }\nendpoint: { name: 'iris-${stage}' }\ncases:\n  - name: '${stage} $${x}'\n    payload: { csv: '${size},$5' }\n    expect: { json: [{ at: /s, between: ['${least}', 1] }] }\n";
    let suite = with_variables(text, &[("stage", "prod"), ("least", "0.5")]).unwrap();
    assert_eq!((suite.cases()[0].name(), suite.endpoint().name.as_deref()), ("prod ${x}", Some("iris-prod")));
    assert_eq!(suite.cases()[0].request(Duration::from_secs(1)).unwrap().body.as_ref(), b"1,$5");

    let errors = with_variables(text, &[("stag", "prod")]).unwrap_err();
    let messages: Vec<_> = errors.problems().iter().map(|problem| (problem.message.as_str(), problem.place.unwrap().line)).collect();
    assert!(
        messages.contains(&("the variable `stage` has no value", 3)) && messages.contains(&("the variable `least` has no value", 7)),
        "{messages:?}"
    );
    assert_eq!(errors.problems()[0].hint.as_deref(), Some("did you mean `${stag}`?"));
    // A variable's value is text, whatever it looks like.
    let suite = with_variables("version: 1\ncases:\n  - { name: a, payload: { text: '${x}' } }\n", &[("x", "]\n- {evil: ${y}}")]).unwrap();
    assert_eq!(suite.cases()[0].request(Duration::from_secs(1)).unwrap().body.as_ref(), b"]\n- {evil: ${y}}");
}

#[test]
fn the_callers_environment_has_no_variables() {
    let errors = with_variables("version: 1\ncases:\n  - { name: a, payload: { text: '${PATH}' } }\n", &[]).unwrap_err();
    assert_eq!(errors.problems()[0].message, "the variable `PATH` has no value");
}

#[test]
fn a_suite_may_be_json() {
    let text = "{\n\t\"version\": 1,\n\t\"cases\": [\n\t\t{ \"name\": \"a \\u00fc \\ud83d\\ude00 \\/\", \"payload\": { \"json\": { \"b\": 1, \"a\": [1.5, null, true] } } }\n\t]\n}\n";
    let suite = good(text);
    assert_eq!(suite.cases()[0].name(), "a ü 😀 /");
    assert_eq!(suite.cases()[0].request(Duration::from_secs(1)).unwrap().body.as_ref(), br#"{"b":1,"a":[1.5,null,true]}"#);
    let errors = parse("{\n\t\"version\": 1,\n\t\"casse\": []\n}\n").unwrap_err();
    assert_eq!(errors.problems()[0].place.unwrap().line, 3);
    assert_eq!(errors.problems()[0].hint.as_deref(), Some("did you mean `cases`?"));
}

#[test]
fn bytes_may_be_written_as_base64() {
    let suite = good(&with_case("payload: { base64: '/w AB', content_type: image/png }"));
    assert_eq!(suite.cases()[0].request(Duration::from_secs(1)).unwrap().body.as_ref(), [0xff, 0, 1]);
    assert!(first("payload: { base64: '*', content_type: image/png }").starts_with("this is not base64"));
    assert_eq!(first("payload: { base64: 'AA==' }"), "the payload's media type is unknown");
}

#[test]
fn a_request_may_target_a_model_a_container_and_a_component() {
    let rest = "payload: { csv: '1' }\n    target_model: a.tar.gz\n    target_container: second\n    inference_component: llm\n    inference_id: id 1";
    let request = good(&with_case(rest)).cases()[0].request(Duration::from_secs(1)).unwrap();
    assert_eq!((request.target_model.as_deref(), request.target_container.as_deref()), (Some("a.tar.gz"), Some("second")));
    assert_eq!((request.inference_component.as_deref(), request.inference_id.as_deref()), (Some("llm"), Some("id 1")));
    assert_eq!(first("payload: { csv: '1' }\n    inference_component: -x"), "`-x` cannot be an inference component's name");
    assert_eq!(first("payload: { csv: '1' }\n    target_model: ' x'"), "`target_model` must be 1 to 1024 printable ASCII characters");
}

#[test]
fn rows_have_expectations_for_each_and_for_all() {
    let rows = "payload: { rows: { file: a.csv } }";
    assert_eq!(first(&format!("{rows}\n    expect: {{ text: {{ equals: x }} }}")), "`text` is for one response, but each row has its own");
    assert_eq!(first("payload: { csv: '1' }\n    expect_each: { at_least: 1 }"), "`expect_each` needs a payload of `rows`");
    assert_eq!(
        first("payload: { csv: '1' }\n    expect: { metrics: { label: a, prediction: text, accuracy: { at_least: 1 } } }"),
        "`metrics` are over many responses: they need a payload of `rows`"
    );
    assert_eq!(
        first("payload: { csv: '1' }\n    expect: { text: { equals_column: a } }"),
        "there is no column `a`: `equals_column` needs a payload of `rows`"
    );
    let metrics = |metrics: &str| first(&format!("{rows}\n    expect: {{ metrics: {{ {metrics} }} }}"));
    assert_eq!(metrics("prediction: text, accuracy: { at_least: 1 }"), "`metrics` needs the key `label`");
    assert_eq!(metrics("label: a, prediction: text"), "`metrics` has no metric");
    assert_eq!(metrics("label: a, accuracy: { at_least: 1 }"), "`accuracy` needs `prediction`");
    assert_eq!(metrics("label: a, prediction: text, f1: { at_least: 1 }"), "`f1` needs `positive`");
    assert_eq!(metrics("label: a, positive: 1, auc: { at_least: 1 }"), "`auc` needs `score`");
    assert_eq!(metrics("label: a, prediction: text, mae: {}"), "`mae` has no limit");
    assert_eq!(metrics("label: a, prediction: text, mae: { at_least: 2, at_most: 1 }"), "`mae` cannot be at least 2 and at most 1");
    let wrong = |rows: &str| first(&format!("payload: {{ rows: {{ {rows} }} }}"));
    assert_eq!(wrong("file: a.csv, drop: [a], columns: [b]"), "`rows` has `columns` and `drop` at once");
    assert_eq!(wrong("file: ../a.csv"), "`file: ../a.csv` is not a path within the suite's folder");
    assert_eq!(wrong("file: a.csv, as: xml"), "rows cannot be sent as `xml`");
    assert_eq!(wrong("file: a.csv, header: maybe"), "`header` must be `true` or `false`, not text");
    assert_eq!(wrong("header: true"), "`rows` needs the key `file`");
}

#[test]
fn a_check_command_is_a_list() {
    let check = |check: &str| first(&format!("payload: {{ csv: '1' }}\n    expect: {{ check: {check} }}"));
    assert_eq!(check("{ command: python3 check.py }"), "`command` must be a list: the program, and each of its arguments");
    assert_eq!(check("{ command: [] }"), "`command` must be a list with at least one member, not a list");
    assert_eq!(check("{ timeout: 5s }"), "`check` needs the key `command`");
    assert_eq!(check("{ command: [python3, check.py], timeout: 2h }"), "`timeout` must be a duration above zero and at most an hour");
}

#[test]
fn a_missing_golden_file_is_refused_unless_it_will_be_written() {
    let text = with_case("payload: { csv: '1' }\n    expect: { golden: { file: golden.json } }");
    let errors = good(&text).load_files(|_| Err(std::io::ErrorKind::NotFound.into())).unwrap_err();
    assert_eq!(errors.problems()[0].message, "the golden file `golden.json` does not exist");
    assert_eq!(errors.problems()[0].code, Some(endpoint_test::ProblemCode::GoldenFileMissing));
}

#[cfg(not(feature = "load"))]
#[test]
fn without_the_load_generator_a_load_is_an_error_and_not_ignored() {
    let errors = parse(&format!("{}load: {{ phases: [{{ rate: 5/s, for: 1s }}] }}\n", with_case("payload: { csv: '1' }"))).unwrap_err();
    assert_eq!(errors.problems()[0].code, Some(endpoint_test::ProblemCode::LoadNotSupported), "{errors}");
}
