//! A template's content and problems, without evaluation.

use cfn_render::Template;
use insta::assert_snapshot;
use serde_json::json;

use crate::project::report;

#[test]
fn parameters_are_returned_as_written() {
    let template = Template::parse(
        "Parameters:\n\
         \x20 Version: {Type: String, Default: 1.10, AllowedValues: [Yes, no, 1.10, 0755, '5']}\n\
         \x20 Count: {Type: Number, Default: 1, MinValue: 1, MaxValue: 1.5, NoEcho: true}\n",
        "t.yml",
    )
    .unwrap();
    assert_eq!(
        template.parameters(),
        json!({
            "Version": { "Type": "String", "Default": "1.10", "AllowedValues": ["Yes", "no", "1.10", "0755", "5"] },
            "Count": { "Type": "Number", "Default": 1, "MinValue": 1, "MaxValue": 1.5, "NoEcho": true },
        })
    );
    assert_eq!(Template::parse("Resources: {}", "t.yml").unwrap().parameters(), json!({}));
}

#[test]
fn pointers_into_the_long_form_have_places_in_the_text() {
    let text =
        "# é\nParameters:\n  A/B: {Type: String, Default: é}\nX: !Sub ['${a}', {a: !GetAtt R.Arn}]\nY:\n  - 1\n  - - 2\nZ: |\n  text\n";
    let template = Template::parse(text, "t.yml").unwrap();
    let at = |pointer: &str| template.locate(pointer).map(|span| (&text[span.range()], span.line, span.column));
    assert_eq!(at("/Parameters/A~1B/Default"), Some(("é", 3, 32)));
    assert_eq!(at("/X"), Some(("!Sub ['${a}', {a: !GetAtt R.Arn}]", 4, 4)));
    assert_eq!(at("/X/Fn::Sub/1/a/Fn::GetAtt/1"), Some(("!GetAtt R.Arn", 4, 22)));
    assert_eq!(at("/X/Fn::Sub/0"), Some(("'${a}'", 4, 10)));
    assert_eq!(at("/Y"), Some(("- 1\n  - - 2", 6, 3)));
    assert_eq!(at("/Y/1/0"), Some(("2", 7, 7)));
    assert_eq!(at("/Z"), Some(("|\n  text", 8, 4)));
    for nowhere in ["/Parameters/A", "/X/0", "/Y/2", "/Y/x", "Parameters", "/Z/0"] {
        assert_eq!(at(nowhere), None, "{nowhere}");
    }
    let key = template.locate_key("/Parameters/A~1B").unwrap();
    assert_eq!((&text[key.range()], key.line, key.column), ("A/B", 3, 3));
    assert_eq!(template.locate_key("/Y/1"), None);
    assert_eq!(template.locate("").unwrap().range(), 5..text.len() - 1);
}

#[test]
fn structural_problems_are_reported_in_order() {
    let template = Template::parse(
        "Resource: {}\n\
         Parameters: [a]\n\
         Conditions: {C: !Equals [!Ref P, x]}\n\
         Resources:\n\
         \x20 A_B: {Type: 'Custom::A'}\n\
         \x20 B: {Properties: {X: !Fn::Sub y}}\n\
         \x20 C: text\n\
         \x20 D: {Type: 'Custom::D', Type: 'Custom::E', Condition: D, DependsOn: [B, E]}\n\
         \x20 ? [odd]\n\
         \x20 : {}\n\
         \x20 F: {Type: 'Custom::F', Properties: {A: !Sub '${B}${C.x}${Bee}', B: !If [X, 1, 2], C: {Condition: {Bool: true}}, D: !FindInMap [M, a, b]}}\n",
        "t.yml",
    )
    .unwrap();
    let problems: String = template.problems().iter().map(|problem| format!("{problem} [{}]\n", problem.code)).collect();
    assert_snapshot!(problems, @"
    t.yml:1:1: a template has no section `Resource` [unknown-section]
    t.yml:2:13: the section `Parameters` is not a mapping [malformed-section]
    t.yml:3:26: the template has no parameter or resource `P` [unknown-reference]
    t.yml:5:3: the logical id `A_B` has characters other than letters and digits [malformed-logical-id]
    t.yml:6:3: the resource `B` has no `Type` [missing-type]
    t.yml:6:23: the tag `!Fn::Sub` is not a short form [unknown-tag]
    t.yml:7:6: the resource `C` is not a mapping [malformed-resource]
    t.yml:8:26: duplicate key `Type`, first on line 8; the last one counts [duplicate-key]
    t.yml:8:56: the template has no condition `D` [unknown-condition]
    t.yml:8:74: the template has no resource `E` [unknown-resource]
    t.yml:9:5: a key is a list or a mapping instead of a string [odd-key]
    t.yml:11:42: the template has no parameter or resource `Bee` [unknown-reference]
    t.yml:11:75: the template has no condition `X` [unknown-condition]
    t.yml:11:130: the template has no mapping `M` [unknown-mapping]
    ");
}

#[test]
fn a_valid_template_has_no_problems() {
    let template = Template::parse(
        "AWSTemplateFormatVersion: 2010-09-09\n\
         Description: d\n\
         Parameters: {P: {Type: String}}\n\
         Mappings: {M: {a: {b: c}}}\n\
         Conditions: {C: !Equals [!Ref P, x], D: !Not [!Condition C]}\n\
         Resources: {R: {Type: 'Custom::R', Condition: C, DependsOn: S, Properties: {A: !Sub '${P}${S.Arn}${AWS::Region}'}}, S: {Type: 'Custom::S'}}\n\
         Outputs: {O: {Value: !If [D, !GetAtt R.Arn, !FindInMap [M, a, b]]}}\n",
        "t.yml",
    )
    .unwrap();
    assert_eq!(template.problems(), []);
}

fn reported(text: &str) -> String {
    let template = Template::parse(text, "t.yml").unwrap();
    template.problems().iter().map(|problem| format!("{:?} {problem} [{}]\n", problem.severity, problem.code)).collect()
}

#[test]
fn unknown_attributes_are_reported() {
    let resources = "Resources:\n\
         \x20 Net: {Type: 'AWS::CloudFormation::Stack', TemplateURL: child.yml}\n\
         \x20 Job: {Type: 'AWS::Glue::Job', Dependson: Net, Properties: {}}\n\
         \x20 All: {Type: 'AWS::SQS::Queue', Properties: {}, DependsOn: Net, Metadata: {}, CreationPolicy: {}, DeletionPolicy: Retain, \
         UpdatePolicy: {}, UpdateReplacePolicy: Retain, 'Fn::Transform': {Name: 'AWS::Include'}}\n\
         \x20 Old: {Type: 'Custom::Old', Version: '1.0'}\n\
         \x20 Site: {Type: 'AWS::Serverless::Function', Connectors: {}, IgnoreGlobals: '*'}\n\
         Outputs: {O: {Value: x, Descripton: y, Export: {Name: z}}}\n";
    assert_snapshot!(reported(resources), @"
    Error t.yml:2:45: the resource `Net` has an unknown attribute `TemplateURL` [unknown-attribute]
    Error t.yml:3:33: the resource `Job` has an unknown attribute `Dependson` [unknown-attribute]
    Error t.yml:6:45: the resource `Site` has an unknown attribute `Connectors` [unknown-attribute]
    Error t.yml:6:61: the resource `Site` has an unknown attribute `IgnoreGlobals` [unknown-attribute]
    Warning t.yml:7:25: the output `O` has an unknown attribute `Descripton` [unknown-attribute]
    ");
    // A macro may read attributes that CloudFormation does not know.
    assert_snapshot!(reported(&format!("Transform: AWS::Serverless-2016-10-31\n{resources}")), @"
    Warning t.yml:3:45: the resource `Net` has an unknown attribute `TemplateURL` [unknown-attribute]
    Warning t.yml:4:33: the resource `Job` has an unknown attribute `Dependson` [unknown-attribute]
    Warning t.yml:8:25: the output `O` has an unknown attribute `Descripton` [unknown-attribute]
    ");
}

#[test]
fn resources_of_a_module_are_not_errors() {
    let text = "Resources:\n\
         \x20 Serving: {Type: 'Acme::SageMaker::Endpoint::MODULE', Properties: {}}\n\
         \x20 Other: {Type: 'Custom::Other', DependsOn: ServingEndpoint, Properties: {A: !Ref ServingConfig, B: !GetAtt Serving.Endpoint.Name, \
         C: !Sub '${Serving.Endpoint} ${ServingEndpoint.Arn}', D: !Ref Serving.Config, E: {'Fn::GetAtt': [Serving.Endpoint, Name]}, F: !Ref Servin}}\n";
    assert_snapshot!(reported(text), @"
    Warning t.yml:3:45: it is not known whether the module `Serving` contains `ServingEndpoint` [unknown-resource]
    Warning t.yml:3:78: it is not known whether the module `Serving` contains `ServingConfig` [unknown-reference]
    Warning t.yml:3:135: it is not known whether the module `Serving` contains `ServingEndpoint` [unknown-resource]
    Warning t.yml:3:189: it is not known whether the module `Serving` contains `Serving.Config` [unknown-reference]
    Warning t.yml:3:228: it is not known whether the module `Serving` contains `Serving.Endpoint` [unknown-resource]
    Error t.yml:3:258: the template has no parameter or resource `Servin` [unknown-reference]
    ");
    let resolved = Template::parse(text.replace("!Ref Servin}", "!Ref Serving}"), "t.yml").unwrap();
    let resolved = resolved.resolve(&std::collections::BTreeMap::new(), &cfn_render::PseudoParameters::unknown()).unwrap();
    assert_eq!(resolved["Resources"]["Other"]["Properties"]["A"], json!({ "Ref": "ServingConfig" }));
}

#[test]
fn an_unknown_pseudo_parameter_is_a_warning_and_a_typo_an_error() {
    assert_snapshot!(reported("Resources: {R: {Type: 'Custom::R', Properties: {A: !Ref 'AWS::OrganizationPath', B: !Sub '${AWS::Acount}'}}}"), @"
    Warning t.yml:1:52: `AWS::OrganizationPath` is an unknown pseudo parameter [unknown-reference]
    Error t.yml:1:85: the template has no parameter or resource `AWS::Acount` [unknown-reference]
    ");
}

#[test]
fn text_that_is_not_a_template_is_rejected_with_its_place() {
    let mut reported = String::new();
    for text in [
        "",
        "# nothing\n",
        "- a\n",
        "text",
        "!Sub {a: b}",
        "a: 1\n---\nb: 2\n",
        "a: [1,\n",
        "a: 'b\n",
        "a:\n\t- b\n",
        "{\"a\": 1,\n \"b\": }x\n",
        "a: *b\n",
        "a: &a [*a]\n",
        "é: 1\n b: 2\n",
    ] {
        reported.push_str(&match Template::parse(text, "t.yml") {
            Err(error) => report(&error),
            Ok(template) => format!("{text:?} is {}\n", template.to_value()),
        });
    }
    assert_snapshot!(reported, @"
    t.yml:1:1: the template is empty [empty-template] hint: a template has at least `Resources`
    t.yml:1:1: the template is empty [empty-template] hint: a template has at least `Resources`
    t.yml:1:1: the template is not a mapping [not-a-mapping] hint: a template is a mapping with sections such as `Resources`
    t.yml:1:1: the template is not a mapping [not-a-mapping] hint: a template is a mapping with sections such as `Resources`
    t.yml:1:1: the template is not a mapping [not-a-mapping] hint: a template is a mapping with sections such as `Resources`
    t.yml:2:1: a second YAML document begins here [several-documents] hint: a template is one document: remove the `---`, or move the other document into its own file
    t.yml:1:4: unclosed bracket '[' [syntax] hint: close each bracket with the matching one; put strings with brackets in quotes
    t.yml:1:4: unclosed quote [syntax] hint: close the quote; write a single quote within single quotes twice
    t.yml:2:2: tabs disallowed within this context (block indentation) [syntax] hint: YAML is indented with spaces: replace the tab with spaces
    t.yml:2:8: did not find expected <document start> [syntax]
    t.yml:1:4: while parsing node, found unknown anchor [syntax] hint: declare the anchor above, as `&name`; put strings that begin with `*` in quotes
    t.yml:1:8: this alias is inside the value that it refers to [recursive-alias]
    t.yml:2:3: mapping values are not allowed in this context [syntax]
    ");
}

#[test]
fn a_template_as_json_keeps_order_and_strings() {
    let template = Template::parse(
        "AWSTemplateFormatVersion: 2010-09-09\n\
         Resources:\n\
         \x20 Z: {Type: 'Custom::Z', Properties: {V: 1.10, N: 5, B: true, E: [], O: {}, U: }}\n\
         \x20 A:\n\
         \x20   Type: Custom::A\n\
         \x20   Properties:\n\
         \x20     Att: !GetAtt Z.Arn\n\
         \x20     Sub: !Sub ['${b}', {b: é, a: !Ref Z}]\n\
         \x20     Text: |\n\
         \x20       two\n\
         \x20       lines\n",
        "t.yml",
    )
    .unwrap();
    assert_snapshot!(template.to_json(), @r#"
    {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Z": {
                "Type": "Custom::Z",
                "Properties": {
                    "V": "1.10",
                    "N": 5,
                    "B": true,
                    "E": [],
                    "O": {},
                    "U": null
                }
            },
            "A": {
                "Type": "Custom::A",
                "Properties": {
                    "Att": {
                        "Fn::GetAtt": [
                            "Z",
                            "Arn"
                        ]
                    },
                    "Sub": {
                        "Fn::Sub": [
                            "${b}",
                            {
                                "b": "é",
                                "a": {
                                    "Ref": "Z"
                                }
                            }
                        ]
                    },
                    "Text": "two\nlines\n"
                }
            }
        }
    }
    "#);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&template.to_json()).unwrap(), template.to_value());
    assert_eq!(Template::parse(template.to_json(), "t.json").unwrap().to_value(), template.to_value());
}
