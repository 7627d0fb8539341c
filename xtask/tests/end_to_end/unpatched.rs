//! The known gaps of plain moto: fails if a new version of moto closes one of them.

use serde_json::{Value as Json, json};

use sandbox::stand_in::LEAST_TEMPLATE;

use crate::cloud::{Cloud, GROUP, HOME};

const ACCOUNT: &str = "222222222222";
const ENDPOINT: &str = "iris-p-abc123xyz-staging";

fn plain() -> Cloud {
    Cloud::start(|options| {
        options.unpatched = true;
        // Plain moto does not forward invocations.
        options.model_server = None;
    })
}

fn approve(cloud: &Cloud) {
    let input = json!({
        "ModelPackageGroupName": GROUP,
        "ModelApprovalStatus": "Approved",
        "InferenceSpecification": { "Containers": [{ "Image": "iris:1" }], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"] },
    });
    cloud.sagemaker("CreateModelPackage", &input);
}

/// The package that the account's only endpoint serves.
fn served(cloud: &Cloud) -> Result<String, String> {
    let ask = |action: &str, input: Json| cloud.aws.call(ACCOUNT, "sagemaker", action, &input).map_err(|error| error.to_string());
    let endpoints = ask("ListEndpoints", json!({}))?;
    let endpoint = ask("DescribeEndpoint", json!({ "EndpointName": endpoints["Endpoints"][0]["EndpointName"] }))?;
    let config = ask("DescribeEndpointConfig", json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }))?;
    let model = ask("DescribeModel", json!({ "ModelName": config["ProductionVariants"][0]["ModelName"] }))?;
    Ok(model["PrimaryContainer"]["ModelPackageName"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn plain_moto_has_the_known_gaps_and_no_others() {
    let cloud = plain();
    let project = cloud.project();
    project.write("cfn-sm-endpoint-template.yml", LEAST_TEMPLATE);
    // Gap 1: there are no policies of model package groups.
    project.run(["setup"]).ends_with(3).says("GetModelPackageGroupPolicy");
    cloud.sagemaker("DescribeModelPackageGroup", &json!({ "ModelPackageGroupName": GROUP }));

    approve(&cloud);
    project.run(["build"]).ends_with(0).says("version 1");

    // No preflight: plain moto lacks the roles.
    // Gap 2: the endpoint does not get the template's name, so the identity check does not find it.
    cloud.prepare("staging", ACCOUNT);
    project.run(["deploy", "--stage", "staging", "--no-preflight"]).ends_with(1).says(ENDPOINT);
    let names = cloud.aws.call(ACCOUNT, "sagemaker", "ListEndpoints", &json!({})).unwrap();
    let name = names["Endpoints"][0]["EndpointName"].as_str().unwrap().to_owned();
    assert_ne!(name, ENDPOINT, "gap 2 is closed");
    assert!(served(&cloud).unwrap().ends_with("/1"));

    // Gap 3: a configuration without data capture is described with an empty one.
    let endpoint = cloud.aws.call(ACCOUNT, "sagemaker", "DescribeEndpoint", &json!({ "EndpointName": name })).unwrap();
    let config = json!({ "EndpointConfigName": endpoint["EndpointConfigName"] });
    let config = cloud.aws.call(ACCOUNT, "sagemaker", "DescribeEndpointConfig", &config).unwrap();
    assert_eq!(config["DataCaptureConfig"], json!({}), "gap 3 is closed");

    // Gap 4: the second release updates the stack set but not the stacks. The update is also a
    // second operation with a generated id; with equal times it looks like another caller's
    // operation.
    approve(&cloud);
    project.run(["build"]).ends_with(0).says("version 2");
    project.run(["deploy", "--stage", "staging", "--no-preflight"]).ends_with(3);
    assert_eq!(project.json("target/rollout/staging/rollout.json")["change"]["action"], "update");
    assert!(served(&cloud).unwrap().ends_with("/1"), "gap 4 is closed");

    // Gap 5: a stack update does not update the configuration's reference to a replaced model.
    let other = plain();
    let second = other.project();
    second.write("cfn-sm-endpoint-template.yml", LEAST_TEMPLATE);
    other.sagemaker("CreateModelPackageGroup", &json!({ "ModelPackageGroupName": GROUP }));
    approve(&other);
    second.run(["build"]).ends_with(0);
    other.deploy(&second, "staging", ACCOUNT, &[]);
    let newer = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/2");
    other.update(&second, "staging", ACCOUNT, &[("ModelPackageName", &newer)]);
    assert!(!served(&other).is_ok_and(|package| package.ends_with("/2")), "gap 5 is closed");

    // Gap 6: KMS signs a digest like a message, so that the signature is that of the digest's digest.
    let kms = |action: &str, input: Json| other.aws.call(HOME, "kms", action, &input).unwrap();
    let key = kms("CreateKey", json!({ "KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256" }))["KeyMetadata"]["KeyId"].take();
    let digest = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let mut input = json!({ "KeyId": key, "Message": digest, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256" });
    input["Signature"] = kms("Sign", input.clone())["Signature"].take();
    input["MessageType"] = json!("RAW");
    assert_eq!(kms("Verify", input)["SignatureValid"], true, "gap 6 is closed");
}
