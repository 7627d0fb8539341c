//! Properties that expect the name of a resource, where `Ref` returns its ARN.
//!
//! Source: AWS CloudFormation template reference, "Return values" of `AWS::SageMaker::Endpoint`,
//! `EndpointConfig` and `Model`; SageMaker API, `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}` for each of
//! these names; Application Auto Scaling API, `RegisterScalableTarget`; CloudWatch user guide,
//! dimensions of SageMaker's metrics.

use super::inspector::{About, Inspector};
use super::property::Property;
use super::reference::ArnOf;

/// The properties in which SageMaker and Application Auto Scaling reject an ARN, by resource type
/// and path; `*` is every item of a list.
#[rustfmt::skip]
const NAMES: &[(&str, &[&str])] = &[
    ("AWS::ApplicationAutoScaling::ScalableTarget", &["ResourceId"]),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", &["ResourceId"]),
    ("AWS::SageMaker::DataQualityJobDefinition", &["DataQualityJobInput", "EndpointInput", "EndpointName"]),
    ("AWS::SageMaker::Endpoint", &["EndpointConfigName"]),
    ("AWS::SageMaker::EndpointConfig", &["ProductionVariants", "*", "ModelName"]),
    ("AWS::SageMaker::EndpointConfig", &["ShadowProductionVariants", "*", "ModelName"]),
    ("AWS::SageMaker::InferenceComponent", &["EndpointName"]),
    ("AWS::SageMaker::InferenceComponent", &["Specification", "ModelName"]),
    ("AWS::SageMaker::InferenceExperiment", &["EndpointName"]),
    ("AWS::SageMaker::InferenceExperiment", &["ModelVariants", "*", "ModelName"]),
    ("AWS::SageMaker::ModelBiasJobDefinition", &["ModelBiasJobInput", "EndpointInput", "EndpointName"]),
    ("AWS::SageMaker::ModelExplainabilityJobDefinition", &["ModelExplainabilityJobInput", "EndpointInput", "EndpointName"]),
    ("AWS::SageMaker::ModelQualityJobDefinition", &["ModelQualityJobInput", "EndpointInput", "EndpointName"]),
    ("AWS::SageMaker::MonitoringSchedule", &["EndpointName"]),
    ("AWS::SageMaker::MonitoringSchedule", &["MonitoringScheduleConfig", "MonitoringJobDefinition", "MonitoringInputs", "*", "EndpointInput", "EndpointName"]),
];

/// The dimensions of metrics: an ARN is accepted there, but no metric has it.
#[rustfmt::skip]
const DIMENSIONS: &[(&str, &[&str])] = &[
    ("AWS::ApplicationAutoScaling::ScalingPolicy", &["TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification", "Dimensions", "*"]),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", &["TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification", "Metrics", "*", "MetricStat", "Metric", "Dimensions", "*"]),
    ("AWS::CloudWatch::Alarm", &["Dimensions", "*"]),
    ("AWS::CloudWatch::Alarm", &["Metrics", "*", "MetricStat", "Metric", "Dimensions", "*"]),
];

/// Reports the ARNs in one resource's properties that expect a name.
pub(super) fn check(inspector: &mut Inspector<'_>, id: &str, resource_type: &str, properties: &Property<'_>) {
    for (_, path) in NAMES.iter().filter(|(known, _)| *known == resource_type) {
        for property in properties.reach(path) {
            for arn in inspector.references.arns(property.value) {
                let name = path.last().copied().unwrap_or_default();
                let (message, hint) = arn_finding(&format!("`{name}` of `{id}`"), arn);
                let about = [About::Value(&property.pointer)];
                if arn.certain {
                    inspector.error("name", message, &hint, &about);
                } else {
                    inspector.warning("name", message, &hint, &about);
                }
            }
        }
    }
    for (_, path) in DIMENSIONS.iter().filter(|(known, _)| *known == resource_type) {
        for dimension in properties.reach(path) {
            let is_name = dimension.get("Name").and_then(|name| name.text()).is_some_and(|name| name == "EndpointName");
            let Some(value) = dimension.get("Value").filter(|_| is_name) else { continue };
            for arn in inspector.references.arns(value.value) {
                let (message, hint) = arn_finding(&format!("the dimension `EndpointName` of `{id}`"), arn);
                inspector.warning(
                    "name",
                    message,
                    &format!("{hint}; no metric has an ARN in this dimension"),
                    &[About::Value(&value.pointer)],
                );
            }
        }
    }
}

fn arn_finding(what: &str, arn: ArnOf<'_>) -> (String, String) {
    let Some((id, kind)) = arn.resource else {
        return (format!("{what} is an ARN instead of a name"), "write only the name, the last part of the ARN".to_owned());
    };
    let name = kind.name();
    let hint = format!("write `!GetAtt {id}.{name}` (`${{{id}.{name}}}` in `!Sub`): `Ref` returns the ARN");
    (format!("{what} is the ARN of `{id}` instead of its name"), hint)
}
