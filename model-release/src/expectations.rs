//! What an endpoint must be, read from the release's own template and parameters: variants, data capture, key, network.

use std::collections::BTreeMap;

use cfn_render::{PseudoParameters, Template, is_known, resources_of_type};
use endpoint_test::{Expected, ExpectedVariant, Setting, TargetInfo, Vpc};
use serde_json::Value as Json;

use crate::diagnostic::{Failure, FailureKind};
use crate::manifest::ParameterOverride;
use crate::problems;
use crate::{Release, Stage};

/// The template of a release with a stage's parameters.
#[derive(Debug)]
pub struct Expectations {
    template: Template,
    parameters: BTreeMap<String, String>,
    overrides: Vec<ParameterOverride>,
}

impl Expectations {
    /// Reads the release's files.
    pub fn read(release: &Release, stage: Stage) -> Result<Self, Failure> {
        Ok(Self {
            template: release.template()?,
            parameters: release.parameters(stage)?,
            overrides: release.manifest.stage(stage).parameter_overrides.clone(),
        })
    }

    /// What the template says of one endpoint, as far as it can be known before AWS does it.
    pub fn of(&self, release: &Release, info: &TargetInfo) -> Result<Expected, Failure> {
        let package = &release.manifest.model_package;
        let arn = package.in_region(&info.region).to_owned();
        let images = if arn == package.arn {
            package.images.clone()
        } else {
            package.regions.get(&info.region).map(|regional| regional.images.clone()).unwrap_or_default()
        };
        let mut parameters = self.parameters.clone();
        parameters.extend(ParameterOverride::of(&self.overrides, &info.account_id, &info.region));
        let pseudo = PseudoParameters::in_region(&info.region).in_account(&info.account_id);
        let resolved = self.template.resolve(&parameters, &pseudo).map_err(|error| {
            let diagnostics = error.problems().iter().map(|problem| problems::of_template(problem, self.template.text())).collect();
            Failure::new(FailureKind::BadInput, diagnostics)
        })?;
        let expected = Expected { model_package_arn: Some(arn), images, ..Expected::default() };
        let endpoint = resources_of_type(&resolved, "AWS::SageMaker::Endpoint")
            .find(|(_, properties)| text(&properties["EndpointName"]).as_deref() == Some(info.endpoint.as_str()));
        let Some((_, endpoint)) = endpoint else { return Ok(expected) };
        match named(&resolved, "AWS::SageMaker::EndpointConfig", "EndpointConfigName", &endpoint["EndpointConfigName"]) {
            Some(config) => Ok(configured(expected, &resolved, config)),
            None => Ok(expected),
        }
    }
}

/// What an endpoint configuration and its models say.
fn configured(mut expected: Expected, resolved: &Json, config: &Json) -> Expected {
    expected.volume_kms_key = match &config["KmsKeyId"] {
        Json::Null => Some(Setting::Absent),
        key => text(key).map(|key| if key.is_empty() { Setting::Absent } else { Setting::Is(key) }),
    };
    match &config["DataCaptureConfig"] {
        Json::Null => expected.data_capture = Some(false),
        capture => {
            // Capture is on unless it is switched off (CreateEndpointConfig, DataCaptureConfig).
            expected.data_capture = if capture["EnableCapture"].is_null() { Some(true) } else { boolean(&capture["EnableCapture"]) };
            expected.data_capture_percentage = integer(&capture["InitialSamplingPercentage"]);
        }
    }
    let output = &config["AsyncInferenceConfig"]["OutputConfig"];
    expected.answers =
        [text(&output["S3OutputPath"]), text(&output["S3FailurePath"])].into_iter().flatten().filter(|url| !url.is_empty()).collect();
    // Scaling moves the number of instances, down to its own minimum.
    let scales = resources_of_type(resolved, "AWS::ApplicationAutoScaling::ScalableTarget").next().is_some();
    let variants = config["ProductionVariants"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut models = Vec::new();
    for variant in variants {
        let Some(name) = text(&variant["VariantName"]) else { continue };
        let model = named(resolved, "AWS::SageMaker::Model", "ModelName", &variant["ModelName"]);
        models.extend(model);
        let managed = !variant["ManagedInstanceScaling"].is_null();
        expected.variants.push(ExpectedVariant {
            name,
            takes_traffic: number(&variant["InitialVariantWeight"]).is_some_and(|weight| weight > 0.0),
            instance_count: integer(&variant["InitialInstanceCount"]).filter(|_| !scales && !managed),
            instance_type: text(&variant["InstanceType"]),
            serverless: Some(!variant["ServerlessConfig"].is_null()),
            model_package_arn: model.and_then(|model| text(&model["PrimaryContainer"]["ModelPackageName"])),
        });
    }
    // Variants of one endpoint in different networks are nobody's intent: then nothing is expected.
    let isolation: Vec<_> = models
        .iter()
        .map(|model| if model["EnableNetworkIsolation"].is_null() { Some(false) } else { boolean(&model["EnableNetworkIsolation"]) })
        .collect();
    expected.network_isolation = same(&isolation).copied().flatten();
    let vpcs: Vec<_> = models.iter().map(|model| vpc(&model["VpcConfig"])).collect();
    expected.vpc = same(&vpcs).cloned();
    expected
}

fn vpc(config: &Json) -> Vpc {
    if config.is_null() {
        return Vpc::Absent;
    }
    Vpc::Within { subnets: texts(&config["Subnets"]), security_groups: texts(&config["SecurityGroupIds"]) }
}

/// The one value that all have.
fn same<T: PartialEq>(values: &[T]) -> Option<&T> {
    let first = values.first()?;
    values.iter().all(|value| value == first).then_some(first)
}

/// The properties of the resource that a value names: by reference, or by the name that the resource has.
fn named<'a>(resolved: &'a Json, resource_type: &'static str, name: &str, value: &Json) -> Option<&'a Json> {
    let id = match value {
        Json::Object(reference) => match (reference.get("Fn::GetAtt"), reference.get("Ref")) {
            (Some(Json::Array(parts)), _) => parts.first()?.as_str()?,
            (Some(Json::String(attribute)), _) => attribute.split('.').next()?,
            (_, Some(id)) => id.as_str()?,
            _ => return None,
        },
        Json::String(known) => {
            return resources_of_type(resolved, resource_type).find(|(_, properties)| properties[name] == **known).map(|(_, found)| found);
        }
        _ => return None,
    };
    resources_of_type(resolved, resource_type).find(|(logical_id, _)| *logical_id == id).map(|(_, found)| found)
}

/// A value that is known and plain, as text.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if is_known(value) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A list of known texts; nothing when one of them is not known.
fn texts(value: &Json) -> Vec<String> {
    value.as_array().and_then(|values| values.iter().map(text).collect::<Option<Vec<_>>>()).unwrap_or_default()
}

fn number(value: &Json) -> Option<f64> {
    text(value)?.trim().parse().ok()
}

fn integer(value: &Json) -> Option<i32> {
    text(value)?.trim().parse().ok()
}

fn boolean(value: &Json) -> Option<bool> {
    text(value)?.trim().to_ascii_lowercase().parse().ok()
}
