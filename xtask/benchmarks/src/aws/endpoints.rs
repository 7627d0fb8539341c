//! SageMaker in the target accounts: an endpoint in service that serves the example's package.

use sandbox::loopback::Answer;
use serde_json::json;

use super::{GROUP, HOME, REGION};

/// The release's volume key.
pub(crate) const VOLUME_KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// The version that `examples/registry.json` selects.
const VERSION: u64 = 13;

pub(super) fn invoked() -> Answer {
    Answer::new(200).header("x-amzn-invoked-production-variant", "AllTraffic").body("text/csv", "setosa\n")
}

pub(super) fn answer(operation: &str) -> Option<Answer> {
    let arn = |kind: &str| format!("arn:aws:sagemaker:{REGION}:222222222222:{kind}");
    Some(Answer::new(200).json(&match operation {
        "DescribeEndpoint" => json!({
            "EndpointName": format!("{GROUP}-staging"), "EndpointArn": arn("endpoint/iris"), "EndpointConfigName": "config",
            "EndpointStatus": "InService", "CreationTime": 1, "LastModifiedTime": 1,
            "ProductionVariants": [{ "VariantName": "AllTraffic", "CurrentWeight": 1.0, "CurrentInstanceCount": 1, "DesiredInstanceCount": 1 }] }),
        "DescribeEndpointConfig" => json!({
            "EndpointConfigName": "config", "EndpointConfigArn": arn("endpoint-config/config"), "CreationTime": 1, "KmsKeyId": VOLUME_KEY,
            "ProductionVariants": [{ "VariantName": "AllTraffic", "ModelName": "model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large" }] }),
        "DescribeModel" => json!({
            "ModelName": "model", "ModelArn": arn("model/model"), "CreationTime": 1,
            "PrimaryContainer": { "ModelPackageName": format!("arn:aws:sagemaker:{REGION}:{HOME}:model-package/{GROUP}/{VERSION}") },
            "EnableNetworkIsolation": true,
            "VpcConfig": { "Subnets": ["subnet-0123456789abcdef0"], "SecurityGroupIds": ["sg-0123456789abcdef0"] } }),
        _ => return None,
    }))
}
