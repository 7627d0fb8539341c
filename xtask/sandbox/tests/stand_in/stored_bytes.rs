use sandbox::stand_in::{SeedPackage, SeedPackages, StandIn};
use serde_json::{Value as Json, json};

use super::{REGISTRY, describe_endpoint, start};

const IMAGE: &str = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1";

fn seed(aws: &StandIn) -> String {
    let containers = json!([{ "Image": IMAGE, "ModelDataUrl": "s3://models/iris/model.tar.gz", "Environment": { "PROGRAM": "serve.py" } }]);
    let package = SeedPackage { containers: Some(containers), ..SeedPackage::default() };
    let seed = SeedPackages { account: REGISTRY.to_owned(), group: "iris".to_owned(), packages: Some(vec![package]), ..Default::default() };
    aws.seed_packages(&seed).unwrap().remove(0)
}

fn container(aws: &StandIn, package: &str) -> Json {
    let described = aws.call(REGISTRY, "sagemaker", "DescribeModelPackage", &json!({ "ModelPackageName": package })).unwrap();
    described["InferenceSpecification"]["Containers"][0].clone()
}

/// AWS resolves a tag when an endpoint is created or updated, and not when it is described.
#[test]
fn an_endpoint_runs_the_image_that_a_tag_meant_at_its_deployment() {
    let aws = start();
    let package = seed(&aws);
    let call = |action: &str, input: Json| aws.call(REGISTRY, "sagemaker", action, &input).unwrap();
    call("CreateModel", json!({ "ModelName": "iris", "PrimaryContainer": { "ModelPackageName": package } }));
    let variant = json!({ "VariantName": "a", "ModelName": "iris", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large" });
    call("CreateEndpointConfig", json!({ "EndpointConfigName": "iris", "ProductionVariants": [variant] }));
    call("CreateEndpoint", json!({ "EndpointName": "iris", "EndpointConfigName": "iris" }));
    let deployed = || describe_endpoint(&aws, REGISTRY, "iris").unwrap()["ProductionVariants"][0]["DeployedImages"][0].clone();
    let first = deployed();
    assert_eq!(first["SpecifiedImage"], IMAGE);
    assert!(first["ResolvedImage"].as_str().unwrap().starts_with(&format!("{}@sha256:", IMAGE.trim_end_matches(":1"))), "{first}");
    aws.move_tag(IMAGE, "sha256:ff").unwrap();
    assert_eq!(deployed(), first);
    call("UpdateEndpoint", json!({ "EndpointName": "iris", "EndpointConfigName": "iris" }));
    assert_eq!(deployed()["ResolvedImage"], format!("{}@sha256:ff", IMAGE.trim_end_matches(":1")));
}

#[test]
fn a_package_keeps_the_etag_of_its_registration_and_its_environment_can_be_changed() {
    let aws = start();
    let package = seed(&aws);
    let registered = container(&aws, &package);
    assert!(registered["ModelDataETag"].is_string(), "{registered}");
    aws.overwrite_artifact("s3://models/iris/model.tar.gz", "another model").unwrap();
    assert_eq!(container(&aws, &package), registered);
    aws.set_package_environment(&package, 0, "PROGRAM", "other.py").unwrap();
    assert_eq!(container(&aws, &package)["Environment"], json!({ "PROGRAM": "other.py" }));
}
