//! Each role of `pipeline/` has exactly the permissions that its commands and AWS services need.
//!
//! The calls of the commands are declared, and compared with the adapters' sources and with the
//! calls in the end-to-end tests of the same build, which cargo runs first. `UPDATE_PERMISSIONS=1`
//! writes the document again.

mod calls;
mod document;
mod roles;
mod sagemaker_project;

use std::collections::{BTreeMap, BTreeSet};

use calls::Declared;
use roles::{Roles, workspace};

#[test]
fn the_table_has_exactly_the_operations_that_the_adapters_send() {
    let declared = Declared::read();
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (source, operations) in declared.purposes.values().flatten() {
        let names = operations.iter().map(|operation| operation.rsplit(':').next().unwrap().to_owned());
        known.entry(source.clone()).or_default().extend(names);
    }
    assert_eq!(calls::sent(), known, "left: the sources, right: {}", calls::TABLE);
    let used: BTreeSet<_> = declared.commands.values().flat_map(BTreeMap::values).flatten().collect();
    let unused: Vec<_> = declared.purposes.keys().filter(|purpose| !used.contains(purpose)).collect();
    assert!(unused.is_empty(), "no command has the purposes {unused:?}");
}

#[test]
fn every_recorded_call_is_in_the_table() {
    let unknown = calls::not_in(&calls::table(), &calls::noted());
    assert!(unknown.is_empty(), "{} lacks {unknown:#?}", calls::TABLE);
}

#[test]
fn the_tests_of_both_stages_have_the_same_calls() {
    let declared = Declared::read();
    assert_eq!(declared.commands["test-staging"], declared.commands["test-prod"]);
}

#[test]
fn the_document_is_current() {
    let fresh = document::text(&Roles::read(), &calls::table());
    let path = workspace().join(document::PATH);
    if calls::updating() {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == fresh, "{} is stale. {}", document::PATH, calls::HINT);
}

#[test]
fn each_role_has_exactly_the_permissions_of_its_commands_and_aws_services() {
    let (table, roles) = (calls::table(), Roles::read());
    let mut problems = Vec::new();
    for role in &roles.roles {
        let Some(allowed) = roles::allowed(&role.template).remove(&role.id) else {
            problems.push(format!("{} has no role {}", role.template, role.id));
            continue;
        };
        let needed = role.needed(&table);
        problems.extend(needed.difference(&allowed).map(|action| format!("{} lacks {action}", role.id)));
        problems.extend(allowed.difference(&needed).map(|action| format!("{} holds {action}, which is for nothing", role.id)));
        let called: BTreeSet<_> = role.commands.iter().flat_map(|command| role.actions(&table, command)).collect();
        let idle = role.not_used.iter().filter(|not_used| !called.contains(&not_used.action));
        problems.extend(idle.map(|not_used| format!("{}: no command calls {}, which is said to be not used", role.id, not_used.action)));
    }
    assert!(problems.is_empty(), "{problems:#?}\nsee {} and {}", roles::TABLE, calls::TABLE);
}

#[test]
fn every_role_of_the_templates_is_in_the_table() {
    let roles = Roles::read();
    let named: BTreeSet<(&str, &str)> = roles.roles.iter().map(|role| (role.template.as_str(), role.id.as_str())).collect();
    for entry in std::fs::read_dir(workspace().join("pipeline")).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("pipeline/{}", path.file_name().unwrap().to_string_lossy());
        if path.extension().is_some_and(|extension| extension == "yml") {
            for role in roles::allowed(&name).into_keys() {
                assert!(named.contains(&(name.as_str(), role.as_str())), "{name}: {role} is not in {}", roles::TABLE);
            }
        }
    }
}

#[test]
fn no_action_has_a_wildcard_and_every_entry_has_a_reason() {
    for role in Roles::read().roles {
        for entry in &role.for_aws {
            assert!(!entry.reason.is_empty() && !entry.by.is_empty() && !entry.actions.is_empty(), "{}", role.id);
            assert!(entry.actions.iter().all(|action| action.contains(':') && !action.contains('*')), "{}", role.id);
        }
        assert!(role.not_used.iter().all(|not_used| !not_used.reason.is_empty()), "{}", role.id);
    }
}

/// Every statement of a policy in a template.
fn statements<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a serde_json::Value>) {
    match value {
        serde_json::Value::Object(members) if members.contains_key("Effect") && members.contains_key("Action") => found.push(value),
        serde_json::Value::Object(members) => members.values().for_each(|member| statements(member, found)),
        serde_json::Value::Array(items) => items.iter().for_each(|item| statements(item, found)),
        _ => {}
    }
}

/// A role that tags any model with the project's tag could then delete that model as its own.
#[test]
fn models_are_tagged_only_when_they_are_created_or_belong_to_the_project() {
    let template = roles::template("pipeline/target-account.yml");
    let mut found = Vec::new();
    statements(&template, &mut found);
    let of_models = |statement: &&&serde_json::Value| {
        let text = statement.to_string();
        text.contains(":model/*") && ["sagemaker:AddTags", "sagemaker:DeleteTags"].iter().any(|action| text.contains(action))
    };
    let tagging: Vec<_> = found.iter().filter(of_models).collect();
    assert!(!tagging.is_empty());
    for statement in tagging {
        let condition = statement["Condition"]["StringEquals"].as_object().unwrap();
        assert!(
            condition.keys().all(|key| key == "sagemaker:TaggingAction" || key == "aws:ResourceTag/sagemaker:project-id"),
            "{statement}"
        );
    }
}

/// Whether a value of a parameter of the pipeline is allowed.
fn is_allowed(parameter: &str, value: &str) -> bool {
    let pipeline = roles::template("pipeline/model-deploy-pipeline.yml");
    let pattern = pipeline["Parameters"][parameter]["AllowedPattern"].as_str().unwrap();
    regex::Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(value)
}

/// These become resources of a policy.
#[test]
fn the_address_of_the_binary_and_its_parameter_have_no_wildcard() {
    for (parameter, allowed) in [
        ("XtaskUrl", &["", "s3://tools/xtask-0.1.0-x86_64-unknown-linux-gnu", "https://tools.example.com/xtask?version=1"] as &[&str]),
        ("XtaskParameterName", &["", "/mlops/xtask", "xtask", "/a/b-c/d_e.f"]),
        ("XtaskParameterBinaries", &["", "s3://tools/xtask-", "s3://tools/releases/"]),
    ] {
        for value in allowed {
            assert!(is_allowed(parameter, value), "{parameter}: {value}");
        }
    }
    for (parameter, refused) in [
        ("XtaskUrl", &["s3://tools/*", "s3://*/xtask", "s3://tools/xtas?", "http://tools/xtask"] as &[&str]),
        ("XtaskParameterName", &["/", "/mlops/*", "/mlops/", "//mlops", "/mlops//xtask", "mlops/xtask", "/mlops/xtask:1", "/mlops/xtas?"]),
        (
            "XtaskParameterBinaries",
            &["s3://tools", "s3://tools/", "s3://tools/*", "s3://*/xtask", "s3://tools/xtas?", "https://tools/xtask"],
        ),
    ] {
        for value in refused.iter().chain(&["s3://tools/${aws:username}", "s3://tools/a b", "/${aws:username}", "/a b"]) {
            assert!(!is_allowed(parameter, value), "{parameter}: {value}");
        }
    }
}

/// Asynchronous endpoints notify only topics that the team names, of one account, and none otherwise.
#[test]
fn an_endpoint_publishes_only_to_topics_of_a_named_account() {
    let template = roles::template("pipeline/target-account.yml");
    let parameter = &template["Parameters"]["NotificationTopicArn"];
    assert_eq!(parameter["Default"], "");
    let pattern = regex::Regex::new(&format!("^(?:{})$", parameter["AllowedPattern"].as_str().unwrap())).unwrap();
    for allowed in ["", "arn:aws:sns:us-east-1:111111111111:iris-*", "arn:aws-cn:sns:*:111111111111:iris"] {
        assert!(pattern.is_match(allowed), "{allowed}");
    }
    for refused in
        ["*", "arn:aws:sns:us-east-1:*:iris", "arn:aws:sns:*:*:*", "arn:aws:s3:::bucket", "arn:aws:sns:us-east-1:111111111111:a b"]
    {
        assert!(!pattern.is_match(refused), "{refused}");
    }
    let mut found = Vec::new();
    statements(&template, &mut found);
    let publishing: Vec<_> = found.iter().filter(|statement| statement["Action"].to_string().contains("sns:")).collect();
    assert_eq!(publishing.len(), 1, "{publishing:#?}");
    assert_eq!(publishing[0]["Resource"], serde_json::json!({ "Ref": "NotificationTopicArn" }));
}
