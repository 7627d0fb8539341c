//! Invalid files and values: all problems are reported at once, each with its place and a hint.

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

fn rejected(text: &str) -> String {
    report(&Layer::from_stage_file(text, "stage.json".as_ref()).unwrap_err().0)
}

fn checked(section: &Json, file: &str, pipeline_values: &[(&str, &str)]) -> String {
    let section = ParametersSection::parse(section).unwrap();
    let mut pipeline = Layer::default();
    for (name, value) in pipeline_values {
        pipeline.set_by_pipeline(name, *value, "--option");
    }
    let file = Layer::from_stage_file(file, "stage.json".as_ref()).unwrap();
    report(&check(&merge([file, pipeline]), &section).problems)
}

#[test]
fn a_file_that_is_not_json_is_rejected_with_its_place() {
    assert_snapshot!(rejected("[\n  { \"ParameterKey\": \"A\", }\n]"), @r#"
    Error[not-json] stage.json:2:26: `stage.json` is not JSON: key must be a string
      hint: a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]
    "#);
    assert_snapshot!(rejected("\n"), @r#"
    Error[not-json] stage.json:2:1: `stage.json` is empty
      hint: a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]
    "#);
    assert_snapshot!(rejected("\u{feff}[]"), @"
    Error[byte-order-mark] stage.json:1:1: `stage.json` begins with a byte order mark, which JSON does not allow
      hint: save the file as UTF-8 without a byte order mark
    ");
    assert_snapshot!(rejected("\"text\""), @r#"
    Error[not-parameters] stage.json:1:1: the file contains a string, not parameters
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
    assert_snapshot!(rejected(text), @r#"
    Error[not-text] stage.json:2:44: the value of `A` is a list, not a string
      hint: write a list as one string with commas
    Error[not-text] stage.json:3:44: the value of `B` is an object, not a string
      hint: write the value in quotes
    Error[unknown-key] stage.json:4:43: a parameter has no `ParameterVlue`
      hint: did you mean `ParameterValue`?
    Error[no-value] stage.json:4:3: `C` has no value
      hint: add a `ParameterValue`
    Error[not-text] stage.json:5:21: `ParameterKey` is a number, not a name
      hint: write the parameter's name in quotes
    Error[no-parameter-key] stage.json:6:3: this parameter has no `ParameterKey`
      hint: add the name of the template's parameter
    Error[not-a-parameter] stage.json:7:3: this is a string, not a parameter
      hint: write { "ParameterKey": "Name", "ParameterValue": "value" }
    Error[duplicate-parameter] stage.json:9:21: `E` is set twice, here with another value; first at stage.json:8:21
      hint: keep one of the two
    Error[duplicate-key] stage.json:10:67: this parameter has `ParameterValue` twice; first on line 10
      hint: keep one of the two
    Error[not-text] stage.json:11:44: the value of `G` is null, not a string
      hint: omit the parameter to use the template's default, or write ""
    Error[two-values] stage.json:12:3: `H` has both a value and `UsePreviousValue`
      hint: remove one of the two
    "#);
}

#[test]
fn numbers_and_booleans_become_strings_as_written() {
    let layer = Layer::from_stage_file(
        r#"{ "Parameters": { "A": 1.10, "B": true, "C": 12345678901234567890 }, "Tags": { "team": "ml" } }"#,
        "stage.json".as_ref(),
    )
    .unwrap();
    let texts: Vec<_> = layer.parameters.values().map(|setting| setting.value.text().unwrap()).collect();
    assert_eq!(texts, ["1.10", "true", "12345678901234567890"]);
    assert_snapshot!(report(&layer.notes[..1]), @r#"
    Warning[not-text] stage.json:1:24: `A` is a number and is converted to a string as written
      hint: put it in quotes: CloudFormation parameters are strings
    "#);
}

#[test]
fn every_constraint_of_the_template_is_enforced() {
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
    let file = r#"[
  { "ParameterKey": "Count", "ParameterValue": "0" },
  { "ParameterKey": "Kind", "ParameterValue": "gren" },
  { "ParameterKey": "List", "ParameterValue": "ok, B" },
  { "ParameterKey": "Long", "ParameterValue": "abcd" },
  { "ParameterKey": "Numbers", "ParameterValue": "1, six, 7" },
  { "ParameterKey": "Secret", "ParameterValue": "hunter2" },
  { "ParameterKey": "Ssm", "ParameterValue": "ds staging" },
  { "ParameterKey": "Subnets", "ParameterValue": "subnet-01234567,sg-2" },
  { "ParameterKey": "EndpointInstanceTyp", "ParameterValue": "x" }
]"#;
    assert_snapshot!(checked(&section, file, &[]), @r#"
    Error[too-small] stage.json:2:48: `Count` is `0`, which is below the minimum 1
    Error[unknown-parameter] stage.json:10:21: the template has no parameter `EndpointInstanceTyp`
      hint: remove it, or declare it in the template's `Parameters`
    Error[not-allowed] stage.json:3:47: `Kind` is `gren`, which is not one of blue, green (did you mean `green`?)
    Error[pattern] stage.json:4:47: `List` is `ok, B`, whose member `B` does not match `[a-z]+`
      hint: lower-case words
    Error[too-long] stage.json:5:47: `Long` is `abcd`, 4 characters; the maximum is 3
    Error[not-a-number] stage.json:6:50: `Numbers` is `1, six, 7`, whose member `six` is not a number
    Error[too-great] stage.json:6:50: `Numbers` is `1, six, 7`, whose member `7` is above the maximum 5
    Error[too-short] stage.json:7:49: `Secret` is a value that is not shown (NoEcho), 7 characters; the minimum is 8
    Error[not-an-ssm-name] stage.json:8:46: `Ssm` is `ds staging`, which is not a valid name of a Systems Manager parameter: it has characters other than letters, digits and . - _ /
    Error[pattern] stage.json:8:46: `Ssm` is `ds staging`, which does not match `.*-ids`
    Error[not-an-id] stage.json:9:50: `Subnets` is `subnet-01234567,sg-2`, whose member `sg-2` does not begin with `subnet-`, as a List<AWS::EC2::Subnet::Id> does
    Error[missing-parameter] template /Parameters/Missing: `Missing` has no value and the template has no default: The team that pays.
      hint: add { "ParameterKey": "Missing", "ParameterValue": "…" } to the stage file
    "#);
}

#[test]
fn pipeline_values_win_and_are_dropped_if_the_template_does_not_declare_them() {
    let section = json!({ "EnvType": { "Type": "String" } });
    let file = r#"[{ "ParameterKey": "EnvType", "ParameterValue": "staging" }]"#;
    assert_snapshot!(checked(&section, file, &[("EnvType", "stg"), ("Accounts", "222222222222")]), @"
    Note[not-passed] --option: `Accounts` is not passed: the template does not declare it
    Note[overruled] stage.json:1:49: `EnvType` is `staging` here, but is overridden by the pipeline's `stg` from --option
      hint: remove it from the stage file
    ");
}

#[test]
fn an_undeclared_key_in_the_stage_file_is_an_error_even_if_the_pipeline_sets_it() {
    let file = r#"[{ "ParameterKey": "Accounts", "ParameterValue": "1" }]"#;
    let problems = checked(&json!({}), file, &[("Accounts", "222222222222")]);
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
      hint: use 1 to 255 letters and digits
    Error[parameter-type] template /Parameters/E: parameter `E` has no `Type`
      hint: add `Type: String`
    Error[not-a-number] template /Parameters/F/MinValue: `MinValue` of parameter `F` is `one`, not a number
    ");
}

/// Every mistake in one declaration, with the value of the stage file. No finding follows from it.
#[test]
fn a_mistake_in_one_declaration_hides_no_other_problem_and_causes_no_other() {
    for declaration in [
        json!({ "Type": "Strin", "Default": "x" }),
        json!({ "Type": "Strin", "AllowedValues": ["1", "2"], "MinLength": 9, "MinValue": 9, "Default": "x" }),
        json!({ "Default": "x" }),
        json!({ "Type": ["String"], "Default": "x" }),
        json!({ "Type": "String", "Default": ["x"] }),
        json!({ "Type": "String", "AllowedValues": ["y", ["x"]], "Default": "x" }),
        json!({ "Type": "String", "AllowedValues": "x", "Default": "x" }),
        json!({ "Type": "String", "AllowedPatern": "y", "Default": "x" }),
        json!({ "Type": "Number", "MinValue": "one", "Default": "1" }),
        json!("String"),
    ] {
        for file in ["[]", r#"[{ "ParameterKey": "A", "ParameterValue": "2" }]"#] {
            let (section, problems) = ParametersSection::read(&json!({ "A": declaration, "B": { "Type": "String" } }));
            assert_eq!(problems.len(), 1, "{declaration} {problems:?}");
            let layer = Layer::from_stage_file(file, "stage.json".as_ref()).unwrap();
            let checked = check(&merge([layer]), &section);
            let found: Vec<_> = checked.problems.iter().map(|problem| (problem.code, problem.parameter.as_deref())).collect();
            if declaration["AllowedValues"].is_array() && declaration["Type"] == "String" {
                assert!(section.declarations["A"].allowed_values.is_empty());
            }
            assert_eq!(found, [("missing-parameter", Some("B"))], "{declaration} {file}");
        }
    }
    // A parameter of an unknown type still needs a value, and can be a secret.
    let (section, _) = ParametersSection::read(&json!({ "A": { "Type": "Strin", "NoEcho": ["true"] } }));
    let missing = check(&merge([]), &section).problems;
    assert_eq!(missing.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["missing-parameter"]);
    assert!(section.declarations["A"].no_echo);
}

#[test]
fn an_undocumented_type_is_a_warning() {
    let section = json!({
        "A": { "Type": "List<String>" },
        "B": { "Type": "AWS::SSM::Parameter::Value<Number>" },
        "C": { "Type": "AWS::EC2::TransitGateway::Id" },
    });
    let file = r#"[{ "ParameterKey": "A", "ParameterValue": "x,y" }, { "ParameterKey": "B", "ParameterValue": "/b" },
        { "ParameterKey": "C", "ParameterValue": "tgw-1" }]"#;
    assert_snapshot!(checked(&section, file, &[]), @"
    Warning[parameter-type] template /Parameters/A/Type: parameter `A` has the type `List<String>`, which is not documented
      hint: the documented list of strings is `CommaDelimitedList`
    Warning[parameter-type] template /Parameters/B/Type: parameter `B` has the type `AWS::SSM::Parameter::Value<Number>`, which is not documented
      hint: the documented types are String, List<String>, CommaDelimitedList and the AWS-specific types
    Warning[parameter-type] template /Parameters/C/Type: parameter `C` has the type `AWS::EC2::TransitGateway::Id`, which is not documented
      hint: ignore this if CloudFormation has added the type
    ");
}

#[test]
fn a_pattern_that_is_left_to_cloudformation_has_a_warning() {
    let section = json!({ "A": { "Type": "String", "AllowedPattern": "(?!x).*" }, "B": { "Type": "String", "AllowedPattern": "(?i)k" } });
    let file = r#"[{ "ParameterKey": "A", "ParameterValue": "x" }, { "ParameterKey": "B", "ParameterValue": "\u212a" }]"#;
    assert_snapshot!(checked(&section, file, &[]), @"
    Warning[pattern-not-checked] template /Parameters/A/AllowedPattern: the `AllowedPattern` of `A` cannot be checked locally: it uses look-ahead
      hint: CloudFormation checks it in each account; simplify the pattern to check it earlier
    Warning[pattern-not-checked] template /Parameters/B/AllowedPattern: the `AllowedPattern` of `B` cannot be checked locally: it uses a flag
      hint: CloudFormation checks it in each account; simplify the pattern to check it earlier
    ");
}

#[test]
fn contradictory_and_inapplicable_constraints_are_reported() {
    let section = json!({
        "A": { "Type": "String", "MinLength": 3, "MaxLength": 2 },
        "B": { "Type": "Number", "MinValue": 3, "MaxValue": 2 },
        "C": { "Type": "String", "Description": "x".repeat(4001) },
    });
    assert_snapshot!(report(&ParametersSection::parse(&section).unwrap_err().0), @"
    Error[impossible] template /Parameters/A/MinLength: no value of `A` can satisfy both its `MinLength` and its `MaxLength`
    Error[impossible] template /Parameters/B/MinValue: no value of `B` can satisfy both its `MinValue` and its `MaxValue`
    Error[too-long] template /Parameters/C/Description: `Description` of parameter `C` has 4001 characters; CloudFormation allows 4000
    ");
    let section = json!({ "A": { "Type": "Number", "MaxLength": 2, "Default": 1 } });
    assert_snapshot!(checked(&section, "[]", &[]), @"
    Warning[not-applied] template /Parameters/A/MaxLength: `MaxLength` of parameter `A` does not apply: the parameter is a number
      hint: remove it, or change the parameter's `Type`
    ");
}

#[test]
fn a_template_has_at_most_200_parameters_with_names_of_letters_and_digits() {
    let many = |count: usize| -> Json {
        Json::Object((0..count).map(|index| (format!("P{index}"), json!({ "Type": "String", "Default": "" }))).collect())
    };
    assert!(ParametersSection::parse(&many(200)).is_ok());
    let rejected = ParametersSection::parse(&many(201)).unwrap_err();
    assert_eq!(rejected.0[0].message, "the template has 201 parameters; CloudFormation allows 200");
    assert!(ParametersSection::parse(&json!({ "a".repeat(255): { "Type": "String" } })).is_ok());
    for name in ["", "a-b", "é", &"a".repeat(256)] {
        assert_eq!(ParametersSection::parse(&json!({ name: { "Type": "String" } })).unwrap_err().0[0].code, "parameter-name", "{name}");
    }
}

#[test]
fn a_value_has_at_most_4096_bytes_and_no_control_characters() {
    let section = json!({ "A": { "Type": "String" } });
    let stage_file = |value: &str| json!([{ "ParameterKey": "A", "ParameterValue": value }]).to_string();
    assert_eq!(checked(&section, &stage_file(&"é".repeat(2048)), &[]), "");
    assert!(checked(&section, &stage_file(&"é".repeat(2049)), &[]).contains("4098 bytes long; CloudFormation allows 4096"));
    assert!(checked(&section, &stage_file("a\u{0}b"), &[]).contains("control character U+0000"));
    assert_eq!(checked(&section, &stage_file("a\n\tb"), &[]), "");
}

#[test]
fn lengths_are_counted_in_utf_16_units_as_in_java() {
    let section = json!({ "A": { "Type": "String", "MaxLength": 2 } });
    let stage_file = |value: &str| json!([{ "ParameterKey": "A", "ParameterValue": value }]).to_string();
    assert_eq!(checked(&section, &stage_file("😀"), &[]), "");
    assert!(checked(&section, &stage_file("😀a"), &[]).contains("3 characters; the maximum is 2"));
}

#[test]
fn the_limits_apply_to_every_member_of_a_list() {
    let section = json!({ "A": { "Type": "List<Number>", "MaxValue": 9 } });
    let stage_file = |value: &str| json!([{ "ParameterKey": "A", "ParameterValue": value }]).to_string();
    assert_eq!(checked(&section, &stage_file("1, 2,9,+3,-4.5e0"), &[]), "");
    let late = format!("{}10", "1,".repeat(50));
    assert!(checked(&section, &stage_file(&late), &[]).contains("whose member `10` is above the maximum 9"));
    assert!(checked(&section, &stage_file("1,,2"), &[]).contains("whose member `` is not a number"));
}

#[test]
fn a_secret_is_never_repeated() {
    let section = json!({
        "List": { "Type": "CommaDelimitedList", "NoEcho": "true", "AllowedPattern": "[a-z]+" },
        "Word": { "Type": "String", "NoEcho": true, "AllowedValues": ["hunter1", "hunter3"], "Default": "hunter3" },
    });
    let file = r#"{ "Parameters": { "List": "hunter2,HUNTER2", "Word": "hunter2" } }"#;
    let found = checked(&section, file, &[("Word", "hunter4")]);
    assert!(
        found.contains("not shown (NoEcho)") && !found.contains("hunter2") && !found.contains("HUNTER2") && !found.contains("hunter4"),
        "{found}"
    );
}

#[test]
fn unpaired_surrogates_and_empty_policies_are_rejected() {
    assert_snapshot!(rejected(r#"{ "Parameters": { "A": "\ud800", "\ud800": "x" }, "StackPolicy": {}, "Tags": [] }"#), @r#"
    Error[not-text] stage.json:1:17: a name in `Parameters` has an incomplete character (a lone surrogate such as `\ud800`)
      hint: write the complete character
    Error[stack-policy] stage.json:1:66: the stack policy has no `Statement`
      hint: write { "Statement": [{ "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" }] }
    Error[not-an-object] stage.json:1:78: `Tags` is a list, not an object
      hint: write names and values in braces
    "#);
    assert_snapshot!(rejected(r#"[{ "ParameterKey": "A", "ParameterValue": "\ud800" }, { "ParameterKey": "B", "UsePreviousValue": "true" }]"#), @r"
    Error[not-text] stage.json:1:43: the value of `A` has an incomplete character (a lone surrogate such as `\ud800`)
      hint: write the complete character
    Error[not-a-boolean] stage.json:1:98: `UsePreviousValue` of `B` is a string, not true or false
      hint: write true or false without quotes
    ");
    assert_snapshot!(rejected("{}"), @r#"
    Error[no-parameters] stage.json:1:1: the file has no `Parameters`
      hint: write { "Parameters": { "Name": "value" } }
    "#);
}

#[test]
fn tags_follow_the_rules_of_cloudformation_each_with_its_place() {
    let file = json!({ "Parameters": {}, "Tags": { "aws:x": "1", "ok": "", "long": "x".repeat(257) } }).to_string();
    assert_snapshot!(checked(&json!({}), &file, &[]), @"
    Error[tag-key] stage.json:1:26: `aws:x` is not a valid tag key
      hint: a key has 1 to 128 characters and does not begin with `aws:`
    Error[tag-value] stage.json:1:45: the value of tag `long` has 257 characters
      hint: a value has 1 to 256 characters
    Error[tag-value] stage.json:1:310: the value of tag `ok` has 0 characters
      hint: a value has 1 to 256 characters
    ");
}

#[test]
fn a_file_of_many_thousand_entries_is_read_quickly() {
    let entry = r#"{"ParameterKey":"A","ParameterValue":"1"}"#;
    let text = format!("[{}]", vec![entry; 100_000].join(","));
    // This thread's CPU time in nanoseconds, where the system reports it: other processes do not
    // count.
    let cpu_now = || -> Option<u64> { std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok() };
    let before = cpu_now();
    assert_eq!(Layer::from_stage_file(&text, "stage.json".as_ref()).unwrap_err().0.len(), 101);
    let used = cpu_now().zip(before).map(|(after, before)| after - before);
    assert!(used.is_none_or(|used| used < 30_000_000_000), "{used:?}");
}

#[test]
fn a_default_must_satisfy_its_own_constraints() {
    let section = json!({ "A": { "Type": "String", "Default": "", "MinLength": 1 } });
    assert_snapshot!(checked(&section, "[]", &[]), @"Error[too-short] template /Parameters/A/Default: the default of `A` is ``, 0 characters; the minimum is 1");
}

#[test]
fn the_hint_for_a_missing_parameter_has_the_stage_files_format() {
    let section = ParametersSection::parse(&serde_json::json!({ "Name": { "Type": "String" } })).unwrap();
    for file in [r#"{ "Parameters": { } }"#, "[ ]"] {
        let stage = |text: &str| merge([Layer::from_stage_file(text, "stage.json".as_ref()).unwrap()]);
        let problems = check(&stage(file), &section).problems;
        let hint = problems.iter().find(|problem| problem.code == "missing-parameter").unwrap().hint.clone().unwrap();
        // Adds what the hint says, at the place that it says.
        let entry = hint.trim_start_matches("add ").replace(" to `Parameters` in the stage file", "").replace(" to the stage file", "");
        let fixed = if file.starts_with('[') { format!("[ {entry} ]") } else { format!("{{ \"Parameters\": {{ {entry} }} }}") };
        assert!(check(&stage(&fixed), &section).problems.is_empty(), "{fixed}");
    }
}

#[test]
fn the_example_for_a_broken_file_has_the_files_form() {
    let hint = |text: &str| Layer::from_stage_file(text, "stage.json".as_ref()).unwrap_err().0[0].hint.clone().unwrap();
    for text in [r#"{ "Parameters": "#, r#" { "Parameters": { "A": 1 "#, "\n{", r#"{ "Parameters": { "A" = "1" } }"#] {
        assert_eq!(hint(text), r#"a stage file is a JSON object: { "Parameters": { "Name": "value" } }"#, "{text}");
    }
    for text in ["", "7", "[", r#"[{ "ParameterKey": "#] {
        assert_eq!(hint(text), r#"a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]"#, "{text}");
    }
}

#[test]
fn a_file_with_mistakes_is_read_as_far_as_possible() {
    let read = |text: &str| Layer::read_stage_file(text, "stage.json".as_ref());
    let (layer, problems) = read(r#"{ "Tagz": {}, "Parameters": { "A": "1", "A": "2", "B": ["x"], "C": "3" } }"#);
    let layer = layer.unwrap();
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["unknown-key", "duplicate-key", "not-text"]);
    assert_eq!(layer.parameters.keys().collect::<Vec<_>>(), ["A", "C"]);
    assert_eq!(layer.unreadable.iter().collect::<Vec<_>>(), ["B"]);
    let (layer, _) = read(r#"[{ "ParameterKey": "A", "Value": "1" }, { "ParameterKey": "B", "ParameterValue": "2" }]"#);
    assert_eq!(layer.unwrap().unreadable.iter().collect::<Vec<_>>(), ["A"]);
    for text in ["", "7", "{}", r#"{ "Parameters": [] }"#] {
        assert!(read(text).0.is_none(), "{text}");
    }
}

/// Each problem is shown with its line, so a hostile file must not have thousands.
#[test]
fn at_most_a_hundred_problems_of_each_severity_are_reported_and_the_rest_is_counted() {
    let unknown: Vec<_> = (0..4000).map(|number| json!({ "ParameterKey": format!("P{number}"), "ParameterValue": number })).collect();
    let text = json!(unknown).to_string();
    let layer = Layer::from_stage_file(&text, "stage.json".as_ref()).unwrap();
    let section = ParametersSection::parse(&json!({ "Known": { "Type": "String", "Default": "x" } })).unwrap();
    let problems = check(&merge([layer]), &section).problems;
    let counted: Vec<_> = problems.iter().filter(|problem| problem.code == "more-problems").map(ToString::to_string).collect();
    assert_eq!(counted, ["and 3900 more errors", "and 1 more warnings"]);
    assert_eq!(problems.len(), 202);
    let twice = format!("[{}]", vec![r#"{ "ParameterKey": "A", "ParameterValue": "1" }"#; 5000].join(","));
    let problems = Layer::from_stage_file(&twice, "stage.json".as_ref()).unwrap_err().0;
    assert_eq!((problems.len(), problems[100].to_string()), (101, "and 4899 more errors".to_owned()));
}

#[test]
fn a_long_value_in_a_message_is_cut() {
    let name = "n".repeat(100_000);
    let text = json!([{ "ParameterKey": name, "ParameterValue": [] }]).to_string();
    let problem = Layer::from_stage_file(&text, "stage.json".as_ref()).unwrap_err().0.remove(0);
    assert!(problem.message.len() < 1100 && problem.message.ends_with(" more characters)"), "{}", problem.message.len());
}

#[test]
fn a_parameter_whose_value_is_wrong_or_unknown_is_marked() {
    let section = json!({
        "Good": { "Type": "Number" },
        "Count": { "Type": "Number" },
        "Size": { "Type": "Number", "Default": "no number" },
        "Overridden": { "Type": "Number", "Default": "no number" },
        "Missing": { "Type": "String" },
        "Broken": { "Type": 7 },
        "GivenAndBroken": { "Type": 7 },
    });
    let (section, _) = ParametersSection::read(&section);
    let file = r#"{ "Parameters": { "Good": "1", "Count": "many", "Overridden": "2", "GivenAndBroken": "x", "Unknown": "y" } }"#;
    let file = Layer::from_stage_file(file, "stage.json".as_ref()).unwrap();
    let found = check(&merge([file]), &section);
    assert_eq!(found.wrong.iter().map(String::as_str).collect::<Vec<_>>(), ["Broken", "Count", "Missing", "Size"]);
}

#[test]
fn parameters_are_given_only_if_no_finding_is_an_error() {
    let section = ParametersSection::parse(&json!({ "Count": { "Type": "Number" } })).unwrap();
    let result = |file: &str| check(&merge([Layer::from_stage_file(file, "stage.json".as_ref()).unwrap()]), &section).into_result();
    let (parameters, notes) = result(r#"[{ "ParameterKey": "Count", "ParameterValue": "3" }]"#).unwrap();
    assert_eq!(parameters.keys().collect::<Vec<_>>(), ["Count"]);
    assert!(notes.is_empty());
    let error = result(r#"[{ "ParameterKey": "Count", "ParameterValue": "many" }]"#).unwrap_err();
    assert!(error.to_string().contains("`Count`"), "{error}");
}

#[test]
fn tags_have_the_lengths_that_cloudformation_allows() {
    let section = ParametersSection::parse(&json!({})).unwrap();
    let codes = |key: &str, value: &str| {
        let file = json!({ "Parameters": {}, "Tags": { key: value } }).to_string();
        let layer = Layer::from_stage_file(&file, "stage.json".as_ref()).unwrap();
        check(&merge([layer]), &section).problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let (key, value) = (|length| "k".repeat(length), |length| "v".repeat(length));
    for (key, value) in [(key(1), value(1)), (key(128), value(256)), ("awsome".to_owned(), value(1)), ("ä".repeat(128), "ö".repeat(256))]
    {
        assert!(codes(&key, &value).is_empty(), "{key} {value}");
    }
    for wrong in [key(0), key(129), "aws:team".to_owned(), "AWS:team".to_owned()] {
        assert_eq!(codes(&wrong, "v"), ["tag-key"], "{wrong}");
    }
    for wrong in [value(0), value(257)] {
        assert_eq!(codes("k", &wrong), ["tag-value"], "{wrong}");
    }
}
