//! What bad files and bad values are answered with: every problem at once, each with its place and what to do.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use stage_config::{Layer, ParametersSection, Problem, check, merge};

fn report(problems: &[Problem]) -> String {
    let mut lines = String::new();
    for problem in problems {
        writeln!(lines, "{:?}[{}] {problem}", problem.severity, problem.code).unwrap();
        if let Some(hint) = &problem.hint {
            writeln!(lines, "  hint: {hint}").unwrap();
        }
    }
    lines
}

fn refused(text: &str) -> String {
    report(&Layer::from_stage_file(text, "stage.json").unwrap_err().0)
}

fn checked(section: &Json, asked: &str, offered: &[(&str, &str)]) -> String {
    let section = ParametersSection::parse(section).unwrap();
    let mut pipeline = Layer::default();
    for (name, value) in offered {
        pipeline.offer(name, *value, "--option");
    }
    let file = Layer::from_stage_file(asked, "stage.json").unwrap();
    report(&check(&merge([file, pipeline]), &section).problems)
}

#[test]
fn a_file_that_is_not_json_is_refused_with_the_place() {
    assert_snapshot!(refused("[\n  { \"ParameterKey\": \"A\", }\n]"), @r#"
    Error[not-json] stage.json:2:26: `stage.json` is not JSON: key must be a string
      hint: a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]
    "#);
    assert_snapshot!(refused("\n"), @r#"
    Error[not-json] stage.json:2:1: `stage.json` is empty
      hint: a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]
    "#);
    assert_snapshot!(refused("\u{feff}[]"), @"
    Error[byte-order-mark] stage.json:1:1: `stage.json` begins with a byte order mark, which JSON does not allow
      hint: save the file as UTF-8 without a byte order mark
    ");
    assert_snapshot!(refused("\"text\""), @r#"
    Error[not-parameters] stage.json:1:1: `stage.json` holds text, not parameters
      hint: a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]
    "#);
}

#[test]
fn all_mistakes_of_a_stage_file_are_reported_at_once() {
    let text = r#"[
  { "ParameterKey": "A", "ParameterValue": ["1", "2"] },
  { "ParameterKey": "B", "ParameterValue": {} },
  { "ParameterKey": "C", "ParameterVlue": "x" },
  { "ParameterKey": 7, "ParameterValue": "x" },
  { "ParameterValue": "x" },
  "D",
  { "ParameterKey": "E", "ParameterValue": "1" },
  { "ParameterKey": "E", "ParameterValue": "2" },
  { "ParameterKey": "F", "ParameterValue": "1", "ParameterValue": "2" },
  { "ParameterKey": "G", "ParameterValue": null },
  { "ParameterKey": "H", "ParameterValue": "x", "UsePreviousValue": true }
]"#;
    assert_snapshot!(refused(text), @r#"
    Error[not-text] stage.json:2:44: the value of `A` is a list, not text
      hint: write a list as one text with commas
    Error[not-text] stage.json:3:44: the value of `B` is an object, not text
      hint: write the value in quotes
    Error[unknown-key] stage.json:4:43: a parameter has no `ParameterVlue`
      hint: did you mean `ParameterValue`?
    Error[no-value] stage.json:4:3: `C` has no value
      hint: add a `ParameterValue`
    Error[not-text] stage.json:5:21: `ParameterKey` is a number, not a name
      hint: write the parameter's name in quotes
    Error[no-parameter-key] stage.json:6:3: this parameter has no `ParameterKey`
      hint: name the parameter of the template
    Error[not-a-parameter] stage.json:7:3: this is text, not a parameter
      hint: write { "ParameterKey": "Name", "ParameterValue": "value" }
    Error[duplicate-parameter] stage.json:9:21: `E` is given twice, here with another value; first at stage.json:8:21
      hint: keep one of the two
    Error[duplicate-key] stage.json:10:67: this parameter has `ParameterValue` twice; first on line 10
      hint: keep one of the two
    Error[not-text] stage.json:11:44: the value of `G` is null, not text
      hint: leave the parameter out to use the template's default, or write ""
    Error[two-values] stage.json:12:3: `H` has a value and keeps its previous one
      hint: remove one of the two
    "#);
}

#[test]
fn numbers_and_booleans_become_the_text_that_stands_there() {
    let layer = Layer::from_stage_file(
        r#"{ "Parameters": { "A": 1.10, "B": true, "C": 12345678901234567890 }, "Tags": { "team": "ml" } }"#,
        "stage.json",
    )
    .unwrap();
    let texts: Vec<_> = layer.parameters.values().map(|setting| setting.value.text().unwrap()).collect();
    assert_eq!(texts, ["1.10", "true", "12345678901234567890"]);
    assert_snapshot!(report(&layer.notes[..1]), @r#"
    Warning[not-text] stage.json:1:24: `A` is a number, and is passed on as the text "1.10"
      hint: write "1.10": CloudFormation's parameters are text
    "#);
}

#[test]
fn every_constraint_of_the_template_is_held() {
    let section = json!({
        "Count": { "Type": "Number", "MinValue": 1, "MaxValue": "10" },
        "Kind": { "Type": "String", "AllowedValues": ["blue", "green"] },
        "List": { "Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+", "ConstraintDescription": "lower-case words" },
        "Long": { "Type": "String", "MinLength": 2, "MaxLength": 3 },
        "Missing": { "Type": "String", "Description": "The team that pays." },
        "Numbers": { "Type": "List<Number>", "MaxValue": 5 },
        "Secret": { "Type": "String", "NoEcho": true, "MinLength": 8 },
        "Ssm": { "Type": "AWS::SSM::Parameter::Value<String>", "AllowedPattern": ".*-ids" },
        "Subnets": { "Type": "List<AWS::EC2::Subnet::Id>" },
    });
    let asked = r#"[
  { "ParameterKey": "Count", "ParameterValue": "0" },
  { "ParameterKey": "Kind", "ParameterValue": "gren" },
  { "ParameterKey": "List", "ParameterValue": "ok, B" },
  { "ParameterKey": "Long", "ParameterValue": "abcd" },
  { "ParameterKey": "Numbers", "ParameterValue": "1, six, 7" },
  { "ParameterKey": "Secret", "ParameterValue": "hunter2" },
  { "ParameterKey": "Ssm", "ParameterValue": "ds staging" },
  { "ParameterKey": "Subnets", "ParameterValue": "subnet-1,sg-2" },
  { "ParameterKey": "EndpointInstanceTyp", "ParameterValue": "x" }
]"#;
    assert_snapshot!(checked(&section, asked, &[]), @r#"
    Error[too-small] stage.json:2:21: `Count` is `0`, which is less than the least value, 1
    Error[unknown-parameter] stage.json:10:21: the template has no parameter `EndpointInstanceTyp`
      hint: remove it, or declare it in the template's `Parameters`
    Error[not-allowed] stage.json:3:21: `Kind` is `gren`, which is not one of blue, green (did you mean `green`?)
    Error[pattern] stage.json:4:21: `List` is `ok, B`, whose member `B` does not match `[a-z]+`
      hint: lower-case words
    Error[too-long] stage.json:5:21: `Long` is `abcd`, 4 characters; the most is 3
    Error[not-a-number] stage.json:6:21: `Numbers` is `1, six, 7`, whose member `six` is not a number
    Error[too-great] stage.json:6:21: `Numbers` is `1, six, 7`, whose member `7` is more than the greatest value, 5
    Error[too-short] stage.json:7:21: `Secret` is a value that is not shown (NoEcho), 7 characters; the least is 8
    Error[not-an-ssm-name] stage.json:8:21: `Ssm` is `ds staging`, which is not the name of a Systems Manager parameter (letters, digits and . - _ / only)
    Error[pattern] stage.json:8:21: `Ssm` is `ds staging`, which does not match `.*-ids`
    Error[not-an-id] stage.json:9:21: `Subnets` is `subnet-1,sg-2`, whose member `sg-2` does not begin with `subnet-`, as a List<AWS::EC2::Subnet::Id> does
    Error[missing-parameter] template /Parameters/Missing: `Missing` has no value and the template has no default: The team that pays.
      hint: add { "ParameterKey": "Missing", "ParameterValue": "…" } to the stage file
    "#);
}

#[test]
fn what_is_offered_wins_and_is_dropped_where_the_template_does_not_declare_it() {
    let section = json!({ "EnvType": { "Type": "String" } });
    let asked = r#"[{ "ParameterKey": "EnvType", "ParameterValue": "staging" }]"#;
    assert_snapshot!(checked(&section, asked, &[("EnvType", "stg"), ("Accounts", "222222222222")]), @"
    Note[not-passed] --option: `Accounts` is not passed on: the template does not declare it
    Note[overruled] stage.json:1:20: `EnvType` is `staging` here, but the pipeline's `stg` from --option wins
      hint: remove it from the stage file
    ");
}

#[test]
fn a_key_that_was_asked_for_is_an_error_even_when_it_is_offered_too() {
    let asked = r#"[{ "ParameterKey": "Accounts", "ParameterValue": "1" }]"#;
    let problems = checked(&json!({}), asked, &[("Accounts", "222222222222")]);
    assert!(problems.starts_with("Error[unknown-parameter] stage.json:1:20"), "{problems}");
}

#[test]
fn mistakes_in_the_template_are_reported_by_pointer() {
    let section = json!({
        "A": { "Type": "Strng" },
        "B": { "Type": "String", "AllowedValue": ["x"] },
        "C-D": { "Type": "String" },
        "E": { "Default": "x" },
        "F": { "Type": "Number", "MinValue": "one" },
    });
    assert_snapshot!(report(&ParametersSection::parse(&section).unwrap_err().0), @"
    Error[parameter-type] template /Parameters/A/Type: parameter `A` has the unknown type `Strng`
      hint: did you mean `String`?
    Error[unknown-attribute] template /Parameters/B/AllowedValue: parameter `B` has an unknown attribute `AllowedValue`
      hint: did you mean `AllowedValues`?
    Error[parameter-name] template /Parameters/C-D: `C-D` is not a parameter name
      hint: a name is 1 to 255 letters and digits
    Error[parameter-type] template /Parameters/E: parameter `E` has no `Type`
      hint: add `Type: String`
    Error[not-a-number] template /Parameters/F/MinValue: `MinValue` of parameter `F` is `one`, not a number
    ");
}

#[test]
fn a_pattern_that_this_engine_does_not_know_is_said_and_not_guessed() {
    let section = ParametersSection::parse(&json!({ "A": { "Type": "String", "AllowedPattern": "(?!x).*" } })).unwrap();
    assert_eq!(section.notes.len(), 1);
    assert_eq!(section.notes[0].code, "pattern-not-checked");
}

#[test]
fn a_default_must_satisfy_its_own_constraints() {
    let section = json!({ "A": { "Type": "String", "Default": "", "MinLength": 1 } });
    assert_snapshot!(checked(&section, "[]", &[]), @"Error[too-short] template /Parameters/A/Default: the default of `A` is ``, 0 characters; the least is 1");
}
