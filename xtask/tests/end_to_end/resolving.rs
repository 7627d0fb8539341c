//! Compares `cfn_render::Template::resolve` with a stack's outputs in the local CloudFormation.

use std::collections::BTreeMap;

use cfn_render::{PseudoParameters, Template, is_known};

use crate::cloud::{Cloud, HOME};

const TEMPLATE: &str = "\
Parameters:
  Name: {Type: String, Default: iris}
  Stage: {Type: String}
  Count: {Type: Number, Default: 3}
Mappings:
  Sizes:
    staging: {Instance: ml.t2.medium, Zones: [x, y]}
    prod: {Instance: ml.m5.large, Zones: [z]}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsIris: !Equals [!Ref Name, iris]
  Both: !And [!Condition IsProd, !Condition IsIris]
  Either: !Or [!Condition IsProd, !Condition IsIris]
  Neither: !Not [!Condition Either]
Resources:
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub 'resolved-${Stage}'}}
Outputs:
";

/// Output values that the local CloudFormation supports. No list parameters: moto reads their
/// defaults as strings.
const VALUES: &[&str] = &[
    "!Ref Name",
    "!Ref Count",
    "!Ref AWS::Region",
    "!Ref AWS::AccountId",
    "!Ref AWS::Partition",
    "!Ref AWS::StackName",
    "!Ref AWS::URLSuffix",
    "!Sub '${Name}-${AWS::Region}-x'",
    "!Sub ['${a}/${Name}', {a: !Select [1, [x, b]]}]",
    "!Sub 'literal'",
    "!Join ['-', [a, !Ref Name, !Ref Count]]",
    "!Select [0, !Split ['-', 'x-y']]",
    "!Select ['1', [a, !Ref Name]]",
    "!Join ['+', !Split ['-', !Sub '${Name}-${Stage}']]",
    "!If [IsProd, p, q]",
    "!If [IsIris, !Ref Name, q]",
    "!If [Both, a, b]",
    "!If [Either, a, b]",
    "!If [Neither, a, b]",
    "!If [IsProd, !If [IsIris, a, b], !If [IsIris, c, d]]",
    "!FindInMap [Sizes, !Ref Stage, Instance]",
    "!Select [0, !FindInMap [Sizes, !Ref Stage, Zones]]",
    "{Fn::Base64: !Sub '${Name}'}",
    "!Join ['-', [a, !If [IsProd, b, !Ref AWS::NoValue], c]]",
];

#[test]
fn outputs_equal_those_of_the_local_cloudformation() {
    let cloud = Cloud::new();
    let outputs: String =
        VALUES.iter().enumerate().map(|(index, value)| format!("  O{index}: {{Value: {value}}}\n")).collect::<Vec<_>>().concat();
    // Omitted in one stage, present in the other.
    let text = format!("{TEMPLATE}{outputs}  Sometimes: {{Condition: IsProd, Value: x}}\n");
    let template = Template::parse(text.clone(), "t.yml").unwrap();
    for stage in ["staging", "prod"] {
        let name = format!("stack-{stage}");
        let parameters = [("ParameterKey", "Stage"), ("ParameterValue", stage)]
            .map(|(key, value)| (format!("Parameters.member.1.{key}"), value.to_owned()));
        let mut request = vec![("StackName", name.as_str()), ("TemplateBody", text.as_str())];
        request.extend(parameters.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        cloud.aws.query(HOME, "cloudformation", "CreateStack", &request).unwrap();
        let described = cloud.aws.query(HOME, "cloudformation", "DescribeStacks", &[("StackName", &name)]).unwrap();
        let theirs: BTreeMap<String, String> = described.texts("OutputKey").into_iter().zip(described.texts("OutputValue")).collect();

        let values = BTreeMap::from([("Stage".to_owned(), stage.to_owned())]);
        let pseudo = PseudoParameters::in_region("us-east-1").in_account(HOME).of_stack(&name);
        let resolved = template.resolve(&values, &pseudo).unwrap();
        let outputs = resolved["Outputs"].as_object().unwrap();
        let mut ours = BTreeMap::new();
        for (key, output) in outputs {
            assert!(is_known(&output["Value"]), "{key}: {output}");
            ours.insert(key.clone(), output["Value"].as_str().unwrap().to_owned());
        }
        for (key, value) in &theirs {
            let expression = key.strip_prefix('O').and_then(|index| VALUES.get(index.parse::<usize>().ok()?));
            assert_eq!(ours.get(key), Some(value), "{expression:?} in {stage}");
        }
        assert_eq!(ours, theirs, "{stage}");
        assert_eq!(ours.contains_key("Sometimes"), stage == "prod");
    }
}
