//! The history of releases in S3, and going back: three releases, one rollback, and the question what
//! ran when, and who approved it.

use sandbox::stand_in::Fault;
use serde_json::{Value as Json, json};

use crate::approvals::{APPROVER, EXECUTION, PIPELINE, digest, record};
use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::{Project, Run};
use crate::schemas::validate;
use crate::signing::Signed;

const BUCKET: &str = "release-history";
const HISTORY: &str = "s3://release-history/records";
const PROD: &str = "333333333333";
const ENDPOINT: &str = "iris-p-abc123xyz-prod";

fn package(version: u32) -> String {
    format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/{version}")
}

/// A project whose commands sign and record what they do. Its policy requires signatures and an
/// approval.
fn recorded() -> (Cloud, Project) {
    let Signed { cloud, mut project, key } = Signed::with("ECC_NIST_P256");
    cloud.make_versioned_bucket(BUCKET);
    cloud.prepare("staging", "222222222222");
    cloud.prepare("prod", PROD);
    let policy = json!({
        "schema_version": 1, "signatures": { "public_key": "release-key.pem", "required": true }, "approval": { "max_age_days": 30 },
    });
    project.write("release-policy.json", &policy.to_string());
    for (name, value) in
        [("RELEASE_HISTORY", HISTORY), ("SIGNING_KEY_ARN", &key), ("PIPELINE_NAME", PIPELINE), ("PIPELINE_EXECUTION_ID", EXECUTION)]
    {
        project.set(name, value);
    }
    (cloud, project)
}

/// A version goes from its build to production. Returns the release's digest.
fn release(cloud: &Cloud, project: &Project, version: u32) -> String {
    project.run(["build", "--model-package", &version.to_string()]).ends_with(0).says("Recorded built in the history, signed");
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    project.run(["test-staging", "--no-load"]).ends_with(0);
    record(cloud, &version.to_string(), "Succeeded", &digest(project));
    project.run(["check-release", "--stage", "prod"]).ends_with(0);
    project.run(["deploy", "--stage", "prod", "--record"]).ends_with(0);
    format!("sha256:{}", digest(project))
}

fn history(project: &Project, more: &[&str]) -> Json {
    let command = ["history", "--stage", "prod", "--format", "json"];
    let run = project.run(command.iter().chain(more));
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr))
}

fn rollback(project: &Project, more: &[&str]) -> Run {
    project.run(["rollback", "--stage", "prod"].iter().chain(more))
}

/// The versions that the registry has as deployed to production.
fn deployed(cloud: &Cloud) -> Vec<u32> {
    let is_deployed = |version: &u32| {
        let package = cloud.sagemaker("DescribeModelPackage", &json!({ "ModelPackageName": package(*version) }));
        let life_cycle = &package["ModelLifeCycle"];
        life_cycle["Stage"] == "Production" && life_cycle["StageStatus"] == "Deployed"
    };
    (1..=14).filter(is_deployed).collect()
}

#[test]
fn three_releases_and_one_rollback_are_answered_from_records_years_later() {
    let (cloud, mut project) = recorded();
    let mut releases = Vec::new();
    for version in [8, 9, 10] {
        let release = release(&cloud, &project, version);
        assert_eq!(deployed(&cloud), [version]);
        let answer = history(&project, &[]);
        releases.push((version, release, answer["served"][0]["recorded_at"].as_str().unwrap().to_owned()));
    }

    // Without a confirmation nothing is changed.
    rollback(&project, &[]).ends_with(2).says("Going back in prod").says(&releases[1].1).says("add --yes");
    assert_eq!(cloud.served(PROD, ENDPOINT), package(10));
    // An emergency needs a reason.
    rollback(&project, &["--skip-staging", "--yes"]).ends_with(2).says("--reason");
    let run = rollback(&project, &["--reason", "latency doubled", "--yes"]).ends_with(0);
    run.says("Tested in staging").says("Approved approved by ann@example.com").says("1 of 1 endpoints serve the release");
    assert_eq!(cloud.served(PROD, ENDPOINT), package(9));
    assert_eq!(deployed(&cloud), [9]);
    let status = cloud.sagemaker("DescribeModelPackage", &json!({ "ModelPackageName": package(10) }));
    assert_eq!(status["ModelLifeCycle"]["StageStatus"], "RolledBack");

    // What ran on that day in that account, and who approved it?
    for (version, release, at) in &releases {
        let answer = history(&project, &["--account", PROD, "--at", at]);
        let served = &answer["served"];
        assert_eq!((served.as_array().unwrap().len(), &served[0]["release"]), (1, &json!(release)), "{answer}");
        assert_eq!((&served[0]["version"], &served[0]["approved_by"]), (&json!(version), &json!(APPROVER)), "{answer}");
        assert_eq!((&served[0]["signature"], &served[0]["approval_signature"]), (&json!("verified"), &json!("verified")));
        assert_eq!(served[0]["endpoints"][0]["model_packages"], json!([package(*version)]), "as AWS reported it");
        assert_eq!((&answer["gaps"], &answer["refused"]), (&json!([]), &json!([])), "{answer}");
    }
    let answer = history(&project, &["--limit", "3"]);
    assert_eq!(answer["served"][0]["going_back"]["reason"], "latency doubled");
    assert_eq!((&answer["served"][0]["going_back"]["from"], &answer["served"][0]["version"]), (&json!(releases[2].1), &json!(9)));
    project.write("history.json", &answer.to_string());
    validate("history.v1.json", &project.path("history.json")).unwrap();
    let text = project.run(["history", "--stage", "prod"]).ends_with(0).stdout;
    assert!(text.lines().count() <= 24 && text.contains("latency doubled") && text.contains(APPROVER), "{text}");

    // Every rollout has a record of its own.
    let records = project.files("target/rollout/prod");
    assert_eq!(records.len(), 5, "{:?}", records.iter().map(|(name, _)| name).collect::<Vec<_>>());

    // The proof of one release, from the history alone, for an auditor with the public key.
    let stored = format!("{HISTORY}/p-abc123xyz/releases/{}", releases[1].1.trim_start_matches("sha256:"));
    std::fs::remove_dir_all(project.path("target")).unwrap();
    let run = project.run(["verify", &stored, "--public-key", "release-key.pem"]).ends_with(0);
    for line in [
        "verified  provenance",
        "verified  test results of staging, which passed",
        "verified  allowed in prod",
        "proven    built",
        "proven    approved for prod by arn:aws:sts",
        "proven    served by `iris-p-abc123xyz-prod` in 333333333333/us-east-1 (prod)",
        "missing   passed test results of prod",
    ] {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }

    // An emergency: version 8, without the evidence of staging.
    let run = rollback(&project, &["--to", "8", "--skip-staging", "--reason", "outage", "--yes"]).ends_with(0);
    run.says("the staging tests of this release are not checked");
    assert_eq!((cloud.served(PROD, ENDPOINT), deployed(&cloud)), (package(8), vec![8]));
    let served = history(&project, &[])["served"][0].clone();
    assert_eq!((&served["going_back"]["skipped_staging"], &served["going_back"]["reason"]), (&json!(true), &json!("outage")));

    // A changed record is refused by its name, and nothing goes back on it.
    let list = cloud.aws.object(HOME, BUCKET, "?list-type=2&prefix=records/p-abc123xyz/events/prod/").unwrap();
    let list = String::from_utf8(list).unwrap();
    let key = list.split("<Key>").nth(1).unwrap().split("</Key>").next().unwrap();
    let changed = String::from_utf8(cloud.aws.object(HOME, BUCKET, key).unwrap()).unwrap().replacen("ey", "ez", 1);
    cloud.aws.put_object(HOME, BUCKET, key, &changed).unwrap();
    project.run(["history", "--stage", "prod"]).ends_with(1).says(key.rsplit('/').next().unwrap()).says("proves nothing");
    rollback(&project, &["--yes"]).ends_with(1).says("proves nothing");
    project.set("RELEASE_HISTORY", "not-a-history");
    project.run(["history", "--stage", "prod"]).ends_with(2).says("s3://BUCKET/PREFIX");
}

#[test]
fn what_cannot_be_recorded_is_reported_and_a_deployment_is_not_undone() {
    let (cloud, mut project) = recorded();
    project.unset("SIGNING_KEY_ARN");
    project.write("release-policy.json", r#"{ "schema_version": 1 }"#);
    let denied = || Fault::error(403, "AccessDenied", "Access Denied").on("s3", "PutObject");
    cloud.aws.fault(&denied().times(1)).unwrap();
    project
        .run(["build"])
        .ends_with(3)
        .says("AWS rejected `s3:PutObject`: AccessDenied")
        .says("the history of the release is not complete");
    assert!(project.path("target/deploy/release-manifest.json").exists());
    // The same release is recorded by another run.
    project.run(["build"]).ends_with(0).says("Recorded built in the history");
    // The start of a deployment cannot be recorded: nothing is deployed.
    cloud.aws.fault(&denied().times(1)).unwrap();
    cloud.aws.clear_requests().unwrap();
    project.run(["deploy", "--stage", "staging"]).ends_with(3).says("nothing was deployed");
    assert!(cloud.requests("CreateStackSet").is_empty());
    // Its end cannot be recorded: it is deployed, and the command fails.
    cloud.aws.fault(&denied().times(1).after_requests(1)).unwrap();
    project.run(["deploy", "--stage", "staging"]).ends_with(3).says("1 of 1 endpoints serve the release");
    assert_eq!(cloud.served("222222222222", "iris-p-abc123xyz-staging"), package(14));
    let gaps = project.run(["history", "--stage", "staging"]).says("no record says how the deployment").stdout;
    assert!(gaps.contains("no record says that anything was deployed to staging"), "{gaps}");
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    let run = project.run(["history", "--stage", "staging", "--account", "222222222222"]).ends_with(0);
    run.says("version 14").says("not signed").says("not required in this stage");
    // There is no release before it.
    project.run(["rollback", "--stage", "staging", "--yes"]).ends_with(4).says("no record says that another release was deployed");
    project.run(["rollback", "--stage", "staging", "--to", "12", "--yes"]).ends_with(2).says("no such release");
}
