//! Non-ASCII characters are written as escapes.

use cfn_render::{PackageOptions, Template};

use crate::project::{Project, Store, block_on};

fn escaped(template: &Template) -> String {
    let mut options = PackageOptions::default();
    options.escape_non_ascii = true;
    block_on(template.package(&Store::default(), &options)).unwrap().text
}

#[test]
fn values_and_keys_are_escaped_and_comments_are_not() {
    for (text, expected) in [
        ("A: é # ü\nB: 'it''s ü'\nC: \"\\t日😀\"\nD: a\n", "A: \"\\u00e9\" # ü\nB: \"it's \\u00fc\"\nC: \"\\t\\u65e5\\U0001F600\"\nD: a\n"),
        ("é: !Sub 'ü-${A}'\n", "\"\\u00e9\": !Sub \"\\u00fc-${A}\"\n"),
        ("A: |\n  one é\n\n  two\nB: >-\n  a\n  ü\n", "A: \"one \\u00e9\\n\\ntwo\\n\"\nB: \"a \\u00fc\"\n"),
        ("A: long\n  é\n  text\nB: [ü, b]\n", "A: \"long \\u00e9 text\"\nB: [\"\\u00fc\", b]\n"),
        ("{\"é\": \"日😀\"}", "{\"\\u00e9\": \"\\u65e5\\ud83d\\ude00\"}"),
        ("A: &a é\nB: *a\n", "A: &a \"\\u00e9\"\nB: \"\\u00e9\"\n"),
        ("A: plain # é\n", "A: plain # é\n"),
        ("A: \"\\u00e9\"\n", "A: \"\\u00e9\"\n"),
    ] {
        let template = Template::parse(text, "t.yml").unwrap();
        let written = escaped(&template);
        assert_eq!(written, expected, "{text}");
        assert_eq!(Template::parse(written, "t.yml").unwrap().to_value(), template.to_value(), "{text}");
    }
}

#[test]
fn a_key_that_would_become_too_long_is_not_escaped() {
    let text = format!("{}: {}\n", "é".repeat(300), "é".repeat(300));
    let template = Template::parse(text.clone(), "t.yml").unwrap();
    assert_eq!(escaped(&template), format!("{}: \"{}\"\n", "é".repeat(300), "\\u00e9".repeat(300)));
}

#[test]
fn nested_templates_are_escaped_too() {
    let project = Project::new(&[
        ("root.yml", "Resources: {C: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yml}}}\n"),
        ("child.yml", "Description: é\nResources: {}\n"),
    ]);
    let store = Store::default();
    let mut options = PackageOptions::default();
    options.escape_non_ascii = true;
    block_on(project.template("root.yml").package(&store, &options)).unwrap();
    let child = store.objects().into_values().next().unwrap();
    assert_eq!(String::from_utf8(child).unwrap(), "Description: \"\\u00e9\"\nResources: {}\n");
}
