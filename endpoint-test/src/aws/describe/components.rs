//! Inference components: models that one variant serves side by side, without a model of its own.

use std::collections::BTreeMap;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::{InferenceComponentStatus, InferenceComponentSummary};

use super::{Model, deployed_container, look_up};
use crate::aws::failure::target_error;
use crate::target::{TargetError, TargetErrorKind, Variant};
use call_fault::sdk::{Required, boxed};

/// Adds the components' models to the variants that have no model of their own.
pub(super) async fn add(
    client: &Client,
    endpoint: &str,
    endpoint_arn: &str,
    models: &mut BTreeMap<String, Model>,
    variants: &mut [Variant],
) -> Result<(), TargetError> {
    for component in list(client, endpoint).await? {
        let Some(name) = component.inference_component_name() else { continue };
        // A component that is being created or has failed serves nothing.
        if component.inference_component_status() != Some(&InferenceComponentStatus::InService) {
            continue;
        }
        let of_variant = |variant: &&mut Variant| variant.model_name.is_none() && component.variant_name() == Some(variant.name.as_str());
        let Some(variant) = variants.iter_mut().find(of_variant) else { continue };
        let request = client.describe_inference_component().inference_component_name(name);
        let described = boxed(request.customize().interceptor(Required(&["InferenceComponentName"])).send()).await;
        let described = described.map_err(|error| target_error("DescribeInferenceComponent", error))?;
        variant.inference_components.push(name.to_owned());
        let Some(specification) = described.specification() else { continue };
        if let Some(image) = specification.container().and_then(|container| container.deployed_image()) {
            variant.images.extend(image.resolved_image().or(image.specified_image()).map(str::to_owned));
        }
        if let Some(model) = specification.model_name() {
            look_up(client, model, endpoint_arn, models).await?;
            if let Some(model) = models.get(model) {
                variant.model_packages.extend(model.packages.iter().cloned());
                variant.images.extend(model.images.iter().cloned());
                variant.containers.extend(model.containers.iter().cloned());
            }
        }
        if let Some(container) = specification.container().filter(|container| container.environment().is_some()) {
            variant.containers.push(deployed_container(container.environment()));
        }
    }
    for variant in variants {
        variant.inference_components.sort();
        variant.model_packages.sort();
        variant.model_packages.dedup();
        variant.images.sort();
        variant.images.dedup();
    }
    Ok(())
}

/// All components of an endpoint.
async fn list(client: &Client, endpoint: &str) -> Result<Vec<InferenceComponentSummary>, TargetError> {
    const OPERATION: &str = "ListInferenceComponents";
    let mut components = Vec::new();
    let mut token = None;
    loop {
        let request = client.list_inference_components().endpoint_name_equals(endpoint).set_next_token(token.clone());
        let page = boxed(request.customize().interceptor(Required(&["InferenceComponents"])).send()).await;
        let page = page.map_err(|error| target_error(OPERATION, error))?;
        components.extend(page.inference_components.unwrap_or_default());
        let next = page.next_token.filter(|token| !token.is_empty());
        match next {
            None => return Ok(components),
            Some(next) if token.as_ref() == Some(&next) => {
                let message = "the list does not end: a page has its own token as the next one";
                return Err(TargetError::new(TargetErrorKind::Other, message).operation(OPERATION));
            }
            next => token = next,
        }
    }
}
