//! `plan --exact`: CloudFormation's own change sets beside the computed plan.

use sandbox::stand_in::Fault;
use serde_json::Value as Json;

use crate::cloud::{Cloud, REGION};
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, approve, project};
use crate::schemas::validate;

const PLAN: [&str; 5] = ["plan", "--stage", "staging", "--exact", "--no-preflight"];

fn exact(project: &Project) -> Vec<Json> {
    let run = project.run(PLAN.iter().chain(&["--format", "json"])).ends_with(0);
    project.write("plan.json", &run.stdout);
    validate("plan.v1.json", &project.path("plan.json")).unwrap();
    project.json("plan.json")["exact"].as_array().unwrap().clone()
}

/// The change sets of the project's stacks in an account.
fn change_sets(cloud: &Cloud, account: &str) -> String {
    let stack = [("Version", "2010-05-15"), ("StackName", "any")];
    cloud.aws.query(account, "cloudformation", "ListChangeSets", &stack).unwrap().text("ChangeSetName").unwrap_or_default()
}

#[test]
fn change_sets_are_compared_with_the_computed_plan_and_deleted() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY.iter().chain(&["--no-preflight"])).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);

    let targets = exact(&project);
    assert_eq!(targets.len(), 4);
    for target in &targets {
        let effects: Vec<_> = target["resources"].as_array().unwrap().iter().map(|resource| resource["effect"].as_str().unwrap()).collect();
        assert!(effects.contains(&"replace") && effects.contains(&"update"), "{target}");
        assert_eq!((&target["differences"], &target["not_known"]), (&Json::Array(Vec::new()), &Json::Null), "{target}");
    }
    let shown = project.run(PLAN).ends_with(0);
    assert!(shown.stdout.contains("4 of 4 change sets: as computed"), "{}", shown.stdout);
    for account in &ACCOUNTS[..2] {
        assert_eq!(change_sets(&cloud, account), "", "a change set is left in {account}");
    }
    assert_eq!(cloud.requests("ExecuteChangeSet").len(), 0);

    // A denied call: the computed plan stands, and the statement is printed once for each account.
    cloud.aws.fault(&Fault::error(403, "AccessDenied", "not authorized").on("cloudformation", "CreateChangeSet")).unwrap();
    let denied = project.run(PLAN).ends_with(0).says("the computed plan stands").says("cloudformation:CreateChangeSet");
    assert!(denied.stdout.contains("0 of 4 change sets: as computed") && denied.stdout.contains("4 to change"), "{}", denied.stdout);
    cloud.aws.clear_faults().unwrap();
    // An error while it is read: it is deleted all the same.
    cloud.aws.fault(&Fault::error(400, "ValidationError", "no").on("cloudformation", "DescribeChangeSet")).unwrap();
    project.run(PLAN).ends_with(0);
    cloud.aws.clear_faults().unwrap();
    assert_eq!(change_sets(&cloud, ACCOUNTS[0]), "", "a change set is left after an error in {REGION}");
}
