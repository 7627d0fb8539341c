//! `--record`: a success changes only the life cycle in the registry.

use sandbox::iris::Behaviour;
use sandbox::stand_in::{Fault, SeedPackage, SeedPackages};
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::Project;

const TARGET: &str = "222222222222";

fn arn() -> String {
    format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/1")
}

fn released(cloud: &Cloud) -> Project {
    let package = SeedPackage {
        approval_status: Some("Approved".to_owned()),
        metadata: Some([("owner".to_owned(), "ds".to_owned())].into()),
        ..SeedPackage::default()
    };
    let seed = SeedPackages { account: HOME.to_owned(), group: GROUP.to_owned(), packages: Some(vec![package]), ..SeedPackages::default() };
    cloud.aws.seed_packages(&seed).unwrap();
    cloud.prepare("staging", TARGET);
    let project = cloud.project();
    project.run(["build"]).ends_with(0);
    project
}

fn described(cloud: &Cloud) -> Json {
    cloud.sagemaker("DescribeModelPackage", &json!({ "ModelPackageName": arn() }))
}

#[test]
fn a_success_is_recorded_once_and_nothing_else_of_the_package_changes() {
    let cloud = Cloud::new();
    let project = released(&cloud);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    project.run(["test-staging"]).ends_with(0);
    assert!(cloud.requests("UpdateModelPackage").is_empty(), "only with the option");

    project.run(["deploy", "--stage", "staging", "--record"]).ends_with(0).says("Staging/Deployed");
    let after = described(&cloud);
    assert_eq!((&after["ModelLifeCycle"]["Stage"], &after["ModelLifeCycle"]["StageStatus"]), (&json!("Staging"), &json!("Deployed")));
    let digest = project.read("target/deploy/release.env").split("RELEASE_MANIFEST_SHA256='").nth(1).unwrap()[..64].to_owned();
    assert!(after["ModelLifeCycle"]["StageDescription"].as_str().unwrap().contains(&digest), "{after}");
    assert_eq!((&after["ModelApprovalStatus"], &after["CustomerMetadataProperties"]), (&json!("Approved"), &json!({ "owner": "ds" })));

    project.run(["test-staging", "--record"]).ends_with(0).says("Staging/Tested");
    project.run(["test-staging", "--record"]).ends_with(0).says("already");
    assert_eq!(cloud.requests("UpdateModelPackage").len(), 2);
    project.run(["test-staging", "--record=Staging/Verified"]).ends_with(0);
    assert_eq!(described(&cloud)["ModelLifeCycle"]["StageStatus"], "Verified");
}

#[test]
fn a_package_in_production_is_not_moved_back_to_staging() {
    let cloud = Cloud::new();
    let project = released(&cloud);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    let production = json!({ "Stage": "Production", "StageStatus": "Deployed" });
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn(), "ModelLifeCycle": production }));
    project.run(["test-staging", "--record"]).ends_with(0).says("it is not moved back");
    assert_eq!(described(&cloud)["ModelLifeCycle"], production);
}

#[test]
fn a_failure_is_not_recorded() {
    let cloud = Cloud::new();
    let project = released(&cloud);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    cloud.model.set_behaviour(Behaviour::WrongModel);
    project.run(["test-staging", "--record"]).ends_with(1).says("only a success is recorded");
    assert!(cloud.requests("UpdateModelPackage").is_empty());
}

#[test]
fn a_failure_to_record_is_reported_and_the_results_are_kept() {
    let cloud = Cloud::new();
    let project = released(&cloud);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    cloud.aws.fault(&Fault::error(403, "AccessDeniedException", "User is not authorized").on("sagemaker", "UpdateModelPackage")).unwrap();
    project.run(["test-staging", "--record"]).ends_with(3).says("sagemaker:UpdateModelPackage").says("was not recorded in the registry");
    assert_eq!(project.json("target/test-results/test-results.json")["verdict"], "passed");
    // Checked before any work.
    cloud.aws.clear_requests().unwrap();
    project.run(["test-staging", "--record=Staging"]).ends_with(2).says("write STAGE/STATUS");
    project.run(["test-staging", "--record", "--endpoint-url", "http://127.0.0.1:9"]).ends_with(2).says("there is no release");
    assert!(cloud.aws.requests().unwrap().is_empty());
}
