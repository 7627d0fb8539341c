//! `test-staging` of an asynchronous endpoint on the local AWS.

use sandbox::iris::Behaviour;
use serde_json::{Value as Json, json};

use crate::cloud::Cloud;
use crate::project::Project;

const ACCOUNT: &str = "222222222222";

/// A deployed stage with an asynchronous endpoint.
fn staged(cloud: &Cloud) -> Project {
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", ACCOUNT);
    let mut parameters = project.json("staging-config-template.json");
    for (name, value) in [
        ("EndpointKind", "asynchronous"),
        ("AsyncOutputS3Uri", "s3://iris-answers/iris/answers/"),
        ("AsyncFailureS3Uri", "s3://iris-answers/iris/failures/"),
    ] {
        parameters.as_array_mut().unwrap().push(json!({ "ParameterKey": name, "ParameterValue": value }));
    }
    project.write("staging-config-template.json", &parameters.to_string());
    cloud.register(10);
    cloud.make_bucket("iris-answers");
    project.run(["build"]).ends_with(0);
    cloud.deploy(&project, "staging", ACCOUNT, &[]);
    cloud.aws.clear_requests().unwrap();
    project
}

fn results(project: &Project) -> Json {
    project.json("target/test-results/test-results.json")["targets"][0].clone()
}

#[test]
fn an_asynchronous_endpoint_is_invoked_through_its_queue() {
    let cloud = Cloud::new();
    let project = staged(&cloud);
    project.run(["test-staging"]).ends_with(0).says("last until the response is in S3");
    let target = results(&project);
    assert_eq!((&target["verdict"], &target["asynchronous"]), (&json!("passed"), &json!(true)));
    assert_eq!(cloud.requests("InvokeEndpointAsync").len(), 34);
    assert!(cloud.requests("InvokeEndpoint").is_empty());
}

#[test]
fn a_model_that_fails_asynchronously_is_a_failure_with_the_models_message() {
    let cloud = Cloud::new();
    let project = staged(&cloud);
    cloud.model.set_behaviour(Behaviour::Broken);
    project.run(["test-staging"]).ends_with(1);
    let target = results(&project);
    assert_eq!(target["verdict"], "failed");
    let failed = target["cases"].as_array().unwrap().iter().find(|case| case["outcome"] == "failed").unwrap();
    assert_eq!(failed["status"], 500, "{failed:#}");
    assert!(failed["reproduce"].as_str().unwrap().contains(" | aws sagemaker-runtime invoke-endpoint-async "), "{failed:#}");
}
