//! Checks resolved templates against botocore's models of the APIs that CloudFormation calls, which
//! are stricter than CloudFormation's schemas (cfn-lint). The local AWS uses the same check.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::buildspecs::{python_program, text};
use crate::project::workspace;

/// The number of checked resources of each type, and the problems.
#[derive(Deserialize)]
pub(crate) struct Checked {
    pub(crate) checked: BTreeMap<String, usize>,
    pub(crate) refused: Vec<Refused>,
}

#[derive(Deserialize, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) template: usize,
    pub(crate) resource: String,
    pub(crate) problem: String,
}

/// Python with the local AWS's package.
fn python() -> Command {
    let mut command = Command::new(python_program("python"));
    command.arg("-B").current_dir(workspace().join("xtask/sandbox/stand-in"));
    command
}

/// Checks several resolved templates. Each finding has the index of its template.
pub(crate) fn check_templates(resolved: &[Json]) -> Checked {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, Json::from(resolved).to_string()).unwrap();
    let output = python().args(["-m", "stand_in.api_models"]).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output)))
}

/// A resource of each type, as in a resolved template: strings for numbers, and functions for
/// values that only the deployment knows.
fn resources() -> Json {
    let subnets = json!({ "Fn::Split": [",", { "Ref": "SageMakerSubnetIds" }] });
    json!({
        "Model": { "Type": "AWS::SageMaker::Model", "Properties": {
            "ExecutionRoleArn": "arn:aws:iam::222222222222:role/Model",
            "EnableNetworkIsolation": "true",
            "PrimaryContainer": {
                "ModelPackageName": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1",
                "Environment": { "WORKERS": 2 },
            },
            "VpcConfig": { "SecurityGroupIds": ["sg-1"], "Subnets": subnets },
            "Tags": [{ "Key": "team", "Value": "Bäckerei: 1 + 1 = 2 @ /home" }],
        } },
        "Config": { "Type": "AWS::SageMaker::EndpointConfig", "Properties": {
            "ProductionVariants": [{
                "VariantName": "AllTraffic",
                "ModelName": { "Fn::GetAtt": ["Model", "ModelName"] },
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": "2",
                "InitialVariantWeight": "0.5",
            }],
            "DataCaptureConfig": {
                "EnableCapture": true,
                "InitialSamplingPercentage": "100",
                "DestinationS3Uri": "{{resolve:ssm:captured}}",
                "CaptureOptions": [{ "CaptureMode": "Input" }],
                "CaptureContentTypeHeader": { "CsvContentTypes": ["text/csv"] },
            },
        } },
        "Endpoint": { "Type": "AWS::SageMaker::Endpoint", "Properties": {
            "EndpointName": "iris",
            "EndpointConfigName": { "Fn::GetAtt": ["Config", "EndpointConfigName"] },
            "RetainAllVariantProperties": true,
            "ExcludeRetainedVariantProperties": [{ "VariantPropertyType": "DesiredWeight" }],
            "DeploymentConfig": {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": { "Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0 },
                    "MaximumExecutionTimeoutInSeconds": 14400,
                },
                "AutoRollbackConfiguration": { "Alarms": [{ "AlarmName": { "Ref": "Alarm" } }] },
            },
            "Tags": [],
        } },
        "Component": { "Type": "AWS::SageMaker::InferenceComponent", "Properties": {
            "EndpointName": "iris",
            "EndpointArn": { "Ref": "Endpoint" },
            "VariantName": "AllTraffic",
            "Specification": { "ModelName": "iris", "ComputeResourceRequirements": { "MinMemoryRequiredInMb": 1024 } },
            "RuntimeConfig": { "CopyCount": "1" },
        } },
        "Alarm": { "Type": "AWS::CloudWatch::Alarm", "Properties": {
            "Namespace": "AWS/SageMaker",
            "MetricName": "Invocation5XXErrors",
            "Dimensions": [{ "Name": "EndpointName", "Value": "iris" }],
            "Statistic": "Average",
            "Period": "60",
            "EvaluationPeriods": 3,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": "0.05",
            "AlarmActions": [{ "Ref": "Policy" }],
        } },
        "Target": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ServiceNamespace": "sagemaker",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ResourceId": { "Fn::Sub": "endpoint/${Endpoint.EndpointName}/variant/AllTraffic" },
            "MinCapacity": "1",
            "MaxCapacity": 4,
            "ScheduledActions": [{ "ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "ScalableTargetAction": { "MaxCapacity": 1 } }],
        } },
        "Policy": { "Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {
            "PolicyName": "requests per instance",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": { "Ref": "Target" },
            "TargetTrackingScalingPolicyConfiguration": {
                "PredefinedMetricSpecification": { "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance" },
                "TargetValue": 600,
                "ScaleInCooldown": "300",
            },
        } },
        "Role": { "Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [] },
            "MaxSessionDuration": "3600",
            "ManagedPolicyArns": [{ "Ref": "ManagedPolicy" }, "arn:aws:iam::aws:policy/ReadOnlyAccess"],
            "Policies": [{ "PolicyName": "test", "PolicyDocument": { "Resource": { "Fn::GetAtt": ["Bucket", "Arn"] } } }],
        } },
        "RolePolicy": { "Type": "AWS::IAM::Policy", "Properties": { "PolicyName": "more", "PolicyDocument": {}, "Roles": [{ "Ref": "Role" }] } },
        "ManagedPolicy": { "Type": "AWS::IAM::ManagedPolicy", "Properties": { "PolicyDocument": { "Version": "2012-10-17" } } },
        "Rule": { "Type": "AWS::Events::Rule", "Properties": {
            "EventPattern": { "source": ["aws.sagemaker"] },
            "State": "ENABLED",
            "Targets": [{ "Id": "pipeline", "Arn": { "Ref": "Pipeline" } }],
        } },
        "Project": { "Type": "AWS::CodeBuild::Project", "Properties": {
            "Artifacts": { "Type": "CODEPIPELINE" },
            "Source": { "Type": "CODEPIPELINE", "BuildSpec": "buildspec.yml" },
            "Environment": { "Type": "LINUX_CONTAINER", "Image": "aws/codebuild/standard:7.0", "ComputeType": "BUILD_GENERAL1_SMALL" },
            "ServiceRole": { "Ref": "Role" },
            "TimeoutInMinutes": "60",
            "Visibility": "PRIVATE",
        } },
        "Pipeline": { "Type": "AWS::CodePipeline::Pipeline", "Properties": {
            "RoleArn": "arn:aws:iam::222222222222:role/Pipeline",
            "ArtifactStores": [{ "Region": "us-east-1", "ArtifactStore": { "Type": "S3", "Location": "artifacts" } }],
            "Stages": [{ "Name": "Build", "Actions": [{
                "Name": "Build",
                "ActionTypeId": { "Category": "Build", "Owner": "AWS", "Provider": "CodeBuild", "Version": "1" },
                "Configuration": { "ProjectName": { "Ref": "Project" } },
            }] }],
            "RestartExecutionOnUpdate": true,
        } },
    })
}

const ROUTING: &str = "Endpoint/Properties/DeploymentConfig/BlueGreenUpdatePolicy/TrafficRoutingConfiguration";

#[test]
fn each_kind_of_mistake_is_found_in_each_type_and_correct_resources_have_no_findings() {
    let variant = "Config/Properties/ProductionVariants/0";
    let capture = "Config/Properties/DataCaptureConfig";
    let tracking = "Policy/Properties/TargetTrackingScalingPolicyConfiguration";
    let function = |name: &str| json!({ name: [",", "a,b"] });
    // The location, its wrong value (null: missing), and the API's message for the member.
    let null = "Member must not be null";
    let pattern = "Member must satisfy regular expression pattern: ";
    let one_of = "Member must satisfy enum value set: [";
    let rows: Vec<(String, Json, &str, &str)> = vec![
        (format!("{ROUTING}/WaitIntervalInSeconds"), json!(null), "trafficRoutingConfiguration.waitIntervalInSeconds", null),
        (
            format!("{ROUTING}/WaitIntervalInSeconds"),
            json!("3601"),
            "waitIntervalInSeconds",
            "Member must have value less than or equal to 3600",
        ),
        (format!("{ROUTING}/Type"), json!("ALL-AT-ONCE"), "trafficRoutingConfiguration.type", one_of),
        (format!("{ROUTING}/CanarySize"), json!({ "Type": "CAPACITY_PERCENT" }), "canarySize.value", null),
        ("Endpoint/Properties/EndpointName".into(), json!("-iris"), "endpointName", pattern),
        (
            "Endpoint/Properties/EndpointName".into(),
            json!("i".repeat(64)),
            "endpointName",
            "Member must have length less than or equal to 63",
        ),
        ("Endpoint/Properties/EndpointConfigName".into(), json!(null), "endpointConfigName", null),
        (
            "Endpoint/Properties/ExcludeRetainedVariantProperties/0".into(),
            json!({}),
            "excludeRetainedVariantProperties.1.member.variantPropertyType",
            null,
        ),
        (
            "Endpoint/Properties/DeploymentConfig/AutoRollbackConfiguration/Alarms".into(),
            json!([]),
            "alarms",
            "Member must have length greater than or equal to 1",
        ),
        ("Model/Properties/ExecutionRoleArn".into(), json!("arn:aws:iam::2222:role/Model"), "executionRoleArn", pattern),
        (
            "Model/Properties/PrimaryContainer/ModelPackageName".into(),
            json!("a".repeat(177)),
            "primaryContainer.modelPackageName",
            "Member must have length less than or equal to 176",
        ),
        ("Model/Properties/PrimaryContainer/Environment/A-B".into(), json!("1"), "primaryContainer.environment.A-B", pattern),
        ("Model/Properties/VpcConfig/Subnets".into(), json!(null), "vpcConfig.subnets", null),
        ("Model/Properties/Tags/0/Key".into(), json!("a*"), "tags.1.member.key", pattern),
        (format!("{variant}/VariantName"), json!(null), "productionVariants.1.member.variantName", null),
        (
            format!("{variant}/InitialInstanceCount"),
            json!("0"),
            "initialInstanceCount",
            "Member must have value greater than or equal to 1",
        ),
        (format!("{variant}/InstanceType"), json!("ml.m5.lage"), "instanceType", one_of),
        (format!("{variant}/RoutingConfig"), json!({}), "routingConfig.routingStrategy", null),
        (
            format!("{variant}/ServerlessConfig"),
            json!({ "MemorySizeInMB": 1024, "MaxConcurrency": 201 }),
            "serverlessConfig.maxConcurrency",
            "Member must have value less than or equal to 200",
        ),
        (
            format!("{capture}/InitialSamplingPercentage"),
            json!(101),
            "initialSamplingPercentage",
            "Member must have value less than or equal to 100",
        ),
        (format!("{capture}/DestinationS3Uri"), json!("captured/iris"), "destinationS3Uri", pattern),
        (format!("{capture}/CaptureContentTypeHeader/CsvContentTypes/0"), json!("csv"), "csvContentTypes.1.member", pattern),
        (
            "Component/Properties/Specification/ComputeResourceRequirements/MinMemoryRequiredInMb".into(),
            json!(null),
            "minMemoryRequiredInMb",
            null,
        ),
        (
            "Component/Properties/RuntimeConfig/CopyCount".into(),
            json!(-1),
            "copyCount",
            "Member must have value greater than or equal to 0",
        ),
        ("Alarm/Properties/Period".into(), json!(0), "period", "Member must have value greater than or equal to 1"),
        ("Alarm/Properties/Namespace".into(), json!(":iris"), "namespace", pattern),
        (
            "Alarm/Properties/Dimensions/0/Value".into(),
            json!(""),
            "dimensions.1.member.value",
            "Member must have length greater than or equal to 1",
        ),
        ("Alarm/Properties/Dimensions/0/Name".into(), json!(null), "dimensions.1.member.name", null),
        (
            "Alarm/Properties/AlarmActions".into(),
            json!(["a", "b", "c", "d", "e", "f"]),
            "alarmActions",
            "Member must have length less than or equal to 5",
        ),
        ("Target/Properties/ServiceNamespace".into(), json!("SageMaker"), "serviceNamespace", one_of),
        ("Target/Properties/ResourceId".into(), json!(null), "resourceId", null),
        ("Target/Properties/ScheduledActions/0/ScheduledActionName".into(), json!("night|day"), "scheduledActionName", pattern),
        ("Policy/Properties/PolicyName".into(), json!("Größe"), "policyName", pattern),
        ("Policy/Properties/ScalingTargetId".into(), json!(null), "scalableDimension", null),
        ("Policy/Properties/ScalingTargetId".into(), json!("endpoint/iris|sagemaker:variant|sagemaker"), "scalableDimension", one_of),
        (format!("{tracking}/TargetValue"), json!(null), "targetTrackingScalingPolicyConfiguration.targetValue", null),
        (format!("{tracking}/PredefinedMetricSpecification/PredefinedMetricType"), json!("Requests"), "predefinedMetricType", one_of),
        ("Role/Properties/RoleName".into(), json!("r".repeat(65)), "roleName", "Member must have length less than or equal to 64"),
        (
            "Role/Properties/MaxSessionDuration".into(),
            json!(3599),
            "maxSessionDuration",
            "Member must have value greater than or equal to 3600",
        ),
        ("Role/Properties/Policies/0/PolicyName".into(), json!("a b"), "policyName", pattern),
        (
            "Role/Properties/ManagedPolicyArns/1".into(),
            json!("ReadOnly"),
            "policyArn",
            "Member must have length greater than or equal to 20",
        ),
        ("RolePolicy/Properties/PolicyDocument".into(), json!(null), "policyDocument", null),
        ("ManagedPolicy/Properties/PolicyDocument/Id".into(), json!("→"), "policyDocument", pattern),
        ("Rule/Properties/Targets/0/Id".into(), json!(null), "targets.1.member.id", null),
        (
            "Project/Properties/VpcConfig".into(),
            json!({ "SecurityGroupIds": ["1", "2", "3", "4", "5", "6"] }),
            "vpcConfig.securityGroupIds",
            "Member must have length less than or equal to 5",
        ),
        ("Project/Properties/Environment/ComputeType".into(), json!("SMALL"), "environment.computeType", one_of),
        ("Pipeline/Properties/Stages/0/Name".into(), json!("to build"), "pipeline.stages.1.member.name", pattern),
        ("Pipeline/Properties/Stages/0/Actions/0/ActionTypeId/Version".into(), json!(null), "actionTypeId.version", null),
        // Problems that CloudFormation reports before it calls an API.
        (
            format!("{ROUTING}/WaitInterval"),
            json!(0),
            "#/DeploymentConfig/BlueGreenUpdatePolicy/TrafficRoutingConfiguration",
            "extraneous key [WaitInterval]",
        ),
        ("Alarm/Properties/Threshold".into(), json!("much"), "#/Threshold", "expected type: double, found: much"),
        ("Target/Properties/MinCapacity".into(), json!("1.5"), "#/MinCapacity", "expected type: integer, found: 1.5"),
        (
            "Endpoint/Properties/RetainAllVariantProperties".into(),
            json!("yes"),
            "#/RetainAllVariantProperties",
            "expected type: boolean, found: yes",
        ),
        ("Endpoint/Properties/EndpointConfigName".into(), function("Fn::Split"), "#/EndpointConfigName", "expected type: string"),
        ("Model/Properties/VpcConfig/Subnets".into(), function("Fn::Join"), "#/VpcConfig/Subnets", "expected type: list"),
    ];
    let mut templates = vec![json!({ "Resources": resources() })];
    for (place, value, _, _) in &rows {
        let mut resources = resources();
        let (parent, name) = place.rsplit_once('/').unwrap();
        let parent = resources.pointer_mut(&format!("/{parent}")).unwrap_or_else(|| panic!("{place}"));
        match (parent, value) {
            (Json::Object(members), Json::Null) => drop(members.remove(name).unwrap()),
            (Json::Object(members), value) => drop(members.insert(name.to_owned(), value.clone())),
            (list, value) => list[name.parse::<usize>().unwrap()] = value.clone(),
        }
        templates.push(json!({ "Resources": resources }));
    }
    let Checked { checked, refused } = check_templates(&templates);
    assert_eq!(checked.values().copied().collect::<Vec<_>>(), [templates.len(); 13], "{checked:?}");
    let about = |index: usize| refused.iter().filter(|found| found.template == index).collect::<Vec<_>>();
    assert!(about(0).is_empty(), "{:#?}", about(0));
    for (index, (place, value, member, problem)) in rows.iter().enumerate() {
        let found = about(index + 1);
        let resource = place.split('/').next().unwrap();
        assert!(!found.is_empty() && found.iter().all(|found| found.resource == resource), "{place} = {value}: {found:#?}");
        assert!(
            found.iter().any(|found| found.problem.contains(member) && found.problem.contains(problem)),
            "{place} = {value}: {member}: {problem}\n{found:#?}"
        );
    }
}

#[test]
fn the_models_know_every_property_that_cloudformation_can_set_and_every_pattern_is_understood() {
    let program = "
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from stand_in import api_models

def value_of(part, whole, path):
    while '$ref' in part:
        part = whole['definitions'][part['$ref'].rpartition('/')[2]]
    if 'properties' in part:
        read_only = whole.get('readOnlyProperties', [])
        below = {name: f'{path}/{name}' for name in part['properties']}
        return {name: value_of(part['properties'][name], whole, below[name]) for name in below if below[name] not in read_only}
    if part.get('type') == 'array':
        return [value_of(part.get('items', {}), whole, f'{path}/*')]
    return api_models.UNKNOWN

for resource_type in api_models.KINDS:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema('us-east-1', resource_type).schema
    malformed, _ = api_models.check_resource(resource_type, value_of(schema, schema, '/properties'))
    for problem in malformed:
        print(resource_type, problem)

for service, operation in api_models.OPERATIONS:
    shapes = api_models.model(service)['shapes']
    below, seen = [api_models.input_shape(service, operation)], set()
    while below:
        name = below.pop()
        if name not in seen:
            seen.add(name)
            shape = shapes[name]
            assert shape['type'] in api_models.TYPES, name
            if 'pattern' in shape:
                api_models.compiled(shape['pattern'])
            below += [member['shape'] for member in shape.get('members', {}).values()]
            below += [shape[part]['shape'] for part in ('member', 'key', 'value') if part in shape]
";
    let output = python().args(["-c", program]).output().unwrap();
    assert!(output.status.success() && text(&output).is_empty(), "{}", text(&output));
}
