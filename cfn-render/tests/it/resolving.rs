//! Evaluating templates.

use std::collections::BTreeMap;

use cfn_render::{PseudoParameters, Template, resources_of_type};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::report;

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Evaluates one value in a template with some parameters, mappings and resources.
fn value(expression: &str) -> Value {
    let text = format!(
        "Parameters:\n\
         \x20 Name: {{Type: String, Default: iris}}\n\
         \x20 Count: {{Type: Number, Default: 1.10}}\n\
         \x20 Members: {{Type: CommaDelimitedList, Default: 'a, b,c'}}\n\
         \x20 Ids: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /ids}}\n\
         Mappings: {{Sizes: {{staging: {{Instance: ml.t2.medium, List: [x, y]}}}}}}\n\
         Conditions:\n\
         \x20 Yes: !Equals [!Ref Name, iris]\n\
         \x20 No: !Not [!Condition Yes]\n\
         \x20 Both: !And [!Condition Yes, !Equals [1, '1']]\n\
         \x20 Either: !Or [!Condition No, !Equals [!Ref Ids, x], !Condition Yes]\n\
         \x20 Maybe: !Equals [!Ref Ids, x]\n\
         Resources:\n\
         \x20 R: {{Type: Custom::R, Properties: {{Value: {expression}}}}}\n"
    );
    let template = Template::parse(text, "t.yml").unwrap();
    let resolved =
        template.resolve(&BTreeMap::new(), &PseudoParameters::in_region("eu-west-1")).unwrap_or_else(|error| panic!("{}", report(&error)));
    resolved["Resources"]["R"]["Properties"].get("Value").cloned().unwrap_or_else(|| json!("(removed)"))
}

#[test]
fn functions_are_evaluated_and_unknown_ones_stay() {
    for (expression, expected) in [
        ("!Ref Name", json!("iris")),
        ("!Ref Count", json!("1.10")),
        ("!Ref Members", json!(["a", "b", "c"])),
        ("!Ref AWS::Region", json!("eu-west-1")),
        ("!Ref AWS::Partition", json!("aws")),
        ("!Ref AWS::AccountId", json!({ "Ref": "AWS::AccountId" })),
        ("!Ref AWS::NoValue", json!("(removed)")),
        ("!Ref Ids", json!({ "Ref": "Ids" })),
        ("!Ref R", json!({ "Ref": "R" })),
        ("!Sub '${Name}-${AWS::Region}-${!Name}'", json!("iris-eu-west-1-${Name}")),
        ("!Sub ['${a}/${Name}', {a: !Select [1, !Ref Members]}]", json!("b/iris")),
        ("!Sub '${Name}-${AWS::AccountId}-${R.Arn}'", json!({ "Fn::Sub": "iris-${AWS::AccountId}-${R.Arn}" })),
        ("!Sub ['${a}-${b}', {a: x, b: !GetAtt R.Arn}]", json!({ "Fn::Sub": ["x-${b}", { "b": { "Fn::GetAtt": ["R", "Arn"] } }] })),
        ("!Join ['-', [a, !Ref Name, 1]]", json!("a-iris-1")),
        ("!Join [',', !Ref Members]", json!("a,b,c")),
        ("!Join ['-', [a, !Ref Ids]]", json!({ "Fn::Join": ["-", ["a", { "Ref": "Ids" }]] })),
        ("!Select [0, !Split ['-', 'x-y']]", json!("x")),
        ("!Select ['1', [a, !GetAtt R.Arn]]", json!({ "Fn::GetAtt": ["R", "Arn"] })),
        ("!Split [',', !Ref Ids]", json!({ "Fn::Split": [",", { "Ref": "Ids" }] })),
        ("!If [Yes, a, b]", json!("a")),
        ("!If [No, a, !Ref AWS::NoValue]", json!("(removed)")),
        ("!If [Both, a, b]", json!("a")),
        ("!If [Either, a, b]", json!("a")),
        ("!If [Maybe, !Ref Name, !Ref AWS::NoValue]", json!({ "Fn::If": ["Maybe", "iris", { "Ref": "AWS::NoValue" }] })),
        ("[1, !If [No, a, !Ref AWS::NoValue], 3]", json!([1, 3])),
        ("!FindInMap [Sizes, staging, Instance]", json!("ml.t2.medium")),
        ("!Select [1, !FindInMap [Sizes, staging, List]]", json!("y")),
        ("!FindInMap [Sizes, prod, Instance, {DefaultValue: !Ref Name}]", json!("iris")),
        ("!FindInMap [Sizes, !Ref Ids, Instance]", json!({ "Fn::FindInMap": ["Sizes", { "Ref": "Ids" }, "Instance"] })),
        ("!Base64 iris", json!("aXJpcw==")),
        ("{Fn::Base64: !Sub '${R.Arn}'}", json!({ "Fn::Base64": { "Fn::Sub": "${R.Arn}" } })),
        ("!Length [1, 2, 3]", json!(3)),
        ("!Length {Ref: Members}", json!(3)),
        ("!ToJsonString {b: 1, a: !Ref Name}", json!(r#"{"a":"iris","b":1}"#)),
        ("!Cidr [10.0.0.0/16, 2, 8]", json!(["10.0.0.0/24", "10.0.1.0/24"])),
        ("!GetAtt R.A.B", json!({ "Fn::GetAtt": ["R", "A.B"] })),
        ("{Fn::GetAtt: R.Arn}", json!({ "Fn::GetAtt": ["R", "Arn"] })),
        ("!ImportValue {Fn::Sub: '${Name}-id'}", json!({ "Fn::ImportValue": "iris-id" })),
        ("!GetAZs {Ref: AWS::Region}", json!({ "Fn::GetAZs": "eu-west-1" })),
        ("!Novelty [!Ref Name]", json!({ "Fn::Novelty": ["iris"] })),
        ("'{{resolve:ssm:/x}}'", json!("{{resolve:ssm:/x}}")),
        ("{Ref: Name, Other: 1}", json!({ "Ref": "Name", "Other": 1 })),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn availability_zones_of_the_stacks_region_can_be_set() {
    let template = Template::parse(
        "Resources: {R: {Type: 'Custom::R', Properties: {A: !GetAZs '', B: !Select [1, !GetAZs {Ref: 'AWS::Region'}], C: !GetAZs us-east-1}}}\n",
        "t.yml",
    )
    .unwrap();
    let mut pseudo = PseudoParameters::in_region("eu-west-1");
    pseudo.availability_zones = Some(vec!["eu-west-1a".to_owned(), "eu-west-1b".to_owned()]);
    let resolved = template.resolve(&BTreeMap::new(), &pseudo).unwrap();
    assert_eq!(
        resolved["Resources"]["R"]["Properties"],
        json!({ "A": ["eu-west-1a", "eu-west-1b"], "B": "eu-west-1b", "C": { "Fn::GetAZs": "us-east-1" } })
    );
}

#[test]
fn resources_and_outputs_with_a_false_condition_are_removed() {
    let template = Template::parse(
        "Parameters: {Stage: {Type: String}}\n\
         Conditions: {IsProd: !Equals [!Ref Stage, prod], Unused: !Condition IsProd}\n\
         Resources:\n\
         \x20 Always: {Type: 'AWS::SageMaker::Endpoint', Properties: {EndpointName: !Sub 'iris-${Stage}'}}\n\
         \x20 Sometimes: {Type: 'AWS::SageMaker::Endpoint', Condition: IsProd}\n\
         Outputs:\n\
         \x20 Gone: {Condition: IsProd, Value: !Ref Sometimes}\n",
        "t.yml",
    )
    .unwrap();
    let endpoints = |stage: &str| -> Vec<(String, Value)> {
        let resolved = template.resolve(&given(&[("Stage", stage)]), &PseudoParameters::unknown()).unwrap();
        assert_eq!(resolved["Conditions"]["Unused"], json!(stage == "prod"));
        assert_eq!(resolved["Outputs"].get("Gone").is_some(), stage == "prod");
        resources_of_type(&resolved, "AWS::SageMaker::Endpoint").map(|(id, properties)| (id.to_owned(), properties.clone())).collect()
    };
    assert_eq!(endpoints("staging"), [("Always".to_owned(), json!({ "EndpointName": "iris-staging" }))]);
    assert_eq!(endpoints("prod").len(), 2);
    assert_eq!(endpoints("prod")[1], ("Sometimes".to_owned(), Value::Null));
}

#[test]
fn all_evaluation_problems_are_reported_at_once() {
    let template = Template::parse(
        "Parameters:\n\
         \x20 Stage: {Type: String}\n\
         \x20 Size: {Type: String, Default: [a]}\n\
         Mappings: {Sizes: {a: {b: c}}}\n\
         Conditions:\n\
         \x20 Loop: !Not [!Condition Back]\n\
         \x20 Back: !Not [!Condition Loop]\n\
         \x20 Few: !And [!Condition Back]\n\
         Resources:\n\
         \x20 R:\n\
         \x20   Type: Custom::R\n\
         \x20   Condition: Lop\n\
         \x20   Properties:\n\
         \x20     A: !Ref Stag\n\
         \x20     B: !Sub '${Stage}-${Stagee}-${Q.Arn}'\n\
         \x20     C: !GetAtt S.Arn\n\
         \x20     D: !FindInMap [Size, a, b]\n\
         \x20     E: !FindInMap [Sizes, a, x]\n\
         \x20     F: !Select [5, [a]]\n\
         \x20     G: !Join ['-', text]\n\
         \x20     H: !If [Loop]\n",
        "t.yml",
    )
    .unwrap();
    let error = template.resolve(&given(&[("Stagge", "x")]), &PseudoParameters::unknown()).unwrap_err();
    assert_snapshot!(report(&error), @"
    t.yml:1:1: the template has no parameter `Stagge` [unknown-parameter] hint: did you mean `Stage`?
    t.yml:2:3: the parameter `Stage` has no value and no default [missing-parameter] hint: set a value
    t.yml:3:33: the default of the parameter `Size` is not a string [malformed-default]
    t.yml:6:15: the condition `Back` depends on itself [condition-cycle]
    t.yml:8:8: `Fn::And` takes 2 to 10 conditions, not 1 [malformed-function]
    t.yml:12:16: the template has no condition `Lop` [unknown-condition] hint: did you mean `Loop`?
    t.yml:14:10: the template has no parameter or resource `Stag` [unknown-reference] hint: did you mean `Stage`?
    t.yml:15:10: the template has no parameter or resource `Stagee` [unknown-reference] hint: did you mean `Stage`?
    t.yml:15:10: the template has no resource `Q` [unknown-resource]
    t.yml:16:10: the template has no resource `S` [unknown-resource]
    t.yml:17:10: the template has no mapping `Size` [unknown-mapping] hint: did you mean `Sizes`?
    t.yml:18:10: the mapping `Sizes` has no key `a` with a value `x` [unknown-mapping] hint: add it, or add a DefaultValue to `Fn::FindInMap`
    t.yml:19:10: `Fn::Select` selects index 5 of a list of length 1 [malformed-function]
    t.yml:20:10: `Fn::Join` takes a list of strings [malformed-function]
    t.yml:21:10: `Fn::If` takes a condition and two values [malformed-function]
    ");
}

#[test]
fn a_template_with_a_transform_may_use_undeclared_names() {
    let template = Template::parse(
        "Transform: AWS::Serverless-2016-10-31\nResources: {R: {Type: 'Custom::R', Properties: {A: !Ref FunctionRole, B: !Sub '${Other}'}}}\n",
        "t.yml",
    )
    .unwrap();
    assert_eq!(template.problems(), []);
    let resolved = template.resolve(&BTreeMap::new(), &PseudoParameters::unknown()).unwrap();
    assert_eq!(resolved["Resources"]["R"]["Properties"], json!({ "A": { "Ref": "FunctionRole" }, "B": { "Fn::Sub": "${Other}" } }));
}

#[test]
fn known_text_does_not_become_a_variable() {
    let template = Template::parse(
        "Parameters: {P: {Type: String}}\nResources: {R: {Type: 'Custom::R', Properties: {A: !Sub '${P}${R.Arn}'}}}\n",
        "t.yml",
    )
    .unwrap();
    let resolved = template.resolve(&given(&[("P", "${AWS::Region}")]), &PseudoParameters::unknown()).unwrap();
    assert_eq!(resolved["Resources"]["R"]["Properties"]["A"], json!({ "Fn::Sub": "${!AWS::Region}${R.Arn}" }));
}

#[test]
fn unknown_functions_stay_and_their_conditions_are_unknown() {
    let template = Template::parse(
        "Conditions: {New: {'Fn::IsNew': {Name: x}}, Made: !Not [{'Fn::IsNew': x}]}\n\
         Resources:\n\
         \x20 R: {Type: 'New::Service::Thing', Condition: New, Properties: {A: {'Fn::Fresh': [!Sub '${AWS::Region}']}, B: !If [Made, 1, 2], C: !Fresh x}}\n",
        "t.yml",
    )
    .unwrap();
    assert_eq!(template.problems(), []);
    let resolved = template.resolve(&BTreeMap::new(), &PseudoParameters::in_region("eu-west-1")).unwrap();
    let expected = json!({ "A": { "Fn::Fresh": ["eu-west-1"] }, "B": { "Fn::If": ["Made", 1, 2] }, "C": { "Fn::Fresh": "x" } });
    assert_eq!(resolved["Resources"]["R"]["Properties"], expected);
}

#[test]
fn functions_in_names_need_language_extensions() {
    let resolve = |transform: &str| {
        let text = format!(
            "{transform}Parameters: {{P: {{Type: String, Default: v}}}}\n\
             Resources: {{R: {{Type: 'Custom::R', Properties: {{A: {{Ref: !Sub 'P'}}, B: {{'Fn::GetAtt': [!Sub 'R', Arn]}}}}}}}}\n"
        );
        Template::parse(text, "t.yml").unwrap().resolve(&BTreeMap::new(), &PseudoParameters::unknown())
    };
    let resolved = resolve("Transform: AWS::LanguageExtensions\n").unwrap();
    assert_eq!(resolved["Resources"]["R"]["Properties"], json!({ "A": "v", "B": { "Fn::GetAtt": ["R", "Arn"] } }));
    assert!(resolve("").is_err());
}

#[test]
fn a_macro_may_accept_other_arguments() {
    let resolve = |transform: &str| {
        let text = format!("{transform}Resources: {{R: {{Type: 'Custom::R', Properties: {{A: !Select [first, [1]]}}}}}}\n");
        Template::parse(text, "t.yml").unwrap().resolve(&BTreeMap::new(), &PseudoParameters::unknown())
    };
    assert!(resolve("Transform: Mine\n").is_ok());
    assert!(resolve("Transform: [AWS::Serverless-2016-10-31, {Name: Mine}]\n").is_ok());
    assert!(resolve("Transform: AWS::LanguageExtensions\n").is_err());
    assert!(resolve("").is_err());
}

#[test]
fn an_unknown_parameter_affects_only_its_own_values() {
    let template = Template::parse(
        "Parameters: { Kept: { Type: String }, Size: { Type: Number, Default: 2 } }\n\
         Conditions: { Large: !Equals [!Ref Kept, large] }\n\
         Resources:\n\
         \x20 R: { Type: Custom::R, Properties: { A: !Ref Size, B: !Sub '${Kept}-x', C: !If [Large, 1, 2] } }\n",
        "t.yml",
    )
    .unwrap();
    assert!(template.resolve(&given(&[]), &PseudoParameters::unknown()).is_err());
    let resolved = template.resolve_partly(&given(&[]), &PseudoParameters::unknown()).unwrap();
    let properties = &resolved["Resources"]["R"]["Properties"];
    assert_eq!(properties["A"], "2");
    assert!(!cfn_render::is_known(&properties["B"]) && !cfn_render::is_known(&properties["C"]), "{properties}");
    assert!(template.resolve_partly(&given(&[("Keptt", "x")]), &PseudoParameters::unknown()).is_err(), "what is not declared is refused");
}
