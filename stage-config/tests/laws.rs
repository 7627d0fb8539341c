//! The laws of merging and of the two file formats, for any layers.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use stage_config::{
    Layer, Overrides, ParametersSection, Place, SetBy, Setting, Value, check, merge, to_stack_set_parameters, to_template_configuration,
};

/// Parts that readers and writers often handle wrongly.
const HOSTILE: [&str; 17] = [
    "",
    "\"",
    "\\",
    "\\\"",
    "\n",
    "\r\n",
    "\0",
    "\u{7f}",
    "\u{2028}",
    "\u{feff}",
    "😀",
    "👩‍👩‍👧",
    "ParameterKey",
    "{{resolve:x}}",
    "${A}",
    "[]",
    "null",
];

/// Difficult strings: quotes, line ends, control characters, emoji, the maximum length.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<String>(),
        2 => vec(proptest::sample::select(&HOSTILE[..]), 0..6).prop_map(|parts| parts.concat()),
        1 => proptest::sample::select(&["é", "a", "\"", "\\"][..]).prop_map(|part| part.repeat(4096 / part.len())),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![9 => text().prop_map(Value::Text), 1 => Just(Value::Previous)]
}

/// One entry of an override file, with few accounts, regions and parameters.
fn override_entry() -> impl Strategy<Value = serde_json::Value> {
    let accounts = proptest::sample::subsequence(vec!["111111111111", "222222222222", "333333333333"], 0..=2);
    let regions = proptest::sample::subsequence(vec!["us-east-1", "eu-west-1"], 0..=2);
    (accounts, regions, btree_map("[A-C]", text(), 0..3)).prop_map(|(accounts, regions, parameters)| {
        let mut entry = serde_json::json!({ "parameters": parameters });
        if !accounts.is_empty() || regions.is_empty() {
            entry["accounts"] = if accounts.is_empty() { serde_json::json!(["111111111111"]) } else { accounts.into() };
        }
        if !regions.is_empty() {
            entry["regions"] = regions.into();
        }
        entry
    })
}

/// Few names and few places, so that layers overlap.
fn layer() -> impl Strategy<Value = Layer> {
    let setting = (prop_oneof!["[ab]", Just(String::new())], 1..3usize, any::<bool>()).prop_map(|(text, line, in_file)| Setting {
        value: Value::Text(text),
        origin: Place::File { path: "stage.json".to_owned(), line, column: 9 },
        named_at: Place::File { path: "stage.json".to_owned(), line, column: 1 },
        set_by: if in_file { SetBy::StageFile } else { SetBy::Pipeline },
        replaced: Vec::new(),
    });
    (btree_map("[A-D]", setting.clone(), 0..4), btree_map("[a-c]", setting, 0..3)).prop_map(|(parameters, tags)| Layer {
        parameters,
        tags,
        ..Layer::default()
    })
}

proptest! {
    #[test]
    fn an_empty_layer_changes_nothing(a in layer()) {
        prop_assert_eq!(&merge([a.clone(), Layer::default()]), &a);
        prop_assert_eq!(&merge([Layer::default(), a.clone()]), &a);
    }

    #[test]
    fn merging_is_associative(a in layer(), b in layer(), c in layer()) {
        let left = merge([merge([a.clone(), b.clone()]), c.clone()]);
        let right = merge([a.clone(), merge([b.clone(), c.clone()])]);
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(left, merge([a, b, c]));
    }

    #[test]
    fn a_layer_merged_with_itself_does_not_change(a in layer(), b in layer()) {
        let merged = merge([a, b]);
        prop_assert_eq!(merge([merged.clone(), merged.clone()]), merged);
    }

    #[test]
    fn the_last_layer_with_a_parameter_wins(layers in vec(layer(), 0..5)) {
        let merged = merge(layers.clone());
        for (name, setting) in &merged.parameters {
            let last = layers.iter().rev().find_map(|layer| layer.parameters.get(name)).unwrap();
            prop_assert_eq!(&setting.value, &last.value);
            prop_assert_eq!(&setting.origin, &last.origin);
        }
    }

    #[test]
    fn nothing_is_dropped_or_duplicated(layers in vec(layer(), 0..5)) {
        let merged = merge(layers.clone());
        for layer in &layers {
            for (name, setting) in &layer.parameters {
                let same = merged.parameters[name].history().filter(|known| known.value == setting.value
                    && known.origin == setting.origin && known.set_by == setting.set_by);
                prop_assert_eq!(same.count(), 1);
            }
        }
    }

    #[test]
    fn parameters_survive_the_stack_set_format(parameters in btree_map("[A-Za-z0-9]{1,12}", value(), 0..8)) {
        let text = to_stack_set_parameters(&parameters);
        let read = Layer::from_stage_file(&text, "staging-config.json".as_ref()).unwrap();
        let values: BTreeMap<_, _> = read.parameters.into_iter().map(|(name, setting)| (name, setting.value)).collect();
        prop_assert_eq!(values, parameters);
    }

    #[test]
    fn parameters_and_tags_survive_the_template_configuration(
        texts in btree_map("[A-Za-z0-9]{1,12}", text(), 0..8),
        tags in btree_map("[a-z:]{1,12}", text(), 0..4),
    ) {
        let parameters: BTreeMap<_, _> = texts.into_iter().map(|(name, text)| (name, Value::Text(text))).collect();
        let policy = serde_json::json!({ "Statement": [] });
        let text = to_template_configuration(&parameters, &tags, Some(&policy)).unwrap();
        let read = Layer::from_stage_file(&text, "staging-config.json".as_ref()).unwrap();
        let values: BTreeMap<_, _> = read.parameters.into_iter().map(|(name, setting)| (name, setting.value)).collect();
        prop_assert_eq!(values, parameters);
        let read_tags: BTreeMap<_, _> = read.tags.into_iter().map(|(key, tag)| (key, tag.value.text().unwrap().to_owned())).collect();
        prop_assert_eq!(read_tags, tags);
        prop_assert_eq!(read.stack_policy.map(|policy| policy.document), Some(policy));
    }

    #[test]
    fn a_duplicate_name_is_rejected_in_both_formats(name in text(), first in text(), second in text()) {
        let (name, first, second) = (serde_json::json!(name), serde_json::json!(first), serde_json::json!(second));
        let array = format!(r#"[{{"ParameterKey":{name},"ParameterValue":{first}}},{{"ParameterKey":{name},"ParameterValue":{second}}}]"#);
        prop_assert_eq!(Layer::from_stage_file(&array, "stage.json".as_ref()).unwrap_err().0[0].code, "duplicate-parameter");
        let object = format!(r#"{{"Parameters":{{{name}:{first},{name}:{second}}}}}"#);
        prop_assert_eq!(Layer::from_stage_file(&object, "stage.json".as_ref()).unwrap_err().0[0].code, "duplicate-key");
    }

    #[test]
    fn overrides_one_by_one_equal_the_layer_of_each_target(entries in vec(override_entry(), 0..5)) {
        let text = serde_json::json!({ "version": 1, "overrides": entries }).to_string();
        let overrides = match Overrides::from_file(&text, "overrides.json".as_ref()) {
            Ok(overrides) => overrides,
            Err(problems) => {
                prop_assert!(problems.0.iter().all(|problem| problem.code == "duplicate-override"), "{}", problems);
                return Ok(());
            }
        };
        let one_by_one = overrides.by_target();
        for account in ["111111111111", "222222222222", "333333333333", "444444444444"] {
            for region in ["us-east-1", "eu-west-1", "ap-south-1"] {
                let mut expected = BTreeMap::new();
                for target in &one_by_one {
                    if target.account.as_ref().is_none_or(|id| id.as_str() == account) && target.region.as_ref().is_none_or(|id| id.as_str() == region) {
                        expected.extend(target.parameters.clone());
                    }
                }
                let layer = overrides.layer(account, region);
                let found: BTreeMap<_, _> =
                    layer.parameters.into_iter().map(|(name, setting)| (name, setting.value.text().unwrap().to_owned())).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn any_text_as_an_override_file_is_read_or_rejected_with_a_place(text in any::<String>()) {
        if let Err(problems) = Overrides::from_file(&text, "overrides.json".as_ref()) {
            prop_assert!(!problems.0.is_empty() && problems.0.iter().all(|problem| problem.place.is_some()));
        }
    }

    #[test]
    fn any_pattern_and_value_are_checked_without_a_panic(pattern in any::<String>(), value in text()) {
        let section = serde_json::json!({ "A": { "Type": "String", "AllowedPattern": pattern } });
        let section = ParametersSection::parse(&section).unwrap();
        let mut layer = Layer::default();
        layer.set_by_pipeline("A", value, "--a");
        check(&merge([layer]), &section);
    }

    #[test]
    fn any_text_as_a_stage_file_is_read_or_rejected_with_a_place(text in any::<String>()) {
        if let Err(problems) = Layer::from_stage_file(&text, "stage.json".as_ref()) {
            prop_assert!(!problems.0.is_empty());
            for problem in problems.0 {
                let has_place = matches!(problem.place, Some(Place::File { .. }));
                prop_assert!(has_place);
            }
        }
    }
}
