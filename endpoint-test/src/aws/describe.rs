//! Finds out what an endpoint serves: endpoint, endpoint configuration, model, model package.

mod components;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_names::Arn;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::Builder;
use aws_sdk_sagemaker::config::timeout::TimeoutConfig;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::operation::describe_model::DescribeModelOutput;
use aws_sdk_sagemaker::types::{
    AsyncInferenceConfig, CaptureStatus, ContainerDefinition, DataCaptureConfigSummary, ProductionVariant, ProductionVariantSummary,
};

use super::failure::target_error;
use crate::approved::environment_digest;
use crate::target::{
    Asynchronous, DeployedContainer, Description, EndpointSettings, EndpointStatus, TargetError, TargetErrorKind, TargetKind, Variant,
};
use call_fault::sdk::{Required, boxed};

/// The timeout of an operation, with retries. It is shorter than the time limit of a whole
/// description ([`RunOptions::describe_timeout`](crate::RunOptions)), whose error cannot name the
/// operation.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(50);

/// A client with this timeout.
pub(super) fn client(config: &SdkConfig) -> Client {
    let known = config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled);
    let limit = known.operation_timeout().map_or(OPERATION_TIMEOUT, |known| known.min(OPERATION_TIMEOUT));
    let timeouts = known.to_builder().operation_timeout(limit).build();
    Client::from_conf(Builder::from(config).timeout_config(timeouts).build())
}

/// What a model consists of, and where it runs.
#[derive(Debug, Default)]
struct Model {
    packages: Vec<String>,
    images: Vec<String>,
    containers: Vec<DeployedContainer>,
    network_isolation: bool,
    subnets: Vec<String>,
    security_groups: Vec<String>,
}

/// Describes an endpoint. Its configuration and models are described only when it is in service:
/// during a deployment the configuration is about to change.
pub(super) async fn endpoint(client: &Client, name: &str) -> Result<Description, TargetError> {
    let request = client.describe_endpoint().endpoint_name(name).customize().interceptor(Required(&["EndpointName", "EndpointStatus"]));
    let endpoint = boxed(request.send()).await.map_err(|error| target_error("DescribeEndpoint", error))?;
    let status = endpoint.endpoint_status().map(|status| EndpointStatus::from_aws(status.as_str())).unwrap_or_default();
    let config = match endpoint.endpoint_config_name() {
        Some(config) if status == EndpointStatus::InService => endpoint_config(client, config).await?,
        _ => None,
    };
    let arn = endpoint.endpoint_arn().unwrap_or_default();
    let mut models = BTreeMap::new();
    let (configured, configured_shadows) = match &config {
        Some(config) => (config.production_variants(), config.shadow_production_variants()),
        None => (&[][..], &[][..]),
    };
    for name in configured.iter().chain(configured_shadows).filter_map(ProductionVariant::model_name) {
        look_up(client, name, arn, &mut models).await?;
    }
    let shadow_variants = variants(endpoint.shadow_production_variants(), configured_shadows, &models);
    let mut variants = variants(endpoint.production_variants(), configured, &models);
    // A variant without its own model serves inference components.
    if config.is_some() && variants.iter().any(|variant| variant.model_name.is_none()) {
        components::add(client, name, arn, &mut models, &mut variants).await?;
    }
    Ok(Description {
        kind: TargetKind::Endpoint,
        status,
        failure_reason: endpoint.failure_reason().map(str::to_owned),
        arn: endpoint.endpoint_arn().map(str::to_owned),
        config_name: endpoint.endpoint_config_name().map(str::to_owned),
        variants,
        shadow_variants,
        data_capture: Some(captures_data(&endpoint)),
        data_capture_percentage: endpoint.data_capture_config().and_then(DataCaptureConfigSummary::current_sampling_percentage),
        asynchronous: endpoint
            .async_inference_config()
            .and_then(asynchronous)
            .or_else(|| config.as_ref()?.async_inference_config().and_then(asynchronous)),
        settings: config
            .map(|config| EndpointSettings { volume_kms_key: config.kms_key_id().filter(|key| !key.is_empty()).map(str::to_owned) }),
    })
}

/// Describes a model that is not known yet.
async fn look_up(client: &Client, name: &str, endpoint_arn: &str, models: &mut BTreeMap<String, Model>) -> Result<(), TargetError> {
    if !models.contains_key(name)
        && let Some(output) = model(client, name).await?
    {
        models.insert(name.to_owned(), Model::read(&output, endpoint_arn));
    }
    Ok(())
}

/// If the configuration was deleted, the model is unknown. The check `identity` reports that.
async fn endpoint_config(client: &Client, name: &str) -> Result<Option<DescribeEndpointConfigOutput>, TargetError> {
    let request = client.describe_endpoint_config().endpoint_config_name(name);
    let result = boxed(request.customize().interceptor(Required(&["ProductionVariants"])).send()).await;
    unless_absent(result.map_err(|error| target_error("DescribeEndpointConfig", error)))
}

/// As with the configuration: a deleted model is unknown.
async fn model(client: &Client, name: &str) -> Result<Option<DescribeModelOutput>, TargetError> {
    let request = client.describe_model().model_name(name).customize().interceptor(Required(&["ModelName"]));
    let result = boxed(request.send()).await;
    unless_absent(result.map_err(|error| target_error("DescribeModel", error)))
}

fn unless_absent<T>(result: Result<T, TargetError>) -> Result<Option<T>, TargetError> {
    match result {
        Err(error) if error.kind == TargetErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

impl Model {
    fn read(output: &DescribeModelOutput, endpoint_arn: &str) -> Self {
        let vpc = output.vpc_config();
        let mut model = Self {
            network_isolation: output.enable_network_isolation().unwrap_or(false),
            subnets: vpc.map(|vpc| vpc.subnets().to_vec()).unwrap_or_default(),
            security_groups: vpc.map(|vpc| vpc.security_group_ids().to_vec()).unwrap_or_default(),
            ..Self::default()
        };
        for container in output.primary_container().into_iter().chain(output.containers()) {
            model.packages.extend(ContainerDefinition::model_package_name(container).map(|name| package_arn(name, endpoint_arn)));
            model.images.extend(container.image().map(str::to_owned));
            model.containers.push(deployed_container(container.environment()));
        }
        model.packages.dedup();
        model
    }
}

/// The values of environment variables can be secrets: only their digests are kept.
fn deployed_container(environment: Option<&HashMap<String, String>>) -> DeployedContainer {
    let variables = environment.into_iter().flatten();
    DeployedContainer { environment: variables.map(|(name, value)| (name.clone(), environment_digest(name, value))).collect() }
}

/// A package without an ARN is in the endpoint's account and region.
fn package_arn(name: &str, endpoint_arn: &str) -> String {
    match endpoint_arn.parse::<Arn>() {
        Ok(endpoint) if !name.starts_with("arn:") => endpoint.with_resource(&format!("model-package/{name}")),
        _ => name.to_owned(),
    }
}

/// The running variants, with details from their configuration.
fn variants(running: &[ProductionVariantSummary], configured: &[ProductionVariant], models: &BTreeMap<String, Model>) -> Vec<Variant> {
    if running.is_empty() {
        return configured.iter().map(|variant| merge(None, Some(variant), models)).collect();
    }
    let of = |summary: &ProductionVariantSummary| configured.iter().find(|variant| variant.variant_name() == summary.variant_name());
    running.iter().map(|summary| merge(Some(summary), of(summary), models)).collect()
}

fn merge(running: Option<&ProductionVariantSummary>, configured: Option<&ProductionVariant>, models: &BTreeMap<String, Model>) -> Variant {
    let name = running.and_then(ProductionVariantSummary::variant_name).or_else(|| configured?.variant_name());
    let model_name = configured.and_then(ProductionVariant::model_name);
    let model = model_name.and_then(|name| models.get(name));
    // The digest that a tag meant at deployment is more precise than the tag.
    let deployed = running.map(ProductionVariantSummary::deployed_images).unwrap_or_default();
    let mut images: Vec<_> =
        deployed.iter().filter_map(|image| image.resolved_image().or_else(|| image.specified_image())).map(str::to_owned).collect();
    if images.is_empty() {
        images.extend(model.into_iter().flat_map(|model| model.images.iter().cloned()));
    }
    Variant {
        name: name.unwrap_or_default().to_owned(),
        weight: running.and_then(ProductionVariantSummary::current_weight).or_else(|| configured?.initial_variant_weight()),
        current_instance_count: running.and_then(ProductionVariantSummary::current_instance_count),
        desired_instance_count: running
            .and_then(ProductionVariantSummary::desired_instance_count)
            .or_else(|| configured?.initial_instance_count()),
        model_name: model_name.map(str::to_owned),
        model_packages: model.map(|model| model.packages.clone()).unwrap_or_default(),
        images,
        instance_type: configured.and_then(ProductionVariant::instance_type).map(|kind| kind.as_str().to_owned()),
        serverless: configured.is_some_and(|variant| variant.serverless_config().is_some()),
        inference_components: Vec::new(),
        network_isolation: model.map(|model| model.network_isolation),
        subnets: model.map(|model| model.subnets.clone()).unwrap_or_default(),
        security_groups: model.map(|model| model.security_groups.clone()).unwrap_or_default(),
        containers: model.map(|model| model.containers.clone()).unwrap_or_default(),
    }
}

/// A configuration without an output section is not asynchronous.
fn asynchronous(config: &AsyncInferenceConfig) -> Option<Asynchronous> {
    let output = config.output_config()?;
    let known = |url: Option<&str>| url.filter(|url| !url.is_empty()).map(str::to_owned);
    Some(Asynchronous { output: known(output.s3_output_path()), failures: known(output.s3_failure_path()) })
}

/// An endpoint without a data capture section, or with an empty one, captures nothing.
fn captures_data(endpoint: &DescribeEndpointOutput) -> bool {
    endpoint
        .data_capture_config()
        .is_some_and(|capture| capture.enable_capture() == Some(true) && capture.capture_status() != Some(&CaptureStatus::Stopped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_without_an_arn_is_in_the_endpoints_account() {
        let endpoint = "arn:aws-cn:sagemaker:cn-north-1:222222222222:endpoint/iris";
        let arn = "arn:aws-cn:sagemaker:cn-north-1:222222222222:model-package/iris/13";
        assert_eq!(package_arn("iris/13", endpoint), arn);
        assert_eq!(package_arn(arn, endpoint), arn);
    }
}
