//! The expected settings of endpoints: variants, data capture, key, network.

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, ModelPackageArn, Region};
use cfn_render::{PseudoParameters, Template};
use endpoint_test::{Expected, ExpectedContainer, ExpectedModel, ExpectedSetting, ExpectedVariant, ExpectedVpc, environment_digest};

use crate::blueprint::{ConfigBlueprint, ContainerBlueprint, EndpointBlueprint, ModelBlueprint, StackBlueprint, Value, VariantBlueprint};
use crate::diagnostic::Failure;
use crate::manifest::{ApprovedContainer, ParameterOverride};
use crate::problems;
use crate::{DEPLOYMENT_ATTEMPT, Release, Stage};

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

    fn declares(&self, parameter: &str) -> bool {
        self.template.parameters().as_object().is_some_and(|declared| declared.contains_key(parameter))
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
            images: package.images_in(region).into_owned(),
            blocks_unknown: release.manifest.blocks_unknown_bytes(),
            ..Expected::default()
        };
        let mut stack = StackBlueprint::read(&resolved);
        // An endpoint that was updated again has another value of this parameter.
        if parameters.insert(DEPLOYMENT_ATTEMPT.to_owned(), "another".to_owned()).is_some() || self.declares(DEPLOYMENT_ATTEMPT) {
            let again =
                self.template.resolve_partly(&parameters, &pseudo).map_err(|error| problems::failure(&error, self.template.text()))?;
            stack.forget_other_variables(&StackBlueprint::read(&again));
        }
        let approved = package.containers_in(region).map(environment_of);
        let config = stack.endpoint(endpoint).and_then(|endpoint| Some((endpoint, stack.config_of(endpoint)?)));
        Ok(config.map_or(expected.clone(), |(endpoint, config)| {
            let partition = package.arn.partition();
            // A package without an ARN is in the endpoint's account and region.
            let package = |name: &str| {
                name.parse().ok().or_else(|| format!("arn:{partition}:sagemaker:{region}:{account}:model-package/{name}").parse().ok())
            };
            configured(expected, &stack, endpoint, config, package, approved.as_ref())
        }))
    }
}

/// The digests that each environment variable has in any container.
type Environment = BTreeMap<String, BTreeSet<String>>;

fn environment_of(containers: &[ApprovedContainer]) -> Environment {
    let mut all = Environment::new();
    for (name, digest) in containers.iter().flat_map(|container| &container.environment) {
        all.entry(name.clone()).or_default().insert(digest.clone());
    }
    all
}

/// Adds the settings of an endpoint configuration and its models.
fn configured(
    mut expected: Expected,
    stack: &StackBlueprint,
    endpoint: &EndpointBlueprint,
    config: &ConfigBlueprint,
    package: impl Fn(&str) -> Option<ModelPackageArn>,
    environment: Option<&Environment>,
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
    let approved = expected.model_package_arn.clone();
    for variant in &config.variants {
        let Some(name) = &variant.name else { continue };
        let served = Served::by(stack, endpoint, variant);
        let packages: Vec<_> = served.containers.iter().filter_map(|container| package(container.model_package.as_deref()?)).collect();
        let is_approved = |package: &&ModelPackageArn| approved.as_ref().is_some_and(|approved| package.same_package(approved));
        let images = || served.containers.iter().filter(|container| !container.is_package);
        models.extend(stack.model_of(variant).filter(|_| !variant.is_shadow));
        expected.variants.push(ExpectedVariant {
            name: name.clone(),
            takes_traffic: variant.weight.is_some_and(|weight| weight > 0.0),
            // Scaling changes the number of instances, down to its minimum.
            instance_count: variant.instance_count.filter(|_| !variant.scales),
            instance_type: variant.instance_type.clone(),
            serverless: Some(variant.is_serverless),
            model_package_arn: packages.iter().find(is_approved).or(packages.first()).cloned(),
            images: images().filter_map(|container| container.image.clone()).collect(),
            unknown_images: images().filter(|container| container.image.is_none()).count(),
            model: served.model(),
            is_shadow: variant.is_shadow,
            containers: environment.map(|environment| served.environments(environment, &package, &is_approved)).unwrap_or_default(),
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

/// The containers that a variant serves, and what is not known about them.
struct Served<'a> {
    containers: Vec<&'a ContainerBlueprint>,
    /// The name of a model that the template does not create.
    named: Option<&'a str>,
    /// Whether all containers are known.
    is_complete: bool,
}

impl<'a> Served<'a> {
    fn by(stack: &'a StackBlueprint, endpoint: &EndpointBlueprint, variant: &'a VariantBlueprint) -> Self {
        let of_model = |model: &'a ModelBlueprint| Self { containers: model.containers.iter().collect(), named: None, is_complete: true };
        let unknown = Self { containers: Vec::new(), named: None, is_complete: false };
        match (stack.model_of(variant), &variant.model_name) {
            (Some(model), _) => of_model(model),
            (None, Value::Known(name)) => Self { named: Some(name), ..unknown },
            (None, Value::Unknown(_)) => unknown,
            (None, Value::Absent) => Self::components(stack, endpoint, variant),
        }
    }

    /// The inference components of the variant. A component on an unknown endpoint or variant may
    /// be one of them.
    fn components(stack: &'a StackBlueprint, endpoint: &EndpointBlueprint, variant: &VariantBlueprint) -> Self {
        let may_be = |own: &Option<String>, other: Option<&String>| own.is_none() || own.as_ref() == other;
        let mut served = Self { containers: Vec::new(), named: None, is_complete: true };
        for component in &stack.components {
            if !may_be(&component.endpoint, Some(&endpoint.logical_id)) || !may_be(&component.variant, variant.name.as_ref()) {
                continue;
            }
            match component.model.as_ref().and_then(|id| stack.model(id)) {
                Some(model) => served.containers.extend(&model.containers),
                None => served.is_complete &= component.model_name == Value::Absent,
            }
            served.containers.extend(&component.container);
        }
        served
    }

    /// The environment variables of the containers; none if they are not all known.
    fn environments(
        &self,
        approved: &Environment,
        package: &impl Fn(&str) -> Option<ModelPackageArn>,
        is_approved: &impl Fn(&&ModelPackageArn) -> bool,
    ) -> Vec<ExpectedContainer> {
        let expected = |container: &&ContainerBlueprint| {
            let variables = container.environment.as_ref()?.iter();
            let template = variables.map(|(name, value)| (name.clone(), value.as_ref().map(|value| environment_digest(name, value))));
            let package = match (container.is_package, container.model_package.as_deref().and_then(package)) {
                (true, Some(package)) if is_approved(&&package) => Some(approved.clone()),
                // The environment of another package is not recorded.
                (true, _) => None,
                (false, _) => Some(Environment::new()),
            };
            Some(ExpectedContainer { package, template: template.collect() })
        };
        let expected = self.containers.iter().map(expected).collect::<Option<Vec<_>>>();
        expected.filter(|_| self.is_complete).unwrap_or_default()
    }

    fn model(&self) -> ExpectedModel {
        match self.named {
            Some(name) => ExpectedModel::Named(name.to_owned()),
            None if self.containers.iter().any(|container| container.is_package) => ExpectedModel::Package,
            None if self.is_complete && !self.containers.is_empty() => ExpectedModel::Images,
            None => ExpectedModel::Unknown,
        }
    }
}

/// The common value, if all are equal.
fn same<T: PartialEq>(values: &[T]) -> Option<&T> {
    let first = values.first()?;
    values.iter().all(|value| value == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    const APPROVED: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";

    /// The expected variants of a template with one endpoint, whose resources are merged with others.
    fn expected(variants: &Json, others: &Json) -> Vec<ExpectedVariant> {
        let mut resources = json!({
            "Approved": { "Type": "AWS::SageMaker::Model", "Properties": { "PrimaryContainer": { "ModelPackageName": APPROVED } } },
            "Config": { "Type": "AWS::SageMaker::EndpointConfig", "Properties": variants },
            "Endpoint": { "Type": "AWS::SageMaker::Endpoint", "Properties": {
                "EndpointName": "iris", "EndpointConfigName": { "Fn::GetAtt": ["Config", "EndpointConfigName"] },
            } },
        });
        resources.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        let stack = StackBlueprint::read(&json!({ "Resources": resources }));
        let endpoint = stack.endpoint("iris").unwrap();
        let release = Expected { model_package_arn: APPROVED.parse().ok(), ..Expected::default() };
        configured(release, &stack, endpoint, stack.config_of(endpoint).unwrap(), |name| name.parse().ok(), None).variants
    }

    fn production(model: &Json) -> Json {
        json!({ "ProductionVariants": [{ "VariantName": "A", "ModelName": model }] })
    }

    fn model(containers: &Json) -> Json {
        json!({ "Other": { "Type": "AWS::SageMaker::Model", "Properties": { "Containers": containers } } })
    }

    fn of_containers(containers: &Json) -> ExpectedVariant {
        expected(&production(&json!({ "Fn::GetAtt": ["Other", "ModelName"] })), &model(containers)).remove(0)
    }

    #[test]
    fn a_model_of_images_only_is_expected_with_its_images() {
        let baseline = of_containers(&json!([{ "Image": "image:1" }, { "Image": { "Fn::ImportValue": "image" } }]));
        assert_eq!(baseline.model, ExpectedModel::Images);
        assert_eq!((baseline.images, baseline.unknown_images, baseline.model_package_arn), (vec!["image:1".to_owned()], 1, None));
    }

    #[test]
    fn a_model_with_a_package_and_images_is_expected_with_both() {
        let other = "arn:aws:sagemaker:us-east-1:111111111111:model-package/features/2";
        let mixed = of_containers(&json!([{ "ModelPackageName": other }, { "Image": "image:1" }, { "ModelPackageName": APPROVED }]));
        assert_eq!((mixed.model, mixed.images), (ExpectedModel::Package, vec!["image:1".to_owned()]));
        // The approved one of several packages counts.
        assert_eq!(mixed.model_package_arn.unwrap().as_str(), APPROVED);
        let unknown = of_containers(&json!([{ "ModelPackageName": { "Fn::ImportValue": "package" } }]));
        assert_eq!((unknown.model, unknown.model_package_arn, unknown.unknown_images), (ExpectedModel::Package, None, 0));
    }

    #[test]
    fn a_model_outside_the_template_is_expected_by_its_name_or_not_at_all() {
        let of = |name: Json| expected(&production(&name), &json!({})).remove(0).model;
        assert_eq!(of(json!("baseline")), ExpectedModel::Named("baseline".to_owned()));
        assert_eq!(of(json!({ "Fn::ImportValue": "model" })), ExpectedModel::Unknown);
    }

    #[test]
    fn inference_components_are_expected_on_their_variant() {
        let component = |variant: &Json, specification: &Json| {
            json!({ "Type": "AWS::SageMaker::InferenceComponent", "Properties": {
                "EndpointName": { "Fn::GetAtt": ["Endpoint", "EndpointName"] }, "VariantName": variant, "Specification": specification,
            } })
        };
        let variants = json!({ "ProductionVariants": [{ "VariantName": "A" }, { "VariantName": "B" }, { "VariantName": "C" }, { "VariantName": "D" }] });
        let others = json!({
            "Package": component(&json!("A"), &json!({ "ModelName": { "Fn::GetAtt": ["Approved", "ModelName"] } })),
            "Beside": component(&json!("A"), &json!({ "Container": { "Image": "image:1" } })),
            "Image": component(&json!("B"), &json!({ "Container": { "Image": "image:2" } })),
            "Elsewhere": component(&json!("C"), &json!({ "ModelName": "elsewhere" })),
        });
        let found = expected(&variants, &others);
        let models: Vec<_> = found.iter().map(|variant| variant.model.clone()).collect();
        assert_eq!(models, [ExpectedModel::Package, ExpectedModel::Images, ExpectedModel::Unknown, ExpectedModel::Unknown]);
        assert_eq!(found[0].model_package_arn.as_ref().unwrap().as_str(), APPROVED);
        assert_eq!((&found[0].images, &found[1].images), (&vec!["image:1".to_owned()], &vec!["image:2".to_owned()]));
    }

    #[test]
    fn shadow_variants_are_expected_as_such() {
        let variants = json!({
            "ProductionVariants": [{ "VariantName": "A", "ModelName": "baseline" }],
            "ShadowProductionVariants": [{ "VariantName": "S", "ModelName": { "Fn::GetAtt": ["Approved", "ModelName"] } }],
        });
        let found = expected(&variants, &json!({}));
        assert_eq!(found.iter().map(|variant| variant.is_shadow).collect::<Vec<_>>(), [false, true]);
        assert_eq!(found[1].model_package_arn.as_ref().unwrap().as_str(), APPROVED);
    }
}
