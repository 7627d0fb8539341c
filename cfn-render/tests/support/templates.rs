//! Templates for the tests and, as the first inputs, for the fuzz targets.
#![allow(dead_code, reason = "each program that includes this file uses a part of it")]

/// Every YAML quirk seen in a template, with its name. Each text contains the artifact `src` once,
/// marked as `@`.
pub(crate) const AWKWARD: &[(&str, &str)] = &[
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
    ("an anchor without an alias", "Resources:\n  F: &f\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: &c @\n"),
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

/// More inputs for packaging, with the files of [`FILES`].
pub(crate) const PACKAGED: &[&str] = &[
    "Base: &base\n  Code: &code src\nResources:\n  A:\n    Type: AWS::Lambda::Function\n    Properties:\n      <<: *base\n      X: *code\n  B: {Type: 'AWS::Lambda::Function', Properties: *base}\n",
    "A:\n  - <<: [{B: 1}, {C: 2}]\n    C: 3\n  - <<:\n    -\n  - {<<: {}, D: 4}\n",
    "Resources:\n  A: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yml}}\n  B: {Type: 'AWS::CloudFormation::StackSet', Properties: {TemplateURL: 'https://example.com/t.yml'}}\n",
    "Transform:\n  - {Name: AWS::Include, Parameters: {Location: part.yml}}\nX: [[{Fn::Transform: [{Name: AWS::Include, Parameters: {Location: file.txt}}]}], !Transform {Name: AWS::Include, Parameters: {Location: \"part.yml\"}}]\n",
    "Resources:\n  Fn::ForEach::A: [X, [a, b], {'F${X}': {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}]\n",
    "{\"Metadata\": {\"AWS::ServerlessRepo::Application\": {\"ReadmeUrl\": \"file.txt\", \"LicenseUrl\": \"s3://b/k\"}},\r\n\t\"Resources\": {\"J\": {\"Type\": \"AWS::Glue::Job\", \"Properties\": {\"Command\": {\"ScriptLocation\": \"file.txt\"}}}}}",
    "Globals: {Function: {CodeUri: src}}\nResources:\n  P:\n    Type: AWS::ServiceCatalog::CloudFormationProduct\n    Properties:\n      ProvisioningArtifactParameters:\n        - Info: {LoadTemplateFromURL: child.yml}\n  S: {Type: 'AWS::Serverless::StateMachine', Properties: {DefinitionUri: 's3://b/k?versionId=1'}}\n  C: {Type: AWS::CodeCommit::Repository, Properties: {Code: {S3: file.txt}}}\n",
];

/// The files next to a template that is packaged to check its invariants.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("src/index.py", "def handler(event, context): return event\n"),
    ("file.txt", "A: 1\n"),
    ("child.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}} # child\n"),
    ("part.yml", "F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}\n"),
];

/// A template in which every function has arguments.
pub(crate) const RESOLVED: &str = "\
Transform: AWS::LanguageExtensions
Parameters:
  Name: {Type: String, Default: iris}
  Count: {Type: Number, Default: 1.10}
  Members: {Type: CommaDelimitedList, Default: 'a, b,c'}
  Ids: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /ids}
Mappings: {Sizes: {staging: {Instance: ml.t2.medium, List: [x, y]}}}
Conditions:
  Yes: !Equals [!Ref Name, iris]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Equals [1, '1']]
  Maybe: !Or [!Equals [!Ref Ids, x], !Condition No]
Resources:
  R:
    Type: Custom::R
    Condition: Yes
    Properties:
      A: !Sub ['${a}/${Name}-${AWS::Region}-${!Name}-${R.Arn}', {a: !Select [1, !Ref Members]}]
      B: !Join [',', [!Ref Members, !Split ['-', 'x-y'], !Ref AWS::NoValue]]
      C: !FindInMap [Sizes, prod, Instance, {DefaultValue: !If [Maybe, !Ref Name, !GetAtt R.Arn]}]
      D: [!Base64 x, !Length [1, 2], !ToJsonString {b: 1, a: !Ref Name}, !Cidr [10.0.0.0/16, 2, 8], !GetAZs '', !ImportValue e]
      E: '{{resolve:ssm:/x}}'
  Fn::ForEach::Each: [X, !Ref Members, {'R${X}': {Type: Custom::R, Properties: {N: !Ref X, M: !Sub '${X}-&{X}'}}}]
Outputs:
  O: {Condition: No, Value: !Ref R}
";
