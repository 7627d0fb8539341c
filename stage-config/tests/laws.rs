//! The laws that merging and the two file formats keep, for any layers.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use stage_config::{Layer, Place, Setting, Standing, Value, merge, to_stack_set_parameters, to_template_configuration};

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![9 => any::<String>().prop_map(Value::Text), 1 => Just(Value::Previous)]
}

/// Few names and few places, so that layers meet.
fn layer() -> impl Strategy<Value = Layer> {
    let setting = (prop_oneof!["[ab]", Just(String::new())], 1..3usize, any::<bool>()).prop_map(|(text, line, asked)| Setting {
        value: Value::Text(text),
        origin: Place::File { path: "stage.json".to_owned(), line, column: 1 },
        standing: if asked { Standing::Asked } else { Standing::Offered },
        replaced: Vec::new(),
    });
    (btree_map("[A-D]", setting, 0..4), btree_map("[a-c]", "[xy]", 0..3)).prop_map(|(parameters, tags)| Layer {
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
    fn a_layer_merged_with_itself_stays_as_it_is(a in layer(), b in layer()) {
        let merged = merge([a, b]);
        prop_assert_eq!(merge([merged.clone(), merged.clone()]), merged);
    }

    #[test]
    fn the_last_layer_that_has_a_parameter_wins(layers in vec(layer(), 0..5)) {
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
                    && known.origin == setting.origin && known.standing == setting.standing);
                prop_assert_eq!(same.count(), 1);
            }
        }
    }

    #[test]
    fn parameters_survive_the_stack_set_format(parameters in btree_map("[A-Za-z0-9]{1,12}", value(), 0..8)) {
        let text = to_stack_set_parameters(&parameters);
        let read = Layer::from_stage_file(&text, "staging-config.json").unwrap();
        let values: BTreeMap<_, _> = read.parameters.into_iter().map(|(name, setting)| (name, setting.value)).collect();
        prop_assert_eq!(values, parameters);
    }

    #[test]
    fn parameters_and_tags_survive_the_template_configuration(
        texts in btree_map("[A-Za-z0-9]{1,12}", any::<String>(), 0..8),
        tags in btree_map("[a-z:]{1,12}", any::<String>(), 0..4),
    ) {
        let parameters: BTreeMap<_, _> = texts.into_iter().map(|(name, text)| (name, Value::Text(text))).collect();
        let policy = serde_json::json!({ "Statement": [] });
        let text = to_template_configuration(&parameters, &tags, Some(&policy)).unwrap();
        let read = Layer::from_stage_file(&text, "staging-config.json").unwrap();
        let values: BTreeMap<_, _> = read.parameters.into_iter().map(|(name, setting)| (name, setting.value)).collect();
        prop_assert_eq!(values, parameters);
        prop_assert_eq!(read.tags, tags);
        prop_assert_eq!(read.stack_policy, Some(policy));
    }

    #[test]
    fn any_text_as_a_stage_file_is_read_or_refused_with_a_place(text in any::<String>()) {
        if let Err(problems) = Layer::from_stage_file(&text, "stage.json") {
            prop_assert!(!problems.0.is_empty());
            for problem in problems.0 {
                let has_place = matches!(problem.place, Some(Place::File { .. }));
                prop_assert!(has_place);
            }
        }
    }
}
