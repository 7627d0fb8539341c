//! Suites that are made to use up time, memory or the stack, and what they are refused with.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use endpoint_test::{Suite, SuiteOptions};

use crate::{good, parse, with_case};

/// The first message about a suite; it never is long.
fn message(text: &str) -> String {
    let Err(errors) = parse(text) else { return "no problem".to_owned() };
    let shown = errors.to_string();
    assert!(shown.len() < 100_000, "{} bytes", shown.len());
    errors.problems()[0].message.clone()
}

/// The first message about a case's expectation.
fn expecting(expect: &str) -> String {
    message(&with_case(&format!("payload: {{ csv: '1' }}\n    expect: {expect}")))
}

#[test]
fn the_first_hundred_problems_are_reported_and_the_others_counted() {
    for count in [100, 101, 20_000] {
        // On one line and on many: both were quadratic.
        for separator in [", ", ",\n    "] {
            let keys: Vec<String> = (0..count).map(|number| format!("unknown{number}: é")).collect();
            let errors = parse(&format!("version: 1\ncases: []\ndefaults: {{ {} }}\n", keys.join(separator))).unwrap_err();
            assert_eq!((errors.problems().len(), errors.more()), (100, count - 100));
            assert_eq!(errors.problems()[99].message, "unknown key `unknown99` in `defaults`");
            let shown = errors.to_string();
            assert!(shown.len() < 60_000, "{}", shown.len());
            assert_eq!(shown.ends_with(&format!("\n\nendpoint-tests.yaml: and {} more", count - 100)), count > 100, "{shown:.200}");
        }
    }
}

#[test]
fn problems_of_files_are_counted_with_those_of_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("suite.yaml");
    let mut text = "version: 1\nunknown: 1\ncases:\n".to_owned();
    for number in 0..150 {
        writeln!(text, "  - {{ name: case {number}, payload: {{ file: {number}.csv }} }}").unwrap();
    }
    fs::write(&path, text).unwrap();
    let errors = Suite::load(&path).unwrap_err();
    assert_eq!((errors.problems().len(), errors.more()), (100, 51));
}

#[test]
fn names_without_a_value_are_reported_in_linear_time() {
    let mut text = "version: 1\nvariables:\n".to_owned();
    for number in 0..20_000 {
        writeln!(text, "  known{number}: x").unwrap();
    }
    text.push_str("cases:\n");
    for number in 0..20_000 {
        writeln!(text, "  - {{ name: '${{unknown{number}}}' }}").unwrap();
    }
    let errors = parse(&text).unwrap_err();
    assert_eq!(errors.problems()[1].message, "the variable `unknown0` has no value");
    assert!(errors.more() > 20_000, "{}", errors.more());
}

#[test]
fn a_long_line_of_numbers_keeps_their_digits() {
    let numbers = vec!["5.10"; 100_000].join(",");
    let suite = good(&with_case(&format!("payload: {{ json: {{ é: [{numbers}] }} }}")));
    let body = suite.cases()[0].request(std::time::Duration::from_secs(1)).unwrap().body;
    assert_eq!(body, format!("{{\"é\":[{numbers}]}}"));
}

#[test]
fn a_carriage_return_ends_a_line() {
    let text = with_case("payload: { json: [5.10] }").replace('\n', "\r");
    assert_eq!(good(&text).cases()[0].request(std::time::Duration::from_secs(1)).unwrap().body, "[5.10]");
    let shown = parse(&text.replace("json", "jsn")).unwrap_err().to_string();
    assert!(shown.contains("endpoint-tests.yaml:4:16") && shown.contains("4 |     payload: { jsn: [5.10] }"), "{shown}");
}

#[test]
fn long_values_are_cut_in_messages() {
    let long = "x".repeat(1 << 20);
    assert!(expecting(&format!("{{ content_type: {long} }}")).contains("… (10"));
    assert!(expecting(&format!("{{ json: [{{ at: {long}, absent: true }}] }}")).len() < 200);
    assert!(expecting(&format!("{{ json: [{{ at: /{long}, absent: true }}] }}")).ends_with("the limit is 1000"));
    assert!(expecting(&format!("{{ text: {{ matches: '({long}' }} }}")).ends_with("the limit is 10000"));
    // The end of a message has the reason.
    let pattern = expecting(&format!("{{ text: {{ matches: '({}' }} }}", &long[..9000]));
    assert!(pattern.starts_with("`(xxx") && pattern.ends_with("is not a regular expression: unclosed group"), "{pattern}");
    assert!(expecting(&format!("{{ schema: ../{long} }}")).ends_with("is not a path within the suite's folder"));
    for key in ["status", "latency", "golden", "check", "model_error", "schema", "text", "json", "metrics"] {
        expecting(&format!("{{ {key}: {long} }}"));
    }
    for key in ["target_variant", "target_model", "timeout", "accept", "custom_attributes", "inference_id", "expect", "expect_each"] {
        message_of_case(&format!("{key}: {long}"));
    }
    for kind in ["file", "sample", "base64", "json", "rows", "content_type"] {
        message_of_payload(&format!("{kind}: {long}"));
        message_of_payload(&format!("rows: {{ file: a.csv, as: {long}, drop: [{long}] }}"));
    }
    assert!(message(&format!("version: 1\ncases: []\n? {long}\n: 1\n")).starts_with("unknown key `xxx"));
    assert!(message(&format!("version: {long}\ncases: []\n")).len() < 1100);
    for key in
        ["endpoint: { name: LONG }", "endpoint: { variants: [{ name: LONG }] }", "compare: { ignore: [LONG] }", "variables: { '1LONG': x }"]
    {
        message(&format!("version: 1\ncases: []\n{}\n", key.replace("LONG", &long)));
    }
}

fn message_of_case(key: &str) {
    message(&with_case(&format!("payload: {{ csv: '1' }}\n    {key}")));
}

fn message_of_payload(key: &str) {
    message(&with_case(&format!("payload: {{ {key} }}")));
}

#[test]
fn nesting_is_refused_before_a_parser_recurses() {
    let deep = |open: &str, close: &str, count: usize| format!("{}1{}", open.repeat(count), close.repeat(count));
    for count in [60, 1000, 100_000] {
        assert_ne!(message(&format!("version: 1\ncases: {}", deep("[", "]", count))), "no problem", "YAML");
        let pattern = deep("(", ")", count * 2);
        assert_ne!(expecting(&format!("{{ text: {{ matches: '{pattern}' }} }}")), "no problem", "pattern");
        let path = format!("$[?{}]", deep("(", ")", count));
        let golden = expecting(&format!("{{ golden: {{ file: a.json, ignore: ['{path}'] }} }}"));
        assert!(golden.contains("the limit is"), "{golden:.300}");
        let json = expecting(&format!("{{ json: [{{ at: '{path}', absent: true }}] }}"));
        assert!(json.contains("the limit is"), "{json:.300}");
        let compare = message(&format!("version: 1\ncases: []\ncompare: {{ ignore: ['{path}'] }}\n"));
        assert!(compare.contains("the limit is"), "{compare:.300}");
    }
}

#[test]
fn variables_do_not_make_a_suite_larger_without_limit() {
    let uses = vec!["${long}"; 1000].join(" ");
    let mut text = format!("version: 1\nvariables: {{ long: {} }}\ncases:\n", "x".repeat(100_000));
    for number in 0..100 {
        writeln!(text, "  - {{ name: case {number}, payload: {{ text: '{uses}' }} }}").unwrap();
    }
    let errors = parse(&text).unwrap_err();
    assert_eq!(errors.problems()[0].message, "the values of variables add more than 67108864 bytes to the suite");
}

#[test]
fn files_of_any_size_are_refused_by_their_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("suite.yaml");
    // Sparse: reading one of them takes minutes.
    let huge = |name: &str| fs::File::create(folder.path().join(name)).unwrap().set_len(1 << 40).unwrap();
    let error = || Suite::load_with(&path, &SuiteOptions::default()).unwrap_err().problems()[0].message.clone();
    huge("suite.yaml");
    assert_eq!(error(), format!("`{}` has 1099511627776 bytes; the limit is 8388608", path.display()));
    for (name, rest) in [
        ("payload.csv", "payload: { file: payload.csv }"),
        ("rows.csv", "payload: { rows: { file: rows.csv } }"),
        ("golden.json", "payload: { csv: '1' }\n    expect: { golden: { file: golden.json } }"),
        ("schema.json", "payload: { csv: '1' }\n    expect: { schema: schema.json }"),
    ] {
        huge(name);
        fs::write(&path, with_case(rest)).unwrap();
        assert_eq!(error(), format!("`{name}` has 1099511627776 bytes; the limit is 25000000"));
    }
}

#[test]
fn a_table_with_too_many_columns_is_refused() {
    let suite = good(&with_case("payload: { rows: { file: rows.csv } }"));
    let header = (0..20_001).map(|number| format!("c{number}")).collect::<Vec<_>>().join(",");
    let errors = suite.load_files(|_| Ok(format!("{header}\n{header}\n").into_bytes())).unwrap_err();
    assert_eq!(errors.problems()[0].message, "`rows.csv` cannot be read as rows: it has 20001 columns; the limit is 20000");
}

/// The message about a JSON Schema in a file; `no problem` if it can be used.
fn schema(text: &str) -> String {
    let suite = Suite::parse(&with_case("payload: { csv: '1' }\n    expect: { schema: schema.json }"), Path::new("suite.yaml")).unwrap();
    match suite.load_files(|_| Ok(text.as_bytes().to_vec())) {
        Ok(_) => "no problem".to_owned(),
        Err(errors) => errors.problems()[0].message.clone(),
    }
}

#[test]
fn a_reference_that_goes_in_a_circle_is_refused() {
    for text in [
        r##"{"$ref": "#"}"##,
        r##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}"##,
        r##"{"$defs": {"a": {"allOf": [{"type": "number"}, {"anyOf": [{"$ref": "#/$defs/a"}]}]}}}"##,
        r##"{"not": {"if": {"$ref": "#"}}}"##,
        r#"{"$id": "https://example.com/root", "$ref": "root"}"#,
        r##"{"$defs": {"a": {"$anchor": "here", "dependentSchemas": {"x": {"$ref": "#here"}}}}, "$ref": "#here"}"##,
        r##"{"$defs": {"a": {"$id": "other.json", "$ref": "#"}}, "$ref": "other.json"}"##,
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"$ref": "#/definitions/a"}}}"##,
        r##"{"$dynamicAnchor": "node", "$dynamicRef": "#node"}"##,
        r##"{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": "#"}"##,
    ] {
        let message = schema(text);
        assert!(message.starts_with("`schema.json`: ") && message.ends_with("goes in a circle"), "{text}: {message}");
    }
    let inline = expecting(r##"{ schema: { $ref: "#" } }"##);
    assert_eq!(inline, "this JSON Schema cannot be used: the reference to `` goes in a circle");
}

#[test]
fn a_schema_of_a_tree_is_no_circle() {
    for text in [
        r##"{"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}}"##,
        r##"{"$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}}"##,
        r##"{"properties": {"$ref": {"type": "string"}, "a": {"enum": [{"$ref": "#"}], "const": {"$ref": "#"}}}}"##,
        r##"{"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "object"}}}"##,
    ] {
        assert_eq!(schema(text), "no problem", "{text}");
    }
}

#[test]
fn a_schema_with_a_key_twice_is_refused() {
    let message = schema(r#"{"properties": {"a": {"type": "string", "type": "number"}}}"#);
    assert!(message.starts_with("`schema.json` is not JSON: the key `type` is given twice"), "{message}");
}

#[test]
fn chains_of_references_are_limited_in_length_and_in_number() {
    let chain = |count: usize, step: &dyn Fn(usize) -> String| {
        let steps: Vec<String> = (0..count).map(|number| format!("\"d{number}\": {}", step(number + 1))).collect();
        format!("{{\"$ref\": \"#/$defs/d0\", \"$defs\": {{{}, \"d{count}\": {{}}}}}}", steps.join(", "))
    };
    let reference = |number: usize| format!("{{\"$ref\": \"#/$defs/d{number}\"}}");
    let property = |number: usize| format!("{{\"properties\": {{\"a\": {{\"$ref\": \"#/$defs/d{number}\"}}}}}}");
    let twice = |number: usize| format!("{{\"allOf\": [{0}, {0}]}}", reference(number));
    assert_eq!(schema(&chain(90, &reference)), "no problem");
    assert_eq!(schema(&chain(30, &property)), "no problem");
    assert_eq!(schema(&chain(10, &twice)), "no problem");
    for text in [chain(110, &reference), chain(20_000, &reference), chain(110, &property), chain(14_000, &property)] {
        assert!(schema(&text).contains("more than 100 deep"), "{}", schema(&text));
    }
    // The chain is found in each order in which its steps are visited.
    for count in [110, 14_000] {
        let step = |number: usize| format!("\"d{:05}\": {{\"items\": {{\"$ref\": \"#/$defs/d{number:05}\"}}}}", number + 1);
        let steps: Vec<String> = (0..count).map(step).collect();
        let text = format!("{{\"$ref\": \"#/$defs/d{count:05}\", \"$defs\": {{\"d00000\": {{}}, {}}}}}", steps.join(", "));
        assert!(schema(&text).contains("more than 100 deep"), "{}", schema(&text));
    }
    assert!(schema(&chain(30, &twice)).contains("more than 100000 subschemas apply to one value"));
    let deep = format!("{}{}", "{\"not\":".repeat(100_000), "}".repeat(100_000));
    assert!(schema(&deep).contains("is not JSON"), "{}", schema(&deep));
    assert!(schema(&format!("{{\"const\": \"{}\"}}", "x".repeat(1 << 20))).ends_with("the limit of a JSON Schema is 1048576"));
}
