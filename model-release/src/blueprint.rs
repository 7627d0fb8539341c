//! Reads the endpoints, endpoint configurations and models of a resolved template.
//!
//! A value that an intrinsic function computes only during deployment is `None` or `Unknown` here.
//! Endpoint names, requirements in targets, and expectations of tests are derived from this.

use std::collections::BTreeMap;

use cfn_render::{is_known, resources_of_type};
use serde_json::{Map, Value as Json};
use stage_config::References;

/// The SageMaker resources of a stack.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StackBlueprint {
    /// The endpoints.
    pub endpoints: Vec<EndpointBlueprint>,
    /// All endpoint configurations.
    pub configs: Vec<ConfigBlueprint>,
    /// All models.
    pub models: Vec<ModelBlueprint>,
    /// All inference components.
    pub components: Vec<ComponentBlueprint>,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointBlueprint {
    /// The logical id.
    pub logical_id: String,
    /// The endpoint's name.
    pub name: Value<String>,
    /// The logical id of its configuration.
    pub config: Option<String>,
}

/// An endpoint configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigBlueprint {
    /// The logical id.
    pub logical_id: String,
    /// The KMS key of the instances' volumes.
    pub volume_kms_key: Value<String>,
    /// All KMS keys, including the volumes' key.
    pub keys: Vec<String>,
    /// The data capture settings.
    pub data_capture: DataCapture,
    /// The S3 locations of an asynchronous endpoint's responses and failures.
    pub async_output_locations: Vec<String>,
    /// The variants; shadow variants are last.
    pub variants: Vec<VariantBlueprint>,
}

/// The data capture settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataCapture {
    /// Whether data capture is enabled.
    pub enabled: Option<bool>,
    /// The sampling percentage.
    pub percentage: Option<i32>,
}

/// A variant of an endpoint configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantBlueprint {
    /// Its name.
    pub name: Option<String>,
    /// Whether it is a shadow variant.
    pub is_shadow: bool,
    /// The traffic weight.
    pub weight: Option<f64>,
    /// The instance type.
    pub instance_type: Option<String>,
    /// The initial number of instances.
    pub instance_count: Option<i32>,
    /// Whether the number of instances is scaled automatically.
    pub scales: bool,
    /// Whether it is serverless.
    pub is_serverless: bool,
    /// The logical id of its model.
    pub model: Option<String>,
    /// The name of its model; absent if it serves inference components.
    pub model_name: Value<String>,
}

/// An inference component: a model, or a container of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentBlueprint {
    /// The logical id of its endpoint.
    pub endpoint: Option<String>,
    /// The name of its variant.
    pub variant: Option<String>,
    /// The logical id of its model.
    pub model: Option<String>,
    /// The name of its model.
    pub model_name: Value<String>,
    /// Its own container, if it has one with an image.
    pub container: Option<ContainerBlueprint>,
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelBlueprint {
    /// The logical id.
    pub logical_id: String,
    /// The containers; the primary container is first.
    pub containers: Vec<ContainerBlueprint>,
    /// Whether network isolation is enabled.
    pub network_isolation: Option<bool>,
    /// The VPC configuration, if any.
    pub network: Option<Network>,
}

/// A container of a model: a model package, or an image with its model data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerBlueprint {
    /// Whether it is a model package, whose ARN may be unknown.
    pub is_package: bool,
    /// The model package's ARN.
    pub model_package: Option<String>,
    /// The image.
    pub image: Option<String>,
    /// The S3 URL of the model data.
    pub model_data_url: Option<String>,
    /// The environment variables; a value is `None` if it is not known. `None` if no name is known.
    pub environment: Option<BTreeMap<String, Option<String>>>,
}

/// The subnets and security groups of a model; empty if they are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The subnets.
    pub subnets: Vec<String>,
    /// The security groups.
    pub security_groups: Vec<String>,
}

/// A property of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<T> {
    /// The property is missing.
    Absent,
    /// The value.
    Known(T),
    /// CloudFormation computes the value during deployment; the template's expression.
    Unknown(Json),
}

impl StackBlueprint {
    /// Reads a resolved template.
    pub fn read(resolved: &Json) -> Self {
        let resources = |kind| resources_of_type(resolved, kind);
        let references = References::new(resolved);
        let models: Vec<_> = resources("AWS::SageMaker::Model").map(|(id, properties)| model(id, properties)).collect();
        let mut configs: Vec<_> =
            resources("AWS::SageMaker::EndpointConfig").map(|(id, properties)| config(&references, id, properties)).collect();
        let endpoints: Vec<_> = resources("AWS::SageMaker::Endpoint")
            .map(|(id, properties)| EndpointBlueprint {
                logical_id: id.to_owned(),
                name: value(&properties["EndpointName"]),
                config: references.endpoint_config(&properties["EndpointConfigName"]).map(str::to_owned),
            })
            .collect();
        let scaled: Vec<&Json> =
            resources("AWS::ApplicationAutoScaling::ScalableTarget").map(|(_, properties)| &properties["ResourceId"]).collect();
        for config in &mut configs {
            let named: Vec<_> = endpoints.iter().filter(|endpoint| endpoint.config.as_ref() == Some(&config.logical_id)).collect();
            for variant in &mut config.variants {
                variant.scales |= scaled.iter().any(|resource| {
                    named.is_empty()
                        || named.iter().any(|endpoint| references.may_scale(resource, &endpoint.logical_id, variant.name.as_deref()))
                });
            }
        }
        let components =
            resources("AWS::SageMaker::InferenceComponent").map(|(_, properties)| component(&references, properties)).collect();
        Self { endpoints, configs, models, components }
    }

    /// Makes every environment variable unknown that another reading of the same template has not, or
    /// has with another value.
    pub(crate) fn forget_other_variables(&mut self, other: &Self) {
        let own = self.models.iter_mut().flat_map(|model| &mut model.containers);
        let others = other.models.iter().flat_map(|model| &model.containers);
        let components = self.components.iter_mut().filter_map(|component| component.container.as_mut());
        let other_components = other.components.iter().filter_map(|component| component.container.as_ref());
        for (own, other) in own.chain(components).zip(others.chain(other_components)) {
            let (Some(own), Some(other)) = (&mut own.environment, &other.environment) else {
                own.environment = None;
                continue;
            };
            for (name, value) in other {
                if own.get(name) != Some(value) {
                    own.insert(name.clone(), None);
                }
            }
            for (name, value) in own {
                if !other.contains_key(name) {
                    *value = None;
                }
            }
        }
    }

    /// The endpoint with this name.
    pub fn endpoint(&self, name: &str) -> Option<&EndpointBlueprint> {
        self.endpoints.iter().find(|endpoint| matches!(&endpoint.name, Value::Known(known) if known == name))
    }

    /// The configuration of an endpoint, if the reference can be resolved.
    pub fn config_of(&self, endpoint: &EndpointBlueprint) -> Option<&ConfigBlueprint> {
        let id = endpoint.config.as_ref()?;
        self.configs.iter().find(|config| config.logical_id == *id)
    }

    /// The model of a variant, if the reference can be resolved.
    pub fn model_of(&self, variant: &VariantBlueprint) -> Option<&ModelBlueprint> {
        self.model(variant.model.as_ref()?)
    }

    /// The model with this logical id.
    pub fn model(&self, id: &str) -> Option<&ModelBlueprint> {
        self.models.iter().find(|model| model.logical_id == *id)
    }
}

fn config<'a>(references: &References<'a>, id: &str, properties: &'a Json) -> ConfigBlueprint {
    let volume_kms_key = match value(&properties["KmsKeyId"]) {
        Value::Known(key) if key.is_empty() => Value::Absent,
        key => key,
    };
    let capture = &properties["DataCaptureConfig"];
    let output = &properties["AsyncInferenceConfig"]["OutputConfig"];
    let keys = [&properties["KmsKeyId"], &capture["KmsKeyId"], &output["KmsKeyId"]];
    let variants = |name, is_shadow| {
        let variants = properties[name].as_array().into_iter().flatten();
        variants.map(move |properties| variant(references, properties, is_shadow))
    };
    ConfigBlueprint {
        logical_id: id.to_owned(),
        volume_kms_key,
        keys: keys.into_iter().filter_map(text).filter(|key| !key.is_empty()).collect(),
        data_capture: DataCapture {
            // Data capture is enabled by default (CreateEndpointConfig, DataCaptureConfig).
            enabled: match (capture, &capture["EnableCapture"]) {
                (Json::Null, _) => Some(false),
                (_, Json::Null) => Some(true),
                (_, enabled) => boolean(enabled),
            },
            percentage: integer(&capture["InitialSamplingPercentage"]),
        },
        async_output_locations: [&output["S3OutputPath"], &output["S3FailurePath"]]
            .into_iter()
            .filter_map(text)
            .filter(|url| !url.is_empty())
            .collect(),
        variants: variants("ProductionVariants", false).chain(variants("ShadowProductionVariants", true)).collect(),
    }
}

fn variant<'a>(references: &References<'a>, properties: &'a Json, is_shadow: bool) -> VariantBlueprint {
    VariantBlueprint {
        name: text(&properties["VariantName"]),
        is_shadow,
        weight: text(&properties["InitialVariantWeight"]).and_then(|weight| weight.trim().parse().ok()),
        instance_type: text(&properties["InstanceType"]),
        instance_count: integer(&properties["InitialInstanceCount"]),
        scales: !properties["ManagedInstanceScaling"].is_null(),
        is_serverless: !properties["ServerlessConfig"].is_null(),
        model: references.model(&properties["ModelName"]).map(str::to_owned),
        model_name: value(&properties["ModelName"]),
    }
}

fn component<'a>(references: &References<'a>, properties: &'a Json) -> ComponentBlueprint {
    let specification = &properties["Specification"];
    let own = &specification["Container"];
    ComponentBlueprint {
        endpoint: references.endpoint(&properties["EndpointName"]).map(str::to_owned),
        variant: text(&properties["VariantName"]),
        model: references.model(&specification["ModelName"]).map(str::to_owned),
        model_name: value(&specification["ModelName"]),
        container: Some(own).filter(|own| !own["Image"].is_null()).map(container),
    }
}

fn container(properties: &Json) -> ContainerBlueprint {
    ContainerBlueprint {
        is_package: !properties["ModelPackageName"].is_null(),
        model_package: text(&properties["ModelPackageName"]),
        image: text(&properties["Image"]),
        model_data_url: text(&properties["ModelDataUrl"]),
        environment: match &properties["Environment"] {
            Json::Null => Some(BTreeMap::new()),
            Json::Object(variables) if !is_intrinsic(variables) => {
                Some(variables.iter().map(|(name, value)| (name.clone(), text(value))).collect())
            }
            _ => None,
        },
    }
}

/// Whether an object is an intrinsic function that could not be resolved.
fn is_intrinsic(object: &Map<String, Json>) -> bool {
    object.len() == 1 && object.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}

fn model(id: &str, properties: &Json) -> ModelBlueprint {
    let primary = Some(&properties["PrimaryContainer"]).filter(|container| !container.is_null());
    let containers = primary.into_iter().chain(properties["Containers"].as_array().into_iter().flatten());
    let network = &properties["VpcConfig"];
    ModelBlueprint {
        logical_id: id.to_owned(),
        containers: containers.map(container).collect(),
        network_isolation: match &properties["EnableNetworkIsolation"] {
            Json::Null => Some(false),
            isolation => boolean(isolation),
        },
        network: (!network.is_null())
            .then(|| Network { subnets: texts(&network["Subnets"]), security_groups: texts(&network["SecurityGroupIds"]) }),
    }
}

fn value(json: &Json) -> Value<String> {
    match (json, text(json)) {
        (Json::Null, _) => Value::Absent,
        (_, Some(text)) => Value::Known(text),
        (unknown, None) => Value::Unknown(unknown.clone()),
    }
}

/// A known scalar, as text: CloudFormation accepts `"2"`, `2` and `true`.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if is_known(value) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A list of known strings; empty if one of them is not known.
fn texts(value: &Json) -> Vec<String> {
    value.as_array().and_then(|values| values.iter().map(text).collect::<Option<Vec<_>>>()).unwrap_or_default()
}

fn integer(value: &Json) -> Option<i32> {
    text(value)?.trim().parse().ok()
}

fn boolean(value: &Json) -> Option<bool> {
    text(value)?.trim().to_ascii_lowercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read() -> StackBlueprint {
        StackBlueprint::read(&json!({ "Resources": {
            "Approved": { "Type": "AWS::SageMaker::Model", "Properties": {
                "Containers": [{ "ModelPackageName": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1" }, { "Image": "extra" }],
                "VpcConfig": { "Subnets": ["subnet-1"], "SecurityGroupIds": [{ "Fn::GetAtt": ["Group", "GroupId"] }] },
            } },
            "Baseline": { "Type": "AWS::SageMaker::Model", "Properties": {
                "ModelName": "baseline", "PrimaryContainer": { "Image": "image:1", "ModelDataUrl": "s3://bucket/model.tar.gz" },
            } },
            "Config": { "Type": "AWS::SageMaker::EndpointConfig", "Properties": {
                "KmsKeyId": "",
                "ProductionVariants": [
                    { "VariantName": "A", "ModelName": { "Fn::GetAtt": ["Approved", "ModelName"] }, "InitialInstanceCount": "2", "InitialVariantWeight": 1 },
                    { "VariantName": "B", "ModelName": "baseline", "InitialInstanceCount": 1 },
                ],
                "ShadowProductionVariants": [{ "VariantName": "S", "ModelName": { "Ref": "Approved" } }],
            } },
            "Endpoint": { "Type": "AWS::SageMaker::Endpoint", "Properties": {
                "EndpointName": "iris", "EndpointConfigName": { "Fn::GetAtt": "Config.EndpointConfigName" },
            } },
            "Later": { "Type": "AWS::SageMaker::Endpoint", "Properties": {
                "EndpointName": { "Ref": "AWS::StackName" }, "EndpointConfigName": "elsewhere",
            } },
            "Scaling": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": { "ResourceId": "endpoint/iris/variant/B" } },
        } }))
    }

    #[test]
    fn references_are_resolved_by_attribute_by_name_and_by_ref() {
        let stack = read();
        let endpoint = stack.endpoint("iris").unwrap();
        let config = stack.config_of(endpoint).unwrap();
        let models: Vec<_> = config.variants.iter().map(|variant| stack.model_of(variant).unwrap().logical_id.as_str()).collect();
        assert_eq!(models, ["Approved", "Baseline", "Approved"]);
        assert_eq!(stack.config_of(&stack.endpoints[1]), None);
        assert!(matches!(stack.endpoints[1].name, Value::Unknown(_)));
    }

    #[test]
    fn every_container_is_read_and_unknown_values_are_left_out() {
        let model = &read().models[0];
        assert_eq!(model.containers.len(), 2);
        assert_eq!(model.containers[1].image.as_deref(), Some("extra"));
        let network = model.network.as_ref().unwrap();
        assert_eq!((network.subnets.len(), network.security_groups.len()), (1, 0));
        assert_eq!(read().configs[0].volume_kms_key, Value::Absent);
    }

    #[test]
    fn a_scaling_target_applies_only_to_its_endpoint() {
        let endpoint = |config: &str| json!({ "Type": "AWS::SageMaker::Endpoint", "Properties": { "EndpointConfigName": { "Fn::Sub": format!("${{{config}.EndpointConfigName}}") } } });
        let config =
            json!({ "Type": "AWS::SageMaker::EndpointConfig", "Properties": { "ProductionVariants": [{ "VariantName": "AllTraffic" }] } });
        let stack = StackBlueprint::read(&json!({ "Resources": {
            "A": endpoint("AConfig"), "AConfig": config, "B": endpoint("BConfig"), "BConfig": config,
            "Scaling": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
                "ResourceId": { "Fn::Sub": "endpoint/${B.EndpointName}/variant/AllTraffic" },
            } },
        } }));
        assert_eq!(stack.configs.iter().map(|config| config.variants[0].scales).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_scaling_target_applies_only_to_its_variant() {
        let config = &read().configs[0];
        assert_eq!(config.variants.iter().map(|variant| variant.scales).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(config.variants.iter().map(|variant| variant.is_shadow).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(config.variants[0].instance_count, Some(2));
    }
}
