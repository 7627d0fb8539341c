//! Model package groups and their resource policies in SageMaker.

use aws_sdk_sagemaker::types as sdk;
use call_fault::sdk::{Required, boxed};

use super::SageMakerRegistry;
use super::failure::malformed;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::{GroupName, ModelPackageGroup};
use crate::sharing::{GroupStore, NewGroup};

impl GroupStore for SageMakerRegistry {
    async fn describe_group(&self, group: &GroupName) -> Result<Option<ModelPackageGroup>, RegistryError> {
        const OPERATION: &str = "sagemaker:DescribeModelPackageGroup";
        match self.client.describe_model_package_group().model_package_group_name(group.as_str()).send().await {
            Ok(output) => group_of(OPERATION, output.model_package_group_arn()).map(Some),
            Err(error) => none_if_missing(self.error(OPERATION, &error)),
        }
    }

    async fn create_group(&self, group: &NewGroup) -> Result<ModelPackageGroup, RegistryError> {
        const OPERATION: &str = "sagemaker:CreateModelPackageGroup";
        let tags = group.tags.iter().map(|(key, value)| sdk::Tag::builder().key(key).value(value).build()).collect();
        let output = self
            .client
            .create_model_package_group()
            .model_package_group_name(group.name.as_str())
            .model_package_group_description(&group.description)
            .set_tags(Some(tags))
            .send()
            .await
            .map_err(|error| self.error(OPERATION, &error))?;
        group_of(OPERATION, output.model_package_group_arn())
    }

    async fn policy(&self, group: &GroupName) -> Result<Option<String>, RegistryError> {
        const OPERATION: &str = "sagemaker:GetModelPackageGroupPolicy";
        let request = self.client.get_model_package_group_policy().model_package_group_name(group.as_str());
        match boxed(request.customize().interceptor(Required(&["ResourcePolicy"])).send()).await {
            Ok(output) => Ok(output.resource_policy().map(str::to_owned)),
            Err(error) => none_if_missing(self.error(OPERATION, &error)),
        }
    }

    async fn put_policy(&self, group: &GroupName, policy: &str) -> Result<(), RegistryError> {
        const OPERATION: &str = "sagemaker:PutModelPackageGroupPolicy";
        let request = self.client.put_model_package_group_policy().model_package_group_name(group.as_str()).resource_policy(policy);
        let request = request.customize().interceptor(Required(&["ModelPackageGroupArn"]));
        boxed(request.send()).await.map(drop).map_err(|error| self.error(OPERATION, &error))
    }

    async fn delete_policy(&self, group: &GroupName) -> Result<(), RegistryError> {
        const OPERATION: &str = "sagemaker:DeleteModelPackageGroupPolicy";
        let request = self.client.delete_model_package_group_policy().model_package_group_name(group.as_str());
        request.send().await.map(drop).map_err(|error| self.error(OPERATION, &error))
    }
}

fn none_if_missing<T>(error: RegistryError) -> Result<Option<T>, RegistryError> {
    if error.kind == RegistryErrorKind::NotFound { Ok(None) } else { Err(error) }
}

fn group_of(operation: &'static str, arn: Option<&str>) -> Result<ModelPackageGroup, RegistryError> {
    let arn = arn.unwrap_or_default();
    arn.parse().map_err(|_| malformed(operation, format!("the ARN in the response is `{arn}`")))
}
