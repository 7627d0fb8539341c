//! The endpoint template in each shape that the local AWS supports: one release creates it, the
//! next updates it, and the result is checked in AWS.

use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP};

const ACCOUNT: &str = "222222222222";
const CHALLENGER: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/1";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const SCALABLE_TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
const SCALING_POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";

/// A shape of the endpoint.
struct Shape {
    /// The SageMaker project's id, so that each shape has its own endpoint.
    id: &'static str,
    /// Additional parameters of the stage file.
    parameters: Vec<(&'static str, &'static str)>,
    /// Expected values of the endpoint configuration, by JSON Pointer; null for missing ones.
    configuration: Vec<(&'static str, Json)>,
    /// The number of additional resources of these types in the stack.
    resources: Vec<(&'static str, usize)>,
}

fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            id: "p-real-time",
            parameters: vec![],
            configuration: vec![
                ("/ProductionVariants/0/InstanceType", json!("ml.m5.large")),
                ("/ProductionVariants/0/InitialInstanceCount", json!(2)),
                ("/ProductionVariants/1", Json::Null),
                ("/AsyncInferenceConfig", Json::Null),
                ("/DataCaptureConfig/EnableCapture", Json::Null),
            ],
            resources: vec![(ALARM, 1), (SCALABLE_TARGET, 0)],
        },
        Shape {
            id: "p-captured",
            parameters: vec![("DataCaptureS3Uri", "s3://captured/iris"), ("DataCapturePercentage", "25")],
            configuration: vec![
                ("/DataCaptureConfig/EnableCapture", json!(true)),
                ("/DataCaptureConfig/InitialSamplingPercentage", json!(25)),
                ("/DataCaptureConfig/DestinationS3Uri", json!("s3://captured/iris")),
            ],
            resources: vec![],
        },
        Shape {
            id: "p-serverless",
            parameters: vec![
                ("EndpointKind", "serverless"),
                ("NetworkIsolation", "false"),
                ("UseVpc", "no"),
                ("EncryptVolumes", "no"),
                ("ServerlessMemoryMB", "4096"),
                ("ServerlessMaxConcurrency", "7"),
            ],
            configuration: vec![
                ("/ProductionVariants/0/ServerlessConfig/MemorySizeInMB", json!(4096)),
                ("/ProductionVariants/0/ServerlessConfig/MaxConcurrency", json!(7)),
                ("/ProductionVariants/0/InstanceType", Json::Null),
            ],
            resources: vec![(SCALABLE_TARGET, 0)],
        },
        Shape {
            id: "p-asynchronous",
            parameters: vec![
                ("EndpointKind", "asynchronous"),
                ("AsyncOutputS3Uri", "s3://answers/iris"),
                ("AsyncMaxConcurrentInvocations", "3"),
            ],
            configuration: vec![
                ("/AsyncInferenceConfig/OutputConfig/S3OutputPath", json!("s3://answers/iris")),
                ("/AsyncInferenceConfig/ClientConfig/MaxConcurrentInvocationsPerInstance", json!(3)),
            ],
            resources: vec![(SCALABLE_TARGET, 0)],
        },
        Shape {
            id: "p-live",
            parameters: vec![("ChallengerModelPackageName", CHALLENGER), ("ChallengerTraffic", "live"), ("ChallengerWeight", "5")],
            configuration: vec![
                ("/ProductionVariants/0/InitialVariantWeight", json!(100.0)),
                ("/ProductionVariants/1/VariantName", json!("Challenger")),
                ("/ProductionVariants/1/InitialVariantWeight", json!(5.0)),
            ],
            resources: vec![(ALARM, 2)],
        },
        Shape {
            id: "p-shadow",
            parameters: vec![("ChallengerModelPackageName", CHALLENGER), ("ChallengerTraffic", "shadow")],
            configuration: vec![("/ProductionVariants/1", Json::Null), ("/ShadowProductionVariants/0/VariantName", json!("Challenger"))],
            resources: vec![],
        },
        Shape {
            id: "p-scaled",
            parameters: vec![
                ("ScalingMinInstanceCount", "2"),
                ("ScalingMaxInstanceCount", "6"),
                ("DeploymentStrategy", "canary"),
                ("RollbackLatencyMilliseconds", "250"),
            ],
            configuration: vec![("/ProductionVariants/0/InitialInstanceCount", json!(2))],
            resources: vec![(ALARM, 2), (SCALABLE_TARGET, 1), (SCALING_POLICY, 1)],
        },
        Shape {
            id: "p-rolling",
            parameters: vec![("DeploymentStrategy", "rolling"), ("RollingBatchPercent", "50")],
            configuration: vec![("/ProductionVariants/0/InitialInstanceCount", json!(2))],
            resources: vec![(ALARM, 1)],
        },
    ]
}

#[test]
fn every_shape_is_created_by_one_release_and_updated_by_the_next() {
    let cloud = Cloud::new();
    cloud.register(2);
    cloud.prepare("staging", ACCOUNT);
    let pinned = |version: u32| format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/{GROUP}/{version}");
    for shape in shapes() {
        let mut project = cloud.project();
        project.set("SAGEMAKER_PROJECT_ID", shape.id);
        let mut parameters = vec![("EnvType", "staging"), ("EndpointInstanceCount", "2"), ("EndpointInstanceType", "ml.m5.large")];
        parameters.extend(&shape.parameters);
        let file: Vec<Json> = parameters.iter().map(|(name, value)| json!({ "ParameterKey": name, "ParameterValue": value })).collect();
        project.write("staging-config-template.json", &json!(file).to_string());
        let endpoint = format!("iris-{}-staging", shape.id);
        for version in [1, 2] {
            project.run(["build", "--model-package", &version.to_string()]).ends_with(0);
            project.run(["deploy", "--stage", "staging"]).ends_with(0);
            assert_eq!(cloud.served(ACCOUNT, &endpoint), pinned(version), "{}", shape.id);
            let configuration = configuration(&cloud, &endpoint);
            for (pointer, expected) in &shape.configuration {
                let actual = configuration.pointer(pointer).unwrap_or(&Json::Null);
                assert!(same(actual, expected), "{}: {pointer} is {actual}, not {expected}, in {configuration:#}", shape.id);
            }
            let types = resource_types(&cloud, shape.id);
            for (kind, count) in &shape.resources {
                let actual = types.iter().filter(|of| of == kind).count();
                assert_eq!(actual, *count, "{}: {kind} in {types:?}", shape.id);
            }
        }
    }
}

/// Compares numbers by value.
fn same(actual: &Json, expected: &Json) -> bool {
    match (actual.as_f64(), expected.as_f64()) {
        (Some(actual), Some(expected)) => (actual - expected).abs() < f64::EPSILON,
        _ => actual == expected,
    }
}

fn configuration(cloud: &Cloud, endpoint: &str) -> Json {
    let ask = |action: &str, input: Json| cloud.aws.call(ACCOUNT, "sagemaker", action, &input).unwrap();
    let endpoint = ask("DescribeEndpoint", json!({ "EndpointName": endpoint }));
    ask("DescribeEndpointConfig", json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }))
}

/// The types of the resources of a shape's stack.
fn resource_types(cloud: &Cloud, id: &str) -> Vec<String> {
    let stacks = cloud.aws.query(ACCOUNT, "cloudformation", "DescribeStacks", &[]).unwrap();
    let begins = format!("StackSet-sagemaker-iris-{id}-deploy-staging-");
    let stack = stacks.texts("StackName").into_iter().find(|name| name.starts_with(&begins)).unwrap();
    let resources = cloud.aws.query(ACCOUNT, "cloudformation", "DescribeStackResources", &[("StackName", &stack)]).unwrap();
    resources.texts("ResourceType")
}
