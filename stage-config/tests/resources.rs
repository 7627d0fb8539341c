//! What SageMaker refuses in a resolved template is found, and leads to the parameter that caused it.

use serde_json::{Map, Value as Json, json};
use stage_config::{Layer, Place, Problem, ResolvedTemplate, ResourceRules, Severity, check_resources};

/// A whole and right endpoint; what a test changes is merged into it, and null removes.
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

/// Puts the values of parameters in: as much of resolving as these tests need.
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
fn refused(changes: &Json, says: &str) {
    expect(Severity::Error, changes, &ResourceRules::default(), says);
}

#[track_caller]
fn warned(changes: &Json, says: &str) {
    expect(Severity::Warning, changes, &ResourceRules::default(), says);
}

#[track_caller]
fn expect(severity: Severity, changes: &Json, rules: &ResourceRules, says: &str) {
    let found = findings(changes, rules);
    assert!(found.iter().any(|problem| problem.severity == severity && problem.message.contains(says)), "{says}\n{found:#?}");
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
fn a_right_endpoint_is_accepted() {
    accepted(&json!({}));
}

#[test]
fn a_variant_has_instances_of_a_type_and_bounds() {
    for (changes, says) in [
        (json!({ "InitialInstanceCount": 0 }), "`InitialInstanceCount` of variant `AllTraffic` is 0; it is at least 1"),
        (json!({ "InitialInstanceCount": "1.5" }), "at least 1, and whole"),
        (json!({ "InitialInstanceCount": "many" }), "is `many`, not a number"),
        (json!({ "InitialInstanceCount": null }), "has no `InitialInstanceCount`"),
        (json!({ "InstanceType": null }), "has no `InstanceType`"),
        (json!({ "InstanceType": "m5.large" }), "is `m5.large`, which is no instance type"),
        (json!({ "InitialVariantWeight": -1 }), "is -1; it is at least 0"),
        (json!({ "InitialVariantWeight": 0 }), "none would get a request"),
        (json!({ "VariantName": "All Traffic" }), "cannot be the name of a variant"),
        (json!({ "VolumeSizeInGB": 513 }), "is 513; it is 1 to 512"),
        (json!({ "ModelDataDownloadTimeoutInSeconds": 59 }), "it is 60 to 3600"),
        (json!({ "ContainerStartupHealthCheckTimeoutInSeconds": 3601 }), "it is 60 to 3600"),
        (json!({ "ManagedInstanceScaling": { "MinInstanceCount": 3, "MaxInstanceCount": 2 } }), "the least is more than the most"),
        (json!({ "InstancePools": [1, 2, 3, 4, 5, 6] }), "has 6 instance pools"),
        (json!({ "ModelName": null }), "names no model"),
    ] {
        refused(&variant(&changes), says);
    }
    warned(&variant(&json!({ "InstanceType": "ml.m55.large" })), "not known here");
    warned(&variant(&json!({ "RoutingConfig": { "RoutingStrategy": "FASTEST" } })), "not known here");
    warned(&variant(&json!({ "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 50 })), "asks for a volume");
    accepted(&variant(
        &json!({ "InstanceType": "ml.inf2.xlarge", "RoutingConfig": { "RoutingStrategy": "RANDOM" }, "VolumeSizeInGB": "512" }),
    ));
}

#[test]
fn there_are_one_to_ten_variants_with_names_of_their_own_and_some_traffic() {
    let many = |count: usize| (0..count).map(|index| one_variant(&format!("v{index}"), 1)).collect::<Vec<_>>();
    refused(&config(&json!({ "ProductionVariants": [] })), "has 0 members in `ProductionVariants`");
    refused(&config(&json!({ "ProductionVariants": many(11) })), "SageMaker allows 1 to 10");
    accepted(&config(&json!({ "ProductionVariants": many(10) })));
    refused(&config(&json!({ "ProductionVariants": null })), "has no `ProductionVariants`");
    let twice = json!({ "ProductionVariants": [one_variant("a", 1), one_variant("a", 1)] });
    refused(&config(&twice), "two variants have the name `a`");
    let idle = json!({ "ProductionVariants": [one_variant("a", 0), one_variant("b", "0.0")] });
    refused(&config(&idle), "has the weight 0");
    accepted(&config(&json!({ "ProductionVariants": [one_variant("a", 0), one_variant("b", 1)] })));
}

#[test]
fn a_shadow_test_has_one_variant_of_each_kind() {
    accepted(&config(&json!({ "ShadowProductionVariants": [one_variant("shadow", 1)] })));
    refused(
        &config(&json!({ "ShadowProductionVariants": [one_variant("s1", 1), one_variant("s2", 1)] })),
        "1 production and 2 shadow variants",
    );
    let two = json!({
        "ProductionVariants": [one_variant("a", 1), one_variant("b", 1)],
        "ShadowProductionVariants": [one_variant("s", 1)],
    });
    refused(&config(&two), "2 production and 1 shadow");
    refused(&config(&json!({ "ShadowProductionVariants": [one_variant("AllTraffic", 1)] })), "two variants have the name");
}

fn serverless(changes: &Json) -> Json {
    let mut serverless = json!({ "MemorySizeInMB": 2048, "MaxConcurrency": 20 });
    overlay(&mut serverless, changes);
    variant(&json!({ "InitialInstanceCount": null, "InstanceType": null, "ServerlessConfig": serverless }))
}

#[test]
fn serverless_has_its_own_bounds_and_no_instances() {
    accepted(&serverless(&json!({ "ProvisionedConcurrency": "20" })));
    for (changes, says) in [
        (json!({ "MemorySizeInMB": 1000 }), "it is 1024 to 6144"),
        (json!({ "MemorySizeInMB": 7168 }), "it is 1024 to 6144"),
        (json!({ "MemorySizeInMB": 1536 }), "it is a multiple of 1024"),
        (json!({ "MemorySizeInMB": null }), "has no `MemorySizeInMB`"),
        (json!({ "MaxConcurrency": 0 }), "it is 1 to 200"),
        (json!({ "MaxConcurrency": 201 }), "it is 1 to 200"),
        (json!({ "MaxConcurrency": null }), "has no `MaxConcurrency`"),
        (json!({ "ProvisionedConcurrency": 21 }), "more than its `MaxConcurrency` 20"),
        (json!({ "ProvisionedConcurrency": 0 }), "it is 1 to 200"),
    ] {
        refused(&serverless(&changes), says);
    }
    let both = json!({ "ServerlessConfig": { "MemorySizeInMB": 2048, "MaxConcurrency": 20 } });
    refused(&variant(&both), "is serverless and has `InstanceType`");
    refused(&variant(&both), "is serverless and has `InitialInstanceCount`");
}

#[test]
fn serverless_excludes_what_it_does_not_support() {
    let with = |changes: &Json| {
        let mut all = serverless(&json!({}));
        overlay(&mut all, changes);
        all
    };
    let capture = json!({ "InitialSamplingPercentage": 1, "DestinationS3Uri": "s3://b", "CaptureOptions": [{ "CaptureMode": "Input" }] });
    refused(&with(&config(&json!({ "DataCaptureConfig": capture }))), "has `DataCaptureConfig`");
    refused(&with(&model(&json!({ "VpcConfig": { "Subnets": ["a"], "SecurityGroupIds": ["b"] } }))), "has a `VpcConfig`");
    expect(
        Severity::Warning,
        &with(&model(&json!({ "EnableNetworkIsolation": "true" }))),
        &ResourceRules::default(),
        "isolated from the network",
    );
    let canary = json!({ "DeploymentConfig": { "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": { "Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0 } } } });
    refused(&with(&endpoint(&canary)), "deployment guardrails do not apply");
}

#[test]
fn asynchronous_inference_has_an_output_and_a_bound() {
    let asynchronous = |changes: &Json| {
        let mut asynchronous = json!({ "OutputConfig": { "S3OutputPath": "s3://bucket/out" } });
        overlay(&mut asynchronous, changes);
        config(&json!({ "AsyncInferenceConfig": asynchronous }))
    };
    accepted(&asynchronous(&json!({ "ClientConfig": { "MaxConcurrentInvocationsPerInstance": 1000 } })));
    refused(&asynchronous(&json!({ "ClientConfig": { "MaxConcurrentInvocationsPerInstance": 1001 } })), "it is 1 to 1000");
    refused(&asynchronous(&json!({ "OutputConfig": null })), "has no `OutputConfig`");
    refused(&asynchronous(&json!({ "OutputConfig": { "S3OutputPath": "bucket/out" } })), "not an S3 URI");
    refused(
        &asynchronous(&json!({ "OutputConfig": { "S3FailurePath": format!("s3://b/{}", "x".repeat(512)) } })),
        "at most 512 characters",
    );
}

#[test]
fn data_capture_has_a_share_a_place_and_modes() {
    let capture = |changes: &Json| {
        let mut capture = json!({ "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://bucket/capture", "CaptureOptions": [{ "CaptureMode": "Input" }] });
        overlay(&mut capture, changes);
        config(&json!({ "DataCaptureConfig": capture }))
    };
    accepted(&capture(&json!({ "InitialSamplingPercentage": "0" })));
    refused(&capture(&json!({ "InitialSamplingPercentage": 101 })), "it is 0 to 100");
    refused(&capture(&json!({ "DestinationS3Uri": "bucket" })), "not an S3 URI");
    refused(&capture(&json!({ "DestinationS3Uri": null })), "has no `DestinationS3Uri`");
    refused(&capture(&json!({ "CaptureOptions": [] })), "has 0 members");
    refused(&capture(&json!({ "CaptureOptions": [{ "CaptureMode": "Both" }] })), "not one of Input, Output, InputAndOutput");
}

#[test]
fn models_have_a_network_and_an_environment_within_bounds() {
    let vpc = |subnets: usize, groups: usize| {
        model(&json!({ "VpcConfig": { "Subnets": vec!["s"; subnets], "SecurityGroupIds": vec!["g"; groups] } }))
    };
    accepted(&vpc(16, 5));
    refused(&vpc(17, 1), "`Subnets` of model `Model` has 17 members");
    refused(&vpc(1, 6), "SageMaker allows 1 to 5");
    refused(&vpc(0, 1), "has 0 members");
    accepted(&model(&json!({ "VpcConfig": { "Subnets": { "Fn::Split": [",", { "Ref": "Unknown" }] }, "SecurityGroupIds": ["g"] } })));
    let environment = |count: usize, length: usize| {
        let variables: Map<String, Json> = (0..count).map(|index| (format!("V{index:03}"), "x".repeat(length).into())).collect();
        model(&json!({ "PrimaryContainer": { "Environment": variables } }))
    };
    accepted(&environment(100, 100));
    refused(&environment(101, 1), "has 101 variables");
    refused(&environment(1, 1025), "longer than 1024 bytes");
    refused(&environment(40, 1000), "SageMaker allows 32768");
    accepted(&model(&json!({ "PrimaryContainer": { "Image": "a".repeat(255), "ModelDataUrl": "s3://bucket/model.tar.gz" } })));
    refused(&model(&json!({ "PrimaryContainer": { "Image": "a".repeat(256) } })), "not the path of an image");
    refused(&model(&json!({ "PrimaryContainer": { "Image": "a b" } })), "not the path of an image");
    refused(&model(&json!({ "PrimaryContainer": { "ModelDataUrl": format!("s3://b/{}", "x".repeat(1024)) } })), "at most 1024 characters");
    warned(&model(&json!({ "ModelName": "iris" })), "has the fixed name `iris`");
    refused(&model(&json!({ "ModelName": "iris_1" })), "cannot be a name");
    warned(&config(&json!({ "EndpointConfigName": "iris" })), "has the fixed name");
}

#[test]
fn an_endpoint_has_a_name_of_at_most_63_characters() {
    accepted(&endpoint(&json!({ "EndpointName": "a".repeat(63) })));
    refused(&endpoint(&json!({ "EndpointName": "a".repeat(64) })), "it has 64 characters");
    refused(&endpoint(&json!({ "EndpointName": "iris_1" })), "cannot be the name of an endpoint");
    accepted(&endpoint(&json!({ "EndpointName": { "Fn::Sub": "${Unknown}" } })));
}

#[test]
fn two_endpoints_have_names_that_differ_in_more_than_case() {
    let second =
        |name: &str| json!({ "Resources": { "Second": { "Type": "AWS::SageMaker::Endpoint", "Properties": { "EndpointName": name } } } });
    accepted(&second("iris-staging-2"));
    refused(&second("Iris-Staging"), "two endpoints have the name `Iris-Staging`");
    let mut conditional = second("Iris-Staging");
    overlay(&mut conditional, &json!({ "Resources": { "Second": { "Condition": "Other" } } }));
    accepted(&conditional);
    overlay(&mut conditional, &json!({ "Conditions": { "Other": true } }));
    refused(&conditional, "two endpoints have the name `Iris-Staging`");
}

#[test]
fn tags_of_resources_follow_the_rules_of_sagemaker() {
    let tags = |tags: Json| endpoint(&json!({ "Tags": tags }));
    accepted(&tags(json!([{ "Key": "team", "Value": "" }, { "Key": "stage", "Value": { "Ref": "Unknown" } }])));
    refused(&tags(json!([{ "Key": "aws:x", "Value": "1" }])), "`aws:x` is not the key of a tag");
    refused(&tags(json!([{ "Key": "k".repeat(129), "Value": "1" }])), "is not the key of a tag");
    refused(&tags(json!([{ "Key": "team", "Value": "v".repeat(257) }])), "a value of 257 characters");
    refused(&tags(json!([{ "Key": "team", "Value": "a" }, { "Key": "team", "Value": "b" }])), "has the tag `team` twice");
    let many: Vec<Json> = (0..51).map(|index| json!({ "Key": format!("k{index}"), "Value": "" })).collect();
    refused(&config(&json!({ "Tags": many })), "has 51 tags");
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
fn a_canary_is_at_most_half_of_the_instances_that_there_are() {
    accepted(&blue_green(&json!({}), &json!({})));
    let canary = |kind: &str, value: i64| blue_green(&json!({ "CanarySize": { "Type": kind, "Value": value } }), &json!({}));
    refused(&canary("INSTANCE_COUNT", 3), "is 3 of the 4 instances of variant `AllTraffic`, 75 %; SageMaker allows 1 to 50 %");
    refused(&canary("INSTANCE_COUNT", 0), "it is at least 1");
    refused(&canary("CAPACITY_PERCENT", 51), "it is 1 to 50");
    accepted(&canary("CAPACITY_PERCENT", 50));
    refused(&canary("PERCENT", 10), "not one of INSTANCE_COUNT, CAPACITY_PERCENT");
    let mut alone = canary("INSTANCE_COUNT", 1);
    overlay(&mut alone, &variant(&json!({ "InitialInstanceCount": 1 })));
    refused(&alone, "is 1 of the 1 instance of variant `AllTraffic`");
    let mut alone = canary("CAPACITY_PERCENT", 10);
    overlay(&mut alone, &variant(&json!({ "InitialInstanceCount": 1 })));
    warned(&alone, "has one instance");
    refused(&blue_green(&json!({ "CanarySize": null }), &json!({})), "has no `CanarySize`");
    refused(&blue_green(&json!({ "Type": "ALL_AT_ONCE" }), &json!({})), "has `CanarySize`, and its `Type` is ALL_AT_ONCE");
    refused(&blue_green(&json!({ "Type": "ROLLING" }), &json!({})), "not one of ALL_AT_ONCE, CANARY, LINEAR");
}

#[test]
fn scaled_variants_have_at_least_their_least_number_of_instances() {
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
    refused(&scaled(2, "ml.m5.large"), "is 2 of the 2 instances");
    refused(&scaled(7, "ml.m5.large"), "scales between 7 and 6");
    refused(&scaled(4, "ml.t2.medium"), "does not scale it");
    refused(&scaled(0, "ml.m5.large"), "scales to no instance");
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
    refused(&linear("CAPACITY_PERCENT", 9), "it is 10 to 50");
    refused(&linear("CAPACITY_PERCENT", 51), "it is 10 to 50");
    accepted(&linear("INSTANCE_COUNT", 1));
    refused(&linear("INSTANCE_COUNT", 3), "SageMaker allows 10 to 50 %");
    let mut large = linear("INSTANCE_COUNT", 1);
    overlay(&mut large, &variant(&json!({ "InitialInstanceCount": 11 })));
    refused(&large, "is 1 of the 11 instances");
    let batch = |kind: &str, value: i64| rolling(&json!({ "MaximumBatchSize": { "Type": kind, "Value": value } }));
    accepted(&batch("CAPACITY_PERCENT", 5));
    refused(&batch("CAPACITY_PERCENT", 4), "it is 5 to 50");
    refused(&batch("INSTANCE_COUNT", 3), "SageMaker allows 5 to 50 %");
    accepted(&rolling(&json!({ "RollbackMaximumBatchSize": { "Type": "CAPACITY_PERCENT", "Value": 100 } })));
    refused(&rolling(&json!({ "RollbackMaximumBatchSize": { "Type": "CAPACITY_PERCENT", "Value": 101 } })), "it is 1 to 100");
}

#[test]
fn waits_and_timeouts_are_bounded_and_the_timeout_is_larger_than_all_waits() {
    refused(&blue_green(&json!({ "WaitIntervalInSeconds": 3601 }), &json!({})), "it is 0 to 3600");
    refused(&blue_green(&json!({}), &json!({ "TerminationWaitInSeconds": 3601 })), "it is 0 to 3600");
    refused(&blue_green(&json!({}), &json!({ "MaximumExecutionTimeoutInSeconds": 599 })), "it is 600 to 28800");
    refused(&blue_green(&json!({}), &json!({ "MaximumExecutionTimeoutInSeconds": 28801 })), "it is 600 to 28800");
    let timeout = |seconds: i64| json!({ "TerminationWaitInSeconds": 300, "MaximumExecutionTimeoutInSeconds": seconds });
    refused(&blue_green(&json!({}), &timeout(900)), "is 900, and its waits take 900 seconds");
    accepted(&blue_green(&json!({}), &timeout(901)));
    let linear = json!({ "Type": "LINEAR", "CanarySize": null, "LinearStepSize": { "Type": "CAPACITY_PERCENT", "Value": 25 } });
    refused(&blue_green(&linear, &timeout(2100)), "its waits take 2100 seconds");
    accepted(&blue_green(&linear, &timeout(2101)));
    refused(&rolling(&json!({ "MaximumExecutionTimeoutInSeconds": 2400 })), "its waits take 2400 seconds");
    accepted(&rolling(&json!({ "MaximumExecutionTimeoutInSeconds": 2401 })));
    refused(&blue_green(&json!({ "WaitIntervalInSeconds": null }), &json!({})), "has no `WaitIntervalInSeconds`");
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
    refused(&both, "has two update policies");
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
    refused(&alarms(vec![json!({ "AlarmName": "a" }); 11].into()), "has 11 members");
    refused(&alarms(json!([])), "has 0 members");
    refused(&alarms(json!([{ "AlarmName": "a".repeat(256) }])), "cannot be the name of an alarm");
    refused(&alarms(json!([{}])), "has no `AlarmName`");
    warned(
        &endpoint(
            &json!({ "DeploymentConfig": { "AutoRollbackConfiguration": null, "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": {
        "Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": { "Type": "CAPACITY_PERCENT", "Value": 25 } } } } }),
        ),
        "no alarm can stop that",
    );
    let mut inferentia = blue_green(&json!({}), &json!({}));
    overlay(&mut inferentia, &variant(&json!({ "InstanceType": "ml.inf1.xlarge" })));
    warned(&inferentia, "has no deployment guardrails");
    let mut several = rolling(&json!({}));
    overlay(&mut several, &config(&json!({ "ProductionVariants": [one_variant("a", 1), one_variant("b", 1)] })));
    refused(&several, "works with one only");
}

#[test]
fn the_stage_and_the_model_package_have_a_say_about_the_instance_type() {
    let production = ResourceRules { production: true, ..ResourceRules::default() };
    let burstable = variant(&json!({ "InstanceType": "ml.t2.medium" }));
    expect(Severity::Warning, &burstable, &production, "burstable instance type, and this is production");
    assert!(findings(&burstable, &ResourceRules::default()).is_empty());
    warned(
        &{
            let mut all = config(&json!({ "KmsKeyId": "arn:aws:kms:us-east-1:111111111111:key/1" }));
            overlay(&mut all, &variant(&json!({ "InstanceType": "ml.g4dn.xlarge" })));
            all
        },
        "which `KmsKeyId` does not cover",
    );
    let supported = |types: &[&str]| ResourceRules {
        supported_instance_types: types.iter().map(|name| (*name).to_owned()).collect(),
        ..ResourceRules::default()
    };
    expect(Severity::Error, &json!({}), &supported(&["ml.c5.large", "ml.m5.xlarge"]), "does not support `ml.m5.large`");
    assert!(findings(&json!({}), &supported(&["ml.m5.large"])).is_empty());
}

#[test]
fn what_only_aws_knows_is_never_wrong() {
    let unknown = json!({ "Fn::ImportValue": "x" });
    accepted(&variant(&json!({
        "InitialInstanceCount": null, "InstanceType": null, "ServerlessConfig": unknown, "VolumeSizeInGB": { "Ref": "Ssm" },
    })));
    accepted(&variant(&json!({ "InstanceType": "{{resolve:ssm:type}}" })));
    accepted(&endpoint(&json!({ "DeploymentConfig": { "Fn::If": ["Unknown", 1, 2] } })));
    accepted(&config(&json!({ "ProductionVariants": { "Ref": "List" } })));
}

/// The problem's place and message for a template with parameters.
fn placed(changes: &Json, parameters: &Json, file: &str, rules: &ResourceRules) -> Vec<Problem> {
    let template = template(changes);
    let mut resolved = resolve(&template, parameters.as_object().unwrap());
    if let Some(truths) = changes.get("Truths") {
        resolved["Conditions"] = truths.clone();
    }
    check_resources(ResolvedTemplate::new(&template, &resolved), &Layer::from_stage_file(file, "stage.json".as_ref()).unwrap(), rules)
}

#[test]
fn a_finding_leads_to_the_value_in_the_stage_file_else_to_the_default_else_to_the_template() {
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
fn a_secret_that_makes_a_wrong_value_is_not_repeated() {
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
fn a_finding_about_what_is_not_known_yet_is_not_made() {
    let changes = json!({
        "Parameters": { "Name": {}, "Package": {} },
        "Resources": { "Endpoint": { "Properties": { "EndpointName": { "Ref": "Package" } } } },
    });
    let rules = ResourceRules { not_known: ["Package".to_owned()].into(), ..ResourceRules::default() };
    assert!(placed(&changes, &json!({ "Package": "arn:aws:…" }), "[]", &rules).is_empty());
    assert_eq!(placed(&changes, &json!({ "Package": "arn:aws:…" }), "[]", &ResourceRules::default()).len(), 1);
    // What is missing beside it is known.
    let mut missing = config(&json!({ "Tags": [{ "Key": "name", "Value": { "Ref": "Package" } }], "ProductionVariants": null }));
    missing["Parameters"] = changes["Parameters"].clone();
    let found = placed(&missing, &json!({ "Package": "x" }), "[]", &rules);
    assert!(found.len() == 1 && found[0].message.ends_with("has no `ProductionVariants`"), "{found:?}");
}

#[test]
fn what_is_there_because_of_a_parameter_leads_to_that_parameter() {
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
