//! Aliases and merge keys are expanded.

use cfn_render::{Severity, Template};
use insta::assert_snapshot;

use crate::project::{Project, Store, package, short};

#[test]
fn aliases_and_merge_keys_are_expanded_with_a_note() {
    let project = Project::new(&[
        (
            "template.yml",
            "Base: &base   # kept\n\
             \x20 Code: &code src\n\
             \x20 Timeout: 3\n\
             Resources:\n\
             \x20 A:\n\
             \x20   Type: AWS::Lambda::Function\n\
             \x20   Properties:\n\
             \x20     <<: *base\n\
             \x20     Timeout: 5  # longer\n\
             \x20 B:\n\
             \x20   Type: AWS::Serverless::Function\n\
             \x20   Properties: {<<: *base, CodeUri: *code}\n\
             \x20 C: {Type: 'AWS::Lambda::Function', Properties: *base}\n\
             \x20 D:\n\
             \x20   Type: AWS::Lambda::Function\n\
             \x20   Properties:\n\
             \x20     Description: *code\n\
             \x20     Code: src\n",
        ),
        ("src/index.py", "1"),
    ]);
    let (packaged, store) = project.package("template.yml");
    let key = store.objects().into_keys().next().unwrap();
    assert_snapshot!(short(&packaged.text, &[(&key, "KEY")]), @r#"
    Base: &base   # kept
      Code: &code src
      Timeout: 3
    Resources:
      A:
        Type: AWS::Lambda::Function
        Properties:
          "Code": {"S3Bucket":"bucket","S3Key":"KEY"}
          Timeout: 5  # longer
      B:
        Type: AWS::Serverless::Function
        Properties: {"Code":"src","CodeUri":"s3://bucket/KEY","Timeout":3}
      C: {Type: 'AWS::Lambda::Function', Properties: {"Code":{"S3Bucket":"bucket","S3Key":"KEY"},"Timeout":3}}
      D:
        Type: AWS::Lambda::Function
        Properties:
          Description: "src"
          Code: {"S3Bucket": "bucket", "S3Key": "KEY"}
    "#);
    let note = packaged.notes.iter().find(|note| note.code == "aliases-expanded").unwrap();
    assert_eq!(note.severity, Severity::Note);
}

#[test]
fn merge_keys_with_empty_mappings_are_removed() {
    for (text, expected) in [
        ("A:\n  <<:\n  B: 1\n", "A:\n  # nothing to merge\n  B: 1\n"),
        ("A:\n  <<: {}\n", "A:\n  {}\n"),
        ("A:\n  <<: {}\n  <<:\n", "A:\n  {}\n  # nothing to merge\n"),
        ("A:\n  <<:\n    -\n  B: 1\n", "A:\n  # nothing to merge\n  B: 1\n"),
        ("A:\n  <<:\n  -\n  - {C: 2}\n  B: 1\n", "A:\n  \"C\": 2\n  B: 1\n"),
        ("A:\n  - <<:\n    -\n", "A:\n  - {}\n"),
        ("A:\n  ? <<\n  : {B: 1}\n  C: 1\n", "A:\n  {\"B\":1,\"C\":1}\n"),
        ("A:\n  ? <<\nB: 1\n", "A:\n  {}\nB: 1\n"),
        ("A:\n  - <<: [{B: 1}]\n  - <<:\n     B:", "A:\n  - \"B\": 1\n  - \"B\": null"),
        ("A: >+\n\n  b\n<<: {}\n\nC: 1\n", "A: >+\n\n  b\n# nothing to merge\n\nC: 1\n"),
        ("A: {<<: {B: 1}, C: 2}\n", "A: {\"B\":1,\"C\":2}\n"),
        ("A:\n  - <<: {B: 1, C: 2}\n    C: 3\n", "A:\n  - \"B\": 1\n    C: 3\n"),
        ("A:\n  - <<: {B: 1, C: 2}\n", "A:\n  - \"B\": 1\n    \"C\": 2\n"),
    ] {
        let template = Template::parse(text, "template.yml").unwrap();
        assert_eq!(package(&template, &Store::default()).unwrap().text, expected, "{text}");
    }
}

#[test]
fn a_merge_key_without_braces_stays_one_item_of_its_list() {
    for (text, expected) in [
        ("X: [<<: {A: 1, B: 2}]\n", "X: [{\"A\":1,\"B\":2}]\n"),
        ("X: [<<: {A: 1}, b]\n", "X: [{\"A\":1}, b]\n"),
        ("X: [a, ? <<: {A: 1, B: [c]} , b]\n", "X: [a, {\"A\":1,\"B\":[\"c\"]} , b]\n"),
        ("X: [[<<: [{A: 1}, {A: 2, B: 3}]]]\n", "X: [[{\"A\":1,\"B\":3}]]\n"),
        ("X: [<<: {}, <<: , b: c]\n", "X: [{}, {} , b: c]\n"),
        ("X: [!Sub a, <<: {C: Y, B: !Ref Z}]\n", "X: [!Sub a, {\"B\":{\"Ref\":\"Z\"},\"C\":\"Y\"}]\n"),
    ] {
        let template = Template::parse(text, "template.yml").unwrap();
        assert_eq!(package(&template, &Store::default()).unwrap().text, expected, "{text}");
    }
}
