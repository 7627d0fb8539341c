//! The parameters of resolved values.

use std::collections::BTreeMap;

use cfn_render::{PseudoParameters, Resolved, Template};

fn resolved(body: &str) -> Resolved {
    let text = format!(
        "Parameters:\n\
         \x20 Stage: {{Type: String, Default: staging}}\n\
         \x20 Name: {{Type: String, Default: iris}}\n\
         \x20 Count: {{Type: Number, Default: 2}}\n\
         \x20 Zones: {{Type: CommaDelimitedList, Default: 'a,b'}}\n\
         \x20 Ids: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /ids}}\n\
         Mappings: {{Sizes: {{staging: {{Instance: small}}, prod: {{Instance: large}}}}}}\n\
         Conditions:\n\
         \x20 IsProd: !Equals [!Ref Stage, prod]\n\
         \x20 IsIris: !And [!Not [!Condition IsProd], !Equals [!Ref Name, iris]]\n\
         \x20 Maybe: !Equals [!Ref Ids, x]\n\
         {body}"
    );
    let template = Template::parse(text, "t.yml").unwrap();
    template.resolve_with_provenance(&BTreeMap::new(), &PseudoParameters::in_region("eu-west-1")).unwrap()
}

fn parameters_of(value: &str) -> Vec<String> {
    let resolved = resolved(&format!("Resources: {{R: {{Type: 'Custom::R', Properties: {{A: {value}, B: !Ref Name}}}}}}\n"));
    resolved.parameters_of("/Resources/R/Properties/A").into_iter().map(str::to_owned).collect()
}

#[test]
fn every_parameter_of_a_value_counts_and_no_other() {
    for (value, expected) in [
        ("constant", &[][..]),
        ("[1, {b: c}]", &[]),
        ("!Ref Stage", &["Stage"]),
        ("!Sub '${Name}-${AWS::Region}-${!Stage}'", &["AWS::Region", "Name"]),
        ("!Sub ['${a}', {a: !Ref Stage}]", &["Stage"]),
        ("!Join ['-', [x, !Ref Name, !Ref Count]]", &["Count", "Name"]),
        ("!FindInMap [Sizes, !Ref Stage, Instance]", &["Stage"]),
        ("!If [IsProd, !Ref Count, !Ref Name]", &["Name", "Stage"]),
        ("!If [IsIris, constant, !Ref Count]", &["Name", "Stage"]),
        ("!If [IsProd, x, !Ref AWS::NoValue]", &["Stage"]),
        ("!If [Maybe, !Ref Count, x]", &["Count", "Ids"]),
        ("!Select [1, [!Ref Stage, !Ref Name]]", &["Name"]),
        ("!Select [!Ref Count, [a, b, c]]", &["Count"]),
        ("!Select [0, !Ref Zones]", &["Zones"]),
        ("!Ref Ids", &["Ids"]),
        ("!GetAtt R.Arn", &[]),
        ("!ImportValue {Fn::Sub: '${Name}-id'}", &["Name"]),
        ("{Fn::Base64: !Sub '${Name}${R.Arn}'}", &["Name"]),
        ("!Split ['-', !Ref Name]", &["Name"]),
        ("!ToJsonString {a: [!Ref Stage]}", &["Stage"]),
        ("!Ref AWS::AccountId", &["AWS::AccountId"]),
    ] {
        assert_eq!(parameters_of(value), expected, "{value}");
    }
}

#[test]
fn parts_of_a_value_have_their_own_parameters() {
    let resolved = resolved(
        "Resources:\n\
         \x20 R:\n\
         \x20   Type: Custom::R\n\
         \x20   Properties:\n\
         \x20     A: !If [IsProd, {}, {X: !Ref Name, Y: z}]\n\
         \x20     B: [!If [IsProd, a, !Ref AWS::NoValue], !Ref Count, c]\n\
         \x20 S: {Type: Custom::S, Condition: IsProd}\n\
         \x20 T: {Type: Custom::T, Condition: IsIris, Properties: {C: d}}\n\
         Outputs: {O: {Value: !Ref Stage}}\n",
    );
    for (pointer, expected) in [
        ("/Resources/R/Properties/A", &["Name", "Stage"][..]),
        ("/Resources/R/Properties/A/X", &["Name", "Stage"]),
        // The condition that selected the mapping affects each part of it.
        ("/Resources/R/Properties/A/Y", &["Stage"]),
        // The first item was removed, so the second one has moved up.
        ("/Resources/R/Properties/B/0", &["Count", "Stage"]),
        ("/Resources/R/Properties/B/1", &["Stage"]),
        ("/Resources/R/Type", &[]),
        ("/Resources/S", &["Stage"]),
        ("/Resources/T/Properties/C", &["Name", "Stage"]),
        ("/Outputs/O/Value", &["Stage"]),
        ("/Conditions/IsIris", &["Name", "Stage"]),
        ("/Nowhere", &[]),
        ("no pointer", &[]),
        ("", &["Count", "Ids", "Name", "Stage"]),
    ] {
        assert_eq!(resolved.parameters_of(pointer).into_iter().collect::<Vec<_>>(), expected, "{pointer}");
    }
    assert!(resolved.value()["Resources"].get("S").is_none());
}
