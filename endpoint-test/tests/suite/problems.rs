//! Refused suites and their messages.

use insta::assert_snapshot;

use crate::{parse, with_case};

/// All problems, as they are printed.
fn errors(text: &str) -> String {
    parse(text).map_or_else(|errors| errors.to_string(), |_| "no problem".to_owned())
}

/// The first message for a case with this text.
fn first(rest: &str) -> String {
    match parse(&with_case(rest)) {
        Ok(_) => "no problem".to_owned(),
        Err(errors) => errors.problems()[0].message.clone(),
    }
}

#[test]
fn all_problems_are_reported_at_once_with_their_location() {
    let text = "\
version: 2
case: []
defaults: { acept: text/csv }
cases:
  - name: one
    payload: { csv: 5.1,3.5 }
    expect:
      json:
        - { at: score, betwen: [0, 1] }
        - { at: /x, between: [1, 0], abs: 0.1 }
      latency: { max: 300 }
  - name: one
    payload: { file: ../secret.csv }
    timeout: soon
    expect: { status: 404, text: { matches: '(' } }
";
    assert_snapshot!(errors(text), @r#"
    endpoint-tests.yaml:1:10: `version` is 2; this program reads version 1
       |
     1 | version: 2
       |          ^
      hint: write `version: 1`, or use a newer program

    endpoint-tests.yaml:2:1: unknown key `case` in a suite
       |
     2 | case: []
       | ^^^^
      hint: did you mean `cases`?

    endpoint-tests.yaml:3:13: unknown key `acept` in `defaults`
       |
     3 | defaults: { acept: text/csv }
       |             ^^^^^
      hint: did you mean `accept`?

    endpoint-tests.yaml:6:21: `csv` must be text, not a number
       |
     6 |     payload: { csv: 5.1,3.5 }
       |                     ^^^
      hint: put it into quotes

    endpoint-tests.yaml:6:25: unknown key `3.5` in `payload`
       |
     6 |     payload: { csv: 5.1,3.5 }
       |                         ^^^
      hint: a comma ends a value between braces: put the value into quotes

    endpoint-tests.yaml:9:17: `score` is not a JSON Pointer
       |
     9 |         - { at: score, betwen: [0, 1] }
       |                 ^^^^^
      hint: write each step after a `/`, such as `/predictions/0/score`

    endpoint-tests.yaml:9:24: unknown key `betwen` in an entry of `json`
       |
     9 |         - { at: score, betwen: [0, 1] }
       |                        ^^^^^^
      hint: did you mean `between`?

    endpoint-tests.yaml:10:30: `between` has the larger number first: 1, 0
        |
     10 |         - { at: /x, between: [1, 0], abs: 0.1 }
        |                              ^

    endpoint-tests.yaml:10:38: `abs` is a tolerance for `equals`, which is missing
        |
     10 |         - { at: /x, between: [1, 0], abs: 0.1 }
        |                                      ^^^

    endpoint-tests.yaml:11:23: `max` must be a duration above zero and at most an hour
        |
     11 |       latency: { max: 300 }
        |                       ^^^
      hint: a number with a unit, such as `250ms`, `5s` or `15m`

    endpoint-tests.yaml:12:11: two cases have the name `one`
        |
     12 |   - name: one
        |           ^^^
      hint: the first is on line 5

    endpoint-tests.yaml:13:22: `file: ../secret.csv` is not a path within the suite's folder
        |
     13 |     payload: { file: ../secret.csv }
        |                      ^^^^^^^^^^^^^
      hint: give a path relative to the suite file, with `/` and without `..`

    endpoint-tests.yaml:14:14: `timeout` must be a duration above zero and at most an hour
        |
     14 |     timeout: soon
        |              ^^^^
      hint: a number with a unit, such as `250ms`, `5s` or `15m`

    endpoint-tests.yaml:15:23: status 404 is a model's error, not a response
        |
     15 |     expect: { status: 404, text: { matches: '(' } }
        |                       ^^^
      hint: write `model_error: { status: 404 }`

    endpoint-tests.yaml:15:45: `(` is not a regular expression: unclosed group
        |
     15 |     expect: { status: 404, text: { matches: '(' } }
        |                                             ^^^
      hint: use the syntax of Rust's `regex` crate; in YAML, single quotes keep backslashes unchanged
    "#);
}

#[test]
fn invalid_yaml_is_reported_alone() {
    assert_snapshot!(errors("version: 1\ncases: [\n"), @r#"
    endpoint-tests.yaml:2:8: this is not YAML: unclosed bracket '['
       |
     2 | cases: [
       |        ^
    "#);
    assert_snapshot!(errors("version: 1\n---\nversion: 1\n"), @r#"
    endpoint-tests.yaml:3:1: the file has more than one YAML document
       |
     3 | version: 1
       | ^
      hint: remove the line `---` and what follows it
    "#);
    assert_snapshot!(errors(""), @r#"
    endpoint-tests.yaml:1:1: a suite must be a mapping, not nothing
      hint: its keys are `version`, `name`, `variables`, `endpoint`, `defaults`, `cases`, `compare`, `replay`, `load`
    "#);
    assert_snapshot!(errors("version: 1\ncases:\n  - name: x\n    payload: { json: .nan }\n"), @r#"
    endpoint-tests.yaml:4:22: `.nan` is not a finite number
       |
     4 |     payload: { json: .nan }
       |                      ^^^^
    "#);
}

#[test]
fn duplicate_keys_at_any_level_are_reported_with_all_other_problems() {
    let suite = "version: 1
version: 1
cases:
  - name: a
    name: b
    payload: { json: { x: &deep { k: 1, k: 2, k: 3 }, y: *deep, x: { z: 1, z: 1 } } }
    tiemout: 5s
    expect:
      json:
        - { at: /a, equals: 1, equals: 2, at: nowhere }
        - { at: nowhere, equals: 1 }
";
    let messages: Vec<_> = parse(suite)
        .unwrap_err()
        .problems()
        .iter()
        .map(|problem| (problem.place.unwrap().line, problem.message.clone(), problem.hint.clone().unwrap_or_default()))
        .collect();
    let twice = |line: usize, key: &str| (line, format!("the key `{key}` is given twice"), "keep one of them".to_owned());
    let found: Vec<_> = messages.iter().filter(|(_, message, _)| message.contains("twice")).cloned().collect();
    assert_eq!(
        found,
        [
            twice(2, "version"),
            twice(5, "name"),
            twice(6, "k"),
            twice(6, "k"),
            twice(6, "x"),
            twice(6, "z"),
            twice(10, "equals"),
            twice(10, "at")
        ]
    );
    let others: Vec<_> = messages.iter().filter(|(_, message, _)| !message.contains("twice")).map(|(line, ..)| *line).collect();
    // The first value of a key is read.
    assert_eq!(others, [7, 11], "{messages:?}");
    // A key that overrides one of a merged mapping is no duplicate, unless it is there twice.
    let merged = |rest: &str| errors(&format!("version: 1\ncases:\n  - &a {{ name: a, payload: {{ csv: '1' }} }}\n  - {{ {rest} }}\n"));
    assert_eq!(merged("<<: *a, name: b"), "no problem");
    assert!(merged("<<: *a, name: b, name: c").starts_with("endpoint-tests.yaml:4:24: the key `name` is given twice"));
    assert_snapshot!(errors("version: 1\nversion: 1\ncases: []\n"), @r"
    endpoint-tests.yaml:2:1: the key `version` is given twice
       |
     2 | version: 1
       | ^^^^^^^
      hint: keep one of them
    ");
}

#[test]
fn a_payload_is_one_thing() {
    assert_eq!(first("payload: {}"), "`payload` is empty");
    assert_eq!(first("payload: { csv: '1', json: 1 }"), "`payload` has `csv` and `json` at once");
    assert_eq!(first("payload: { csv: 5.10 }"), "`csv` must be text, not a number");
    assert_eq!(first("payload: { csv: [5.1, 3.5] }"), "`csv` must be text, not a list");
    assert_eq!(first("payload: '1'"), "`payload` must be a mapping, not text");
    assert_eq!(first("accept: text/csv"), "a case needs the key `payload`");
    assert_eq!(first("payload: { file: image.raw }"), "the payload's media type is unknown");
    assert_eq!(
        first("payload: { csv: '1', content_type: text/plain }\n    content_type: text/csv"),
        "the case and its payload name different media types"
    );
    // A misspelt kind is one problem and not two.
    assert_eq!(parse(&with_case("payload: { cvs: '1' }")).unwrap_err().problems().len(), 1);
}

#[test]
fn the_path_of_a_file_stays_in_the_suites_folder() {
    for path in ["/etc/passwd", "../x.csv", "a/../../x.csv", "..", "", "C:/x.csv", "a\\x.csv"] {
        assert_eq!(first(&format!("payload: {{ file: '{path}' }}")), format!("`file: {path}` is not a path within the suite's folder"));
    }
}

#[test]
fn a_case_has_a_name_and_a_few_settings_with_limits() {
    assert_eq!(
        errors("version: 1\ncases:\n  - payload: { csv: '1' }").lines().next().unwrap(),
        "endpoint-tests.yaml:3:5: a case needs the key `name`"
    );
    assert_eq!(first("payload: { csv: '1' }\n    accept: csv"), "`accept` must be a media type, not `csv`");
    assert_eq!(first("payload: { csv: '1' }\n    timeout: 2h"), "`timeout` must be a duration above zero and at most an hour");
    assert_eq!(first("payload: { csv: '1' }\n    target_variant: -x"), "`-x` cannot be a variant's name");
    assert_eq!(
        first("payload: { csv: '1' }\n    custom_attributes: ünï"),
        "`custom_attributes` must be at most 1024 printable ASCII characters"
    );
    assert_eq!(first("payload: { csv: '1' }\n    accept:"), "`accept` has no value");
}

#[test]
fn contradictory_expectations_are_refused() {
    let expect = |expect: &str| first(&format!("payload: {{ csv: '1' }}\n    expect: {expect}"));
    assert_eq!(expect("{ text: {} }"), "`text` expects nothing");
    assert_eq!(expect("{ json: [] }"), "`json` must be a list with at least one member, not a list");
    assert_eq!(expect("{ json: [{ at: /a }] }"), "an entry of `json` expects nothing");
    assert_eq!(expect("{ json: [{ equals: 1 }] }"), "an entry of `json` needs the key `at`");
    assert_eq!(expect("{ json: [{ at: /a~2, equals: 1 }] }"), "`/a~2` is not a JSON Pointer");
    assert_eq!(expect("{ json: [{ at: /a, type: float }] }"), "`float` is not a type of JSON");
    assert_eq!(expect("{ json: [{ at: /a, equals: 1, abs: -1 }] }"), "`abs` must be a number of at least zero");
    assert_eq!(expect("{ json: [{ at: /a, between: [0] }] }"), "`between` must be two numbers");
    assert_eq!(expect("{ model_error: { status: 200 } }"), "`status` must be a whole number from 400 to 599");
    assert_eq!(
        expect("{ model_error: {}, text: { equals: x } }"),
        "`text` cannot be checked together with `model_error`: there is no response"
    );
    assert_eq!(expect("{ latency: {} }"), "`latency` needs the key `max`");
    assert_eq!(expect("{ json: [{ at: /a, equals: null }, { at: /b, type: null }] }"), "no problem");
}

#[test]
fn a_pattern_that_needs_too_much_memory_is_refused() {
    let message = first("payload: { csv: '1' }\n    expect: { text: { matches: '(a{1000}){1000}' } }");
    assert!(message.contains("is not a regular expression"), "{message}");
}

#[test]
fn excessive_nesting_and_aliases_are_refused() {
    let deep = format!("version: 1\ncases: {}", "[".repeat(100_000));
    assert!(errors(&deep).contains("the file is nested deeper than 64"), "{}", errors(&deep));
    let level = |level: usize| {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        format!("a{level}: &a{level} [{aliases}]\n")
    };
    let bomb = format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{}", (1..12).map(level).collect::<String>());
    assert!(errors(&bomb).contains("or has more than 250000 values"), "{:.300}", errors(&bomb));
}
