//! The expected settings of endpoints: variants, data capture, key, network.

use std::collections::BTreeMap;

use aws_names::{AccountId, ModelPackageArn, Region};
use cfn_render::{PseudoParameters, Template};
use endpoint_test::{Expected, ExpectedSetting, ExpectedVariant, ExpectedVpc};

use crate::blueprint::{ConfigBlueprint, StackBlueprint, Value};
use crate::diagnostic::Failure;
use crate::manifest::ParameterOverride;
use crate::problems;
use crate::{Release, Stage};

/// The template of a release and the parameters of a stage.
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

    /// The expected settings of an endpoint, as far as they are known before deployment.
    pub fn of(&self, release: &Release, account: &AccountId, region: &Region, endpoint: &str) -> Result<Expected, Failure> {
        let package = &release.manifest.model_package;
        let mut parameters = self.parameters.clone();
        parameters.extend(ParameterOverride::of(&self.overrides, account, region));
        let pseudo = PseudoParameters::in_region(region.as_str()).in_account(account.as_str());
        let resolved =
            self.template.resolve_partly(&parameters, &pseudo).map_err(|error| problems::failure(&error, self.template.text()))?;
        let expected = Expected {
            model_package_arn: Some(package.in_region(region).clone()),
            images: package.images_in(region).to_vec(),
            ..Expected::default()
        };
        let stack = StackBlueprint::read(&resolved);
        let config = stack.endpoint(endpoint).and_then(|endpoint| stack.config_of(endpoint));
        Ok(config.map_or(expected.clone(), |config| {
            let partition = package.arn.partition();
            // A package without an ARN is in the endpoint's account and region.
            let package = |name: &str| {
                name.parse().ok().or_else(|| format!("arn:{partition}:sagemaker:{region}:{account}:model-package/{name}").parse().ok())
            };
            configured(expected, &stack, config, package)
        }))
    }
}

/// Adds the settings of an endpoint configuration and its models.
fn configured(
    mut expected: Expected,
    stack: &StackBlueprint,
    config: &ConfigBlueprint,
    package: impl Fn(&str) -> Option<ModelPackageArn>,
) -> Expected {
    expected.volume_kms_key = match &config.volume_kms_key {
        Value::Absent => Some(ExpectedSetting::Absent),
        Value::Known(key) => Some(ExpectedSetting::Is(key.clone())),
        Value::Unknown(_) => None,
    };
    expected.data_capture = config.data_capture.enabled;
    expected.data_capture_percentage = config.data_capture.percentage;
    expected.async_output_locations.clone_from(&config.async_output_locations);
    let mut models = Vec::new();
    // Shadow variants get no traffic of their own, so nothing is expected of them.
    for variant in config.variants.iter().filter(|variant| !variant.is_shadow) {
        let Some(name) = &variant.name else { continue };
        let model = stack.model_of(variant);
        models.extend(model);
        expected.variants.push(ExpectedVariant {
            name: name.clone(),
            takes_traffic: variant.weight.is_some_and(|weight| weight > 0.0),
            // Scaling changes the number of instances, down to its minimum.
            instance_count: variant.instance_count.filter(|_| !variant.scales),
            instance_type: variant.instance_type.clone(),
            serverless: Some(variant.is_serverless),
            model_package_arn: model
                .and_then(|model| model.containers.iter().find_map(|container| container.model_package.as_deref().and_then(&package))),
        });
    }
    // If the variants have different networks, nothing is expected.
    let isolation: Vec<_> = models.iter().map(|model| model.network_isolation).collect();
    expected.network_isolation = same(&isolation).copied().flatten();
    let networks: Vec<_> = models.iter().map(|model| &model.network).collect();
    expected.vpc = same(&networks).map(|network| match network {
        None => ExpectedVpc::Absent,
        Some(network) => ExpectedVpc::Within { subnets: network.subnets.clone(), security_groups: network.security_groups.clone() },
    });
    expected
}

/// The common value, if all are equal.
fn same<T: PartialEq>(values: &[T]) -> Option<&T> {
    let first = values.first()?;
    values.iter().all(|value| value == first).then_some(first)
}
