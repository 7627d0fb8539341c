//! Converts SageMaker's responses to this crate's types.

use aws_sdk_sagemaker::operation::describe_model_package::DescribeModelPackageOutput;
use aws_sdk_sagemaker::primitives::DateTime;
use aws_sdk_sagemaker::types as sdk;
use jiff::{Timestamp, Unit};

use super::failure::malformed;
use crate::error::RegistryError;
use crate::life_cycle::LifeCycle;
use crate::package::{
    MetricDocument, MetricSource, ModelPackage, PackageContainer, PackageSummary, Person, RegistrationType, S3DataSource,
    environment_digest,
};
use aws_names::ModelPackageArn;

pub(super) fn summary(operation: &'static str, summary: &sdk::ModelPackageSummary) -> Result<PackageSummary, RegistryError> {
    let arn = package_arn(operation, summary.model_package_arn())?;
    // What the SDK writes in place of a status that the response does not have.
    let status = summary.model_package_status().map(sdk::ModelPackageStatus::as_str).filter(|status| *status != "no value was set");
    let status = status.ok_or_else(|| malformed(operation, format!("the response has no status of `{arn}`")))?.into();
    Ok(PackageSummary {
        arn,
        approval_status: approval(summary.model_approval_status()),
        status,
        registration: registration(summary.model_package_registration_type()),
        created: created(operation, summary.creation_time())?,
        life_cycle: summary.model_life_cycle().and_then(life_cycle),
        description: summary.model_package_description().map(str::to_owned),
    })
}

pub(super) fn package(operation: &'static str, output: &DescribeModelPackageOutput) -> Result<ModelPackage, RegistryError> {
    let arn = package_arn(operation, output.model_package_arn())?;
    let specification = output.inference_specification();
    let containers = specification.map(sdk::InferenceSpecification::containers).unwrap_or_default();
    let data = |container: &sdk::ModelPackageContainerDefinition| {
        let source = || container.model_data_source()?.s3_data_source()?.s3_uri();
        container.model_data_url().or_else(source).map(str::to_owned)
    };
    let mut package = ModelPackage::new(arn, created(operation, output.creation_time())?);
    package.approval_status = approval(output.model_approval_status());
    package.approval_description = output.approval_description().map(str::to_owned);
    package.status = output.model_package_status().map_or("", sdk::ModelPackageStatus::as_str).into();
    package.registration = registration(output.model_package_registration_type());
    package.created_by = output.created_by().map(person);
    package.last_modified_by = output.last_modified_by().map(person);
    package.last_modified = output.last_modified_time().and_then(timestamp);
    let card = output.model_card().and_then(sdk::ModelPackageModelCard::model_card_status);
    package.model_card_status = card.map(|status| status.as_str().to_owned());
    package.life_cycle = output.model_life_cycle().and_then(life_cycle);
    package.description = output.model_package_description().map(str::to_owned);
    package.images = containers.iter().filter_map(|container| container.image().map(str::to_owned)).collect();
    package.model_data = containers.iter().filter_map(data).collect();
    package.containers = containers.iter().map(container).collect();
    if let Some(specification) = specification {
        package.content_types = specification.supported_content_types().to_vec();
        package.response_types = specification.supported_response_mime_types().to_vec();
        let types = specification.supported_realtime_inference_instance_types();
        package.realtime_instance_types = types.iter().map(|name| name.as_str().to_owned()).collect();
    }
    package.sample_payloads = output.sample_payload_url().map(str::to_owned);
    let metadata = output.customer_metadata_properties().into_iter().flatten();
    package.metadata = metadata.map(|(key, value)| (key.clone(), value.clone())).collect();
    package.metrics = output.model_metrics().map(metrics).unwrap_or_default();
    Ok(package)
}

fn container(definition: &sdk::ModelPackageContainerDefinition) -> PackageContainer {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let mut container = PackageContainer {
        hostname: text(definition.container_hostname()),
        image: text(definition.image()),
        image_digest: text(definition.image_digest()),
        ..PackageContainer::default()
    };
    container.add_object(text(definition.model_data_url()), text(definition.model_data_e_tag()));
    let own = definition.model_data_source().and_then(sdk::ModelDataSource::s3_data_source);
    let additional = definition.additional_model_data_sources().iter().filter_map(sdk::AdditionalModelDataSource::s3_data_source);
    for source in own.into_iter().chain(additional) {
        container.add_source(S3DataSource {
            uri: text(source.s3_uri()),
            data_type: text(source.s3_data_type().map(sdk::S3ModelDataType::as_str)),
            etag: text(source.e_tag()),
            manifest_uri: text(source.manifest_s3_uri()),
            manifest_etag: text(source.manifest_etag()),
        });
    }
    if let Some(source) = definition.additional_s3_data_source() {
        container.add_source(S3DataSource {
            uri: text(source.s3_uri()),
            data_type: text(source.s3_data_type().map(sdk::AdditionalS3DataSourceDataType::as_str)),
            etag: text(source.e_tag()),
            ..S3DataSource::default()
        });
    }
    let environment = definition.environment().into_iter().flatten();
    container.environment = environment.map(|(name, value)| (name.clone(), environment_digest(name, value))).collect();
    container
}

fn metrics(metrics: &sdk::ModelMetrics) -> Vec<MetricDocument> {
    let found = |source: MetricSource| match source {
        MetricSource::ModelQualityStatistics => metrics.model_quality()?.statistics(),
        MetricSource::ModelQualityConstraints => metrics.model_quality()?.constraints(),
        MetricSource::ModelDataQualityStatistics => metrics.model_data_quality()?.statistics(),
        MetricSource::ModelDataQualityConstraints => metrics.model_data_quality()?.constraints(),
        MetricSource::BiasReport => metrics.bias()?.report(),
        MetricSource::BiasPreTrainingReport => metrics.bias()?.pre_training_report(),
        MetricSource::BiasPostTrainingReport => metrics.bias()?.post_training_report(),
        MetricSource::ExplainabilityReport => metrics.explainability()?.report(),
    };
    let document = |source: MetricSource| {
        let document = found(source)?;
        Some(MetricDocument {
            source,
            uri: document.s3_uri()?.to_owned(),
            content_type: document.content_type().unwrap_or_default().to_owned(),
            digest: document.content_digest().map(str::to_owned),
        })
    };
    MetricSource::ALL.iter().copied().filter_map(document).collect()
}

fn life_cycle(life_cycle: &sdk::ModelLifeCycle) -> Option<LifeCycle> {
    Some(LifeCycle {
        stage: life_cycle.stage()?.to_owned(),
        status: life_cycle.stage_status()?.to_owned(),
        description: life_cycle.stage_description().map(str::to_owned),
    })
}

fn person(context: &sdk::UserContext) -> Person {
    let identity = context.iam_identity();
    Person {
        iam_arn: identity.and_then(|identity| identity.arn()).map(str::to_owned),
        source_identity: identity.and_then(|identity| identity.source_identity()).map(str::to_owned),
        user_profile_arn: context.user_profile_arn().map(str::to_owned),
        user_profile_name: context.user_profile_name().map(str::to_owned),
    }
}

fn package_arn(operation: &'static str, arn: Option<&str>) -> Result<ModelPackageArn, RegistryError> {
    arn.unwrap_or_default().parse().map_err(|error: crate::InvalidName| malformed(operation, error.to_string()))
}

/// A package without an approval status was registered without requesting approval: it is not
/// approved.
fn approval(status: Option<&sdk::ModelApprovalStatus>) -> crate::ApprovalStatus {
    status.map_or("PendingManualApproval", sdk::ModelApprovalStatus::as_str).into()
}

fn registration(registration: Option<&sdk::ModelPackageRegistrationType>) -> RegistrationType {
    registration.map_or(RegistrationType::Registered, |registration| registration.as_str().into())
}

/// AWS's times have milliseconds. Finer digits come from a floating-point number, which can be just
/// below the intended millisecond as well as above it: hence the rounding.
fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.as_nanos()).ok()?.round(Unit::Millisecond).ok()
}

fn created(operation: &'static str, time: Option<&DateTime>) -> Result<Timestamp, RegistryError> {
    // The SDK writes 1970 in place of a time that the response does not have.
    let parsed = time.filter(|time| time.as_nanos() != 0).and_then(timestamp);
    parsed.ok_or_else(|| malformed(operation, "the response has no creation time".to_owned()))
}
