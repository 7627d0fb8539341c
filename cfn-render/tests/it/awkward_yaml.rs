//! Every YAML quirk seen in a template: the artifact is packaged and nothing else changes.

use cfn_render::Template;

use crate::project::Project;
use crate::templates::AWKWARD;

#[test]
fn only_the_artifact_changes() {
    for (name, text) in AWKWARD {
        let project = Project::new(&[("template.yml", &text.replace('@', "src")), ("src/index.py", "1")]);
        let (packaged, store) = project.package("template.yml");
        let key = store.objects().into_keys().next().unwrap_or_else(|| panic!("{name}: nothing was uploaded"));
        assert_eq!(packaged.text, text.replace('@', &format!("s3://bucket/{key}")), "{name}");
    }
}

#[test]
fn a_mapping_can_replace_a_value_in_any_style() {
    for (name, text) in AWKWARD {
        let text = text.replace("AWS::Serverless::Function", "AWS::Lambda::Function").replace("CodeUri", "Code");
        let project = Project::new(&[("template.yml", &text.replace('@', "src")), ("src/index.py", "1")]);
        let (packaged, store) = project.package("template.yml");
        let key = store.objects().into_keys().next().unwrap_or_else(|| panic!("{name}: nothing was uploaded"));
        let mapping = format!(r#"{{"S3Bucket": "bucket", "S3Key": "{key}"}}"#);
        let expected = text.replace("'@'", "@").replace("\"@\"", "@").replace("!!str @", "@").replace('@', &mapping);
        assert_eq!(packaged.text, expected, "{name}");
    }
}

#[test]
fn block_scalars_are_replaced_with_their_header() {
    for (block, rest) in [
        ("|-\n        src\n", "\n"),
        (">-  # why\n        src", ""),
        ("!!str >-\n        src\n\n\n", "\n\n\n"),
        ("&a |-\n        src\n", "\n"),
        ("&a|b >-\n        src\n      # c\n", "\n      # c\n"),
    ] {
        let head = "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ";
        let project = Project::new(&[("template.yml", &format!("{head}{block}")), ("src/index.py", "1")]);
        let (packaged, store) = project.package("template.yml");
        let key = store.objects().into_keys().next().unwrap_or_else(|| panic!("{block}: nothing was uploaded"));
        let anchor = block.strip_prefix('&').map(|block| format!("&{} ", block.split(' ').next().unwrap())).unwrap_or_default();
        let mapping = format!(r#"{{"S3Bucket": "bucket", "S3Key": "{key}"}}"#);
        assert_eq!(packaged.text, format!("{head}{anchor}{mapping}{rest}"), "{block:?}");
    }
}

#[test]
fn a_block_scalar_that_ends_with_the_file_keeps_its_text() {
    let template = Template::parse("Description: |\n  text", "t.yml").unwrap();
    assert_eq!(template.to_value()["Description"], "text");
    let template = Template::parse("Description: |\n  text\n", "t.yml").unwrap();
    assert_eq!(template.to_value()["Description"], "text\n");
}

#[test]
fn the_place_of_a_list_begins_at_its_first_dash() {
    for (text, expected) in [
        ("A:\n- b\n- c\n", "- b\n- c"),
        ("A:\n  - b\n  - c\n", "- b\n  - c"),
        ("A:  # why - not\n# - nor\n- b\n", "- b"),
        ("A: &a-b\n-\n- c\n", "&a-b\n-\n- c"),
        ("A: !T\n- b\n", "!T\n- b"),
        ("A:\r\n- - b\r\n  - c\r\n", "- - b\r\n  - c"),
    ] {
        let template = Template::parse(text, "t.yml").unwrap();
        assert_eq!(&text[template.locate("/A").unwrap().range()], expected, "{text:?}");
    }
}
