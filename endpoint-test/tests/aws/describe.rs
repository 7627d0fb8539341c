//! Endpoint, endpoint configuration, model, model package.

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use endpoint_test::aws::SageMakerTarget;
use endpoint_test::{EndpointStatus, Target, TargetErrorKind, environment_digest};

use crate::canned::{Canned, CannedResponse, error, json};
use crate::target;
use crate::unused_port::unused_port;

const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";

fn endpoint(status: &str, rest: &str) -> CannedResponse {
    json(&format!(
        r#"{{"EndpointName":"iris-staging","EndpointArn":"arn:aws:sagemaker:us-east-1:222222222222:endpoint/iris-staging","EndpointConfigName":"iris-config",
            "EndpointStatus":"{status}","CreationTime":1767225600,"LastModifiedTime":1767225600{rest}}}"#
    ))
}

fn config() -> CannedResponse {
    json(
        r#"{"EndpointConfigName":"iris-config","EndpointConfigArn":"arn:aws:sagemaker:us-east-1:222222222222:endpoint-config/iris-config","CreationTime":1767225600,
            "ProductionVariants":[{"VariantName":"AllTraffic","ModelName":"iris-model","InitialInstanceCount":2,"InitialVariantWeight":1.0}]}"#,
    )
}

fn model(container: &str) -> CannedResponse {
    json(&format!(
        r#"{{"ModelName":"iris-model","ModelArn":"arn:aws:sagemaker:us-east-1:222222222222:model/iris-model","CreationTime":1767225600,{container}}}"#
    ))
}

const VARIANTS: &str = r#","ProductionVariants":[{"VariantName":"AllTraffic","CurrentWeight":0.5,"CurrentInstanceCount":1,"DesiredInstanceCount":2,
    "DeployedImages":[{"SpecifiedImage":"repo/iris:1","ResolvedImage":"repo/iris@sha256:abc"}]}]"#;

#[tokio::test]
async fn describing_an_endpoint_finds_its_model_package() {
    let aws = Canned::start([
        ("DescribeEndpoint", endpoint("InService", VARIANTS)),
        ("DescribeEndpointConfig", config()),
        (
            "DescribeModel",
            model(&format!(r#""PrimaryContainer":{{"ModelPackageName":"{PACKAGE}","Environment":{{"TOKEN":"not-to-be-shown"}}}}"#)),
        ),
    ])
    .await;
    let description = target(&aws).describe().await.unwrap();
    assert!(!format!("{description:?}").contains("not-to-be-shown"));
    let [container] = &description.variants[0].containers[..] else { panic!("one container") };
    assert_eq!(container.environment["TOKEN"], environment_digest("TOKEN", "not-to-be-shown"));
    assert_eq!(aws.operations(), ["DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel"]);
    assert_eq!((description.status, description.config_name.as_deref()), (EndpointStatus::InService, Some("iris-config")));
    let variant = &description.variants[0];
    assert_eq!(variant.model_packages, [PACKAGE]);
    assert_eq!((variant.weight, variant.current_instance_count, variant.desired_instance_count), (Some(0.5), Some(1), Some(2)));
    assert_eq!(
        (variant.model_name.as_deref(), variant.images.as_slice()),
        (Some("iris-model"), ["repo/iris@sha256:abc".to_owned()].as_slice())
    );
}

#[tokio::test]
async fn an_absent_or_empty_data_capture_section_is_off() {
    for (rest, expected) in [
        ("", false),
        (r#","DataCaptureConfig":{}"#, false),
        (
            r#","DataCaptureConfig":{"EnableCapture":true,"CaptureStatus":"Started","CurrentSamplingPercentage":10,"DestinationS3Uri":"s3://b","KmsKeyId":""}"#,
            true,
        ),
        (
            r#","DataCaptureConfig":{"EnableCapture":true,"CaptureStatus":"Stopped","CurrentSamplingPercentage":10,"DestinationS3Uri":"s3://b","KmsKeyId":""}"#,
            false,
        ),
    ] {
        let aws = Canned::start([("DescribeEndpoint", endpoint("Updating", rest))]).await;
        assert_eq!(target(&aws).describe().await.unwrap().data_capture, Some(expected), "{rest}");
    }
}

#[tokio::test]
async fn configuration_and_model_are_not_described_unless_the_endpoint_is_in_service() {
    let aws = Canned::start([("DescribeEndpoint", endpoint("Failed", r#","FailureReason":"no ping""#))]).await;
    let description = target(&aws).describe().await.unwrap();
    assert_eq!((description.status, description.failure_reason.as_deref()), (EndpointStatus::Failed, Some("no ping")));
    assert_eq!(aws.operations(), ["DescribeEndpoint"]);
}

#[tokio::test]
async fn a_model_may_have_several_containers_or_no_package() {
    let containers = format!(r#""Containers":[{{"Image":"repo/scale:1"}},{{"ModelPackageName":"{PACKAGE}"}}]"#);
    for (container, packages) in [(containers.as_str(), vec![PACKAGE]), (r#""PrimaryContainer":{"Image":"repo/scale:1"}"#, Vec::new())] {
        let responses =
            [("DescribeEndpoint", endpoint("InService", "")), ("DescribeEndpointConfig", config()), ("DescribeModel", model(container))];
        let variant = target(&Canned::start(responses).await).describe().await.unwrap().variants.remove(0);
        assert_eq!(
            (variant.model_packages, variant.images),
            (packages.iter().map(ToString::to_string).collect(), vec!["repo/scale:1".to_owned()])
        );
    }
}

#[tokio::test]
async fn a_deleted_model_leaves_the_package_unknown() {
    let responses = [
        ("DescribeEndpoint", endpoint("InService", VARIANTS)),
        ("DescribeEndpointConfig", config()),
        ("DescribeModel", error(400, "ValidationException", "Could not find model")),
    ];
    let description = target(&Canned::start(responses).await).describe().await.unwrap();
    assert!(description.variants[0].model_packages.is_empty());
}

#[tokio::test]
async fn a_refusal_keeps_operation_code_message_and_request_id() {
    for (code, message, kind) in [
        ("AccessDeniedException", "User is not authorized to perform: sagemaker:DescribeEndpoint", TargetErrorKind::AccessDenied),
        ("ExpiredTokenException", "The security token included in the request is expired", TargetErrorKind::ExpiredCredentials),
        ("ThrottlingException", "Rate exceeded", TargetErrorKind::Throttled),
        ("ValidationException", "Could not find endpoint", TargetErrorKind::NotFound),
    ] {
        let aws = Canned::start([("DescribeEndpoint", error(400, code, message))]).await;
        let error = target(&aws).describe().await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!(error.to_string(), format!("DescribeEndpoint: {code}: {message} (request req-1)"));
        assert!(error.hint.is_some());
    }
}

#[tokio::test]
async fn an_unreachable_server_is_a_network_error_with_its_cause() {
    let mut aws = Canned::start([]).await;
    let (_held, address) = unused_port();
    aws.url = format!("http://{address}");
    let error = target(&aws).describe().await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Network);
    assert!(error.to_string().to_lowercase().contains("connect"), "{error}");
}

/// A machine without credentials.
#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no providers in chain provided credentials")))
    }
}

#[tokio::test]
async fn missing_credentials_are_reported_and_nothing_is_sent() {
    for provider in [None, Some(SharedCredentialsProvider::new(NoCredentials))] {
        let aws = Canned::start([]).await;
        let mut config = aws.config().into_builder();
        config.set_credentials_provider(provider);
        let error = SageMakerTarget::from_config(&config.build(), "iris").describe().await.unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::NoCredentials, "{error:?}");
        assert!(error.hint.is_some() && aws.operations().is_empty());
    }
}

#[tokio::test]
async fn an_endpoints_settings_are_read_from_its_configuration_and_model() {
    let config = json(
        r#"{"EndpointConfigName":"iris-config","EndpointConfigArn":"arn:aws:sagemaker:us-east-1:222222222222:endpoint-config/iris-config","CreationTime":1767225600,
            "KmsKeyId":"arn:aws:kms:us-east-1:111111111111:key/1",
            "ProductionVariants":[{"VariantName":"AllTraffic","ModelName":"iris-model","InitialInstanceCount":2,"InstanceType":"ml.m5.large","InitialVariantWeight":1.0},
                {"VariantName":"Burst","ModelName":"iris-model","InitialVariantWeight":1.0,"ServerlessConfig":{"MemorySizeInMB":2048,"MaxConcurrency":5}}]}"#,
    );
    let model = model(&format!(
        r#""PrimaryContainer":{{"ModelPackageName":"{PACKAGE}"}},"EnableNetworkIsolation":true,
            "VpcConfig":{{"SecurityGroupIds":["sg-1"],"Subnets":["subnet-1","subnet-2"]}}"#
    ));
    let capture = r#","DataCaptureConfig":{"EnableCapture":true,"CaptureStatus":"Started","CurrentSamplingPercentage":20,"DestinationS3Uri":"s3://b","KmsKeyId":"k"},
        "ProductionVariants":[{"VariantName":"AllTraffic","CurrentWeight":1.0,"CurrentInstanceCount":2,"DesiredInstanceCount":2},{"VariantName":"Burst","CurrentWeight":1.0}]"#;
    let aws =
        Canned::start([("DescribeEndpoint", endpoint("InService", capture)), ("DescribeEndpointConfig", config), ("DescribeModel", model)])
            .await;
    let description = target(&aws).describe().await.unwrap();
    // The model of both variants is described once.
    assert_eq!(aws.operations(), ["DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel"]);
    assert_eq!(description.data_capture_percentage, Some(20));
    assert_eq!(description.settings.unwrap().volume_kms_key.as_deref(), Some("arn:aws:kms:us-east-1:111111111111:key/1"));
    let [all, burst] = description.variants.as_slice() else { panic!("two variants") };
    assert_eq!((all.instance_type.as_deref(), all.serverless), (Some("ml.m5.large"), false));
    assert_eq!((burst.instance_type.as_deref(), burst.serverless, burst.desired_instance_count), (None, true, None));
    assert_eq!((all.network_isolation, all.subnets.len(), all.security_groups.as_slice()), (Some(true), 2, ["sg-1".to_owned()].as_slice()));
}

#[tokio::test]
async fn inference_components_lead_to_their_model_packages() {
    let config = json(
        r#"{"EndpointConfigName":"iris-config","EndpointConfigArn":"arn:aws:sagemaker:us-east-1:222222222222:endpoint-config/iris-config","CreationTime":1767225600,
            "ProductionVariants":[{"VariantName":"AllTraffic","InitialInstanceCount":1,"InstanceType":"ml.g5.xlarge"}]}"#,
    );
    let component = |name: &str, status: &str| {
        format!(
            r#"{{"InferenceComponentName":"{name}","InferenceComponentArn":"arn:aws:sagemaker:us-east-1:222222222222:inference-component/{name}",
                "EndpointName":"iris-staging","EndpointArn":"arn:aws:sagemaker:us-east-1:222222222222:endpoint/iris-staging","VariantName":"AllTraffic",
                "InferenceComponentStatus":"{status}","CreationTime":1767225600,"LastModifiedTime":1767225600,"Specification":{{"ModelName":"iris-model"}}}}"#
        )
    };
    let list = format!(r#"{{"InferenceComponents":[{},{}]}}"#, component("iris", "InService"), component("old", "Failed"));
    let aws = Canned::start([
        ("DescribeEndpoint", endpoint("InService", r#","ProductionVariants":[{"VariantName":"AllTraffic","CurrentWeight":1.0}]"#)),
        ("DescribeEndpointConfig", config),
        ("ListInferenceComponents", json(&list)),
        ("DescribeInferenceComponent", json(&component("iris", "InService"))),
        ("DescribeModel", model(&format!(r#""PrimaryContainer":{{"ModelPackageName":"{PACKAGE}","Image":"iris:1"}}"#))),
    ])
    .await;
    let variant = target(&aws).describe().await.unwrap().variants.remove(0);
    assert_eq!((variant.model_name, variant.inference_components), (None, vec!["iris".to_owned()]));
    assert_eq!((variant.model_packages, variant.images), (vec![PACKAGE.to_owned()], vec!["iris:1".to_owned()]));
    assert_eq!(variant.containers.len(), 1);
    assert_eq!(aws.operations().iter().filter(|operation| *operation == "DescribeInferenceComponent").count(), 1);
}

/// Otherwise an endpoint would be reported to serve nothing, which is a failure and not an error.
#[tokio::test]
async fn a_response_without_its_required_members_is_an_error() {
    let components = json(
        r#"{"EndpointConfigName":"iris-config","EndpointConfigArn":"arn:aws:sagemaker:us-east-1:222222222222:endpoint-config/iris-config","CreationTime":1767225600,
            "ProductionVariants":[{"VariantName":"AllTraffic","InitialInstanceCount":1}]}"#,
    );
    let in_service = || ("DescribeEndpoint", endpoint("InService", VARIANTS));
    for (responses, member) in [
        (vec![("DescribeEndpoint", json("{}"))], "EndpointName"),
        (vec![("DescribeEndpoint", json(r#"{"EndpointName":"iris-staging"}"#))], "EndpointStatus"),
        (vec![in_service(), ("DescribeEndpointConfig", json(""))], "ProductionVariants"),
        (vec![in_service(), ("DescribeEndpointConfig", config()), ("DescribeModel", json("{}"))], "ModelName"),
        (vec![in_service(), ("DescribeEndpointConfig", components), ("ListInferenceComponents", json("{}"))], "InferenceComponents"),
    ] {
        let aws = Canned::start(responses).await;
        let error = target(&aws).describe().await.unwrap_err();
        assert!(error.to_string().contains(&format!("has no `{member}`")), "{error}");
        assert_eq!(error.kind, TargetErrorKind::Other);
    }
}
