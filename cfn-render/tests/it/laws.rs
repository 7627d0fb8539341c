//! Properties of every template.

use cfn_render::Template;
use proptest::prelude::*;
use serde_json::Value;

use crate::invariants;
use crate::project::{Project, Store, package};
use crate::templates::{AWKWARD, FILES, PACKAGED, RESOLVED};

/// A scalar on one line.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9][a-zA-Z0-9./-]{0,12}",
        "'[^'\r\n\t\\x00-\\x1f\\x7f-\\x9f\u{feff}\u{2028}\u{2029}]{0,12}'".prop_filter("printable", |text| printable(text)),
        Just("1.10".to_owned()),
        Just("Yes".to_owned()),
        Just("0755".to_owned()),
        Just("~".to_owned()),
        Just("!Ref AWS::Region".to_owned()),
        Just("!GetAtt A.B.C".to_owned()),
        Just("!Sub '${AWS::Region}-é'".to_owned()),
        Just(r#""\u00e9\n""#.to_owned()),
    ]
}

fn printable(text: &str) -> bool {
    text.chars()
        .all(|character| !character.is_control() && character != '\u{feff}' && u32::from(character) < 0xfff0 || character > '\u{ffff}')
}

/// A value in flow style.
fn flow() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| {
                let pairs: Vec<String> = items.iter().enumerate().map(|(index, item)| format!("k{index}: {item}")).collect();
                format!("{{{}}}", pairs.join(", "))
            }),
            inner.prop_map(|value| format!("!Select [0, {value}]")),
        ]
    })
}

/// A property with comments and blank lines around it.
fn property() -> impl Strategy<Value = String> {
    (
        prop_oneof![
            flow().prop_map(|value| format!(" {value}")),
            "[a-z ]{1,20}[a-z]".prop_map(|text| format!(" |\n        {}", text.trim())),
            flow().prop_map(|value| format!("\n        - {value}\n        - x: {value}\n          y: z")),
        ],
        prop_oneof![Just(""), Just("  # comment é"), Just("\n\n      # own line")],
    )
        .prop_filter_map("a comment cannot follow a block scalar's text", |(value, comment)| {
            (!value.starts_with(" |") || !comment.starts_with("  #")).then(|| format!("{value}{comment}"))
        })
}

/// A template. With `artifacts`, some properties refer to `src`.
fn template(artifacts: bool) -> impl Strategy<Value = String> {
    let code = if artifacts {
        prop_oneof![Just("src"), Just("'src'"), Just("\"src\""), Just("./src")]
    } else {
        prop_oneof![Just("{ZipFile: x}"), Just("s3://b/k"), Just("!Ref AWS::Region"), Just("")]
    };
    let resource = (code, proptest::collection::vec(property(), 0..4), any::<bool>());
    (proptest::collection::vec(resource, 1..4), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(resources, bom, crlf, newline)| {
        let mut text = String::from("# head\nTransform: AWS::Serverless-2016-10-31\nResources:\n");
        for (index, (code, properties, last)) in resources.into_iter().enumerate() {
            text.push_str(&format!("  R{index}:\n    Type: AWS::Serverless::Function\n    Properties:\n"));
            let code = format!("      CodeUri: {code}\n");
            if !last {
                text.push_str(&code);
            }
            for (index, property) in properties.into_iter().enumerate() {
                text.push_str(&format!("      P{index}:{property}\n"));
            }
            if last {
                text.push_str(&code);
            }
        }
        if !newline {
            text.pop();
        }
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        if bom { format!("\u{feff}{text}") } else { text }
    })
}

proptest! {
    #[test]
    fn a_template_without_artifacts_stays_the_same_byte_for_byte(text in template(false)) {
        let parsed = Template::parse(text.clone(), "t.yml").unwrap();
        let store = Store::default();
        prop_assert_eq!(package(&parsed, &store).unwrap().text, text);
        prop_assert!(store.objects().is_empty());
    }

    #[test]
    fn every_byte_outside_the_edits_is_the_inputs(text in template(true)) {
        let project = Project::new(&[("t.yml", &text), ("src/index.py", "1")]);
        let (packaged, store) = project.package("t.yml");
        let key = store.objects().into_keys().next().unwrap();
        let uri = format!("s3://bucket/{key}");
        prop_assert_eq!(&packaged.text.replace(&uri, "src"), &text.replace("./src", "src"));
        prop_assert_eq!(packaged.text.matches(&uri).count(), text.matches("CodeUri").count());

        // A packaged template has no local artifacts: packaging it again changes nothing.
        let again = Template::parse(packaged.text.clone(), project.path("t.yml")).unwrap();
        prop_assert_eq!(package(&again, &Store::default()).unwrap().text, packaged.text);
    }

    #[test]
    fn json_is_read_like_serde_json(value in json()) {
        for text in [value.to_string(), format!("{value:#}")] {
            let parsed = Template::parse(text, "t.json").unwrap();
            prop_assert_eq!(parsed.to_value(), value.clone());
        }
    }

    #[test]
    fn the_invariants_hold_for_any_text(text in "[\\[\\]{}:,&*!|>'\"#%@\\-? \n\ta-c0-9é\u{feff}]{0,60}") {
        let project = Project::new(&[]);
        invariants::packaging(&text, &project.path("project"), &project.path("store"));
        invariants::resolving(&text);
    }
}

#[test]
fn the_invariants_hold_for_the_first_inputs_of_fuzzing() {
    let awkward = AWKWARD.iter().map(|(_, text)| text.replace('@', "src"));
    for text in PACKAGED.iter().copied().chain([RESOLVED]).map(str::to_owned).chain(awkward) {
        let project = Project::new(&[]);
        for (name, content) in FILES {
            project.write(&format!("project/{name}"), content);
        }
        invariants::packaging(&text, &project.path("project"), &project.path("store"));
        invariants::resolving(&text);
    }
}

/// Strings without the characters that are valid in JSON but not in YAML: the parser rejects those
/// with their place.
fn text() -> impl Strategy<Value = String> {
    ".{0,12}".prop_map(|text| {
        let is_yaml = |character: &char| *character < '\u{7f}' || printable(&character.to_string());
        text.chars().filter(is_yaml).collect()
    })
}

/// A JSON object whose numbers print as written.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    let any = leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(text(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    proptest::collection::btree_map(text(), any, 0..5).prop_map(|map| Value::Object(map.into_iter().collect()))
}
