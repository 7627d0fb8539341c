//! A simulated execution of a pipeline that keeps a history, and goes back to a release of it.

use serde_json::json;

use crate::code_pipeline::{Pipeline, Run};
use crate::pipeline::{PROD, WHOLE_WAY, parameters, ready};

#[test]
fn an_execution_goes_back_to_the_release_of_the_history_with_tests_and_an_approval() {
    let mut all = parameters();
    all.push(("HistoryBucketName", "records"));
    let (cloud, pipeline, source) = ready(&all);
    cloud.make_versioned_bucket("records");
    let first = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(first.history, WHOLE_WAY, "{}", first.log);
    let digest = first.variables["Build.RELEASE_MANIFEST_SHA256"].clone();

    // Another commit does not change what an execution goes back to.
    source
        .write("prod-config-template.json", r#"{ "Parameters": { "EndpointInstanceCount": "3", "EndpointInstanceType": "ml.m5.large" } }"#);
    let back = Run::start(&pipeline, &cloud, &source.path(""), &[("ROLLBACK_TO", &digest[..16])]);
    assert_eq!(back.history, WHOLE_WAY, "{}", back.log);
    assert_eq!(
        (&back.variables["Build.RELEASE_MANIFEST_SHA256"], &back.variables["Build.MODEL_PACKAGE_VERSION"]),
        (&digest, &"14".to_owned())
    );
    assert!(back.approval.as_ref().unwrap()["CustomData"].contains(&digest));
    assert!(cloud.served(PROD, "iris-p-abc123xyz-prod").ends_with("/14"));

    // Who approved what production has, from records alone.
    let mut reader = cloud.project();
    reader.set("RELEASE_HISTORY", "s3://records/history");
    let answer = reader.run(["history", "--stage", "prod", "--format", "json"]).ends_with(0).stdout;
    assert!(answer.contains(&digest) && answer.contains("ann@example.com"), "{answer}");
    // A release that the history does not have is not deployed.
    reader.set("ROLLBACK_TO", &"b".repeat(64));
    reader.run(["build"]).ends_with(2).says("the history has no such release");
    reader.set("ROLLBACK_TO", "no release");
    reader.run(["build"]).ends_with(2).says("--rollback-to");
    reader.unset("RELEASE_HISTORY");
    reader.set("ROLLBACK_TO", "14");
    reader.run(["build"]).ends_with(2).says("no history is named");
}

#[test]
fn the_roles_can_add_to_the_history_of_their_project_and_replace_nothing() {
    let mut all = parameters();
    all.push(("HistoryBucketName", "records"));
    let pipeline = Pipeline::read(&all);
    let statements = pipeline.properties("HistoryPolicy")["PolicyDocument"]["Statement"].as_array().unwrap();
    let writing: Vec<_> = statements.iter().filter(|statement| statement["Action"].to_string().contains("Put")).collect();
    assert_eq!(writing.len(), 1);
    assert_eq!(writing[0]["Resource"], "arn:aws:s3:::records/history/p-abc123xyz/*");
    assert_eq!(writing[0]["Condition"], json!({ "Null": { "s3:if-none-match": "false" } }));
    let has_it = |role: &&str| pipeline.properties(role)["ManagedPolicyArns"].to_string().contains("HistoryPolicy");
    let mut roles: Vec<_> = pipeline.roles().filter(has_it).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["BuildRole", "CheckReleaseRole", "TestProdRole", "TestStagingRole"]);
}
