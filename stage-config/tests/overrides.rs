//! Override files: the layer of each target, and what is rejected.

use std::fmt::Write as _;

use insta::assert_snapshot;
use stage_config::{Overrides, ParametersSection, Problem, TargetOverride, check, merge};

fn report(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut lines, problem| {
        writeln!(lines, "{:?}[{}] {problem}", problem.severity, problem.code).unwrap();
        problem.hint.iter().for_each(|hint| writeln!(lines, "  hint: {hint}").unwrap());
        lines
    })
}

fn rejected(text: &str) -> String {
    report(&Overrides::from_file(text, "o.json".as_ref()).unwrap_err().0)
}

fn read(entries: &str) -> Overrides {
    Overrides::from_file(&format!(r#"{{ "$schema": "x", "version": 1, "overrides": {entries} }}"#), "o.json".as_ref()).unwrap()
}

const ENTRIES: &str = r#"[
    { "description": "the large team", "accounts": ["222222222222", "333333333333"], "parameters": { "Count": "4", "Type": "account" } },
    { "regions": ["eu-west-1"], "parameters": { "Count": "2", "Type": "region", "Other": "x" } },
    { "accounts": ["222222222222"], "regions": ["eu-west-1"], "parameters": { "Type": "both" } }
]"#;

#[test]
fn the_more_specific_override_wins() {
    let overrides = read(ENTRIES);
    let at = |account: &str, region: &str| {
        let layer = overrides.layer(account, region);
        let texts = layer.parameters.iter().map(|(name, setting)| format!("{name}={}", setting.value.text().unwrap()));
        texts.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(at("222222222222", "eu-west-1"), "Count=4 Other=x Type=both");
    assert_eq!(at("222222222222", "us-east-1"), "Count=4 Type=account");
    assert_eq!(at("333333333333", "eu-west-1"), "Count=4 Other=x Type=account");
    assert_eq!(at("444444444444", "eu-west-1"), "Count=2 Other=x Type=region");
    assert_eq!(at("444444444444", "us-east-1"), "");
}

#[test]
fn a_later_override_wins_if_they_are_applied_one_by_one() {
    let targets: Vec<String> = read(ENTRIES)
        .by_target()
        .into_iter()
        .map(|TargetOverride { account, region, parameters }| {
            let account = account.map(|account| account.to_string()).unwrap_or_default();
            let region = region.map(|region| region.to_string()).unwrap_or_default();
            format!("{account} {region} {}", parameters.into_keys().collect::<String>())
        })
        .collect();
    assert_eq!(targets, [" eu-west-1 CountOtherType", "222222222222  CountType", "333333333333  CountType", "222222222222 eu-west-1 Type"]);
}

#[test]
fn accounts_and_regions_outside_the_stage_are_rejected() {
    let problems = read(ENTRIES).check_targets(["222222222222", "333333333332"], ["us-east-1"]);
    assert_snapshot!(report(&problems), @"
    Error[not-a-target] o.json:2:69: account `333333333333` is not a target of the stage; its targets are 222222222222, 333333333332
      hint: did you mean `333333333332`?
    Error[not-a-target] o.json:3:19: region `eu-west-1` is not a target of the stage; its targets are us-east-1
      hint: remove it, or make it a target of the stage
    Error[not-a-target] o.json:4:49: region `eu-west-1` is not a target of the stage; its targets are us-east-1
      hint: remove it, or make it a target of the stage
    ");
}

#[test]
fn all_mistakes_of_an_override_file_are_reported_at_once() {
    let text = r#"{ "version": 2, "override": [], "overrides": [
  { "parameters": { "A": "1" } },
  { "accounts": [], "parameters": { "A": "1" } },
  { "accounts": ["2222"], "regions": ["Frankfurt", 7], "parameters": { "A": ["1"] } },
  { "accounts": "222222222222", "parameter": { "A": "1" } },
  "all"
] }"#;
    assert_snapshot!(rejected(text), @r#"
    Error[unknown-key] o.json:1:29: an override file has no `override`
      hint: did you mean `overrides`?
    Error[version] o.json:1:14: the file has version 2; only version 1 is supported
      hint: write "version": 1
    Error[no-target] o.json:2:3: this override has neither `accounts` nor `regions`
      hint: set parameters of the whole stage in the stage file
    Error[empty-list] o.json:3:17: this list is empty
      hint: add at least one entry, or omit the list
    Error[not-a-target] o.json:4:18: `2222` is not an AWS account id
      hint: write 12 digits
    Error[not-a-target] o.json:4:39: `Frankfurt` is not an AWS region
      hint: write a region such as us-east-1
    Error[not-text] o.json:4:52: a number is not an AWS region
      hint: write a region such as us-east-1, in quotes
    Error[not-text] o.json:4:77: the value of `A` is a list, not a string
      hint: write a list as one string with commas
    Error[unknown-key] o.json:5:46: an override has no `parameter`
      hint: did you mean `parameters`?
    Error[not-a-list] o.json:5:17: this is a string, not a list
      hint: write a list: ["…"]
    Error[no-parameters] o.json:5:3: this override has no `parameters`
      hint: write "parameters": { "Name": "value" }
    Error[not-an-override] o.json:6:3: this is a string, not an override
      hint: an override file is { "version": 1, "overrides": [{ "accounts": ["222222222222"], "parameters": { "Name": "value" } }] }
    "#);
    assert!(rejected("[]").starts_with("Error[not-overrides] o.json:1:1: the file contains a list, not overrides"));
    assert!(rejected("{}").contains("the file has no `version`") && rejected("{}").contains("the file has no `overrides`"));
}

#[test]
fn equally_specific_overrides_of_one_target_are_rejected() {
    let text = r#"{ "version": 1, "overrides": [
  { "accounts": ["222222222222", "333333333333"], "parameters": { "A": "1", "B": "1" } },
  { "accounts": ["333333333333"], "parameters": { "A": "1" } },
  { "accounts": ["333333333333"], "regions": ["us-east-1"], "parameters": { "A": "1" } }
] }"#;
    assert_snapshot!(rejected(text), @"
    Error[duplicate-override] o.json:3:51: `A` is set twice for 333333333333; first at o.json:2:67
      hint: keep one of the two
    ");
}

#[test]
fn an_override_is_checked_like_the_stage() {
    let overrides = read(r#"[{ "accounts": ["222222222222"], "parameters": { "Count": "0", "Cuont": 1 } }]"#);
    let section = ParametersSection::parse(&serde_json::json!({ "Count": { "Type": "Number", "MinValue": 1 } })).unwrap();
    let checked = check(&merge([overrides.layer("222222222222", "us-east-1")]), &section);
    assert_snapshot!(report(&checked.problems), @r#"
    Warning[not-text] o.json:1:118: `Cuont` is a number and is converted to a string as written
      hint: put it in quotes: CloudFormation parameters are strings
    Error[too-small] o.json:1:104: `Count` is `0`, which is below the minimum 1
    Error[unknown-parameter] o.json:1:109: the template has no parameter `Cuont`
      hint: did you mean `Count`?
    "#);
}

#[test]
fn overrides_of_more_targets_than_a_stack_set_has_instances_are_rejected() {
    let file = |accounts: u64| {
        let accounts: Vec<String> = (0..accounts).map(|number| format!("\"{:012}\"", 100_000_000_000 + number)).collect();
        let accounts = accounts.join(", ");
        format!(
            r#"{{ "version": 1, "overrides": [
                {{ "accounts": [{accounts}], "regions": ["us-east-1", "eu-west-1"], "parameters": {{ "Count": "1" }} }},
                {{ "accounts": [{accounts}], "parameters": {{ "Count": "2" }} }},
                {{ "regions": ["us-east-1"], "parameters": {{ "Type": "x" }} }}
            ] }}"#
        )
    };
    // Two in each account, one for each account, and one: 3 * 33,333 + 1 is the limit.
    assert!(Overrides::from_file(&file(33_333), "o.json".as_ref()).is_ok());
    let rejected = rejected(&file(33_334));
    assert!(rejected.starts_with("Error[too-many-targets] o.json:2:"), "{rejected}");
    assert!(rejected.contains("the overrides apply to 100003 combinations of account and region"), "{rejected}");
}
