use sandbox::stand_in::EndpointStatus;
use serde_json::json;

use super::{PROD, STAGING, describe_endpoint, make_config, make_endpoint, refused, served, start, start_unpatched};

#[test]
fn an_endpoint_is_visible_only_in_its_account() {
    let aws = start();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    assert_eq!(describe_endpoint(&aws, STAGING, "iris").unwrap()["EndpointStatus"], "InService");
    let (status, code, message) = refused(describe_endpoint(&aws, PROD, "iris"));
    assert_eq!((status, code.as_str()), (400, "ValidationException"));
    assert!(message.starts_with("Could not find endpoint"), "{message}");
}

#[test]
fn data_capture_is_described_only_if_it_is_set() {
    let (aws, plain) = (start(), start_unpatched());
    for stand_in in [&aws, &plain] {
        make_endpoint(stand_in, STAGING, "iris", "package/1");
    }
    let config = |stand_in: &sandbox::stand_in::StandIn| {
        stand_in.call(STAGING, "sagemaker", "DescribeEndpointConfig", &json!({ "EndpointConfigName": "iris" })).unwrap()
    };
    assert!(
        config(&aws).get("DataCaptureConfig").is_none()
            && describe_endpoint(&aws, STAGING, "iris").unwrap().get("DataCaptureConfig").is_none()
    );
    assert_eq!(config(&plain)["DataCaptureConfig"], json!({}));

    let capture = json!({ "EnableCapture": true, "InitialSamplingPercentage": 50, "DestinationS3Uri": "s3://b/c", "CaptureOptions": [{ "CaptureMode": "Input" }] });
    let variant = json!({ "VariantName": "v", "ModelName": "iris", "InitialInstanceCount": 1, "InstanceType": "ml.m7i.2xlarge" });
    let with = json!({ "EndpointConfigName": "with", "ProductionVariants": [variant], "DataCaptureConfig": capture });
    aws.call(STAGING, "sagemaker", "CreateEndpointConfig", &with).unwrap();
    let described = aws.call(STAGING, "sagemaker", "DescribeEndpointConfig", &json!({ "EndpointConfigName": "with" })).unwrap();
    assert_eq!(described["DataCaptureConfig"]["DestinationS3Uri"], "s3://b/c");
}

#[test]
fn a_scripted_status_is_shown_for_a_number_of_descriptions() {
    let aws = start();
    // A script can be set before the endpoint exists.
    let creating = EndpointStatus {
        account: STAGING.to_owned(),
        endpoint: "iris".to_owned(),
        status: "Creating".to_owned(),
        in_service_after: Some(2),
        ..Default::default()
    };
    aws.set_endpoint_status(&creating).unwrap();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    let status = || describe_endpoint(&aws, STAGING, "iris").unwrap()["EndpointStatus"].as_str().unwrap().to_owned();
    let listed = || aws.call(STAGING, "sagemaker", "ListEndpoints", &json!({})).unwrap()["Endpoints"][0]["EndpointStatus"].clone();
    // Listing does not count as a description.
    assert_eq!([listed(), listed()], ["Creating", "Creating"]);
    assert_eq!([status(), status(), status()], ["Creating", "Creating", "InService"]);
    assert_eq!(listed(), "InService");

    let failed =
        EndpointStatus { status: "Failed".to_owned(), failure_reason: Some("no capacity".to_owned()), in_service_after: None, ..creating };
    aws.set_endpoint_status(&failed).unwrap();
    let described = describe_endpoint(&aws, STAGING, "iris").unwrap();
    assert_eq!((&described["EndpointStatus"], &described["FailureReason"]), (&json!("Failed"), &json!("no capacity")));
    assert!(
        refused(aws.set_endpoint_status(&EndpointStatus { status: "Fine".to_owned(), ..failed }))
            .2
            .contains("`Fine` is not an endpoint status")
    );
}

#[test]
fn update_endpoint_changes_the_configuration_and_fails_while_an_update_is_in_progress() {
    let aws = start();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    make_config(&aws, STAGING, "next", "package/2");
    let update =
        |config: &str| aws.call(STAGING, "sagemaker", "UpdateEndpoint", &json!({ "EndpointName": "iris", "EndpointConfigName": config }));
    assert!(refused(update("nowhere")).2.starts_with("Could not find endpoint configuration"));
    update("next").unwrap();
    assert_eq!(served(&aws, STAGING, "iris"), "package/2");

    let updating =
        EndpointStatus { account: STAGING.to_owned(), endpoint: "iris".to_owned(), status: "Updating".to_owned(), ..Default::default() };
    aws.set_endpoint_status(&updating).unwrap();
    assert_eq!(refused(update("iris")).2, "Cannot update in-progress endpoint.");
}

/// Instances and weight of the endpoint's variant.
fn capacity(aws: &sandbox::stand_in::StandIn) -> (i64, f64) {
    let variant = &describe_endpoint(aws, STAGING, "iris").unwrap()["ProductionVariants"][0];
    assert_eq!(
        (&variant["CurrentInstanceCount"], &variant["CurrentWeight"]),
        (&variant["DesiredInstanceCount"], &variant["DesiredWeight"])
    );
    (variant["DesiredInstanceCount"].as_i64().unwrap(), variant["DesiredWeight"].as_f64().unwrap())
}

#[test]
fn an_endpoint_keeps_the_capacity_that_an_update_retains() {
    let aws = start();
    let call = |action: &str, body: &serde_json::Value| aws.call(STAGING, "sagemaker", action, body).unwrap();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    for name in ["first", "second", "third", "fourth"] {
        let variant = json!({ "VariantName": "AllTraffic", "ModelName": "iris", "InitialInstanceCount": 4, "InstanceType": "ml.m5.large", "InitialVariantWeight": 1 });
        call("CreateEndpointConfig", &json!({ "EndpointConfigName": name, "ProductionVariants": [variant] }));
    }
    let update = |config: &str, more: serde_json::Value| {
        let mut body = json!({ "EndpointName": "iris", "EndpointConfigName": config });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call("UpdateEndpoint", &body);
        capacity(&aws)
    };
    let scale = |desired: serde_json::Value| {
        let mut desired = desired;
        desired["VariantName"] = json!("AllTraffic");
        call("UpdateEndpointWeightsAndCapacities", &json!({ "EndpointName": "iris", "DesiredWeightsAndCapacities": [desired] }));
        capacity(&aws)
    };
    assert_eq!(update("first", json!({})), (4, 1.0));
    // Omitted fields are unchanged.
    assert_eq!(scale(json!({ "DesiredInstanceCount": 7 })), (7, 1.0));
    assert_eq!(scale(json!({ "DesiredWeight": 0.5 })), (7, 0.5));
    assert_eq!(update("second", json!({ "RetainAllVariantProperties": true })), (7, 0.5));
    let excluded = json!([{ "VariantPropertyType": "DesiredWeight" }]);
    assert_eq!(update("third", json!({ "RetainAllVariantProperties": true, "ExcludeRetainedVariantProperties": excluded })), (7, 1.0));
    // By default nothing is retained.
    assert_eq!(update("fourth", json!({ "ExcludeRetainedVariantProperties": excluded })), (4, 1.0));
}

#[test]
fn a_silent_rollback_is_in_service_on_the_old_model_and_happens_once() {
    let aws = start();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    make_config(&aws, STAGING, "next", "package/2");
    aws.silent_rollback(STAGING, "iris").unwrap();
    let update =
        || aws.call(STAGING, "sagemaker", "UpdateEndpoint", &json!({ "EndpointName": "iris", "EndpointConfigName": "next" })).unwrap();
    update();
    assert_eq!(describe_endpoint(&aws, STAGING, "iris").unwrap()["EndpointStatus"], "InService");
    assert_eq!(served(&aws, STAGING, "iris"), "package/1");
    update();
    assert_eq!(served(&aws, STAGING, "iris"), "package/2");
}

#[test]
fn network_isolation_of_a_model_is_stored() {
    let aws = start();
    let model = json!({ "ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::222222222222:role/Model", "PrimaryContainer": { "Image": "i" }, "EnableNetworkIsolation": true });
    aws.call(STAGING, "sagemaker", "CreateModel", &model).unwrap();
    let described = aws.call(STAGING, "sagemaker", "DescribeModel", &json!({ "ModelName": "m" })).unwrap();
    assert_eq!(described["EnableNetworkIsolation"], true);
}

#[test]
fn a_request_that_violates_the_api_model_gets_awss_error() {
    let aws = start();
    make_config(&aws, STAGING, "iris", "package/1");
    let call = |service: &str, action: &str, request| refused(aws.call(STAGING, service, action, &request));
    let routing = json!({ "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": { "Type": "ALL_AT_ONCE" } } });
    let endpoint = json!({ "EndpointName": "iris-", "EndpointConfigName": "iris", "DeploymentConfig": routing });
    assert_eq!(
        call("sagemaker", "CreateEndpoint", endpoint),
        (
            400,
            "ValidationException".to_owned(),
            "2 validation errors detected: Value null at \
             'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.waitIntervalInSeconds' failed to satisfy constraint: Member \
             must not be null; Value 'iris-' at 'endpointName' failed to satisfy constraint: Member must satisfy regular expression pattern: \
             [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
                .to_owned()
        )
    );
    let target = json!({ "ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstances", "ResourceId": "endpoint/iris/variant/AllTraffic" });
    let (status, code, message) = call("application-autoscaling", "RegisterScalableTarget", target);
    assert_eq!((status, code.as_str()), (400, "ValidationException"));
    assert!(message.contains("Value 'sagemaker:variant:DesiredInstances' at 'scalableDimension'"), "{message}");
    // The API converts no strings and ignores unknown members.
    let text = json!({ "EndpointName": "iris", "EndpointConfigName": 1 });
    assert_eq!(call("sagemaker", "CreateEndpoint", text).1, "SerializationException");
    let more = json!({ "EndpointName": "iris", "EndpointConfigName": "iris", "NotKnown": 1 });
    aws.call(STAGING, "sagemaker", "CreateEndpoint", &more).unwrap();
}
