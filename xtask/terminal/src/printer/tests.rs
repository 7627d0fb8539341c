use super::escaped;

#[test]
fn json_for_a_terminal_has_no_character_that_controls_it_and_the_same_value() {
    let value = serde_json::json!({ "description": "a\u{9b}31m \u{202e}b\u{7f} \u{2028} \u{1fffe} é 🦀\n", "\u{200f}": [1] });
    let text = serde_json::to_string_pretty(&value).unwrap();
    let printed = escaped(&text);
    assert!(!printed.chars().any(|character| character != '\n' && endpoint_test::report::is_steering(character)), "{printed}");
    assert!(printed.contains(r"a\u009b31m \u202eb\u007f \u2028 \ud83f\udffe é 🦀\n"), "{printed}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), value);
    assert!(matches!(escaped("{}\n"), std::borrow::Cow::Borrowed(_)));
}
