//! Findings follow the template's references: a fault of one endpoint is reported for that
//! endpoint, once, whatever else the template contains.

use serde_json::{Value as Json, json};
use stage_config::{Layer, Problem, ResolvedTemplate, ResourceRules, Severity, check_resources};

/// The kinds of endpoints in one template.
const KINDS: [Kind; 6] = [Kind::Canary, Kind::Rolling, Kind::Serverless, Kind::Asynchronous, Kind::Burstable, Kind::Components];

/// The ways in which one resource refers to another.
const STYLES: [Style; 6] = [Style::Attribute, Style::Substitution, Style::Join, Style::Literal, Style::SameExpression, Style::FromArn];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Canary,
    Rolling,
    Serverless,
    Asynchronous,
    Burstable,
    Components,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    Attribute,
    Substitution,
    Join,
    Literal,
    SameExpression,
    FromArn,
}

impl Style {
    /// A reference to a resource's name.
    fn reference(self, id: &str, attribute: &str) -> Json {
        match self {
            Self::Attribute => json!({ "Fn::GetAtt": [id, attribute] }),
            Self::Substitution => json!({ "Fn::Sub": format!("${{{id}.{attribute}}}") }),
            Self::Join => json!({ "Fn::Join": ["", [{ "Fn::Sub": ["${own}", { "own": { "Fn::GetAtt": [id, attribute] } }] }]] }),
            Self::Literal | Self::SameExpression => self.own_name(id).unwrap(),
            Self::FromArn => json!({ "Fn::Select": ["1", { "Fn::Split": ["/", { "Ref": id }] }] }),
        }
    }

    /// The resource's explicit name, if it has one.
    fn own_name(self, id: &str) -> Option<Json> {
        match self {
            Self::Literal => Some(json!(id.to_lowercase())),
            Self::SameExpression => Some(json!({ "Fn::Sub": format!("${{AWS::StackName}}-{}", id.to_lowercase()) })),
            _ => None,
        }
    }

    fn scalable_target(self, id: &str) -> Json {
        match self {
            Self::Attribute | Self::Substitution => json!({ "Fn::Sub": format!("endpoint/${{{id}.EndpointName}}/variant/All{id}") }),
            Self::Literal => json!(format!("endpoint/{}/variant/All{id}", id.to_lowercase())),
            Self::Join | Self::FromArn => {
                json!({ "Fn::Join": ["/", ["endpoint", self.reference(id, "EndpointName"), "variant", format!("All{id}")]] })
            }
            Self::SameExpression => json!({ "Fn::Sub": format!("endpoint/${{AWS::StackName}}-{}/variant/All{id}", id.to_lowercase()) }),
        }
    }
}

/// An endpoint with all its resources, whose names contain `id`.
fn endpoint(id: &str, kind: Kind, style: Style, package: &Json) -> Json {
    let (model, config, target) = (format!("{id}Model"), format!("{id}Config"), format!("{id}Target"));
    let mut variant =
        json!({ "VariantName": format!("All{id}"), "InitialVariantWeight": 1, "ModelName": style.reference(&model, "ModelName") });
    let mut config_properties = json!({});
    let mut endpoint = json!({ "RetainAllVariantProperties": true, "EndpointConfigName": style.reference(&config, "EndpointConfigName") });
    let alarms = json!({ "Alarms": [{ "AlarmName": "errors" }] });
    let (instance_type, count) = match kind {
        Kind::Canary => ("ml.m5.large", 2),
        Kind::Rolling => ("ml.m5.large", 4),
        Kind::Burstable => ("ml.t2.medium", 1),
        _ => ("ml.c5.xlarge", 1),
    };
    variant["InstanceType"] = instance_type.into();
    variant["InitialInstanceCount"] = count.into();
    match kind {
        Kind::Canary => {
            endpoint["DeploymentConfig"] = json!({ "AutoRollbackConfiguration": alarms, "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": { "Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": { "Type": "INSTANCE_COUNT", "Value": 1 } },
            } });
        }
        Kind::Rolling => {
            endpoint["DeploymentConfig"] = json!({ "AutoRollbackConfiguration": alarms, "RollingUpdatePolicy": {
                "MaximumBatchSize": { "Type": "INSTANCE_COUNT", "Value": 2 }, "WaitIntervalInSeconds": 60,
            } });
        }
        Kind::Serverless => {
            variant.as_object_mut().unwrap().retain(|name, _| !name.contains("Instance"));
            variant["ServerlessConfig"] = json!({ "MemorySizeInMB": 2048, "MaxConcurrency": 5 });
        }
        Kind::Asynchronous => config_properties["AsyncInferenceConfig"] = json!({ "OutputConfig": { "S3OutputPath": "s3://bucket/out" } }),
        Kind::Burstable => {}
        Kind::Components => {
            variant.as_object_mut().unwrap().remove("ModelName");
            variant["ManagedInstanceScaling"] = json!({ "Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2 });
            config_properties["ExecutionRoleArn"] = json!("arn:aws:iam::111111111111:role/x");
        }
    }
    config_properties["ProductionVariants"] = json!([variant]);
    let mut model_properties = json!({ "PrimaryContainer": { "ModelPackageName": package } });
    for (properties, id, name) in [
        (&mut model_properties, model.as_str(), "ModelName"),
        (&mut config_properties, &config, "EndpointConfigName"),
        (&mut endpoint, id, "EndpointName"),
    ] {
        properties.as_object_mut().unwrap().extend(style.own_name(id).map(|own| (name.to_owned(), own)));
    }
    let least = if kind == Kind::Asynchronous { 0 } else { count };
    let mut resources = json!({
        model: { "Type": "AWS::SageMaker::Model", "Properties": model_properties },
        config: { "Type": "AWS::SageMaker::EndpointConfig", "Properties": config_properties },
        id: { "Type": "AWS::SageMaker::Endpoint", "Properties": endpoint },
    });
    if matches!(kind, Kind::Canary | Kind::Rolling | Kind::Asynchronous) {
        resources[target] = json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ResourceId": style.scalable_target(id), "MinCapacity": least, "MaxCapacity": 6,
        } });
    }
    resources
}

/// The endpoint of the release.
fn first(kind: Kind, style: Style) -> Json {
    endpoint("First", kind, style, &json!({ "Ref": "ModelPackageName" }))
}

/// Adds an endpoint with another model, on instances that the release's package does not support.
fn with_second(first: &Json, kind: Kind, style: Style) -> Json {
    let mut both = first.clone();
    let second = endpoint("Second", kind, style, &json!("arn:aws:sagemaker:us-east-1:111111111111:model-package/other/1"));
    both.as_object_mut().unwrap().extend(second.as_object().unwrap().clone());
    both
}

fn findings(resources: &Json) -> Vec<Problem> {
    let template = json!({ "Parameters": { "ModelPackageName": {} }, "Resources": resources });
    let rules =
        ResourceRules { supported_instance_types: ["ml.m5.large", "ml.t2.medium"].map(str::to_owned).to_vec(), ..ResourceRules::default() };
    let mut found = check_resources(ResolvedTemplate::new(&template, &template), &Layer::default(), &rules);
    // Every explicit name causes a warning.
    found.retain(|problem| problem.code != "fixed-name");
    found
}

/// Possible faults of the first endpoint of a kind: a pointer below its resources, the value there,
/// and the code of the finding.
fn faults() -> Vec<(Kind, &'static str, Json, &'static str)> {
    let variant = "/FirstConfig/Properties/ProductionVariants/0";
    let step = "/First/Properties/DeploymentConfig/BlueGreenUpdatePolicy/TrafficRoutingConfiguration/CanarySize/Value";
    let at = |pointer: &str| -> &'static str { format!("{variant}{pointer}").leak() };
    let target = |resource: &str| {
        json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ResourceId": { "Fn::Sub": resource }, "MinCapacity": 1, "MaxCapacity": 6,
        } })
    };
    let deployment = json!({ "AutoRollbackConfiguration": { "Fn::ImportValue": "x" }, "RollingUpdatePolicy": { "Fn::ImportValue": "x" } });
    let own = "endpoint/${First.EndpointName}/variant/AllFirst";
    let arn = json!({ "Fn::Sub": "endpoint/${First}/variant/AllFirst" });
    let missing = json!({ "Fn::Sub": "endpoint/${First.EndpointName}/variant/Missing" });
    vec![
        (Kind::Canary, "/FirstTarget/Properties/MinCapacity", json!(0), "scaling"),
        (Kind::Canary, "/FirstTarget/Properties/ResourceId", arn, "name"),
        (Kind::Rolling, "/FirstTarget/Properties/ResourceId", missing, "scaling"),
        (Kind::Canary, step, json!(2), "deployment-step"),
        (Kind::Canary, at("/InstanceType"), json!("ml.m5.xlarge"), "instance-type-not-supported"),
        (Kind::Canary, at("/ManagedInstanceScaling"), json!({ "MinInstanceCount": 1 }), "scaling"),
        (Kind::Canary, at("/ModelName"), json!({ "Ref": "FirstModel" }), "name"),
        (Kind::Canary, "/First/Properties/EndpointConfigName", json!({ "Ref": "FirstConfig" }), "name"),
        (Kind::Rolling, "/First/Properties/DeploymentConfig/RollingUpdatePolicy/MaximumBatchSize/Value", json!(3), "deployment-step"),
        (Kind::Burstable, "/FirstTarget", target(own), "burstable"),
        (Kind::Serverless, "/FirstTarget", target(own), "serverless"),
        (Kind::Serverless, "/First/Properties/DeploymentConfig", deployment, "serverless"),
        (Kind::Serverless, "/FirstModel/Properties/VpcConfig", json!({ "Fn::ImportValue": "x" }), "serverless"),
        (Kind::Serverless, "/FirstConfig/Properties/DataCaptureConfig", json!({ "Fn::ImportValue": "x" }), "serverless"),
    ]
}

fn plant(resources: &Json, pointer: &str, value: &Json) -> Json {
    let mut planted = resources.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    planted.pointer_mut(parent).unwrap()[name] = value.clone();
    planted
}

#[test]
fn a_second_endpoint_of_any_kind_adds_no_finding() {
    for (kind, style) in KINDS.into_iter().flat_map(|kind| STYLES.map(|style| (kind, style))) {
        let supported = |resources: Json| {
            if kind == Kind::Asynchronous {
                plant(&resources, "/FirstConfig/Properties/ProductionVariants/0/InstanceType", &json!("ml.m5.large"))
            } else {
                resources
            }
        };
        let first = supported(first(kind, style));
        assert_eq!(findings(&first), [], "{kind:?} {style:?}");
        for (other, other_style) in KINDS.into_iter().flat_map(|kind| STYLES.map(|style| (kind, style))) {
            let both = with_second(&first, other, other_style);
            assert_eq!(findings(&both), [], "{kind:?} {style:?} beside {other:?} {other_style:?}");
        }
    }
}

#[test]
fn a_fault_is_reported_once_and_for_its_own_endpoint() {
    for (kind, pointer, value, code) in faults() {
        for style in STYLES {
            let planted = plant(&first(kind, style), pointer, &value);
            let alone = findings(&planted);
            assert_eq!(alone.iter().map(|problem| problem.code).collect::<Vec<_>>(), [code], "{kind:?} {style:?} {pointer}\n{alone:#?}");
            assert!(alone[0].message.contains("First"), "{}", alone[0].message);
            for (other, other_style) in KINDS.into_iter().flat_map(|kind| STYLES.map(|style| (kind, style))) {
                let both = findings(&with_second(&planted, other, other_style));
                assert_eq!(both, alone, "{kind:?} {style:?} {pointer} beside {other:?} {other_style:?}");
            }
        }
    }
}

#[test]
fn a_reference_that_cannot_be_followed_causes_no_finding() {
    let unknown =
        [json!({ "Fn::ImportValue": "name" }), json!({ "Ref": "Parameter" }), json!("of-another-stack"), json!("{{resolve:ssm:name}}")];
    for unknown in &unknown {
        // All faults that are not in the reference itself.
        for (kind, pointer, value, code) in faults().into_iter().filter(|(.., code)| *code != "name") {
            let planted = plant(&first(kind, Style::Attribute), pointer, &value);
            let cut = match code {
                "instance-type-not-supported" => plant(&planted, "/FirstConfig/Properties/ProductionVariants/0/ModelName", unknown),
                "deployment-step" | "burstable" => plant(&planted, "/First/Properties/EndpointConfigName", unknown),
                "scaling" if pointer.contains("Target") => plant(&planted, "/FirstTarget/Properties/ResourceId", unknown),
                "serverless" if pointer.contains("Model") => {
                    plant(&planted, "/FirstConfig/Properties/ProductionVariants/0/ModelName", unknown)
                }
                "serverless" if !pointer.contains("DataCapture") => plant(&planted, "/First/Properties/EndpointConfigName", unknown),
                _ => continue,
            };
            assert_eq!(findings(&cut), [], "{pointer} {unknown}");
        }
    }
}

#[test]
fn scaling_that_cannot_be_followed_makes_the_number_of_instances_unknown() {
    let planted = plant(
        &first(Kind::Canary, Style::Attribute),
        "/First/Properties/DeploymentConfig/BlueGreenUpdatePolicy/TrafficRoutingConfiguration/CanarySize/Value",
        &json!(2),
    );
    assert_eq!(findings(&planted).len(), 1);
    let resource = "/FirstTarget/Properties/ResourceId";
    for (name, count) in [
        (json!({ "Fn::ImportValue": "x" }), 0),
        (json!({ "Fn::Sub": "endpoint/${Name}/variant/AllFirst" }), 0),
        (json!({ "Fn::Sub": "endpoint/${First.EndpointName}/variant/${Name}" }), 0),
        (json!({ "Fn::Sub": "endpoint/${First.EndpointName}/variant/Another" }), 2),
        (json!("endpoint/of-another-stack/variant/AllFirst"), 1),
    ] {
        assert_eq!(findings(&plant(&planted, resource, &name)).len(), count, "{name}");
    }
    let least = plant(&planted, "/FirstTarget/Properties/MinCapacity", &json!({ "Ref": "Least" }));
    assert_eq!(findings(&least), []);
}

#[test]
fn the_arn_of_a_resource_is_not_its_name() {
    let (endpoint, model) = (json!({ "Ref": "First" }), json!({ "Ref": "FirstModel" }));
    let input = json!({ "EndpointInput": { "EndpointName": endpoint } });
    let resource = |kind: &str, properties: Json| json!({ "Type": kind, "Properties": properties });
    let (error, warning) = (Severity::Error, Severity::Warning);
    let alarm = |value: &Json| json!({ "Dimensions": [{ "Name": "EndpointName", "Value": value }, { "Name": "VariantName", "Value": "AllFirst" }] });
    for (severity, other) in [
        (error, resource("AWS::SageMaker::InferenceComponent", json!({ "EndpointName": endpoint }))),
        (error, resource("AWS::SageMaker::InferenceComponent", json!({ "Specification": { "ModelName": model } }))),
        (error, resource("AWS::SageMaker::InferenceExperiment", json!({ "EndpointName": endpoint }))),
        (error, resource("AWS::SageMaker::InferenceExperiment", json!({ "ModelVariants": [{ "ModelName": model }] }))),
        (error, resource("AWS::SageMaker::DataQualityJobDefinition", json!({ "DataQualityJobInput": input }))),
        (
            error,
            resource(
                "AWS::SageMaker::MonitoringSchedule",
                json!({ "MonitoringScheduleConfig": { "MonitoringJobDefinition": { "MonitoringInputs": [input] } } }),
            ),
        ),
        (
            error,
            resource(
                "AWS::ApplicationAutoScaling::ScalingPolicy",
                json!({ "ResourceId": { "Fn::Join": ["", ["endpoint/", endpoint, "/variant/AllFirst"]] } }),
            ),
        ),
        (warning, resource("AWS::CloudWatch::Alarm", alarm(&endpoint))),
        (warning, resource("AWS::CloudWatch::Alarm", json!({ "Metrics": [{ "MetricStat": { "Metric": alarm(&endpoint) } }] }))),
        (
            warning,
            resource(
                "AWS::ApplicationAutoScaling::ScalingPolicy",
                json!({ "TargetTrackingScalingPolicyConfiguration": { "CustomizedMetricSpecification": alarm(&endpoint) } }),
            ),
        ),
    ] {
        let found = findings(&plant(&first(Kind::Burstable, Style::Attribute), "/Other", &other));
        let [problem] = &found[..] else { panic!("{other}\n{found:#?}") };
        assert_eq!((problem.code, problem.severity), ("name", severity), "{problem}");
        assert!(
            problem.message.contains("is the ARN of `First") && problem.hint.as_ref().unwrap().contains("!GetAtt First"),
            "{problem:?}"
        );
    }
    let right = resource("AWS::CloudWatch::Alarm", alarm(&json!({ "Fn::GetAtt": ["First", "EndpointName"] })));
    assert_eq!(findings(&plant(&first(Kind::Burstable, Style::Attribute), "/Other", &right)), []);
}

#[test]
fn an_arn_is_detected_in_every_form() {
    let name = "/First/Properties/EndpointConfigName";
    let arn = json!({ "Ref": "FirstConfig" });
    let attribute = json!({ "Fn::GetAtt": ["FirstConfig", "EndpointConfigName"] });
    for (value, severity) in [
        (arn.clone(), Some(Severity::Error)),
        (json!({ "Fn::Sub": "${FirstConfig}" }), Some(Severity::Error)),
        (json!({ "Fn::Sub": ["${own}", { "own": arn }] }), Some(Severity::Error)),
        (json!({ "Fn::Join": ["", ["", arn]] }), Some(Severity::Error)),
        (json!({ "Fn::Select": [0, [arn]] }), Some(Severity::Error)),
        (json!({ "Fn::GetAtt": ["FirstConfig", "EndpointConfigArn"] }), Some(Severity::Error)),
        (json!("arn:aws:sagemaker:us-east-1:111111111111:endpoint-config/iris"), Some(Severity::Error)),
        (json!({ "Fn::Sub": "arn:aws:sagemaker:${AWS::Region}:${AWS::AccountId}:endpoint-config/iris" }), Some(Severity::Error)),
        (json!({ "Fn::If": ["NotKnown", arn, arn] }), Some(Severity::Error)),
        // Only AWS knows which branch it is.
        (json!({ "Fn::If": ["NotKnown", arn, attribute] }), Some(Severity::Warning)),
        (json!({ "Fn::If": ["NotKnown", attribute, { "Fn::If": ["Other", arn, attribute] }] }), Some(Severity::Warning)),
        (json!({ "Fn::If": ["NotKnown", attribute, attribute] }), None),
        (json!({ "Fn::Select": [1, { "Fn::Split": ["/", arn] }] }), None),
        (json!({ "Fn::Sub": "${FirstConfig.EndpointConfigName}" }), None),
        (json!({ "Fn::Sub": "${!FirstConfig}" }), None),
        (json!({ "Ref": "Parameter" }), None),
        (json!({ "Ref": "AWS::StackId" }), None),
    ] {
        let found = findings(&plant(&first(Kind::Canary, Style::Attribute), name, &value));
        assert_eq!(
            found.iter().map(|problem| problem.severity).collect::<Vec<_>>(),
            severity.into_iter().collect::<Vec<_>>(),
            "{value}\n{found:#?}"
        );
    }
}

#[test]
fn an_update_that_resets_scaling_is_noted() {
    let retain = "/First/Properties/RetainAllVariantProperties";
    let exclude = "/First/Properties/ExcludeRetainedVariantProperties";
    let excluded = |kind: &str| json!([{ "VariantPropertyType": "DataCaptureConfig" }, { "VariantPropertyType": kind }]);
    for (kind, pointer, value, count) in [
        (Kind::Canary, retain, json!(null), 1),
        (Kind::Canary, retain, json!(false), 1),
        (Kind::Canary, retain, json!("true"), 0),
        (Kind::Canary, retain, json!({ "Ref": "Unknown" }), 0),
        (Kind::Canary, exclude, excluded("DesiredInstanceCount"), 1),
        (Kind::Canary, exclude, excluded("DesiredWeight"), 0),
        // Nothing scales this endpoint.
        (Kind::Burstable, retain, json!(null), 0),
    ] {
        let found = findings(&plant(&first(kind, Style::Attribute), pointer, &value));
        assert_eq!(found.len(), count, "{pointer} {value}");
        assert!(found.iter().all(|note| note.severity == Severity::Note && note.message.contains("regardless of scaling")), "{found:?}");
    }
}

#[test]
fn managed_scaling_is_for_inference_components() {
    let scaling = |scaling: Json, model: Json| {
        let planted = plant(
            &first(Kind::Burstable, Style::Attribute),
            "/FirstConfig/Properties/ProductionVariants/0/ManagedInstanceScaling",
            &scaling,
        );
        findings(&plant(&planted, "/FirstConfig/Properties/ProductionVariants/0/ModelName", &model)).len()
    };
    let model = json!({ "Fn::GetAtt": ["FirstModel", "ModelName"] });
    assert_eq!(scaling(json!({ "Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2 }), model.clone()), 1);
    assert_eq!(scaling(json!({}), model.clone()), 1);
    assert_eq!(scaling(json!({ "Status": "DISABLED" }), model.clone()), 0);
    assert_eq!(scaling(json!({ "Status": { "Ref": "Unknown" } }), model.clone()), 0);
    assert_eq!(scaling(json!({ "Fn::If": ["Unknown", {}, { "Ref": "AWS::NoValue" }] }), model.clone()), 0);
    assert_eq!(scaling(json!({}), json!({ "Fn::If": ["Unknown", model, { "Ref": "AWS::NoValue" }] })), 0);
}

#[test]
fn names_that_consist_of_many_names_are_followed_so_far_only() {
    let config = |name: Json| json!({ "Type": "AWS::SageMaker::EndpointConfig", "Properties": { "EndpointConfigName": name } });
    let twice = |id: &str| json!({ "Fn::Sub": format!("${{{id}.EndpointConfigName}}${{{id}.EndpointConfigName}}") });
    let mut resources = serde_json::Map::new();
    // Without a cycle, and with one.
    for number in 0..30 {
        resources.insert(format!("C{number}"), config(twice(&format!("C{}", number + 1))));
    }
    resources.insert("Own".to_owned(), config(twice("Own")));
    resources.insert("E".to_owned(), json!({ "Type": "AWS::SageMaker::Endpoint", "Properties": { "EndpointConfigName": "literal" } }));
    let resolved = json!({ "Resources": resources });
    let problems = check_resources(ResolvedTemplate::new(&resolved, &resolved), &Layer::default(), &ResourceRules::default());
    assert!(problems.iter().all(|problem| problem.code == "missing-property"), "{problems:?}");
}
