//! `Fn::ForEach` is evaluated.

use std::collections::BTreeMap;

use cfn_render::{PseudoParameters, Template};
use insta::assert_snapshot;
use serde_json::json;

use crate::hostile::quickly;
use crate::project::report;

const HEAD: &str = "\
Transform: AWS::LanguageExtensions
Parameters:
  Stages: {Type: CommaDelimitedList, Default: 'staging,prod'}
  Ids: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /ids}
";

fn template(body: &str) -> Template {
    Template::parse(format!("{HEAD}{body}"), "t.yml").unwrap()
}

#[test]
fn loops_are_expanded() {
    let template = template(
        "Conditions:\n\
         \x20 Fn::ForEach::Conditions: [S, !Ref Stages, {'Is${S}': !Equals [!Ref AWS::Region, '${S}']}]\n\
         Resources:\n\
         \x20 Plain: {Type: Custom::R}\n\
         \x20 Fn::ForEach::Outer:\n\
         \x20   - Stage\n\
         \x20   - !Ref Stages\n\
         \x20   - Fn::ForEach::Inner:\n\
         \x20       - Address\n\
         \x20       - [10.0.0.1]\n\
         \x20       - 'R${Stage}&{Address}':\n\
         \x20           Type: Custom::R\n\
         \x20           Properties:\n\
         \x20             Name: !Sub '${Stage}-${Address}-${AWS::Region}'\n\
         \x20             Stage: !Ref Stage\n\
         \x20             Fn::ForEach::Keys: [K, [a, b], {'Key${K}': !Join ['-', [!Ref K, !Ref Address]]}]\n\
         Outputs:\n\
         \x20 Fn::ForEach::Outputs: [S, [x], {'O${S}': {Value: !GetAtt ['R${S}', Arn]}}]\n",
    );
    let resolved = template.resolve_with_provenance(&BTreeMap::new(), &PseudoParameters::in_region("eu-west-1")).unwrap();
    let value = resolved.value();
    assert_eq!(
        value["Resources"],
        json!({
            "Plain": { "Type": "Custom::R" },
            "Rprod10001": { "Type": "Custom::R", "Properties": {
                "Name": "prod-10.0.0.1-eu-west-1", "Stage": "prod", "Keya": "a-10.0.0.1", "Keyb": "b-10.0.0.1" } },
            "Rstaging10001": { "Type": "Custom::R", "Properties": {
                "Name": "staging-10.0.0.1-eu-west-1", "Stage": "staging", "Keya": "a-10.0.0.1", "Keyb": "b-10.0.0.1" } },
        })
    );
    assert_eq!(value["Conditions"], json!({ "Isprod": false, "Isstaging": false }));
    assert_eq!(value["Outputs"], json!({ "Ox": { "Value": { "Fn::GetAtt": ["Rx", "Arn"] } } }));
    let behind: Vec<&str> = resolved.parameters_of("/Resources/Rprod10001/Properties/Stage").into_iter().collect();
    assert_eq!(behind, ["Stages"]);
}

#[test]
fn a_loop_over_an_unknown_collection_stays() {
    let template = template("Resources: {'Fn::ForEach::Loop': [X, !Ref Ids, {'R${X}': {Type: Custom::R, Properties: {A: !Ref X}}}]}\n");
    let resolved = template.resolve(&BTreeMap::new(), &PseudoParameters::unknown()).unwrap();
    assert_eq!(resolved["Resources"], template.to_value()["Resources"]);
}

#[test]
fn problems_in_a_loop_have_the_place_of_its_text() {
    let template = template(
        "Resources:\n\
         \x20 Fn::ForEach::Same: [X, [a, b], {R: {Type: Custom::R}}]\n\
         \x20 Fn::ForEach::Text: [X, text, {'S${X}': {Type: Custom::R}}]\n\
         \x20 Fn::ForEach::Two: [X, [a]]\n\
         \x20 Fn::ForEach::Wrong: [X, [a], {'T${X}': {Type: Custom::R, Properties: {A: !Select [9, [1]]}}}]\n",
    );
    let error = template.resolve(&BTreeMap::new(), &PseudoParameters::unknown()).unwrap_err();
    assert_snapshot!(report(&error), @"
    t.yml:6:3: `Fn::ForEach` produces `R` more than once [duplicate-key] hint: use the loop's identifier in the key, as `${Identifier}` or `&{Identifier}`
    t.yml:7:26: `Fn::ForEach` takes a list of strings, or the `Ref` of a list parameter [malformed-for-each]
    t.yml:8:21: `Fn::ForEach` takes an identifier, a collection and a mapping [malformed-for-each]
    t.yml:9:76: `Fn::Select` selects index 9 of a list of length 1 [malformed-function]
    ");
}

#[test]
fn loops_cannot_expand_a_small_template_to_a_huge_one() {
    let many = vec!["x"; 2000].join(", ");
    let template = template(&format!(
        "Resources: {{'Fn::ForEach::A': [X, [{many}], {{'Fn::ForEach::B': [Y, [{many}], {{'Fn::ForEach::C': [Z, [{many}], {{'R${{X}}': {{Type: Custom::R}}}}]}}]}}]}}\n"
    ));
    let error = quickly("the loop", || template.resolve(&BTreeMap::new(), &PseudoParameters::unknown())).unwrap_err();
    assert!(error.problems().iter().any(|problem| problem.code == "result-too-large"));
}
