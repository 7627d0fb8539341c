//! Several releases of the project's template through a stack set in two accounts.

use sandbox::stand_in::{Document, EndpointFailure, LEAST_TEMPLATE, StandIn};
use serde_json::json;

use super::{PROD, REGISTRY, STAGING, describe_endpoint, refused, served, start, start_unpatched};

const TEMPLATE: &str = include_str!("../../../../cfn-sm-endpoint-template.yml");
const SET: &str = "sagemaker-iris-p-abc123xyz-deploy-staging";
const ENDPOINT: &str = "iris-p-abc123xyz-staging";

fn package(version: u32) -> String {
    format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/{version}")
}

fn parameters(version: u32) -> Vec<(String, String)> {
    let package = package(version);
    let values = [
        ("SageMakerProjectName", "iris"),
        ("SageMakerProjectId", "p-abc123xyz"),
        ("EnvName", "ds"),
        ("EnvType", "staging"),
        ("ModelPackageName", &package),
        ("ExecutionRoleName", "SageMakerModelExecutionRole"),
        ("SageMakerSecurityGroupIds", "ds-staging-sagemaker-sg-ids"),
        ("SageMakerSubnetIds", "ds-staging-private-subnet-ids"),
        ("EndpointInstanceCount", "1"),
        ("EndpointInstanceType", "ml.m5.large"),
    ];
    let numbered = values.iter().enumerate().flat_map(|(index, (key, value))| {
        let place = format!("Parameters.member.{}", index + 1);
        [(format!("{place}.ParameterKey"), (*key).to_owned()), (format!("{place}.ParameterValue"), (*value).to_owned())]
    });
    numbered.collect()
}

fn with_network(aws: &StandIn, account: &str) {
    for (name, value) in [("ds-staging-sagemaker-sg-ids", "sg-1"), ("ds-staging-private-subnet-ids", "subnet-1,subnet-2")] {
        aws.call(account, "ssm", "PutParameter", &json!({ "Name": name, "Value": value, "Type": "StringList" })).unwrap();
    }
}

fn stack_set(aws: &StandIn, action: &str, version: u32) -> Document {
    stack_set_of(TEMPLATE, aws, action, version)
}

fn stack_set_of(template: &str, aws: &StandIn, action: &str, version: u32) -> Document {
    let parameters = parameters(version);
    let mut all = vec![("StackSetName", SET), ("TemplateBody", template)];
    all.extend(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    aws.query(REGISTRY, "cloudformation", action, &all).unwrap()
}

fn add_accounts(aws: &StandIn, accounts: &[&str]) -> Document {
    let names: Vec<String> = (1..=accounts.len()).map(|index| format!("Accounts.member.{index}")).collect();
    let mut all = vec![("StackSetName", SET), ("Regions.member.1", "us-east-1")];
    all.extend(names.iter().map(String::as_str).zip(accounts.iter().copied()));
    aws.query(REGISTRY, "cloudformation", "CreateStackInstances", &all).unwrap()
}

fn request(aws: &StandIn, action: &str, more: &[(&str, &str)]) -> Document {
    aws.query(REGISTRY, "cloudformation", action, &[&[("StackSetName", SET)], more].concat()).unwrap()
}

fn release(aws: &StandIn, accounts: &[&str]) {
    for account in accounts {
        with_network(aws, account);
    }
    stack_set(aws, "CreateStackSet", 1);
    add_accounts(aws, accounts);
}

/// With scaling, seven instances are retained in the next release; without, the stage's number is
/// set.
#[test]
fn a_release_keeps_the_instances_of_an_endpoint_that_scales() {
    for (most, kept) in [("8", 7), ("", 1)] {
        let aws = start();
        let undecided = "ScalingMaxInstanceCount:\n    Type: String\n    Description: The maximum number of instances for scaling; empty for no scaling\n    Default: ''";
        assert!(TEMPLATE.contains(undecided), "the template has another default");
        let template = TEMPLATE.replacen(undecided, &undecided.replace("''", &format!("'{most}'")), 1);
        with_network(&aws, STAGING);
        stack_set_of(&template, &aws, "CreateStackSet", 1);
        add_accounts(&aws, &[STAGING]);
        let scaled = json!({ "EndpointName": ENDPOINT, "DesiredWeightsAndCapacities": [{ "VariantName": "AllTraffic", "DesiredInstanceCount": 7 }] });
        aws.call(STAGING, "sagemaker", "UpdateEndpointWeightsAndCapacities", &scaled).unwrap();
        stack_set_of(&template, &aws, "UpdateStackSet", 2);
        assert_eq!(served(&aws, STAGING, ENDPOINT), package(2));
        let endpoint = describe_endpoint(&aws, STAGING, ENDPOINT).unwrap();
        assert_eq!(endpoint["ProductionVariants"][0]["DesiredInstanceCount"], kept, "{most}");
    }
}

#[test]
fn the_projects_template_deploys_unchanged() {
    let aws = start();
    release(&aws, &[REGISTRY, STAGING, PROD]);
    for account in [REGISTRY, STAGING, PROD] {
        assert_eq!(served(&aws, account, ENDPOINT), package(1));
        let endpoint = describe_endpoint(&aws, account, ENDPOINT).unwrap();
        let config = aws
            .call(account, "sagemaker", "DescribeEndpointConfig", &json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }))
            .unwrap();
        assert!(config.get("DataCaptureConfig").is_none() && config.get("KmsKeyId").is_none(), "{config}");
        assert_eq!(config["ProductionVariants"][0]["InitialInstanceCount"], 1);
        let model =
            aws.call(account, "sagemaker", "DescribeModel", &json!({ "ModelName": config["ProductionVariants"][0]["ModelName"] })).unwrap();
        assert_eq!(model["VpcConfig"], json!({ "SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"] }));
        assert_eq!(
            (&model["EnableNetworkIsolation"], &model["ExecutionRoleArn"]),
            (&json!(true), &json!(format!("arn:aws:iam::{account}:role/SageMakerModelExecutionRole")))
        );
    }
    let stacks = aws.query(STAGING, "cloudformation", "DescribeStacks", &[]).unwrap();
    assert_eq!(stacks.text("StackStatus").unwrap(), "CREATE_COMPLETE");
    assert!(stacks.text("StackName").unwrap().starts_with("StackSet-sagemaker-iris-p-abc123xyz-deploy-staging-"));
    assert!(stacks.texts("OutputValue").contains(&ENDPOINT.to_owned()));
    let subnets = stacks.each("member").into_iter().find(|member| member.text("ParameterKey").as_deref() == Some("SageMakerSubnetIds"));
    assert!(stacks.as_str().contains("<ResolvedValue>subnet-1,subnet-2</ResolvedValue>"), "{subnets:?} {}", stacks.as_str());
}

#[test]
fn a_second_release_replaces_the_package_in_every_account_and_deletes_the_first() {
    let aws = start();
    release(&aws, &[REGISTRY, STAGING, PROD]);
    let before = describe_endpoint(&aws, STAGING, ENDPOINT).unwrap();
    let operation = stack_set(&aws, "UpdateStackSet", 2).text("OperationId").unwrap();
    for account in [REGISTRY, STAGING, PROD] {
        assert_eq!(served(&aws, account, ENDPOINT), package(2));
        let count = |action: &str, list: &str| aws.call(account, "sagemaker", action, &json!({})).unwrap()[list].as_array().unwrap().len();
        assert_eq!((count("ListModels", "Models"), count("ListEndpoints", "Endpoints")), (1, 1));
    }
    let after = describe_endpoint(&aws, STAGING, ENDPOINT).unwrap();
    assert_eq!(before["CreationTime"], after["CreationTime"], "the endpoint was updated, not created again");
    assert_ne!(before["EndpointConfigName"], after["EndpointConfigName"]);
    let results = request(&aws, "ListStackSetOperationResults", &[("OperationId", &operation)]);
    assert_eq!(results.texts("Status"), ["SUCCEEDED"; 3]);
    assert_eq!(aws.query(PROD, "cloudformation", "DescribeStacks", &[]).unwrap().text("StackStatus").unwrap(), "UPDATE_COMPLETE");
}

#[test]
fn plain_moto_records_the_second_release_and_does_not_deploy_it() {
    let aws = start_unpatched();
    with_network(&aws, STAGING);
    stack_set_of(LEAST_TEMPLATE, &aws, "CreateStackSet", 1);
    add_accounts(&aws, &[STAGING]);
    stack_set_of(LEAST_TEMPLATE, &aws, "UpdateStackSet", 2);
    let endpoints = aws.call(STAGING, "sagemaker", "ListEndpoints", &json!({})).unwrap();
    let name = endpoints["Endpoints"][0]["EndpointName"].as_str().unwrap();
    assert_ne!(name, ENDPOINT);
    assert_eq!(served(&aws, STAGING, name), package(1));
}

#[test]
fn a_silent_rollback_keeps_the_old_package_in_one_account_although_the_stack_is_complete() {
    let aws = start();
    release(&aws, &[STAGING, PROD]);
    aws.silent_rollback(STAGING, ENDPOINT).unwrap();
    stack_set(&aws, "UpdateStackSet", 2);
    assert_eq!((served(&aws, STAGING, ENDPOINT), served(&aws, PROD, ENDPOINT)), (package(1), package(2)));
    assert_eq!(describe_endpoint(&aws, STAGING, ENDPOINT).unwrap()["EndpointStatus"], "InService");
    assert_eq!(aws.query(STAGING, "cloudformation", "DescribeStacks", &[]).unwrap().text("StackStatus").unwrap(), "UPDATE_COMPLETE");
    stack_set(&aws, "UpdateStackSet", 3);
    assert_eq!((served(&aws, STAGING, ENDPOINT), served(&aws, PROD, ENDPOINT)), (package(3), package(3)));
}

#[test]
fn without_tolerance_one_failure_cancels_the_remaining_instances() {
    let aws = start();
    with_network(&aws, STAGING);
    stack_set(&aws, "CreateStackSet", 1);
    let operation = add_accounts(&aws, &[PROD, STAGING]).text("OperationId").unwrap();
    assert_eq!(request(&aws, "DescribeStackSetOperation", &[("OperationId", &operation)]).text("Status").unwrap(), "FAILED");
    let results = request(&aws, "ListStackSetOperationResults", &[("OperationId", &operation)]);
    assert_eq!(results.texts("Status"), ["FAILED", "CANCELLED"]);
}

#[test]
fn operations_run_one_at_a_time_at_the_set_pace_and_a_known_id_starts_nothing() {
    let aws = start();
    for account in [STAGING, PROD] {
        with_network(&aws, account);
    }
    stack_set(&aws, "CreateStackSet", 1);
    aws.set_stack_set_pace(std::time::Duration::from_hours(1)).unwrap();
    let accounts = [("Accounts.member.1", PROD), ("Accounts.member.2", STAGING), ("Regions.member.1", "us-east-1"), ("OperationId", "one")];
    request(&aws, "CreateStackInstances", &accounts);
    let results = request(&aws, "ListStackSetOperationResults", &[("OperationId", "one")]);
    assert_eq!(results.texts("Status"), ["RUNNING", "PENDING"]);
    let refused = |parameters: &[(&str, &str)]| {
        let parameters = [&[("StackSetName", SET)], parameters].concat();
        aws.query(REGISTRY, "cloudformation", "CreateStackInstances", &parameters).unwrap_err().to_string()
    };
    assert!(refused(&accounts).contains("OperationIdAlreadyExistsException"), "{}", refused(&accounts));
    let other = [&accounts[..3], &[("OperationId", "two")]].concat();
    assert!(refused(&other).contains("OperationInProgressException"), "{}", refused(&other));
    aws.set_stack_set_pace(std::time::Duration::ZERO).unwrap();
    assert_eq!(request(&aws, "DescribeStackSetOperation", &[("OperationId", "one")]).text("Status").unwrap(), "SUCCEEDED");
    assert_eq!((served(&aws, STAGING, ENDPOINT), served(&aws, PROD, ENDPOINT)), (package(1), package(1)));
}

#[test]
fn only_the_account_without_network_parameters_fails_with_a_reason() {
    let aws = start();
    with_network(&aws, STAGING);
    stack_set(&aws, "CreateStackSet", 1);
    let tolerant = ("OperationPreferences.FailureToleranceCount", "1");
    let accounts = [("Accounts.member.1", PROD), ("Accounts.member.2", STAGING), ("Regions.member.1", "us-east-1"), tolerant];
    let operation = request(&aws, "CreateStackInstances", &accounts).text("OperationId").unwrap();
    assert_eq!(served(&aws, STAGING, ENDPOINT), package(1));
    let described = request(&aws, "DescribeStackSetOperation", &[("OperationId", &operation)]);
    assert_eq!(described.text("Status").unwrap(), "SUCCEEDED", "the failures are within the tolerance");
    let results = request(&aws, "ListStackSetOperationResults", &[("OperationId", &operation)]);
    assert_eq!(
        (results.texts("Account"), results.texts("Status")),
        (vec![PROD.to_owned(), STAGING.to_owned()], vec!["FAILED".to_owned(), "SUCCEEDED".to_owned()])
    );
    let reason = "Unable to fetch parameters [ds-staging-sagemaker-sg-ids] from parameter store for this account.";
    assert_eq!(results.texts("StatusReason"), [reason]);
    let instances = request(&aws, "ListStackInstances", &[("StackInstanceAccount", PROD)]);
    assert_eq!((instances.texts("Account"), instances.text("Status").unwrap()), (vec![PROD.to_owned()], "OUTDATED".to_owned()));

    // With the parameters, the next operation updates the account.
    with_network(&aws, PROD);
    stack_set(&aws, "UpdateStackSet", 2);
    assert_eq!((served(&aws, STAGING, ENDPOINT), served(&aws, PROD, ENDPOINT)), (package(2), package(2)));
}

#[test]
fn parameter_overrides_are_kept_by_an_update_of_the_set() {
    let aws = start();
    release(&aws, &[STAGING, PROD]);
    let pinned = package(9);
    let pin = [
        ("Accounts.member.1", PROD),
        ("Regions.member.1", "us-east-1"),
        ("ParameterOverrides.member.1.ParameterKey", "ModelPackageName"),
        ("ParameterOverrides.member.1.ParameterValue", &pinned),
    ];
    request(&aws, "UpdateStackInstances", &pin);
    stack_set(&aws, "UpdateStackSet", 2);
    assert_eq!((served(&aws, STAGING, ENDPOINT), served(&aws, PROD, ENDPOINT)), (package(2), pinned.clone()));
    let instance = request(&aws, "DescribeStackInstance", &[("StackInstanceAccount", PROD), ("StackInstanceRegion", "us-east-1")]);
    assert_eq!(instance.texts("ParameterValue"), [pinned]);
}

#[test]
fn an_unknown_ssm_parameter_is_a_validation_error() {
    let aws = start();
    let parameters = parameters(1);
    let mut all = vec![("StackName", "alone"), ("TemplateBody", TEMPLATE)];
    all.extend(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (status, code, message) = refused(aws.query(STAGING, "cloudformation", "CreateStack", &all));
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert!(message.starts_with("Unable to fetch parameters [ds-staging-"), "{message}");
}

#[test]
fn deleting_the_instances_deletes_the_endpoints() {
    let aws = start();
    release(&aws, &[STAGING, PROD]);
    request(&aws, "DeleteStackInstances", &[("Accounts.member.1", PROD), ("Regions.member.1", "us-east-1"), ("RetainStacks", "false")]);
    assert_eq!(refused(describe_endpoint(&aws, PROD, ENDPOINT)).0, 400);
    assert_eq!(served(&aws, STAGING, ENDPOINT), package(1));
    assert_eq!(request(&aws, "ListStackInstances", &[]).texts("Account"), [STAGING]);
}

#[test]
fn api_violations_fail_the_stack_with_their_reason_and_a_failed_update_keeps_the_old_resources() {
    let aws = start();
    release(&aws, &[STAGING]);
    for (right, wrong, resource, reason) in [
        (
            "                WaitIntervalInSeconds: !If [IsCanary, !Ref BakeSeconds, !If [IsLinear, !Ref BakeSeconds, 0]]\n",
            "",
            "ResourceLogicalId:SageMakerEndpoint, ResourceType:AWS::SageMaker::Endpoint",
            "Value null at 'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.waitIntervalInSeconds' failed to satisfy constraint: Member must not be null",
        ),
        (
            "InitialVariantWeight: !If [HasChallenger, 100, 1]",
            "InitialVariantWeight: -1",
            "ResourceLogicalId:SageMakerEndpointConfig, ResourceType:AWS::SageMaker::EndpointConfig",
            "Value '-1' at 'productionVariants.1.member.initialVariantWeight' failed to satisfy constraint: Member must have value greater than or equal to 0",
        ),
        (
            "ComparisonOperator: GreaterThanThreshold",
            "ComparisonOperator: Greater",
            "ResourceLogicalId:ErrorAlarm, ResourceType:AWS::CloudWatch::Alarm",
            "Value 'Greater' at 'comparisonOperator' failed to satisfy constraint: Member must satisfy enum value set: [GreaterThanOrEqualToThreshold, ",
        ),
    ] {
        assert!(TEMPLATE.contains(right), "{right}");
        let operation = stack_set_of(&TEMPLATE.replacen(right, wrong, 1), &aws, "UpdateStackSet", 2).text("OperationId").unwrap();
        let results = request(&aws, "ListStackSetOperationResults", &[("OperationId", &operation)]);
        assert_eq!(results.texts("Status"), ["FAILED"]);
        let reason_of_stack = results.text("StatusReason").unwrap();
        assert!(
            reason_of_stack.starts_with(resource)
                && reason_of_stack.contains("1 validation error detected: ")
                && reason_of_stack.contains(reason),
            "{reason_of_stack}"
        );
        assert_eq!(served(&aws, STAGING, ENDPOINT), package(1), "{resource}");
    }
    let stacks = aws.query(STAGING, "cloudformation", "DescribeStacks", &[]).unwrap();
    assert_eq!(stacks.text("StackStatus").unwrap(), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_failed_update_of_an_endpoint_is_rolled_back_and_a_failed_rollback_blocks_the_stack_until_it_is_continued() {
    let aws = start();
    release(&aws, &[STAGING]);
    let status = || aws.query(STAGING, "cloudformation", "DescribeStacks", &[]).unwrap().text("StackStatus").unwrap();
    let reason = |operation: &Document| {
        let id = operation.text("OperationId").unwrap();
        request(&aws, "ListStackSetOperationResults", &[("OperationId", &id)]).text("StatusReason")
    };
    let mut failure = EndpointFailure {
        account: STAGING.to_owned(),
        endpoint: ENDPOINT.to_owned(),
        reason: EndpointFailure::INSUFFICIENT_CAPACITY.to_owned(),
        ..EndpointFailure::default()
    };
    aws.fail_endpoint(&failure).unwrap();
    let failed = reason(&stack_set(&aws, "UpdateStackSet", 2)).unwrap();
    let expected =
        format!("ResourceLogicalId:SageMakerEndpoint, ResourceType:AWS::SageMaker::Endpoint, ResourceStatusReason:{}", failure.reason);
    assert!(failed.starts_with(&expected), "{failed}");
    assert_eq!((status().as_str(), served(&aws, STAGING, ENDPOINT)), ("UPDATE_ROLLBACK_COMPLETE", package(1)));
    // The next update is made.
    assert_eq!(reason(&stack_set(&aws, "UpdateStackSet", 2)), None);
    assert_eq!((status().as_str(), served(&aws, STAGING, ENDPOINT)), ("UPDATE_COMPLETE", package(2)));

    failure.rollback_reason = Some("Cannot update in-progress endpoint.".to_owned());
    aws.fail_endpoint(&failure).unwrap();
    stack_set(&aws, "UpdateStackSet", 3);
    assert_eq!((status().as_str(), served(&aws, STAGING, ENDPOINT)), ("UPDATE_ROLLBACK_FAILED", package(2)));
    let stacks = aws.query(STAGING, "cloudformation", "DescribeStacks", &[]).unwrap();
    let stack = stacks.text("StackId").unwrap();
    let events = aws.query(STAGING, "cloudformation", "DescribeStackEvents", &[("StackName", &stack)]).unwrap();
    let of_endpoint: Vec<_> = events
        .each("member")
        .into_iter()
        .filter(|event| event.text("LogicalResourceId").as_deref() == Some("SageMakerEndpoint"))
        .filter_map(|event| event.text("ResourceStatusReason"))
        .collect();
    assert_eq!(of_endpoint[..2], ["Cannot update in-progress endpoint.", EndpointFailure::INSUFFICIENT_CAPACITY]);
    let refused_update = reason(&stack_set(&aws, "UpdateStackSet", 3)).unwrap();
    assert_eq!(refused_update, format!("Stack:{stack} is in UPDATE_ROLLBACK_FAILED state and can not be updated."));

    aws.query(STAGING, "cloudformation", "ContinueUpdateRollback", &[("StackName", &stack)]).unwrap();
    assert_eq!((status().as_str(), served(&aws, STAGING, ENDPOINT)), ("UPDATE_ROLLBACK_COMPLETE", package(2)));
    assert_eq!(refused(aws.query(STAGING, "cloudformation", "ContinueUpdateRollback", &[("StackName", &stack)])).0, 400);
    assert_eq!(reason(&stack_set(&aws, "UpdateStackSet", 3)), None);
    assert_eq!(served(&aws, STAGING, ENDPOINT), package(3));
}

#[test]
fn an_endpoint_without_capacity_is_not_created_and_its_stack_is_created_again_by_the_next_operation() {
    let aws = start();
    let failure = EndpointFailure {
        account: STAGING.to_owned(),
        endpoint: ENDPOINT.to_owned(),
        reason: EndpointFailure::INSUFFICIENT_CAPACITY.to_owned(),
        ..EndpointFailure::default()
    };
    aws.fail_endpoint(&failure).unwrap();
    release(&aws, &[STAGING]);
    assert_eq!(refused(describe_endpoint(&aws, STAGING, ENDPOINT)).0, 400);
    let stacks = aws.query(STAGING, "cloudformation", "DescribeStacks", &[]).unwrap();
    assert_eq!(stacks.text("StackStatus").unwrap(), "ROLLBACK_COMPLETE");
    let instance = request(&aws, "DescribeStackInstance", &[("StackInstanceAccount", STAGING), ("StackInstanceRegion", "us-east-1")]);
    assert!(instance.text("StatusReason").unwrap().contains("InsufficientInstanceCapacity"));
    stack_set(&aws, "UpdateStackSet", 1);
    assert_eq!(served(&aws, STAGING, ENDPOINT), package(1));
}
