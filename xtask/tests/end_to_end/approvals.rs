//! `check-release` with the approval of a pipeline or of a GitHub workflow run as evidence.

use sandbox::stand_in::{Fault, SeedPackage, SeedPackages};
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::Project;
use crate::schemas::validate;

pub(crate) const APPROVER: &str = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Approver_0123456789abcdef/ann@example.com";
const SAME_PERSON: &str = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Scientist_fedcba9876543210/ann@example.com";
const OTHER_PERSON: &str = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Scientist_fedcba9876543210/eve@example.com";
pub(crate) const PIPELINE: &str = "sagemaker-iris-p-abc123xyz-model-deploy";
pub(crate) const EXECUTION: &str = "0f1e2d3c-0000-4000-8000-000000000001";
const CHECK: [&str; 3] = ["check-release", "--stage", "prod"];

/// An approval action in the history of a pipeline, as CodePipeline returns it.
pub(crate) fn approval_action(execution: &str, action: &str, status: &str, at: f64, shown: &Json) -> Json {
    json!({
        "pipelineExecutionId": execution, "actionExecutionId": format!("a-{action}"), "pipelineVersion": 1, "stageName": "Approval",
        "actionName": "ApproveProduction", "startTime": at - 60.0, "lastUpdateTime": at, "updatedBy": APPROVER, "status": status,
        "input": {
            "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
            "resolvedConfiguration": shown, "region": "us-east-1", "inputArtifacts": [],
        },
        "output": { "outputArtifacts": [], "executionResult": { "externalExecutionId": format!("t-{action}"), "externalExecutionSummary": "looks good" } },
    })
}

/// A release of a package that this identity registered, tested in staging, with this requirement of
/// the policy.
fn tested(registrant: &str, approval: &Json) -> (Cloud, Project) {
    let cloud = Cloud::new();
    let project = tested_in(&cloud, registrant, approval);
    (cloud, project)
}

/// As [`tested`], in an empty local AWS, and approved in a pipeline.
pub(crate) fn approved(cloud: &Cloud) -> Project {
    let project = tested_in(cloud, OTHER_PERSON, &json!({ "other_person": "required", "max_age_days": 1 }));
    record(cloud, "1", "Succeeded", &digest(&project));
    project
}

fn tested_in(cloud: &Cloud, registrant: &str, approval: &Json) -> Project {
    let package = SeedPackage {
        approval_status: Some("Approved".to_owned()),
        created_by: Some(json!({ "IamIdentity": { "Arn": registrant, "PrincipalId": "AROA:x" } })),
        images: Some(vec!["111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1".to_owned()]),
        model_data: Some(vec!["s3://iris-models/1/model.tar.gz".to_owned()]),
        ..SeedPackage::default()
    };
    let packages =
        SeedPackages { account: HOME.to_owned(), group: GROUP.to_owned(), packages: Some(vec![package]), ..SeedPackages::default() };
    cloud.aws.seed_packages(&packages).unwrap();
    let mut project = cloud.project();
    project.write("release-policy.json", &json!({ "schema_version": 1, "approval": approval }).to_string());
    project.run(["build"]).ends_with(0);
    cloud.deploy(&project, "staging", "222222222222", &[]);
    project.run(["test-staging"]).ends_with(0);
    project.set("PIPELINE_NAME", PIPELINE);
    project.set("PIPELINE_EXECUTION_ID", EXECUTION);
    project
}

pub(crate) fn digest(project: &Project) -> String {
    let release = project.read("target/deploy/release.env");
    release.lines().find_map(|line| line.strip_prefix("RELEASE_MANIFEST_SHA256=")).unwrap().trim_matches('\'').to_owned()
}

fn now() -> f64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64()
}

/// Records an approval whose text names this digest.
pub(crate) fn record(cloud: &Cloud, action: &str, status: &str, digest: &str) {
    let shown =
        json!({ "CustomData": format!("Release (SHA-256 of its manifest): {digest}."), "ExternalEntityLink": "https://example.com/" });
    cloud.aws.record_pipeline_actions(HOME, PIPELINE, &[approval_action(EXECUTION, action, status, now(), &shown)]).unwrap();
}

#[test]
fn an_approved_release_has_a_record_that_names_who_approved_which_release() {
    let (cloud, project) = tested(OTHER_PERSON, &json!({ "other_person": "required", "max_age_days": 1 }));
    // The other actions of the execution, on more than one page.
    let build = |index: u32| {
        let mut action = approval_action(EXECUTION, &format!("build-{index}"), "Succeeded", now(), &Json::Null);
        action["input"]["actionTypeId"]["category"] = "Build".into();
        action
    };
    record(&cloud, "1", "Succeeded", &digest(&project));
    cloud.aws.record_pipeline_actions(HOME, PIPELINE, &(0..130).map(build).collect::<Vec<_>>()).unwrap();
    cloud.aws.clear_requests().unwrap();
    // A throttled call is repeated.
    cloud
        .aws
        .fault(&Fault::error(400, "ThrottlingException", "Rate exceeded").on("codepipeline", "ListActionExecutions").times(1))
        .unwrap();
    let run = project.run(CHECK.iter().chain(&["--format", "json"])).ends_with(0);
    assert_eq!(cloud.requests("ListActionExecutions").len(), 3);
    cloud.only_reads();
    let record = project.json("target/check-release/prod/approval.json");
    assert_eq!(serde_json::from_str::<Json>(&run.stdout).unwrap()["approval"], record);
    assert_eq!(record["release"], format!("sha256:{}", digest(&project)));
    assert_eq!((&record["approver"]["id"], &record["approver"]["person"]), (&APPROVER.into(), &"ann@example.com".into()));
    assert_eq!((&record["evidence"]["execution"], &record["evidence"]["token"]), (&EXECUTION.into(), &"t-1".into()));
    assert_eq!((&record["comment"], &record["model_packages"][0]["approver_is"]), (&"looks good".into(), &"different".into()));
    validate("approval.v1.json", &project.path("target/check-release/prod/approval.json")).unwrap();
    project.run(CHECK).ends_with(0).says("; approved by ann@example.com at 20");
}

#[test]
fn an_approval_that_is_none_is_refused_with_the_reason_and_leaves_no_record() {
    let (cloud, mut project) = tested(SAME_PERSON, &json!({ "other_person": "required" }));
    cloud.aws.record_pipeline_actions(HOME, PIPELINE, &[]).unwrap();
    project.run(CHECK).ends_with(2).says("PipelineExecutionNotFoundException").says("name a pipeline of this account and region");
    record(&cloud, "1", "InProgress", &digest(&project));
    project.run(CHECK).ends_with(1).says("the approval is pending");
    record(&cloud, "1", "Failed", &digest(&project));
    project.run(CHECK).ends_with(1).says("was rejected or ended without a decision").says("comment: looks good");
    record(&cloud, "1", "Succeeded", &"b".repeat(64));
    project.run(CHECK).ends_with(1).says("the approver approved another release").says(&"b".repeat(64)).says(&digest(&project));
    record(&cloud, "1", "Succeeded", &digest(&project));
    project
        .run(CHECK)
        .ends_with(1)
        .says("the approver also registered the model package")
        .says(SAME_PERSON)
        .says("let another person approve");
    assert!(!project.path("target/check-release/prod").exists());

    // Everything is reported at once: the package was rejected, too.
    let arn = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/1");
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn, "ModelApprovalStatus": "Rejected" }));
    record(&cloud, "1", "Succeeded", &"b".repeat(64));
    project.run(CHECK).ends_with(1).says("is no longer approved").says("the approver approved another release");

    // What cannot be read is unknown.
    let denied = Fault::error(400, "AccessDeniedException", "not authorized").on("codepipeline", "ListActionExecutions");
    cloud.aws.fault(&denied).unwrap();
    project.run(CHECK).ends_with(1).says("is approved is unknown, so the release is not allowed");
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn, "ModelApprovalStatus": "Approved" }));
    project.run(CHECK).ends_with(3).says("AccessDeniedException").says("docs/permissions.md");

    // One of the two options, and none.
    project.unset("PIPELINE_EXECUTION_ID");
    project.run(CHECK).ends_with(2).says("`--pipeline` is set, and `--pipeline-execution` is not");
    project.unset("PIPELINE_NAME");
    project.run(CHECK).ends_with(2).says("the release policy requires an approval").says("--pipeline-execution");
    // Staging needs no approval.
    project.run(["check-release", "--stage", "staging"]).ends_with(0);
}

#[test]
fn evidence_that_is_older_than_the_policy_allows_is_refused_by_check_release_and_deploy() {
    let (cloud, project) = tested(OTHER_PERSON, &json!({ "max_age_days": 30 }));
    record(&cloud, "1", "Succeeded", &digest(&project));
    project.run(CHECK).ends_with(0);
    let results = "target/test-results/test-results.json";
    let mut report = project.json(results);
    report["ended_at"] = "2020-01-01T00:00:00.000Z".into();
    project.write(results, &report.to_string());
    for command in [&CHECK[..], &["deploy", "--stage", "prod"]] {
        project.run(command).ends_with(1).says("the result of the staging tests is ").says("and the release policy allows 30 days");
    }
    let old = json!({ "CustomData": digest(&project) });
    cloud.aws.record_pipeline_actions(HOME, PIPELINE, &[approval_action(EXECUTION, "1", "Succeeded", 1_577_836_800.0, &old)]).unwrap();
    project.run(CHECK.iter().chain(&["--without-staging-tests"])).ends_with(1).says("the approval is ").says("2020-01-01T00:00:00.000Z");
}

#[test]
fn a_review_of_a_github_environment_is_an_approval_of_the_release_that_the_run_built() {
    let (_cloud, mut project) = tested(OTHER_PERSON, &json!({ "other_person": "if-known", "max_age_days": 1 }));
    for name in ["PIPELINE_NAME", "PIPELINE_EXECUTION_ID"] {
        project.unset(name);
    }
    let reviews = json!([{ "state": "approved", "comment": "ship it", "environments": [{ "id": 1, "name": "production" }], "user": { "login": "bob" } }]);
    project.write("approvals.json", &reviews.to_string());
    let check: Vec<_> = CHECK.into_iter().chain(["--approval", "approvals.json"]).collect();
    project.run(&check).ends_with(2).says("names no release").says("--release-sha256");
    project.set("RELEASE_MANIFEST_SHA256", &digest(&project));
    project.run(&check).ends_with(0).says("; approved by bob");
    let record = project.json("target/check-release/prod/approval.json");
    assert_eq!((&record["release_named_by"], &record["evidence"]["from_file"]), (&"workflow-run".into(), &true.into()));
    assert_eq!((&record["approved_at"], &record["model_packages"][0]["approver_is"]), (&Json::Null, &"not-known".into()));
    validate("approval.v1.json", &project.path("target/check-release/prod/approval.json")).unwrap();
    let other = check.iter().copied().chain(["--approval-environment", "prod"]);
    project.run(other).ends_with(2).says("no approval is recorded").says("the environment `prod`");
    project.write("approvals.json", &reviews.to_string().replace("approved", "rejected"));
    project.run(&check).ends_with(1).says("was rejected");
    project.write("approvals.json", "{}");
    project.run(&check).ends_with(2).says("neither the review history").says("approvals.json");
}
