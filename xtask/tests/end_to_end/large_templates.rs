//! Templates that are too large for a request: `deploy` uploads them, and `build` refuses what cannot be
//! deployed.

use crate::cloud::{Cloud, REGION};
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, ENDPOINT, approve, package};

const PLAN: [&str; 3] = ["plan", "--stage", "staging"];
const BUCKET: [&str; 2] = ["--artifact-bucket", "templates"];

/// Adds comments until the template has this many bytes.
fn enlarge(project: &Project, bytes: usize) {
    let template = project.read("cfn-sm-endpoint-template.yml");
    let line = format!("# {}\n", "x".repeat(97));
    let mut text = template + &line.repeat(bytes.div_ceil(line.len()));
    text.truncate(bytes - 1);
    project.write("cfn-sm-endpoint-template.yml", &(text + "\n"));
}

#[test]
fn a_template_of_more_than_51200_bytes_is_uploaded_and_deployed_again_and_again() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.prepare("staging", ACCOUNTS[0]);
    cloud.make_bucket("templates");
    enlarge(&project, 60_000);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    let plan = |code| project.run(PLAN.iter().chain(&BUCKET)).ends_with(code);
    cloud.aws.clear_requests().unwrap();
    plan(0);
    cloud.only_reads();
    let deploy = || project.run(DEPLOY.iter().chain(&BUCKET)).ends_with(0);
    deploy()
        .says("Uploaded the template to https://")
        .says("/templates/stack-set-templates/staging/")
        .says("1 of 1 endpoints serve the release");
    assert_eq!(cloud.requests("PutObject").len(), 1);
    // CloudFormation reports the text, so the same release changes nothing.
    plan(4);
    deploy().says("1 unchanged");
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    deploy();
    assert_eq!(cloud.served(ACCOUNTS[0], ENDPOINT), package(REGION, 2));
    assert_eq!(cloud.requests("PutObject").len(), 1, "the template is the same");
}

#[test]
fn without_a_bucket_a_large_template_is_refused_before_any_call() {
    let cloud = Cloud::new();
    let project = cloud.project();
    enlarge(&project, 51_201);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    cloud.aws.clear_requests().unwrap();
    for command in [PLAN, DEPLOY] {
        let run = project.run(command).ends_with(2);
        run.says("the template has 51201 bytes; a request can have at most 51200").says("--artifact-bucket, ARTIFACT_BUCKET");
        project
            .run(command.iter().chain(&["--artifact-bucket", "s3://templates/a"]))
            .ends_with(2)
            .says("is not a bucket name")
            .says("--artifact-prefix a");
    }
    assert_eq!(cloud.aws.requests().unwrap().len(), 0);
    for command in [PLAN, DEPLOY] {
        project
            .run(command.iter().chain(&["--artifact-bucket", "missing-templates"]))
            .ends_with(3)
            .says("missing-templates")
            .says("create it");
    }
    for action in ["CreateStackSet", "PutObject"] {
        assert!(cloud.requests(action).is_empty(), "{action}");
    }
}

#[test]
fn build_refuses_a_template_that_the_pipeline_cannot_deploy_unless_there_is_none() {
    let project = Project::new().with_pipeline_variables();
    let build = |options: &[&str]| project.run(["build", "--registry", "examples/registry.json"].iter().chain(options));
    enlarge(&project, 460_800);
    build(&[]).ends_with(0);
    enlarge(&project, 460_801);
    let refused = build(&[]).ends_with(2);
    refused
        .says("the template has 460801 bytes; CodePipeline's CloudFormationStackSet action accepts at most 460800")
        .says("--no-pipeline");
    build(&["--no-pipeline"]).ends_with(0);
    enlarge(&project, 1_048_577);
    build(&["--no-pipeline"]).ends_with(2).says("is larger than 1 MiB").says("nested stacks");
}
