//! The approved bytes: eight swaps, each of which a command refuses with the name of what differs.

use sandbox::stand_in::{Fault, SeedPackage, SeedPackages};
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME, REGION};
use crate::project::{Project, Run};
use crate::rollout::{DEPLOY, ENDPOINT, OTHER, package, project};

const ACCOUNTS: [&str; 2] = ["222222222222", "444444444444"];
const PROD: &str = "333333333333";
const PLAN: [&str; 3] = ["plan", "--stage", "staging"];
const CHECK: [&str; 3] = ["check-release", "--stage", "prod"];
const MOVED: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000ff";

fn image(region: &str, name: &str) -> String {
    format!("{HOME}.dkr.ecr.{region}.amazonaws.com/{name}:1")
}

fn object(region: &str, name: &str) -> String {
    format!("s3://models-{region}/1/{name}.tar.gz")
}

/// An approved package of two containers in each region, which name their images by tags.
fn scene() -> (Cloud, Project) {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS);
    project.set("PROD_ACCOUNT_LIST", PROD);
    let all = [&ACCOUNTS[..], &[PROD]].concat();
    for region in [REGION, OTHER] {
        let containers = json!([
            { "Image": image(region, "features"), "ModelDataUrl": object(region, "features") },
            { "Image": image(region, "iris"), "ModelDataUrl": object(region, "model"), "Environment": { "PROGRAM": "serve.py" } },
        ]);
        let package = SeedPackage { approval_status: Some("Approved".to_owned()), containers: Some(containers), ..SeedPackage::default() };
        let seed = SeedPackages {
            account: HOME.to_owned(),
            region: Some(region.to_owned()),
            group: GROUP.to_owned(),
            packages: Some(vec![package]),
            ..SeedPackages::default()
        };
        cloud.aws.seed_packages(&seed).unwrap();
        let statement =
            json!({ "Effect": "Allow", "Principal": { "AWS": all }, "Action": ["sagemaker:DescribeModelPackage"], "Resource": "*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        let input = json!({ "ModelPackageGroupName": GROUP, "ResourcePolicy": policy });
        cloud.aws.call_in(HOME, region, "sagemaker", "PutModelPackageGroupPolicy", &input).unwrap();
        cloud.prepare_in("prod", PROD, region);
    }
    (cloud, project)
}

fn built() -> (Cloud, Project) {
    let (cloud, project) = scene();
    project.run(["build"]).ends_with(0);
    (cloud, project)
}

fn deployed() -> (Cloud, Project) {
    let (cloud, project) = built();
    project.run(DEPLOY).ends_with(0).says("4 of 4 endpoints serve the release");
    (cloud, project)
}

/// The output without the line breaks of the table's cells.
fn unwrapped(run: Run) -> Run {
    Run { stdout: run.stdout.split_whitespace().collect::<Vec<_>>().join(" "), ..run }
}

/// Neither command changes anything.
#[track_caller]
fn refused_before_a_deployment(cloud: &Cloud, project: &Project, named: &str) {
    for command in [&PLAN[..], &DEPLOY] {
        project.run(command).ends_with(1).says(named).says("is not the approved one");
    }
    assert!(cloud.requests("CreateStackSet").is_empty());
}

#[test]
fn a_moved_tag_is_refused_before_the_deployment_and_found_after_it() {
    let (cloud, project) = built();
    cloud.aws.move_tag(&image(REGION, "iris"), MOVED).unwrap();
    refused_before_a_deployment(&cloud, &project, &image(REGION, "iris"));
    // Without the preflight, the deployment itself finds what the endpoints run, and so do the tests.
    project.run(DEPLOY.iter().chain(&["--no-preflight"])).ends_with(1).says(MOVED);
    project.run(["test-staging"]).ends_with(1).says(MOVED).says("the image's tag was moved");
    project.run(CHECK.iter().chain(&["--without-staging-tests"])).ends_with(1).says(&image(REGION, "iris"));
}

#[test]
fn a_replaced_image_is_found_although_the_tag_is_what_it_was() {
    let (cloud, project) = deployed();
    project.run(["test-staging"]).ends_with(0);
    // The tag meant another image while the endpoint was updated.
    let tag = image(OTHER, "features");
    cloud.aws.move_tag(&tag, MOVED).unwrap();
    project.run(DEPLOY.iter().chain(&["--no-preflight", "--reapply", &format!("{}/{OTHER}", ACCOUNTS[0])])).ends_with(1).says(MOVED);
    cloud.aws.move_tag(&tag, "").unwrap();
    let run = unwrapped(project.run(["test-staging"]).ends_with(1)).says("which is not an image of the model package").says(MOVED);
    assert!(run.stderr.contains("222222222222/eu-west-1") || run.stdout.contains("222222222222/eu-west-1"), "{run:?}");
}

#[test]
fn an_object_that_was_overwritten_before_the_build_fails_it() {
    let (cloud, project) = scene();
    cloud.aws.overwrite_artifact(&object(REGION, "model"), "another model").unwrap();
    project.run(["build"]).ends_with(1).says(&object(REGION, "model")).says("was overwritten after the model package was registered");
    assert!(!project.path("target/deploy/release-manifest.json").exists());
}

#[test]
fn an_object_of_any_container_that_was_overwritten_before_the_deployment_is_refused() {
    for name in ["model", "features"] {
        let (cloud, project) = built();
        cloud.aws.overwrite_artifact(&object(REGION, name), "another model").unwrap();
        refused_before_a_deployment(&cloud, &project, &object(REGION, name));
    }
}

#[test]
fn an_object_that_was_overwritten_between_staging_and_production_is_refused_and_found_by_the_tests() {
    let (cloud, project) = deployed();
    project.run(["test-staging"]).ends_with(0);
    project.run(CHECK).ends_with(0);
    cloud.aws.overwrite_artifact(&object(REGION, "model"), "another model").unwrap();
    project.run(CHECK).ends_with(1).says(&object(REGION, "model")).says("is not the approved one");
    project.run(["deploy", "--stage", "prod"]).ends_with(1).says(&object(REGION, "model"));
    project.run(["test-staging"]).ends_with(1).says(&object(REGION, "model"));
    let results = project.json("target/test-results/test-results.json");
    let outcome = |region: &str| {
        let target = results["targets"].as_array().unwrap().iter().find(|target| target["region"] == region).unwrap();
        target["checks"].as_array().unwrap().iter().find(|check| check["name"] == "model_data").unwrap()["outcome"].clone()
    };
    assert_eq!((outcome(REGION), outcome(OTHER)), ("failed".into(), "passed".into()));
}

#[test]
fn a_swapped_copy_of_another_region_is_refused_there() {
    let (cloud, project) = built();
    cloud.aws.overwrite_artifact(&object(OTHER, "model"), "another model").unwrap();
    refused_before_a_deployment(&cloud, &project, &object(OTHER, "model"));
    let run = project.run(PLAN.iter().chain(&["--format", "json"])).ends_with(1);
    let plan: Json = serde_json::from_str(&run.stdout).unwrap();
    let findings = plan["preflight"]["findings"].as_array().unwrap();
    assert_eq!((findings.len(), &findings[0]["check"]), (1, &"artifact".into()));
    assert_eq!(findings[0]["targets"], json!(["222222222222/eu-west-1", "444444444444/eu-west-1"]));
    project.run(CHECK.iter().chain(&["--without-staging-tests"])).ends_with(1).says(&object(OTHER, "model")).says("region eu-west-1");
}

#[test]
fn a_changed_environment_variable_is_named_without_its_value() {
    let (cloud, project) = built();
    // In the registry.
    let arn = package(REGION, 1);
    cloud.aws.set_package_environment(&arn, 1, "PROGRAM", "not-to-be-shown.py").unwrap();
    refused_before_a_deployment(&cloud, &project, "the environment variable `PROGRAM` of container 2");
    let run = project.run(CHECK.iter().chain(&["--without-staging-tests"])).ends_with(1).says("`PROGRAM`");
    assert!(!run.stderr.contains("not-to-be-shown"), "{}", run.stderr);
    cloud.aws.set_package_environment(&arn, 1, "PROGRAM", "serve.py").unwrap();
    project.run(DEPLOY).ends_with(0);

    // At the deployed model.
    let ask = |action: &str, input: Json| cloud.aws.call(ACCOUNTS[1], "sagemaker", action, &input).unwrap();
    let endpoint = ask("DescribeEndpoint", json!({ "EndpointName": ENDPOINT }));
    let config = ask("DescribeEndpointConfig", json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }));
    let model = config["ProductionVariants"][0]["ModelName"].as_str().unwrap();
    project.run(["test-staging"]).ends_with(0);
    cloud.aws.set_model_environment(ACCOUNTS[1], model, "PROGRAM", "not-to-be-shown.py").unwrap();
    let run = unwrapped(project.run(["test-staging"]).ends_with(1)).says("the environment variable `PROGRAM` of variant `AllTraffic`");
    for text in [run.stderr, run.stdout, project.read("target/test-results/test-results.json")] {
        assert!(!text.contains("not-to-be-shown"), "{text}");
    }
}

#[test]
fn what_is_denied_is_not_known_and_the_policy_can_block_it() {
    let (cloud, project) = built();
    let fault = || Fault::error(403, "AccessDenied", "Access Denied").on("s3", "HeadObject");
    cloud.aws.fault(&fault()).unwrap();
    project.run(PLAN).ends_with(0).says("not checked: `s3:GetObject` was denied");
    project.run(CHECK.iter().chain(&["--without-staging-tests"])).ends_with(0).says("is not known: `HeadObject` was denied");
    project.run(DEPLOY).ends_with(0).says("is not known: `HeadObject` was denied").says("also of 1 other endpoint");
    unwrapped(project.run(["test-staging"]).ends_with(0)).says("is not known: `HeadObject` was denied");
    let results = project.json("target/test-results/test-results.json");
    let check = results["targets"][0]["checks"].as_array().unwrap().iter().find(|check| check["name"] == "model_data").unwrap();
    assert_eq!(check["outcome"], "skipped");
    assert!(check["message"].as_str().unwrap().contains("is not known: `HeadObject` was denied"), "{check}");
    project.run(["build"]).ends_with(0).says("is not known: `HeadObject` was denied");

    cloud.aws.clear_faults().unwrap();
    project.write("release-policy.json", &json!({ "schema_version": 1, "approved_bytes": { "not_known": "block" } }).to_string());
    project.run(["build"]).ends_with(0);
    project.run(CHECK.iter().chain(&["--without-staging-tests"])).ends_with(0);
    cloud.aws.fault(&fault()).unwrap();
    project.run(CHECK.iter().chain(&["--without-staging-tests"])).ends_with(1).says("the release policy requires that this is known");
    unwrapped(project.run(["test-staging"]).ends_with(1)).says("is not known: `HeadObject` was denied");
    project.run(["build"]).ends_with(1).says("the release policy requires that this is known");
}

#[test]
fn each_tag_and_object_of_a_region_is_read_once_and_not_for_each_account() {
    let (cloud, project) = scene();
    let count = |run: &[&str]| {
        cloud.aws.clear_requests().unwrap();
        project.run(run).ends_with(0);
        (cloud.requests("HeadObject").len(), cloud.requests("BatchGetImage").len())
    };
    assert_eq!(count(&["build"]), (4, 4));
    // The preflight reads them as each target, as it always has, and then the caller once.
    assert_eq!(count(&DEPLOY), (8 + 4, 8));
    assert_eq!(count(&["test-staging"]), (4, 0));
    assert_eq!(count(&CHECK), (4, 4));
}

#[test]
fn a_release_of_version_1_can_be_deployed_and_its_bytes_are_not_known() {
    let (cloud, project) = built();
    let mut manifest = project.json("target/deploy/release-manifest.json");
    assert_eq!(manifest["schema_version"], 2);
    manifest["schema_version"] = json!(1);
    let package = manifest["model_package"].as_object_mut().unwrap();
    package.remove("containers").unwrap();
    package["regions"][OTHER].as_object_mut().unwrap().remove("containers").unwrap();
    project.write("target/deploy/release-manifest.json", &manifest.to_string());
    project.run(PLAN).ends_with(0).says("the release, which an older version built, does not record it");
    project.run(DEPLOY).ends_with(0);
    project.run(["test-staging"]).ends_with(0);
    project.run(CHECK).ends_with(0).says("is not known");
    cloud.aws.overwrite_artifact(&object(REGION, "model"), "another model").unwrap();
    project.run(CHECK).ends_with(0);
}
