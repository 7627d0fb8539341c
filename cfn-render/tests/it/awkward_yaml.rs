//! Every quirk of YAML that a template was seen to have: an artifact beside it is packaged and nothing else changes.

use cfn_render::Template;

use crate::project::Project;

/// Each text has the artifact `src` once, marked as `@`; `@` is replaced by what should come in its place for the check.
const TEXTS: &[(&str, &str)] = &[
    ("plain", "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: @\n"),
    ("no newline at the end", "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: @"),
    ("comment right after", "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: @}}} # end"),
    ("single quotes", "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: '@'}}}\n"),
    ("double quotes", "Resources: {F: {Type: AWS::Serverless::Function, Properties: {\"CodeUri\":\"@\"}}}\n"),
    (
        "byte order mark and CRLF",
        "\u{feff}Resources:\r\n  F:\r\n    Type: AWS::Serverless::Function\r\n    Properties:\r\n      CodeUri: @\r\n      X: |\r\n        a\r\n        b\r\n",
    ),
    (
        "value on the next line",
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri:\n        @\n      X: 1\n",
    ),
    ("tagged as text", "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: !!str @\n"),
    ("an anchor that nobody names", "Resources:\n  F: &f\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: &c @\n"),
    ("explicit keys", "Resources:\n  ? F\n  : Type: AWS::Serverless::Function\n    ? Properties\n    : ? CodeUri\n      : @\n"),
    ("document markers", "%YAML 1.2\n---\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: @\n...\n"),
    (
        "many kinds of scalars",
        "X: [1.10, 0755, Yes, ~, 1e3, 12:30, =, 2012-10-17, 0x1A, 1_000, '', \"\\u00e9\"]\nResources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: @}}}\n",
    ),
    (
        "tags of all kinds",
        "X: [!GetAZs , !Ref a, !GetAtt b.c, !Sub 'd', {e: !GetAZs}, !If [f, g, h], !Transform {Name: n}, ! i]\nResources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: @}}}\n",
    ),
    (
        "block scalars",
        "X: |2-  # comment\n    two  spaces\n   é\n\nY: >+\n\n  folded\n\n\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: @\nZ: |-\n  last",
    ),
    (
        "duplicate keys",
        "X: 1\nX: 2\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: @\n      A: 1\n      A: 2\n",
    ),
    ("tabs after values", "X: 1\t\nResources:\n  F:\t\n    Type: AWS::Serverless::Function\t# c\n    Properties:\n      CodeUri: @\t\n"),
    ("one pair in a list", "X: [0, Fn::GetAZs: x]\nResources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: @}}}\n"),
    ("non-ASCII around it", "é日😀: 'ü'\nResources: {日: {Type: AWS::Serverless::Function, Properties: {CodeUri: @, é: ü}}} # 😀\n"),
    (
        "lists at the key's column",
        "X:\n- a\n- b:\n  - c\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: @\n",
    ),
    ("flow over lines", "Resources: {\n  F: {\n    Type: AWS::Serverless::Function,\n    Properties: {\n      CodeUri: @\n  }}}\n"),
    ("old Mac line ends", "Resources:\r  F:\r    Type: AWS::Serverless::Function\r    Properties:\r      CodeUri: @\r"),
];

#[test]
fn nothing_but_the_artifact_changes() {
    for (name, text) in TEXTS {
        let project = Project::new(&[("template.yml", &text.replace('@', "src")), ("src/index.py", "1")]);
        let (packaged, store) = project.package("template.yml");
        let key = store.objects().into_keys().next().unwrap_or_else(|| panic!("{name}: nothing was uploaded"));
        assert_eq!(packaged.text, text.replace('@', &format!("s3://bucket/{key}")), "{name}");
    }
}

#[test]
fn a_mapping_can_take_the_place_of_any_style() {
    for (name, text) in TEXTS {
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
