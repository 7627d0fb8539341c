//! `report`: the dossier of a release alone answers what is approved, whether it is better, and how
//! to go back. Its commands run as printed.

use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP};
use crate::project::{Project, program};
use crate::schemas::validate;

const PRODUCTION: &str = "333333333333";

/// Production has version 13, and staging has tested version 14. Both were tested.
pub(crate) fn waiting_for_approval(cloud: &Cloud) -> Project {
    cloud.register(10);
    let project = cloud.project();
    cloud.prepare("prod", PRODUCTION);
    project.run(["build", "--model-package", "13"]).ends_with(0);
    project.run(["deploy", "--stage", "prod", "--without-staging-tests"]).ends_with(0);
    project.run(["test-prod", "--results-dir", "target/prod-results"]).ends_with(0);
    project.run(["build"]).ends_with(0);
    cloud.deploy(&project, "staging", "222222222222", &[]);
    project.run(["test-staging", "--no-load"]).ends_with(0);
    project
}

fn dossier(project: &Project) -> Json {
    validate("release-dossier.v1.json", &project.path("target/dossier/release-dossier.json")).unwrap();
    project.json("target/dossier/release-dossier.json")
}

/// Runs a printed command in a shell, with `xtask` on the path.
fn in_shell(project: &Project, command: &str) -> (i32, String) {
    let path = format!("{}:{}", program().parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(project.path("."))
        .env_clear()
        .envs([("PATH", path.as_str()), ("NO_COLOR", "1"), ("AWS_EC2_METADATA_DISABLED", "true")])
        .env("HOME", project.path("."))
        .envs(project.variables())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}

fn commands(dossier: &Json, of: &str) -> Vec<String> {
    dossier[of].as_array().unwrap().iter().map(|command| command["command"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_page_alone_answers_what_better_or_worse_and_how_to_go_back() {
    let cloud = Cloud::new();
    let project = waiting_for_approval(&cloud);
    cloud.aws.clear_requests().unwrap();
    let run = project.run(["report", "--production-results", "target/prod-results", "--pipeline-execution", "run-7"]).ends_with(0);
    cloud.only_reads();
    let dossier = dossier(&project);
    assert_eq!(dossier["verdict"]["decision"], "can-be-approved", "{:#}", dossier["verdict"]);
    assert_eq!(dossier["comparison"]["judgement"]["value"], "same", "both versions are the same model in this test");
    assert_eq!(dossier["comparison"]["judgement"]["basis"], "measured");
    assert_eq!(dossier["release"]["pipeline_execution"]["value"], "run-7");
    assert_eq!((&dossier["changes"]["basis"], &dossier["changes"]["value"]["only_the_model"]), (&json!("read-from-aws"), &json!(true)));
    assert!(run.stdout.lines().count() <= 20, "{}", run.stdout);
    let page = project.read("target/dossier/release-dossier.html");
    for page in [page.as_str(), &project.read("target/dossier/release-dossier.md"), &run.stdout] {
        for answer in [
            &format!("{GROUP} version 14"),
            "can be approved",
            "the same as production",
            "xtask build --model-package 13 --output-dir target/previous",
        ] {
            assert!(page.contains(answer), "`{answer}` is not in\n{page}");
        }
    }
    // The page needs nothing else, and has no program.
    assert!(!page.contains("<script") && !page.contains("<link") && !page.contains(" src=") && !page.contains("url("));

    // The same evidence gives the same bytes; a plan in a file is the plan of AWS.
    let plan = project.run(["plan", "--stage", "prod", "--format", "json", "--no-preflight"]).ends_with(0);
    project.write("plan.json", &plan.stdout);
    let options = ["report", "--plan", "plan.json", "--production-results", "target/prod-results/test-results.json"];
    project.run(options).ends_with(0);
    let first = project.files("target/dossier");
    project.run(options.iter().chain(&["--format", "json"])).ends_with(0);
    assert_eq!(project.files("target/dossier"), first);
    assert_eq!(self::dossier(&project)["changes"]["value"]["groups"], dossier["changes"]["value"]["groups"]);
}

#[test]
fn the_commands_of_the_page_run_as_printed() {
    let cloud = Cloud::new();
    let project = waiting_for_approval(&cloud);
    project.run(["report"]).ends_with(0);
    let dossier = dossier(&project);
    for command in commands(&dossier, "verify") {
        let (code, text) = in_shell(&project, &command);
        assert_eq!(code, 0, "`{command}`\n{text}");
    }
    let endpoint = format!("{GROUP}-prod");
    project.run(["deploy", "--stage", "prod"]).ends_with(0);
    assert!(cloud.served(PRODUCTION, &endpoint).ends_with("/14"));
    let back: Vec<_> = commands(&dossier, "roll_back").into_iter().filter(|command| command.starts_with("xtask ")).collect();
    assert_eq!(back.len(), 4, "{back:#?}");
    for command in back {
        let (code, text) = in_shell(&project, &command);
        assert_eq!(code, 0, "`{command}`\n{text}");
    }
    assert!(cloud.served(PRODUCTION, &endpoint).ends_with("/13"));
    // A manifest that was changed after the page was written is noticed.
    let manifest = project.read("target/deploy/release-manifest.json");
    project.write("target/deploy/release-manifest.json", &format!("{manifest} "));
    assert!(commands(&dossier, "verify").iter().all(|command| in_shell(&project, command).0 != 0));
}

#[test]
fn what_cannot_be_read_is_not_known_and_what_failed_forbids_the_approval() {
    let cloud = Cloud::new();
    let project = waiting_for_approval(&cloud);
    cloud.sagemaker(
        "UpdateModelPackage",
        &json!({ "ModelPackageArn": format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/{GROUP}/14"), "ModelApprovalStatus": "Rejected" }),
    );
    project.run(["report"]).ends_with(0).says("cannot be approved").says("is no longer approved");
    assert_eq!(dossier(&project)["verdict"]["decision"], "cannot-be-approved");

    // Without any call.
    cloud.aws.clear_requests().unwrap();
    project.run(["report", "--offline"]).ends_with(0).says("not known whether it can be approved").says("--offline makes no call to AWS");
    assert!(cloud.aws.requests().unwrap().is_empty());
    // AWS refuses everything: each refusal is a warning, and the page says why.
    cloud.aws.enforce_iam(true).unwrap();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*" }] });
    cloud.aws.make_role("111111111111", "Nothing", &policy.to_string()).unwrap();
    let mut project = project;
    project.set_all(cloud.aws.environment_as("111111111111", "Nothing").unwrap());
    let run = project.run(["report"]).ends_with(0).says("warning: ").says("cloudformation:DescribeStackSet");
    assert!(run.stdout.contains("not known"), "{}", run.stdout);
    let dossier = dossier(&project);
    assert_eq!(dossier["verdict"]["decision"], "not-known");
    assert_eq!(dossier["people"]["approved_by"]["basis"], "not-known");
}

#[test]
fn a_dossier_of_files_needs_no_aws() {
    let project = Project::new().with_pipeline_variables();
    project
        .run([
            "build",
            "--registry",
            "examples/registry.json",
            "--regions",
            "us-east-1",
            "--release-policy",
            "examples/release-policy.json",
        ])
        .ends_with(0);
    let run = project.run(["report", "--offline", "--registry", "examples/registry.json", "--pipeline", "iris model deploy"]).ends_with(0);
    assert!(run.stdout.contains("has version 12; this release is better than production"), "{}", run.stdout);
    let dossier = dossier(&project);
    let comparison = &dossier["comparison"];
    assert_eq!((&comparison["production"]["basis"], &comparison["judgement"]["basis"]), (&json!("declared"), &json!("declared")));
    assert_eq!(dossier["gates"]["value"].as_array().unwrap().len(), 8);
    assert!(commands(&dossier, "roll_back")[0].starts_with("aws codepipeline start-pipeline-execution --name 'iris model deploy' "));
    assert!(project.read("target/dossier/release-dossier.md").len() < 60 * 1024);
}

#[test]
fn evidence_that_cannot_be_read_is_an_error_before_anything_is_written() {
    let project = Project::new().with_pipeline_variables();
    project.run(["report", "--offline"]).ends_with(2).says("release-manifest.json");
    project.run(["build", "--registry", "examples/registry.json", "--regions", "us-east-1"]).ends_with(0);
    project.write("other.json", "{}");
    for (option, what) in [
        ("--plan", "this is not a plan in JSON"),
        ("--staging-results", "this is not a results file of endpoint tests"),
        ("--production-results", "this is not a results file of endpoint tests"),
        ("--registry", "schema_version"),
    ] {
        project.run(["report", "--offline", option, "other.json"]).ends_with(2).says(what).says("other.json");
        project.run(["report", "--offline", option, "missing.json"]).ends_with(2).says("missing.json").says("it does not exist");
    }
    project
        .run(["report", "--offline", "--release-sha256", &"0".repeat(64)])
        .ends_with(2)
        .says("is not the manifest of the approved release");
    project.write("file", "");
    project.run(["report", "--offline", "--output-dir", "file"]).ends_with(2).says("cannot write");
    assert!(project.files("target/dossier").is_empty());
}
