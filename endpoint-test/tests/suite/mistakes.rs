//! Mistakes that users make, and the hints for them: quotes, places of keys, words for booleans.

use insta::assert_snapshot;

use crate::{good, parse, with_case};

fn errors(rest: &str) -> String {
    parse(&with_case(&format!("payload: {{ csv: '1' }}\n    {rest}"))).map_or_else(|errors| errors.to_string(), |_| "no problem".to_owned())
}

#[test]
fn a_jsonpath_between_braces_needs_quotes() {
    assert_snapshot!(errors("expect: { json: [{ at: $.predictions[*].score, between: [0, 1] }] }"), @r"
    endpoint-tests.yaml:5:42: this is not YAML: while scanning an anchor or alias, did not find expected alphabetic or numeric character
       |
     5 |     expect: { json: [{ at: $.predictions[*].score, between: [0, 1] }] }
       |                                          ^
      hint: put the JSONPath in quotes: `'$.predictions[*].score'`
    ");
    for (rest, quoted) in [
        ("expect: { json: [{ equals: 1, at: $[0].a }] }", "JSONPath in quotes: `'$[0].a'`"),
        ("expect: { json: [{ equals: 1, at: $['a'] }] }", "JSONPath in quotes: `\"$['a']\"`"),
        ("expect: { json: [{ equals: 1, at: $.a[?@.x == 'b'].c }] }", "JSONPath in quotes: `\"$.a[?@.x == 'b'].c\"`"),
        ("expect: { golden: { file: a.json, ignore: [/a, $.a[*].id] } }", "JSONPath in quotes: `'$.a[*].id'`"),
        ("expect:\n      json:\n        - { equals: 1,\n            at: $.a[1:2] }", "JSONPath in quotes: `'$.a[1:2]'`"),
        ("expect: { text: { equals: ${x} } }", "variable in quotes: `'${x}'`"),
        ("expect: { text: { matches: ^[ab]{2}$ } }", "value in quotes: `'^[ab]{2}$'`"),
        ("expect: { json: [{ at: @.a, equals: 1 }] }", "value in quotes: `'@.a'`"),
    ] {
        let errors = errors(rest);
        assert!(errors.ends_with(&format!("hint: put the {quoted}")), "{errors}");
        assert_eq!(errors.matches("hint:").count(), 1);
    }
    // What the hints say is valid.
    good(&with_case("payload: { csv: '1' }\n    expect: { json: [{ at: \"$.a[?@.x == 'b'].c\", equals: 1 }] }"));
    // Other invalid YAML has no such hint.
    assert!(!errors("expect: { json: [{ at: /a, equals: 1 }").contains("hint:"));
}

#[test]
fn a_key_at_another_level_is_shown_where_it_belongs() {
    for (rest, hint) in [
        ("csv: '2'", "`csv` belongs under `payload`, `expect` or `expect_each`"),
        ("status: 200", "`status` belongs under `expect` or `expect_each`"),
        ("expect: { equals: 1 }", "`equals` belongs under `text`, an entry of `json`, an entry of `csv` or an entry of `jsonl`"),
        ("expect: { max: 1s }", "`max` belongs under `latency`"),
        ("expect: { accept: text/csv }", "`accept` belongs under a case"),
        ("expect: { accuracy: { at_least: 0.9 } }", "`accuracy` belongs under `metrics`"),
        ("expect: { latency: { message_contains: x } }", "`message_contains` belongs under `model_error`"),
        ("cases: []", "`cases` belongs under the top level of the file"),
        ("within: 5m", "`within` belongs under `ready`"),
        ("Latency: { max: 1s }", "`latency` belongs under `expect` or `expect_each`"),
    ] {
        let errors = errors(rest);
        assert!(errors.contains(&format!("hint: {hint}")), "{errors}");
    }
    // One letter beside a key of this section is a mistake in that key.
    for (rest, near) in [
        ("expect: { csv: [{ rows: 1 }] }", "row"),
        ("expect: { csv: [{ Rows: 1 }] }", "row"),
        ("expect: { csv: [{ columns: 1 }] }", "column"),
        ("expect: { golden: { file: a.json, as: 1 } }", "abs"),
    ] {
        let errors = errors(rest);
        assert!(errors.contains(&format!("hint: did you mean `{near}`?")), "{errors}");
        assert!(!errors.contains("belongs under"), "{errors}");
    }
    for (payload, near) in [
        ("row: 1 }", "rows"),
        ("jsonl: '1' }", "json"),
        ("rows: { file: a.csv, column: a } }", "columns"),
        ("rows: { file: a.csv } }\n    expect: { metrics: { label: x, prediction: { columns: 0 }, mae: { at_most: 1 } } }", "column"),
        ("rows: { file: a.csv } }\n    expect: { metrics: { label: x, segment: { columns: y }, mae: { at_most: 1 } } }", "column"),
    ] {
        let errors = parse(&with_case(&format!("payload: {{ {payload}"))).unwrap_err().to_string();
        assert!(errors.contains(&format!("hint: did you mean `{near}`?")), "{errors}");
    }
    // Two letters are a key of the other section.
    let two = parse(&with_case("payload: { rows: { file: a.csv } }\n    expect_each: { at_most: 1 }")).unwrap_err().to_string();
    assert!(two.contains("hint: `at_most` belongs under"), "{two}");
    // A typing mistake is not taken for a key of another section.
    assert!(errors("expct: {}").contains("did you mean `expect`?"));
}

#[test]
fn words_that_are_booleans_in_other_yaml_parsers_are_warned_about() {
    let warnings = |rest: &str| -> Vec<String> {
        let suite = good(&with_case(rest));
        suite.warnings().iter().map(|warning| format!("{} ({})", warning.message, warning.hint.as_deref().unwrap_or_default())).collect()
    };
    let json = |rule: &str| warnings(&format!("payload: {{ csv: '1' }}\n    expect: {{ json: [{{ at: /a, {rule} }}] }}"));
    assert_eq!(json("equals: no"), ["line 5: `no` in `equals` is text, not a boolean (write `false`, or `'no'` for the text)"]);
    assert_eq!(json("one_of: [Yes, maybe]"), ["line 5: `Yes` in `one_of` is text, not a boolean (write `true`, or `'Yes'` for the text)"]);
    assert_eq!(json("contains: { a: [off] }").len(), 1);
    for fine in ["equals: 'no'", "equals: \"yes\"", "equals: false", "equals: nothing", "matches: no"] {
        assert_eq!(json(fine), Vec::<String>::new(), "{fine}");
    }
    assert_eq!(warnings("payload: { json: { flag: on, text: 'on' } }").len(), 1);
}

#[test]
fn a_word_where_a_boolean_must_be_has_a_hint() {
    let hint = "write `true` without quotes; `yes`, `no`, `on` and `off` are text in YAML 1.2";
    for word in ["yes", "On", "'true'"] {
        let errors = errors(&format!("expect: {{ json: [{{ at: /a, absent: {word} }}] }}"));
        assert!(errors.contains(&format!("hint: {hint}")), "{errors}");
    }
    let load = errors("\nload: { phases: [{ rate: 5/s, for: 60s }], check_replies: no }");
    assert!(cfg!(not(feature = "load")) || load.contains("hint: write `false` without quotes"), "{load}");
}
