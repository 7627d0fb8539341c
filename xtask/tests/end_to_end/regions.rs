//! A release for several regions, each with its own model package.

use sandbox::stand_in::{SeedPackage, SeedPackages};
use serde_json::json;

use crate::cloud::{Cloud, GROUP, HOME, REGION};

const OTHER: &str = "eu-west-1";
const REGIONS: &str = "us-east-1,eu-west-1";

fn package(region: &str, version: u32) -> String {
    format!("arn:aws:sagemaker:{region}:{HOME}:model-package/{GROUP}/{version}")
}

fn register(cloud: &Cloud, region: &str, packages: &[(u32, &str, &str)]) {
    let packages = packages
        .iter()
        .map(|(version, approval, status)| SeedPackage {
            version: Some(*version),
            approval_status: Some((*approval).to_owned()),
            status: Some((*status).to_owned()),
            images: Some(vec![format!("{HOME}.dkr.ecr.{region}.amazonaws.com/iris:1")]),
            ..SeedPackage::default()
        })
        .collect();
    let seed = SeedPackages {
        account: HOME.to_owned(),
        region: Some(region.to_owned()),
        group: GROUP.to_owned(),
        packages: Some(packages),
        ..SeedPackages::default()
    };
    cloud.aws.seed_packages(&seed).unwrap();
}

#[test]
fn a_region_without_a_model_package_is_refused_before_anything_is_written() {
    let cloud = Cloud::new();
    let project = cloud.project();
    register(&cloud, REGION, &[(1, "Approved", "Completed")]);
    let run = project.run(["build", "--regions", "us-east-1,eu-west-1,ap-south-1"]).ends_with(2);
    for region in [OTHER, "ap-south-1"] {
        assert!(run.stderr.contains(&format!("region `{region}` has no model package")), "{}", run.stderr);
    }
    assert!(run.stderr.contains("--regional-model-package eu-west-1=same-version"), "{}", run.stderr);
    assert!(project.files("target/deploy").is_empty());
}

#[test]
fn a_regional_model_package_that_is_not_deployable_is_refused_before_anything_is_written() {
    let cloud = Cloud::new();
    let project = cloud.project();
    register(&cloud, REGION, &[(1, "Approved", "Completed")]);
    register(&cloud, OTHER, &[(1, "PendingManualApproval", "Completed"), (2, "Approved", "Failed")]);
    let build = |which: &str| project.run(["build", "--regions", REGIONS, "--regional-model-package", which]);
    build("eu-west-1=same-version").ends_with(2).says("pending approval").says("region eu-west-1");
    build("eu-west-1=2").ends_with(2).says("status is Failed").says("region eu-west-1");
    build("eu-west-1=9")
        .ends_with(2)
        .says(&package(OTHER, 9))
        .says("region eu-west-1")
        .says("--regional-model-package")
        .says("AWS_REGION=eu-west-1");
    build(&package("us-west-2", 1)).ends_with(2).says("region `us-west-2`, which is not a target");
    build("us-east-1=2,eu-west-1=1").ends_with(2).says("already has the chosen model package").says("pending approval");
    assert!(project.files("target/deploy").is_empty());
}

#[test]
fn each_region_gets_its_own_model_package_as_a_parameter_override() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    register(&cloud, REGION, &[(1, "Approved", "Completed"), (2, "Approved", "Completed")]);
    register(&cloud, OTHER, &[(2, "Approved", "Completed"), (7, "Approved", "Completed")]);
    project.set("REGIONAL_MODEL_PACKAGES", "eu-west-1=same-version");
    project.run(["build", "--regions", REGIONS]).ends_with(0).says(&package(OTHER, 2));
    let manifest = project.json("target/deploy/release-manifest.json");
    let expected = json!([{ "account": null, "region": OTHER, "parameters": { "ModelPackageName": package(OTHER, 2) } }]);
    for stage in ["staging", "prod"] {
        assert_eq!(manifest["stages"][stage]["parameter_overrides"], expected);
        assert_eq!(manifest["stages"][stage]["regions"], json!([REGION, OTHER]));
    }
    assert_eq!(manifest["model_package"]["arn"], json!(package(REGION, 2)));
    assert_eq!(manifest["model_package"]["regions"][OTHER]["containers"][0]["image"]["digest_from"], "ecr");
    assert_eq!(
        manifest["model_package"]["regions"],
        json!({ OTHER: {
            "approval_status": "Approved", "arn": package(OTHER, 2), "images": [format!("{HOME}.dkr.ecr.{OTHER}.amazonaws.com/iris:1")],
            "model_data": manifest["model_package"]["regions"][OTHER]["model_data"],
            "containers": manifest["model_package"]["regions"][OTHER]["containers"],
        } })
    );
    // The command line overrides the variable.
    project.run(["build", "--regions", REGIONS, "--regional-model-package", &package(OTHER, 7)]).ends_with(0);
    let manifest = project.json("target/deploy/release-manifest.json");
    assert_eq!(manifest["model_package"]["regions"][OTHER]["arn"], json!(package(OTHER, 7)));
}

#[test]
fn a_release_for_one_region_does_not_mention_others() {
    let cloud = Cloud::new();
    let project = cloud.project();
    register(&cloud, REGION, &[(1, "Approved", "Completed")]);
    project.run(["build"]).ends_with(0);
    let manifest = project.json("target/deploy/release-manifest.json");
    assert!(manifest["model_package"].get("regions").is_none());
    assert!(manifest["stages"]["staging"].get("parameter_overrides").is_none());
}
