//! What SageMaker rejects in a resolved template is reported, and points to the parameter that
//! caused it.

use serde_json::{Map, Value as Json, json};
use stage_config::{Layer, Place, Problem, ResolvedTemplate, ResourceRules, Severity, check_resources};

#[path = "resource_cases/scaling.rs"]
mod scaling;

/// A valid endpoint with the changes of a test merged into it; null removes.
fn template(changes: &Json) -> Json {
    let mut template = json!({
        "Parameters": { "ModelPackageName": {} },
        "Conditions": {},
        "Resources": {
            "Model": { "Type": "AWS::SageMaker::Model", "Properties": { "PrimaryContainer": { "ModelPackageName": { "Ref": "ModelPackageName" } } } },
            "Config": { "Type": "AWS::SageMaker::EndpointConfig", "Properties": { "ProductionVariants": [{
                "VariantName": "AllTraffic",
                "ModelName": { "Fn::GetAtt": ["Model", "ModelName"] },
                "InitialInstanceCount": 4,
                "InstanceType": "ml.m5.large",
                "InitialVariantWeight": 1,
            }] } },
            "Endpoint": { "Type": "AWS::SageMaker::Endpoint", "Properties": {
                "EndpointName": "iris-staging",
                "EndpointConfigName": { "Fn::GetAtt": ["Config", "EndpointConfigName"] },
            } },
        },
    });
    overlay(&mut template, changes);
    template
}

fn overlay(below: &mut Json, above: &Json) {
    match (below, above) {
        (Json::Object(below), Json::Object(above)) => {
            for (name, value) in above {
                if value.is_null() {
                    below.remove(name);
                } else {
                    overlay(below.entry(name).or_insert(json!({})), value);
                }
            }
        }
        (Json::Array(below), Json::Object(above)) if above.keys().all(|key| key.parse::<usize>().is_ok()) => {
            for (index, value) in above {
                overlay(&mut below[index.parse::<usize>().unwrap()], value);
            }
        }
        (below, above) => *below = above.clone(),
    }
}

/// Substitutes the values of parameters: as much resolution as these tests need.
fn resolve(value: &Json, parameters: &Map<String, Json>) -> Json {
    match value {
        Json::Object(members) => match members.get("Ref").and_then(Json::as_str).and_then(|name| parameters.get(name)) {
            Some(value) => value.clone(),
            None => Json::Object(members.iter().map(|(name, member)| (name.clone(), resolve(member, parameters))).collect()),
        },
        Json::Array(items) => items.iter().map(|item| resolve(item, parameters)).collect(),
        other => other.clone(),
    }
}

fn findings(changes: &Json, rules: &ResourceRules) -> Vec<Problem> {
    let template = template(changes);
    check_resources(ResolvedTemplate::new(&template, &template), &Layer::default(), rules)
}

#[track_caller]
fn rejected(changes: &Json, message: &str) {
    expect(Severity::Error, changes, &ResourceRules::default(), message);
}

#[track_caller]
fn warned(changes: &Json, message: &str) {
    expect(Severity::Warning, changes, &ResourceRules::default(), message);
}

#[track_caller]
fn expect(severity: Severity, changes: &Json, rules: &ResourceRules, message: &str) {
    let found = findings(changes, rules);
    assert!(found.iter().any(|problem| problem.severity == severity && problem.message.contains(message)), "{message}\n{found:#?}");
    assert!(found.iter().all(|problem| problem.place.is_some()), "{found:#?}");
}

#[track_caller]
fn accepted(changes: &Json) {
    let found = findings(changes, &ResourceRules { production: true, ..ResourceRules::default() });
    assert!(found.is_empty(), "{found:#?}");
}

fn variant(changes: &Json) -> Json {
    json!({ "Resources": { "Config": { "Properties": { "ProductionVariants": { "0": changes } } } } })
}

fn config(changes: &Json) -> Json {
    json!({ "Resources": { "Config": { "Properties": changes } } })
}

fn endpoint(changes: &Json) -> Json {
    json!({ "Resources": { "Endpoint": { "Properties": changes } } })
}

fn model(changes: &Json) -> Json {
    json!({ "Resources": { "Model": { "Properties": changes } } })
}

fn one_variant(name: &str, weight: impl Into<Json>) -> Json {
    let weight: Json = weight.into();
    json!({ "VariantName": name, "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": weight })
}

#[test]
fn a_valid_endpoint_is_accepted() {
    accepted(&json!({}));
}

#[test]
fn instances_of_a_variant_have_a_type_and_limits() {
    for (changes, message) in [
        (json!({ "InitialInstanceCount": 0 }), "`InitialInstanceCount` of variant `AllTraffic` is 0; it must be at least 1"),
        (json!({ "InitialInstanceCount": "1.5" }), "at least 1 and a whole number"),
        (json!({ "InitialInstanceCount": "many" }), "is `many`, not a number"),
        (json!({ "InitialInstanceCount": null }), "has no `InitialInstanceCount`"),
        (json!({ "InstanceType": null }), "has no `InstanceType`"),
        (json!({ "InstanceType": "m5.large" }), "is `m5.large`, which is not an instance type"),
        (json!({ "InitialVariantWeight": -1 }), "is -1; it must be at least 0"),
        (json!({ "InitialVariantWeight": 0 }), "no variant receives requests"),
        (json!({ "VariantName": "All Traffic" }), "is not a valid variant name"),
        (json!({ "VolumeSizeInGB": 513 }), "is 513; it must be 1 to 512"),
        (json!({ "ModelDataDownloadTimeoutInSeconds": 59 }), "it must be 60 to 3600"),
        (json!({ "ContainerStartupHealthCheckTimeoutInSeconds": 3601 }), "it must be 60 to 3600"),
        (json!({ "ManagedInstanceScaling": { "MinInstanceCount": 3, "MaxInstanceCount": 2 } }), "the minimum is above the maximum"),
        (json!({ "InstancePools": [1, 2, 3, 4, 5, 6] }), "has 6 instance pools"),
        (json!({ "ModelName": null }), "has no `ModelName`, and endpoint configuration"),
    ] {
        rejected(&variant(&changes), message);
    }
    warned(&variant(&json!({ "InstanceType": "ml.m55.large" })), "unknown instance type");
    warned(&variant(&json!({ "RoutingConfig": { "RoutingStrategy": "FASTEST" } })), "which is unknown");
    warned(&variant(&json!({ "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 50 })), "has `VolumeSizeInGB`, but");
    accepted(&variant(
        &json!({ "InstanceType": "ml.inf2.xlarge", "RoutingConfig": { "RoutingStrategy": "RANDOM" }, "VolumeSizeInGB": "512" }),
    ));
}

#[test]
fn there_are_one_to_ten_variants_with_unique_names_and_some_traffic() {
    let many = |count: usize| (0..count).map(|index| one_variant(&format!("v{index}"), 1)).collect::<Vec<_>>();
    rejected(&config(&json!({ "ProductionVariants": [] })), "has 0 members in `ProductionVariants`");
    rejected(&config(&json!({ "ProductionVariants": many(11) })), "SageMaker allows 1 to 10");
    accepted(&config(&json!({ "ProductionVariants": many(10) })));
    rejected(&config(&json!({ "ProductionVariants": null })), "has no `ProductionVariants`");
    let twice = json!({ "ProductionVariants": [one_variant("a", 1), one_variant("a", 1)] });
    rejected(&config(&twice), "two variants have the name `a`");
    let idle = json!({ "ProductionVariants": [one_variant("a", 0), one_variant("b", "0.0")] });
    rejected(&config(&idle), "has the weight 0");
    accepted(&config(&json!({ "ProductionVariants": [one_variant("a", 0), one_variant("b", 1)] })));
}

#[test]
fn a_shadow_test_has_one_variant_of_each_kind() {
    accepted(&config(&json!({ "ShadowProductionVariants": [one_variant("shadow", 1)] })));
    rejected(
        &config(&json!({ "ShadowProductionVariants": [one_variant("s1", 1), one_variant("s2", 1)] })),
        "1 production and 2 shadow variants",
    );
    let two = json!({
        "ProductionVariants": [one_variant("a", 1), one_variant("b", 1)],
        "ShadowProductionVariants": [one_variant("s", 1)],
    });
    rejected(&config(&two), "2 production and 1 shadow");
    rejected(&config(&json!({ "ShadowProductionVariants": [one_variant("AllTraffic", 1)] })), "two variants have the name");
}

fn serverless(changes: &Json) -> Json {
    let mut serverless = json!({ "MemorySizeInMB": 2048, "MaxConcurrency": 20 });
    overlay(&mut serverless, changes);
    variant(&json!({ "InitialInstanceCount": null, "InstanceType": null, "ServerlessConfig": serverless }))
}

#[test]
fn serverless_variants_have_their_own_limits_and_no_instances() {
    accepted(&serverless(&json!({ "ProvisionedConcurrency": "20" })));
    for (changes, message) in [
        (json!({ "MemorySizeInMB": 1000 }), "it must be 1024 to 6144"),
        (json!({ "MemorySizeInMB": 7168 }), "it must be 1024 to 6144"),
        (json!({ "MemorySizeInMB": 1536 }), "it must be a multiple of 1024"),
        (json!({ "MemorySizeInMB": null }), "has no `MemorySizeInMB`"),
        (json!({ "MaxConcurrency": 0 }), "it must be 1 to 200"),
        (json!({ "MaxConcurrency": 201 }), "it must be 1 to 200"),
        (json!({ "MaxConcurrency": null }), "has no `MaxConcurrency`"),
        (json!({ "ProvisionedConcurrency": 21 }), "more than its `MaxConcurrency` 20"),
        (json!({ "ProvisionedConcurrency": 0 }), "it must be 1 to 200"),
    ] {
        rejected(&serverless(&changes), message);
    }
    let both = json!({ "ServerlessConfig": { "MemorySizeInMB": 2048, "MaxConcurrency": 20 } });
    rejected(&variant(&both), "is serverless but has `InstanceType`");
    rejected(&variant(&both), "is serverless but has `InitialInstanceCount`");
}

#[test]
fn features_that_serverless_does_not_support_are_rejected() {
    let with = |changes: &Json| {
        let mut all = serverless(&json!({}));
        overlay(&mut all, changes);
        all
    };
    let capture = json!({ "InitialSamplingPercentage": 1, "DestinationS3Uri": "s3://b", "CaptureOptions": [{ "CaptureMode": "Input" }] });
    rejected(&with(&config(&json!({ "DataCaptureConfig": capture }))), "has `DataCaptureConfig`");
    rejected(&with(&model(&json!({ "VpcConfig": { "Subnets": ["a"], "SecurityGroupIds": ["b"] } }))), "has a `VpcConfig`");
    expect(
        Severity::Warning,
        &with(&model(&json!({ "EnableNetworkIsolation": "true" }))),
        &ResourceRules::default(),
        "has network isolation",
    );
    let canary = json!({ "DeploymentConfig": { "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": { "Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0 } } } });
    rejected(&with(&endpoint(&canary)), "deployment guardrails do not apply");
}

#[test]
fn asynchronous_inference_has_an_output_and_a_limit() {
    let asynchronous = |changes: &Json| {
        let mut asynchronous = json!({ "OutputConfig": { "S3OutputPath": "s3://bucket/out" } });
        overlay(&mut asynchronous, changes);
        config(&json!({ "AsyncInferenceConfig": asynchronous }))
    };
    accepted(&asynchronous(&json!({ "ClientConfig": { "MaxConcurrentInvocationsPerInstance": 1000 } })));
    rejected(&asynchronous(&json!({ "ClientConfig": { "MaxConcurrentInvocationsPerInstance": 1001 } })), "it must be 1 to 1000");
    rejected(&asynchronous(&json!({ "OutputConfig": null })), "has no `OutputConfig`");
    rejected(&asynchronous(&json!({ "OutputConfig": { "S3OutputPath": "bucket/out" } })), "not an S3 URI");
    rejected(
        &asynchronous(&json!({ "OutputConfig": { "S3FailurePath": format!("s3://b/{}", "x".repeat(512)) } })),
        "at most 512 characters",
    );
}

#[test]
fn data_capture_has_a_percentage_a_destination_and_modes() {
    let capture = |changes: &Json| {
        let mut capture = json!({ "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://bucket/capture", "CaptureOptions": [{ "CaptureMode": "Input" }] });
        overlay(&mut capture, changes);
        config(&json!({ "DataCaptureConfig": capture }))
    };
    accepted(&capture(&json!({ "InitialSamplingPercentage": "0" })));
    rejected(&capture(&json!({ "InitialSamplingPercentage": 101 })), "it must be 0 to 100");
    rejected(&capture(&json!({ "DestinationS3Uri": "bucket" })), "not an S3 URI");
    rejected(&capture(&json!({ "DestinationS3Uri": null })), "has no `DestinationS3Uri`");
    rejected(&capture(&json!({ "CaptureOptions": [] })), "has 0 members");
    rejected(&capture(&json!({ "CaptureOptions": [{ "CaptureMode": "Both" }] })), "not one of Input, Output, InputAndOutput");
}

#[test]
fn networks_and_environments_of_models_are_within_limits() {
    let vpc = |subnets: usize, groups: usize| {
        model(&json!({ "VpcConfig": { "Subnets": vec!["s"; subnets], "SecurityGroupIds": vec!["g"; groups] } }))
    };
    accepted(&vpc(16, 5));
    rejected(&vpc(17, 1), "`Subnets` of model `Model` has 17 members");
    rejected(&vpc(1, 6), "SageMaker allows 1 to 5");
    rejected(&vpc(0, 1), "has 0 members");
    accepted(&model(&json!({ "VpcConfig": { "Subnets": { "Fn::Split": [",", { "Ref": "Unknown" }] }, "SecurityGroupIds": ["g"] } })));
    let environment = |count: usize, length: usize| {
        let variables: Map<String, Json> = (0..count).map(|index| (format!("V{index:03}"), "x".repeat(length).into())).collect();
        model(&json!({ "PrimaryContainer": { "Environment": variables } }))
    };
    accepted(&environment(100, 100));
    rejected(&environment(101, 1), "has 101 variables");
    rejected(&environment(1, 1025), "longer than 1024 bytes");
    rejected(&environment(40, 1000), "SageMaker allows 32768");
    accepted(&model(&json!({ "PrimaryContainer": { "Image": "a".repeat(255), "ModelDataUrl": "s3://bucket/model.tar.gz" } })));
    rejected(&model(&json!({ "PrimaryContainer": { "Image": "a".repeat(256) } })), "not a valid image path");
    rejected(&model(&json!({ "PrimaryContainer": { "Image": "a b" } })), "not a valid image path");
    rejected(&model(&json!({ "PrimaryContainer": { "ModelDataUrl": format!("s3://b/{}", "x".repeat(1024)) } })), "at most 1024 characters");
    warned(&model(&json!({ "ModelName": "iris" })), "has the fixed name `iris`");
    rejected(&model(&json!({ "ModelName": "iris_1" })), "not a valid name");
    warned(&config(&json!({ "EndpointConfigName": "iris" })), "has the fixed name");
}

#[test]
fn an_endpoint_name_has_at_most_63_characters() {
    accepted(&endpoint(&json!({ "EndpointName": "a".repeat(63) })));
    rejected(&endpoint(&json!({ "EndpointName": "a".repeat(64) })), "it has 64 characters");
    rejected(&endpoint(&json!({ "EndpointName": "iris_1" })), "cannot be the name of an endpoint");
    accepted(&endpoint(&json!({ "EndpointName": { "Fn::Sub": "${Unknown}" } })));
}

#[test]
fn endpoint_names_must_not_differ_in_case_only() {
    let second =
        |name: &str| json!({ "Resources": { "Second": { "Type": "AWS::SageMaker::Endpoint", "Properties": { "EndpointName": name } } } });
    accepted(&second("iris-staging-2"));
    rejected(&second("Iris-Staging"), "two endpoints have the name `Iris-Staging`");
    let mut conditional = second("Iris-Staging");
    overlay(&mut conditional, &json!({ "Resources": { "Second": { "Condition": "Other" } } }));
    accepted(&conditional);
    overlay(&mut conditional, &json!({ "Conditions": { "Other": true } }));
    rejected(&conditional, "two endpoints have the name `Iris-Staging`");
}

#[test]
fn tags_of_resources_follow_the_rules_of_sagemaker() {
    let tags = |tags: Json| endpoint(&json!({ "Tags": tags }));
    accepted(&tags(json!([{ "Key": "team", "Value": "" }, { "Key": "stage", "Value": { "Ref": "Unknown" } }])));
    rejected(&tags(json!([{ "Key": "aws:x", "Value": "1" }])), "`aws:x` is not a valid tag key");
    rejected(&tags(json!([{ "Key": "k".repeat(129), "Value": "1" }])), "is not a valid tag key");
    rejected(&tags(json!([{ "Key": "team", "Value": "v".repeat(257) }])), "a value of 257 characters");
    rejected(&tags(json!([{ "Key": "team", "Value": "a" }, { "Key": "team", "Value": "b" }])), "has the tag `team` twice");
    let many: Vec<Json> = (0..51).map(|index| json!({ "Key": format!("k{index}"), "Value": "" })).collect();
    rejected(&config(&json!({ "Tags": many })), "has 51 tags");
}

fn blue_green(routing: &Json, policy: &Json) -> Json {
    let mut all = json!({ "TrafficRoutingConfiguration": { "Type": "CANARY", "WaitIntervalInSeconds": 600, "CanarySize": { "Type": "INSTANCE_COUNT", "Value": 2 } } });
    overlay(&mut all["TrafficRoutingConfiguration"], routing);
    overlay(&mut all, policy);
    endpoint(
        &json!({ "DeploymentConfig": { "BlueGreenUpdatePolicy": all, "AutoRollbackConfiguration": { "Alarms": [{ "AlarmName": "errors" }] } } }),
    )
}

fn rolling(policy: &Json) -> Json {
    let mut all = json!({ "MaximumBatchSize": { "Type": "CAPACITY_PERCENT", "Value": 25 }, "WaitIntervalInSeconds": 600 });
    overlay(&mut all, policy);
    endpoint(
        &json!({ "DeploymentConfig": { "RollingUpdatePolicy": all, "AutoRollbackConfiguration": { "Alarms": [{ "AlarmName": "errors" }] } } }),
    )
}

#[test]
fn a_canary_is_at_most_half_of_the_instances() {
    accepted(&blue_green(&json!({}), &json!({})));
    let canary = |kind: &str, value: i64| blue_green(&json!({ "CanarySize": { "Type": kind, "Value": value } }), &json!({}));
    rejected(&canary("INSTANCE_COUNT", 3), "is 3 of the 4 instances of variant `AllTraffic`, 75 %; SageMaker allows 1 to 50 %");
    rejected(&canary("INSTANCE_COUNT", 0), "it must be at least 1");
    rejected(&canary("CAPACITY_PERCENT", 51), "it must be 1 to 50");
    accepted(&canary("CAPACITY_PERCENT", 50));
    rejected(&canary("PERCENT", 10), "not one of INSTANCE_COUNT, CAPACITY_PERCENT");
    let mut alone = canary("INSTANCE_COUNT", 1);
    overlay(&mut alone, &variant(&json!({ "InitialInstanceCount": 1 })));
    rejected(&alone, "is 1 of the 1 instance of variant `AllTraffic`");
    let mut alone = canary("CAPACITY_PERCENT", 10);
    overlay(&mut alone, &variant(&json!({ "InitialInstanceCount": 1 })));
    warned(&alone, "has one instance");
    rejected(&blue_green(&json!({ "CanarySize": null }), &json!({})), "has no `CanarySize`");
    rejected(&blue_green(&json!({ "Type": "ALL_AT_ONCE" }), &json!({})), "has `CanarySize`, but its `Type` is ALL_AT_ONCE");
    rejected(&blue_green(&json!({ "Type": "ROLLING" }), &json!({})), "not one of ALL_AT_ONCE, CANARY, LINEAR");
}

#[test]
fn scaled_variants_have_at_least_their_minimum_of_instances() {
    let scaled = |least: i64, kind: &str| {
        let mut all = blue_green(&json!({}), &json!({}));
        overlay(&mut all, &variant(&json!({ "InitialInstanceCount": 2, "InstanceType": kind })));
        overlay(
            &mut all,
            &json!({ "Resources": { "Scaling": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "MinCapacity": least, "MaxCapacity": 6,
            "ResourceId": "endpoint/iris-staging/variant/AllTraffic",
        } }, "Endpoint": { "Properties": { "RetainAllVariantProperties": true } } } }),
        );
        all
    };
    accepted(&scaled(4, "ml.m5.large"));
    rejected(&scaled(2, "ml.m5.large"), "is 2 of the 2 instances");
    rejected(&scaled(7, "ml.m5.large"), "scales between 7 and 6");
    rejected(&scaled(4, "ml.t2.medium"), "does not support it");
    rejected(&scaled(0, "ml.m5.large"), "scales to 0 instances");
    let mut asynchronous = scaled(0, "ml.m5.large");
    overlay(&mut asynchronous, &config(&json!({ "AsyncInferenceConfig": { "OutputConfig": {} } })));
    overlay(&mut asynchronous, &endpoint(&json!({ "DeploymentConfig": null })));
    accepted(&asynchronous);
}

#[test]
fn linear_steps_are_ten_to_fifty_percent_and_rolling_batches_five_to_fifty() {
    let linear = |kind: &str, value: i64| {
        blue_green(&json!({ "Type": "LINEAR", "CanarySize": null, "LinearStepSize": { "Type": kind, "Value": value } }), &json!({}))
    };
    accepted(&linear("CAPACITY_PERCENT", 10));
    rejected(&linear("CAPACITY_PERCENT", 9), "it must be 10 to 50");
    rejected(&linear("CAPACITY_PERCENT", 51), "it must be 10 to 50");
    accepted(&linear("INSTANCE_COUNT", 1));
    rejected(&linear("INSTANCE_COUNT", 3), "SageMaker allows 10 to 50 %");
    let mut large = linear("INSTANCE_COUNT", 1);
    overlay(&mut large, &variant(&json!({ "InitialInstanceCount": 11 })));
    rejected(&large, "is 1 of the 11 instances");
    let batch = |kind: &str, value: i64| rolling(&json!({ "MaximumBatchSize": { "Type": kind, "Value": value } }));
    accepted(&batch("CAPACITY_PERCENT", 5));
    rejected(&batch("CAPACITY_PERCENT", 4), "it must be 5 to 50");
    rejected(&batch("INSTANCE_COUNT", 3), "SageMaker allows 5 to 50 %");
    accepted(&rolling(&json!({ "RollbackMaximumBatchSize": { "Type": "CAPACITY_PERCENT", "Value": 100 } })));
    rejected(&rolling(&json!({ "RollbackMaximumBatchSize": { "Type": "CAPACITY_PERCENT", "Value": 101 } })), "it must be 1 to 100");
}

#[test]
fn waits_and_timeouts_have_limits_and_the_timeout_exceeds_all_waits() {
    rejected(&blue_green(&json!({ "WaitIntervalInSeconds": 3601 }), &json!({})), "it must be 0 to 3600");
    rejected(&blue_green(&json!({}), &json!({ "TerminationWaitInSeconds": 3601 })), "it must be 0 to 3600");
    rejected(&blue_green(&json!({}), &json!({ "MaximumExecutionTimeoutInSeconds": 599 })), "it must be 600 to 28800");
    rejected(&blue_green(&json!({}), &json!({ "MaximumExecutionTimeoutInSeconds": 28801 })), "it must be 600 to 28800");
    let timeout = |seconds: i64| json!({ "TerminationWaitInSeconds": 300, "MaximumExecutionTimeoutInSeconds": seconds });
    rejected(&blue_green(&json!({}), &timeout(900)), "is 900, but its waits take 900 seconds");
    accepted(&blue_green(&json!({}), &timeout(901)));
    let linear = json!({ "Type": "LINEAR", "CanarySize": null, "LinearStepSize": { "Type": "CAPACITY_PERCENT", "Value": 25 } });
    rejected(&blue_green(&linear, &timeout(2100)), "its waits take 2100 seconds");
    accepted(&blue_green(&linear, &timeout(2101)));
    rejected(&rolling(&json!({ "MaximumExecutionTimeoutInSeconds": 2400 })), "its waits take 2400 seconds");
    accepted(&rolling(&json!({ "MaximumExecutionTimeoutInSeconds": 2401 })));
    rejected(&blue_green(&json!({ "WaitIntervalInSeconds": null }), &json!({})), "has no `WaitIntervalInSeconds`");
}

#[test]
fn what_only_the_api_requires_is_a_warning() {
    let all_at_once =
        |wait: Json| blue_green(&json!({ "Type": "ALL_AT_ONCE", "CanarySize": null, "WaitIntervalInSeconds": wait }), &json!({}));
    accepted(&all_at_once(json!(0)));
    accepted(&all_at_once(json!({ "Fn::GetAtt": ["Wait", "Seconds"] })));
    warned(&all_at_once(json!(null)), "`BlueGreenUpdatePolicy` of endpoint `Endpoint` has no `WaitIntervalInSeconds`");
    warned(&variant(&json!({ "RoutingConfig": {} })), "`RoutingConfig` of variant `AllTraffic` has no `RoutingStrategy`");
    let excluded = |items: Json| endpoint(&json!({ "ExcludeRetainedVariantProperties": items }));
    accepted(&excluded(json!([{ "VariantPropertyType": "DesiredWeight" }])));
    warned(&excluded(json!([{}])), "`ExcludeRetainedVariantProperties` of endpoint `Endpoint` has no `VariantPropertyType`");
}

#[test]
fn a_deployment_has_one_policy_and_one_to_ten_alarms() {
    let mut both = blue_green(&json!({}), &json!({}));
    overlay(&mut both, &rolling(&json!({})));
    rejected(&both, "has two update policies");
    warned(
        &endpoint(&json!({ "DeploymentConfig": { "AutoRollbackConfiguration": { "Alarms": [{ "AlarmName": "a" }] } } })),
        "has no update policy",
    );
    let alarms = |alarms: Json| {
        let mut all = blue_green(&json!({}), &json!({}));
        overlay(&mut all, &endpoint(&json!({ "DeploymentConfig": { "AutoRollbackConfiguration": { "Alarms": alarms } } })));
        all
    };
    accepted(&alarms(vec![json!({ "AlarmName": "a".repeat(255) }); 10].into()));
    rejected(&alarms(vec![json!({ "AlarmName": "a" }); 11].into()), "has 11 members");
    rejected(&alarms(json!([])), "has 0 members");
    rejected(&alarms(json!([{ "AlarmName": "a".repeat(256) }])), "is not a valid alarm name");
    rejected(&alarms(json!([{}])), "has no `AlarmName`");
    warned(
        &endpoint(
            &json!({ "DeploymentConfig": { "AutoRollbackConfiguration": null, "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": {
        "Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": { "Type": "CAPACITY_PERCENT", "Value": 25 } } } } }),
        ),
        "no alarm can stop the deployment",
    );
    let mut inferentia = blue_green(&json!({}), &json!({}));
    overlay(&mut inferentia, &variant(&json!({ "InstanceType": "ml.inf1.xlarge" })));
    warned(&inferentia, "has no deployment guardrails");
    let mut several = rolling(&json!({}));
    overlay(&mut several, &config(&json!({ "ProductionVariants": [one_variant("a", 1), one_variant("b", 1)] })));
    rejected(&several, "supports only one");
}

#[test]
fn stage_and_model_package_restrict_the_instance_type() {
    let production = ResourceRules { production: true, ..ResourceRules::default() };
    let burstable = variant(&json!({ "InstanceType": "ml.t2.medium" }));
    expect(Severity::Warning, &burstable, &production, "burstable instance type in a production stage");
    assert!(findings(&burstable, &ResourceRules::default()).is_empty());
    warned(
        &{
            let mut all = config(&json!({ "KmsKeyId": "arn:aws:kms:us-east-1:111111111111:key/1" }));
            overlay(&mut all, &variant(&json!({ "InstanceType": "ml.g4dn.xlarge" })));
            all
        },
        "`KmsKeyId` does not cover",
    );
    let supported = |types: &[&str]| ResourceRules {
        supported_instance_types: types.iter().map(|name| (*name).to_owned()).collect(),
        ..ResourceRules::default()
    };
    expect(Severity::Error, &json!({}), &supported(&["ml.c5.large", "ml.m5.xlarge"]), "does not support `ml.m5.large`");
    assert!(findings(&json!({}), &supported(&["ml.m5.large"])).is_empty());
}

#[test]
fn values_that_only_aws_knows_are_never_wrong() {
    let unknown = json!({ "Fn::ImportValue": "x" });
    accepted(&variant(&json!({
        "InitialInstanceCount": null, "InstanceType": null, "ServerlessConfig": unknown, "VolumeSizeInGB": { "Ref": "Ssm" },
    })));
    accepted(&variant(&json!({ "InstanceType": "{{resolve:ssm:type}}" })));
    accepted(&endpoint(&json!({ "DeploymentConfig": { "Fn::If": ["Unknown", 1, 2] } })));
    accepted(&config(&json!({ "ProductionVariants": { "Ref": "List" } })));
}

/// The findings for a template with parameters.
fn placed(changes: &Json, parameters: &Json, file: &str, rules: &ResourceRules) -> Vec<Problem> {
    let template = template(changes);
    let mut resolved = resolve(&template, parameters.as_object().unwrap());
    if let Some(truths) = changes.get("Truths") {
        resolved["Conditions"] = truths.clone();
    }
    check_resources(ResolvedTemplate::new(&template, &resolved), &Layer::from_stage_file(file, "stage.json".as_ref()).unwrap(), rules)
}

#[test]
fn a_finding_points_to_the_stage_file_else_the_default_else_the_template() {
    let changes = json!({
        "Parameters": { "Count": { "Type": "Number", "Default": 0 } },
        "Resources": { "Config": { "Properties": { "ProductionVariants": { "0": { "InitialInstanceCount": { "Ref": "Count" }, "VolumeSizeInGB": 0 } } } } },
    });
    let file = "[\n  { \"ParameterKey\": \"Count\",\n    \"ParameterValue\": \"0\" }\n]";
    let rules = ResourceRules::default();
    let found = placed(&changes, &json!({ "Count": "0" }), file, &rules);
    let place = |text: &str| found.iter().find(|problem| problem.message.contains(text)).and_then(|problem| problem.place.clone()).unwrap();
    assert_eq!(place("InitialInstanceCount").to_string(), "stage.json:3:23");
    assert!(found.iter().any(|problem| problem.message.ends_with("(from the parameter `Count`)")), "{found:#?}");
    let in_template = "template /Resources/Config/Properties/ProductionVariants/0/VolumeSizeInGB";
    assert_eq!(place("VolumeSizeInGB").to_string(), in_template);
    let found = placed(&changes, &json!({ "Count": "0" }), "[]", &rules);
    let defaults: Vec<_> =
        found.iter().filter(|problem| problem.place == Some(Place::Template { pointer: "/Parameters/Count/Default".to_owned() })).collect();
    assert_eq!(defaults.len(), 1);
}

#[test]
fn a_secret_in_an_invalid_value_is_not_repeated() {
    let changes = json!({
        "Parameters": { "Token": { "NoEcho": true } },
        "Resources": { "Endpoint": { "Properties": { "EndpointName": { "Ref": "Token" } } } },
    });
    let found = placed(
        &changes,
        &json!({ "Token": "hunter_2" }),
        r#"[{ "ParameterKey": "Token", "ParameterValue": "hunter_2" }]"#,
        &ResourceRules::default(),
    );
    assert_eq!(found.len(), 1);
    assert!(!format!("{found:?}").contains("hunter_2"), "{found:?}");
}

#[test]
fn values_that_are_not_known_yet_cause_no_finding() {
    let changes = json!({
        "Parameters": { "Name": {}, "Package": {} },
        "Resources": { "Endpoint": { "Properties": { "EndpointName": { "Ref": "Package" } } } },
    });
    let rules = ResourceRules { not_known: ["Package".to_owned()].into(), ..ResourceRules::default() };
    assert!(placed(&changes, &json!({ "Package": "arn:aws:…" }), "[]", &rules).is_empty());
    assert_eq!(placed(&changes, &json!({ "Package": "arn:aws:…" }), "[]", &ResourceRules::default()).len(), 1);
    // A missing property next to it is known.
    let mut missing = config(&json!({ "Tags": [{ "Key": "name", "Value": { "Ref": "Package" } }], "ProductionVariants": null }));
    missing["Parameters"] = changes["Parameters"].clone();
    let found = placed(&missing, &json!({ "Package": "x" }), "[]", &rules);
    assert!(found.len() == 1 && found[0].message.ends_with("has no `ProductionVariants`"), "{found:?}");
}

#[test]
fn a_finding_about_presence_points_to_the_deciding_parameter() {
    let canary =
        json!({ "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": { "Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0 } } });
    let mut changes = serverless(&json!({}));
    overlay(
        &mut changes,
        &json!({ "Parameters": { "Strategy": {} }, "Conditions": { "Guarded": { "Fn::Equals": [{ "Ref": "Strategy" }, "canary"] } } }),
    );
    let mut with_canary = changes.clone();
    overlay(&mut with_canary, &endpoint(&json!({ "DeploymentConfig": canary })));
    overlay(&mut changes, &endpoint(&json!({ "DeploymentConfig": { "Fn::If": ["Guarded", canary, { "Ref": "AWS::NoValue" }] } })));
    let mut resolved = template(&with_canary);
    resolved["Conditions"] = json!({ "Guarded": true });
    let file = r#"[{ "ParameterKey": "Strategy", "ParameterValue": "canary" }]"#;
    let layer = Layer::from_stage_file(file, "stage.json".as_ref()).unwrap();
    let found = check_resources(ResolvedTemplate::new(&template(&changes), &resolved), &layer, &ResourceRules::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].place.as_ref().unwrap().to_string(), "stage.json:1:50");
}
