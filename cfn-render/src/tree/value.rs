//! Converts the tree to JSON, with every function in its long form.

use granit_parser::ScalarStyle;
use serde_json::{Map, Number, Value};

use super::{Kind, NodeId, Tag, Tree};

impl Tree {
    /// A node as JSON. Short forms become long ones; aliases and merge keys are expanded.
    pub(crate) fn value(&self, id: NodeId) -> Value {
        let id = self.follow(id);
        let node = self.node(id);
        let value = match &node.kind {
            Kind::Scalar { text, .. } if node.tag.is_some() => self.written(*text).into(),
            Kind::Scalar { text, style } => scalar(self.written(*text), *style),
            Kind::Sequence(items) => items.iter().map(|item| self.value(*item)).collect(),
            Kind::Mapping(_) => {
                self.entries(id).into_iter().map(|entry| (entry.key.to_owned(), self.value(entry.value))).collect::<Map<_, _>>().into()
            }
            // `follow` has resolved it.
            Kind::Alias(_) => Value::Null,
        };
        match &node.tag {
            Some(Tag::Function(name)) => Map::from_iter([(name.clone(), argument(name, value))]).into(),
            _ => value,
        }
    }
}

/// `!GetAtt Resource.Attribute` is the only short form whose argument differs from the long form's.
fn argument(function: &str, value: Value) -> Value {
    match (function, value) {
        ("Fn::GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((resource, attribute)) => vec![resource, attribute].into(),
            None => text.into(),
        },
        (_, value) => value,
    }
}

/// A scalar without a tag: a string unless it is plain and reads back as the same characters.
pub(crate) fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => exact_number(text).map_or_else(|| text.into(), Value::Number),
    }
}

/// `1.10` is a version, `0755` a mode and `123456789012345678901` an id: only a number that prints
/// as written is a number.
fn exact_number(text: &str) -> Option<Number> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
        return None;
    }
    let number: Number = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        let tree = Tree::build(text).unwrap();
        tree.value(Tree::ROOT)
    }

    #[test]
    fn plain_scalars_are_numbers_only_when_they_print_as_written() {
        for (text, expected) in [
            ("1", json!(1)),
            ("-5", json!(-5)),
            ("0.5", json!(0.5)),
            ("1.10", json!("1.10")),
            ("0755", json!("0755")),
            ("012345678901", json!("012345678901")),
            ("123456789012", json!(123_456_789_012_u64)),
            ("123456789012345678901", json!("123456789012345678901")),
            ("1e3", json!("1e3")),
            ("-0", json!("-0")),
            ("0x1A", json!("0x1A")),
            ("1_000", json!("1_000")),
            ("1:30", json!("1:30")),
            ("2012-10-17", json!("2012-10-17")),
            ("Yes", json!("Yes")),
            ("off", json!("off")),
            ("True", json!("True")),
            ("true", json!(true)),
            ("false", json!(false)),
            ("'true'", json!("true")),
            ("\"5\"", json!("5")),
            ("!!str 5", json!("5")),
            ("! 5", json!("5")),
            ("~", json!(null)),
            (".inf", json!(".inf")),
            ("=", json!("=")),
        ] {
            assert_eq!(value(&format!("k: {text}")), json!({ "k": expected }), "{text}");
        }
    }

    #[test]
    fn short_forms_become_long_ones() {
        assert_eq!(
            value(
                "a: !Ref X\nb: !GetAtt A.B.C\nc: !GetAtt [A, B]\nd: !Sub ['${x}', {x: 1}]\ne: !Condition C\nf: [!GetAZs , {g: !GetAZs}]\n\
                 h: !Base64\n  Fn::Sub: x\ni: !If [C, !Ref A, !Ref 'AWS::NoValue']"
            ),
            json!({
                "a": { "Ref": "X" }, "b": { "Fn::GetAtt": ["A", "B.C"] }, "c": { "Fn::GetAtt": ["A", "B"] },
                "d": { "Fn::Sub": ["${x}", { "x": 1 }] }, "e": { "Condition": "C" },
                "f": [{ "Fn::GetAZs": "" }, { "g": { "Fn::GetAZs": "" } }], "h": { "Fn::Base64": { "Fn::Sub": "x" } },
                "i": { "Fn::If": ["C", { "Ref": "A" }, { "Ref": "AWS::NoValue" }] },
            })
        );
    }

    #[test]
    fn aliases_and_merge_keys_are_expanded() {
        assert_eq!(
            value("base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nk:\n  <<: [*b, *o]\n  x: 9\nl: {<<: *b}\nm: *b"),
            json!({
                "base": { "x": 1, "y": 2 }, "other": { "y": 3, "z": 4 }, "k": { "x": 9, "y": 2, "z": 4 }, "l": { "x": 1, "y": 2 },
                "m": { "x": 1, "y": 2 },
            })
        );
    }

    #[test]
    fn json_is_read_as_json() {
        assert_eq!(
            value("{\n\t\"a\\u00e9\\ud83d\\ude00\\/\": [1, {\"b\": null}, true, \"x\\ty\"],\n\t\"c\":{}\n}\n"),
            json!({ "aé😀/": [1, { "b": null }, true, "x\ty"], "c": {} })
        );
    }
}
