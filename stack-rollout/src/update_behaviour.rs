//! Whether CloudFormation updates a resource in place or replaces it when a property changes.
//!
//! From the "Update requires" lines of the AWS CloudFormation template reference, for the resource
//! types in templates of endpoints. Other types and properties are unknown.

/// The effect of a property change on its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// "Update requires: No interruption".
    InPlace,
    /// Not in the table.
    Unknown,
    /// "Update requires: Replacement": a new resource replaces the old one.
    Replacement,
}

/// The behaviour of properties that the rules do not list.
#[derive(Debug, Clone, Copy)]
enum Others {
    InPlace,
    Replacement,
    Unknown,
}

struct Rules {
    resource_type: &'static str,
    /// The property with the resource's custom name, if there is one.
    name: Option<&'static str>,
    replacement: &'static [&'static str],
    in_place: &'static [&'static str],
    others: Others,
}

const TAGS: &[&str] = &["Tags"];

const fn rules(
    resource_type: &'static str,
    name: Option<&'static str>,
    replacement: &'static [&'static str],
    in_place: &'static [&'static str],
    others: Others,
) -> Rules {
    Rules { resource_type, name, replacement, in_place, others }
}

/// Sorted by type.
const TABLE: &[Rules] = &[
    rules(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        None,
        &["ResourceId", "ScalableDimension", "ServiceNamespace"],
        &["MaxCapacity", "MinCapacity", "RoleARN", "ScheduledActions", "SuspendedState"],
        Others::Unknown,
    ),
    rules(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        Some("PolicyName"),
        &["PolicyName", "ResourceId", "ScalableDimension", "ScalingTargetId", "ServiceNamespace"],
        &[
            "PolicyType",
            "PredictiveScalingPolicyConfiguration",
            "StepScalingPolicyConfiguration",
            "TargetTrackingScalingPolicyConfiguration",
        ],
        Others::Unknown,
    ),
    rules("AWS::CloudWatch::Alarm", Some("AlarmName"), &["AlarmName"], &[], Others::InPlace),
    rules("AWS::CloudWatch::CompositeAlarm", Some("AlarmName"), &["AlarmName"], &[], Others::InPlace),
    rules("AWS::CloudWatch::Dashboard", Some("DashboardName"), &["DashboardName"], &["DashboardBody"], Others::Unknown),
    rules("AWS::EC2::SecurityGroup", Some("GroupName"), &["GroupDescription", "GroupName", "VpcId"], &[], Others::InPlace),
    rules("AWS::Events::Rule", Some("Name"), &["EventBusName", "Name"], &[], Others::InPlace),
    rules(
        "AWS::IAM::ManagedPolicy",
        Some("ManagedPolicyName"),
        &["Description", "ManagedPolicyName", "Path"],
        &["Groups", "PolicyDocument", "Roles", "Users"],
        Others::Unknown,
    ),
    rules("AWS::IAM::Policy", None, &[], &["Groups", "PolicyDocument", "Roles", "Users"], Others::Unknown),
    rules(
        "AWS::IAM::Role",
        Some("RoleName"),
        &["Path", "RoleName"],
        &["AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "PermissionsBoundary", "Policies", "Tags"],
        Others::Unknown,
    ),
    rules("AWS::KMS::Alias", Some("AliasName"), &["AliasName"], &["TargetKeyId"], Others::Unknown),
    rules("AWS::Lambda::Function", Some("FunctionName"), &["FunctionName", "PackageType"], &[], Others::InPlace),
    rules(
        "AWS::Logs::LogGroup",
        Some("LogGroupName"),
        &["LogGroupName"],
        &["DataProtectionPolicy", "KmsKeyId", "RetentionInDays", "Tags"],
        Others::Unknown,
    ),
    rules("AWS::S3::Bucket", Some("BucketName"), &["BucketName"], &["BucketEncryption", "LifecycleConfiguration", "Tags"], Others::Unknown),
    rules("AWS::SNS::Topic", Some("TopicName"), &["FifoTopic", "TopicName"], &[], Others::InPlace),
    rules("AWS::SSM::Parameter", Some("Name"), &["Name"], &["Description", "Tags", "Value"], Others::Unknown),
    // Only tags can change: job definitions, models and endpoint configurations are immutable.
    rules("AWS::SageMaker::DataQualityJobDefinition", Some("JobDefinitionName"), &[], TAGS, Others::Replacement),
    rules(
        "AWS::SageMaker::Endpoint",
        Some("EndpointName"),
        &["EndpointName"],
        &[
            "DeploymentConfig",
            "EndpointConfigName",
            "ExcludeRetainedVariantProperties",
            "RetainAllVariantProperties",
            "RetainDeploymentConfig",
            "Tags",
        ],
        Others::Unknown,
    ),
    rules("AWS::SageMaker::EndpointConfig", Some("EndpointConfigName"), &[], TAGS, Others::Replacement),
    rules("AWS::SageMaker::Model", Some("ModelName"), &[], TAGS, Others::Replacement),
    rules("AWS::SageMaker::ModelBiasJobDefinition", Some("JobDefinitionName"), &[], TAGS, Others::Replacement),
    rules("AWS::SageMaker::ModelExplainabilityJobDefinition", Some("JobDefinitionName"), &[], TAGS, Others::Replacement),
    rules(
        "AWS::SageMaker::ModelPackageGroup",
        Some("ModelPackageGroupName"),
        &["ModelPackageGroupDescription", "ModelPackageGroupName"],
        &["ModelPackageGroupPolicy", "Tags"],
        Others::Unknown,
    ),
    rules("AWS::SageMaker::ModelQualityJobDefinition", Some("JobDefinitionName"), &[], TAGS, Others::Replacement),
    rules(
        "AWS::SageMaker::MonitoringSchedule",
        Some("MonitoringScheduleName"),
        &["MonitoringScheduleName"],
        &["MonitoringScheduleConfig", "Tags"],
        Others::Unknown,
    ),
];

fn rules_of(resource_type: &str) -> Option<&'static Rules> {
    TABLE.binary_search_by(|rules| rules.resource_type.cmp(resource_type)).ok().map(|index| &TABLE[index])
}

/// The update behaviour of a top-level property of a resource type.
pub fn behaviour(resource_type: &str, property: &str) -> Behaviour {
    let Some(rules) = rules_of(resource_type) else { return Behaviour::Unknown };
    if rules.replacement.contains(&property) {
        return Behaviour::Replacement;
    }
    if rules.in_place.contains(&property) {
        return Behaviour::InPlace;
    }
    match rules.others {
        Others::InPlace => Behaviour::InPlace,
        Others::Replacement => Behaviour::Replacement,
        Others::Unknown => Behaviour::Unknown,
    }
}

/// The property with the custom name of a resource type, if known.
///
/// Such a resource cannot be replaced under the same name, because the new one is created first.
pub fn name_property(resource_type: &str) -> Option<&'static str> {
    rules_of(resource_type)?.name
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, TABLE, behaviour};

    #[test]
    fn the_table_is_sorted_and_has_no_duplicate_properties() {
        assert!(TABLE.is_sorted_by(|a, b| a.resource_type < b.resource_type));
        for rules in TABLE {
            assert!(rules.replacement.iter().all(|property| !rules.in_place.contains(property)), "{}", rules.resource_type);
        }
    }

    #[test]
    fn sagemaker_replaces_models_and_configurations_and_updates_endpoints_in_place() {
        assert_eq!(behaviour("AWS::SageMaker::Model", "Containers"), Behaviour::Replacement);
        assert_eq!(behaviour("AWS::SageMaker::Model", "Tags"), Behaviour::InPlace);
        assert_eq!(behaviour("AWS::SageMaker::EndpointConfig", "ProductionVariants"), Behaviour::Replacement);
        assert_eq!(behaviour("AWS::SageMaker::Endpoint", "EndpointName"), Behaviour::Replacement);
        assert_eq!(behaviour("AWS::SageMaker::Endpoint", "EndpointConfigName"), Behaviour::InPlace);
        assert_eq!(behaviour("AWS::SageMaker::Endpoint", "DeploymentConfig"), Behaviour::InPlace);
        assert_eq!(behaviour("AWS::SageMaker::Endpoint", "SomethingNew"), Behaviour::Unknown);
        assert_eq!(behaviour("AWS::Made::Up", "Name"), Behaviour::Unknown);
    }
}
