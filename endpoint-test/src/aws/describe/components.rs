//! Inference components: models that one variant serves side by side, without a model of its own.

use std::collections::BTreeMap;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::{InferenceComponentStatus, InferenceComponentSummary};

use super::{Model, look_up};
use crate::aws::failure::target_error;
use crate::target::{TargetError, Variant};

/// Adds the components' models to the variants that have no model of their own.
pub(super) async fn add(
    client: &Client,
    endpoint: &str,
    endpoint_arn: &str,
    models: &mut BTreeMap<String, Model>,
    variants: &mut [Variant],
) -> Result<(), TargetError> {
    let mut pages = client.list_inference_components().endpoint_name_equals(endpoint).into_paginator().items().send();
    let mut components: Vec<InferenceComponentSummary> = Vec::new();
    while let Some(component) = pages.next().await {
        components.push(component.map_err(|error| target_error("ListInferenceComponents", error))?);
    }
    for component in components {
        let Some(name) = component.inference_component_name() else { continue };
        // A component that is being created or has failed serves nothing.
        if component.inference_component_status() != Some(&InferenceComponentStatus::InService) {
            continue;
        }
        let of_variant = |variant: &&mut Variant| variant.model_name.is_none() && component.variant_name() == Some(variant.name.as_str());
        let Some(variant) = variants.iter_mut().find(of_variant) else { continue };
        let described = client.describe_inference_component().inference_component_name(name).send().await;
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
            }
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
