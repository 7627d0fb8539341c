//! All commands with checked signatures and identity policies, with only the templates' roles.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::approvals;
use crate::calls::{self, Place};
use crate::cloud::{Cloud, HOME};
use crate::project::Project;
use crate::roles;

/// A policy with these actions. The local AWS checks no resources and conditions, only actions.
fn policy(actions: &BTreeSet<String>) -> Json {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] })
}

/// The policy of a template's role.
fn of_role(template: &str, role: &str) -> Json {
    policy(&roles::allowed(template)[role])
}

fn act_as(cloud: &Cloud, project: &mut Project, role: &str, policy: &Json) {
    cloud.aws.make_role(HOME, role, &policy.to_string()).unwrap();
    project.set_all(cloud.aws.environment_as(HOME, role).unwrap());
}

#[test]
fn the_roles_of_the_templates_are_enough_for_setup_build_and_tests_and_the_table_for_deploy() {
    let cloud = Cloud::start(|options| options.enforce_iam = true);
    cloud.register(10);
    cloud.prepare("staging", "222222222222");
    cloud.aws.make_role("222222222222", "EndpointTestRole", &of_role("pipeline/target-account.yml", "TestRole").to_string()).unwrap();
    let mut project = Project::new().with_pipeline_variables();
    project.set("TEST_ROLE_NAME", "EndpointTestRole");

    act_as(&cloud, &mut project, "Build", &of_role("pipeline/model-deploy-pipeline.yml", "BuildRole"));
    project.run(["setup"]).ends_with(0);
    project.run(["build"]).ends_with(0);
    // Other actions are denied.
    project
        .run(["deploy", "--stage", "staging", "--no-preflight"])
        .ends_with(3)
        .says("`CreateStackSet` failed")
        .says("allow `cloudformation:CreateStackSet`");

    let mut deploy = calls::table()["deploy"][&Place::DataScience].clone();
    deploy.insert("iam:PassRole".to_owned());
    act_as(&cloud, &mut project, "Deploy", &policy(&deploy));
    project.run(["deploy", "--stage", "staging"]).ends_with(0).says("1 of 1 endpoints serve the release");
    act_as(&cloud, &mut project, "Test", &of_role("pipeline/model-deploy-pipeline.yml", "TestStagingRole"));
    project.run(["test-staging"]).ends_with(0);
    act_as(&cloud, &mut project, "Check", &of_role("pipeline/model-deploy-pipeline.yml", "CheckReleaseRole"));
    approvals::record(&cloud, "1", "Succeeded", &approvals::digest(&project));
    let approved = ["--pipeline", approvals::PIPELINE, "--pipeline-execution", approvals::EXECUTION];
    project
        .run(["check-release", "--stage", "prod"].iter().chain(&approved))
        .ends_with(0)
        .says("is allowed in prod")
        .says("approved by ann");
    // The plan and the dossier of the approver, without a role in a target.
    act_as(&cloud, &mut project, "Plan", &of_role("pipeline/model-deploy-pipeline.yml", "PlanProdRole"));
    let plan = project.run(["plan", "--stage", "prod", "--no-preflight", "--format", "json"]).ends_with(0).stdout;
    project.write("plan.json", &plan);
    project.run(["report", "--plan", "plan.json"]).ends_with(0).says("release-dossier.html");
    assert!(project.read("target/dossier/release-dossier.env").starts_with("APPROVAL_SUMMARY='Verdict: "));
    // The build reads that another package is deployed.
    act_as(&cloud, &mut project, "Build", &of_role("pipeline/model-deploy-pipeline.yml", "BuildRole"));
    project.write("event.json", &crate::events::event(1, "Rejected", &json!({})));
    project.run(["build", "--event", "event.json"]).ends_with(4).says("(rule rejected-not-deployed)");
    act_as(&cloud, &mut project, "Test", &of_role("pipeline/model-deploy-pipeline.yml", "TestStagingRole"));
    let mut recording = roles::allowed("pipeline/model-deploy-pipeline.yml")["TestStagingRole"].clone();
    recording.extend(["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"].map(str::to_owned));
    act_as(&cloud, &mut project, "Test", &policy(&recording));
    project.run(["test-staging", "--record"]).ends_with(0).says("Staging/Tested");
}

#[test]
fn wrong_keys_and_missing_permissions_have_different_errors() {
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
