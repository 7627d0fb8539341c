//! The whole way with signatures and identity policies checked, by roles that hold the actions of `docs/permissions.md` and no others.

use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, HOME};
use crate::project::{Project, workspace};

/// The first policy under a heading of the document. The local AWS does not weigh resources: the actions are what is held here.
fn policy(heading: &str) -> Json {
    let document = std::fs::read_to_string(workspace().join("docs/permissions.md")).unwrap();
    let section = document.split("\n## ").find(|section| section.starts_with(heading)).unwrap_or_else(|| panic!("no heading `{heading}`"));
    let block = section
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap_or_else(|| panic!("no policy under `{heading}`"));
    let mut policy: Json = serde_json::from_str(block).unwrap();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        statement["Resource"] = json!("*");
        statement.as_object_mut().unwrap().remove("Condition");
    }
    policy
}

fn with_first_statement_of(mut policy: Json, other: &Json) -> Json {
    policy["Statement"].as_array_mut().unwrap().push(other["Statement"][0].clone());
    policy
}

fn act_as(cloud: &Cloud, project: &mut Project, role: &str, policy: &Json) {
    cloud.aws.make_role(HOME, role, &policy.to_string()).unwrap();
    project.set_all(cloud.aws.environment_as(HOME, role).unwrap());
}

#[test]
fn the_documented_actions_are_enough_for_setup_build_deploy_and_tests() {
    let cloud = Cloud::start(|options| options.enforce_iam = true);
    cloud.register(10);
    cloud.prepare("staging", "222222222222");
    cloud.aws.make_role("222222222222", "EndpointTestRole", &policy("The endpoint test role").to_string()).unwrap();
    let mut project = Project::new().with_pipeline_variables();
    project.set("TEST_ROLE_NAME", "EndpointTestRole");

    act_as(&cloud, &mut project, "Build", &policy("The build role"));
    project.run(["setup"]).ends_with(0);
    project.run(["build"]).ends_with(0);
    // And no more than that: what this role does not hold is refused.
    project
        .run(["deploy", "--stage", "staging"])
        .ends_with(3)
        .says("`DescribeStackSet` failed")
        .says("the management session needs `cloudformation:DescribeStackSet`");

    let test = policy("The test role");
    act_as(&cloud, &mut project, "Deploy", &with_first_statement_of(policy("The deploy role"), &test));
    project.run(["deploy", "--stage", "staging"]).ends_with(0).says("1 of 1 endpoints serve the release");
    act_as(&cloud, &mut project, "Test", &test);
    project.run(["test-staging", "--record"]).ends_with(0).says("Staging/Tested");
}

#[test]
fn wrong_keys_are_told_from_missing_rights() {
    let cloud = Cloud::start(|options| options.enforce_iam = true);
    cloud.register(10);
    let mut project = Project::new().with_pipeline_variables();
    act_as(
        &cloud,
        &mut project,
        "Nothing",
        &json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }] }),
    );
    project.run(["build"]).ends_with(3).says("sagemaker:ListModelPackages");
    project.set("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    project.set("AWS_SECRET_ACCESS_KEY", "a-secret-that-must-not-be-shown");
    project.unset("AWS_SESSION_TOKEN");
    project.run(["build"]).ends_with(3).says("sagemaker:ListModelPackages");
}
