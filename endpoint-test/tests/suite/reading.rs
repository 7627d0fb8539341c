//! Valid suites.

use std::time::Duration;

use endpoint_test::{Request, Suite};
use proptest::prelude::*;

use crate::{good, parse, with_case};

const WAIT: Duration = Duration::from_secs(70);

fn request(suite: &Suite) -> Request {
    suite.cases()[0].request(WAIT).expect("the payload is available")
}

fn body(payload: &str) -> String {
    String::from_utf8(request(&good(&with_case(&format!("payload: {payload}")))).body.to_vec()).unwrap()
}

#[test]
fn the_example_of_the_format_is_valid() {
    let suite = good(
        r#"
version: 1
cases:
  - name: one flower gets a species
    payload: { csv: "5.1,3.5,1.4,0.2" }          # csv | json | text | file (+ content_type)
    accept: text/csv
    expect:
      content_type: text/csv
      text: { contains: setosa }
  - name: probabilities
    payload: { json: { instances: [[5.1, 3.5, 1.4, 0.2]] } }
    expect:
      json: [{ at: /predictions/0/score, between: [0, 1] }, { at: /predictions/0/label, one_of: [setosa, versicolor, virginica] }]
      latency: { max: 300ms }
"#,
    );
    let names: Vec<_> = suite.cases().iter().map(endpoint_test::Case::name).collect();
    assert_eq!(names, ["one flower gets a species", "probabilities"]);
    let request = request(&suite);
    assert_eq!(request.body.as_ref(), b"5.1,3.5,1.4,0.2");
    assert_eq!((request.content_type.as_str(), request.accept.as_deref(), request.timeout), ("text/csv", Some("text/csv"), WAIT));
}

#[test]
fn a_json_payload_keeps_the_order_of_its_keys_and_its_numbers() {
    assert_eq!(
        body("{ json: { z: 1, a: [1.0, 5.1, -3, 18446744073709551615, true, null, 'x\"y'] } }"),
        r#"{"z":1,"a":[1.0,5.1,-3,18446744073709551615,true,null,"x\"y"]}"#
    );
    assert_eq!(body("{ json: 'on' }"), "\"on\"");
    // Booleans of YAML 1.1 that are strings in YAML 1.2.
    assert_eq!(body("{ json: [on, yes, 007] }"), r#"["on","yes","007"]"#);
}

#[test]
fn several_rows_are_written_as_a_block() {
    let suite = good("version: 1\ncases:\n  - name: rows\n    payload:\n      csv: |\n        1,2\n        3,4\n");
    assert_eq!(request(&suite).body.as_ref(), b"1,2\n3,4\n");
}

#[test]
fn a_case_inherits_the_defaults_and_overrides_them() {
    let suite = good(
        "version: 1\ndefaults: { accept: text/csv, content_type: application/x-own, timeout: 5s, target_variant: Blue, custom_attributes: trace=1 }\n\
         cases:\n  - { name: inherits, payload: { text: hello } }\n  - { name: overrides, payload: { text: hello }, accept: '*/*', content_type: text/html, timeout: 1m, target_variant: Green }\n\
         \x20 - { name: knows its type, payload: { json: 1 } }\n",
    );
    let requests: Vec<_> = suite.cases().iter().map(|case| case.request(WAIT).unwrap()).collect();
    assert_eq!((requests[0].content_type.as_str(), requests[0].timeout), ("application/x-own", Duration::from_secs(5)));
    assert_eq!(requests[0].custom_attributes.as_deref(), Some("trace=1"));
    assert_eq!((requests[1].content_type.as_str(), requests[1].timeout), ("text/html", Duration::from_mins(1)));
    assert_eq!((requests[1].accept.as_deref(), requests[1].target_variant.as_deref()), (Some("*/*"), Some("Green")));
    assert_eq!(requests[2].content_type, "application/json");
}

#[test]
fn a_suite_may_be_json_and_may_have_a_byte_order_mark() {
    assert_eq!(good(r#"{"version": 1, "cases": [{"name": "it", "payload": {"csv": "1"}}]}"#).cases().len(), 1);
    assert_eq!(good("\u{feff}version: 1\r\ncases: []\r\n").cases().len(), 0);
}

#[test]
fn a_suite_may_have_no_cases() {
    assert!(good("version: 1\ncases: []").cases().is_empty());
    assert!(good("version: 1\ncases:\n  # - name: commented out\n").cases().is_empty());
}

#[test]
fn a_large_payload_is_a_warning() {
    let text = with_case(&format!("payload: {{ csv: '{}' }}", "1,".repeat(3_200_000)));
    let suite = good(&text);
    assert_eq!(suite.warnings().len(), 1, "{:?}", suite.warnings());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = parse(&text).map_err(|errors| errors.to_string());
    }

    #[test]
    fn no_mix_of_the_formats_own_tokens_makes_the_reader_panic(words in prop::collection::vec(
        prop::sample::select(vec![
            "version: 1\n", "cases:\n", "  - name: a\n", "    payload: ", "{ csv: '1' }\n", "{ file: ../x }\n", "    expect:\n", "      json:\n",
            "        - at: /a\n", "          between: [1, 0]\n", "      latency: { max: 0s }\n", "    timeout: 5\n", "*a", "&a ", "[", "]", "{", "}", ": ",
            "- ", "\n", "      text: {}\n", "      model_error: {}\n", "?", "|\n", "\t", "!!binary ", "<<: ", "é",
        ]), 0..30)) {
        let _ = parse(&words.concat()).map_err(|errors| errors.to_string());
    }

    #[test]
    fn text_is_sent_as_it_is_written(text in "([ -~]|[$]|[{]|[}]|[$][{]){1,60}") {
        prop_assert_eq!(body(&format!("{{ text: {} }}", written(&text))), text);
    }
}

/// A text for a suite: quoted, and without variables.
fn written(text: &str) -> String {
    serde_json::to_string(&text.replace("${", "$${")).unwrap()
}

#[test]
fn text_with_the_form_of_a_variable_is_escaped_by_a_second_dollar() {
    for text in [r#"1L{-\[oq%yWfV/*i"${bt}P"#, "${1}", "$${a}", "${", "$$", "a$"] {
        assert_eq!(body(&format!("{{ text: {} }}", written(text))), text);
    }
}
