//! [`ChangeSets`] on AWS CloudFormation.

use aws_sdk_cloudformation::types::{self, ChangeSetType};

use super::convert;
use super::failure::failed;
use super::stacks::CloudFormationStacks;
use crate::call_error::CallError;
use crate::change_set::{ChangeSetPage, ChangeSets, ExactChange, NewChangeSet};

impl ChangeSets for CloudFormationStacks {
    async fn names(&self, stack: &str) -> Result<Vec<String>, CallError> {
        const OPERATION: &str = "ListChangeSets";
        let mut pages = self.client.list_change_sets().stack_name(stack).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let summaries = page.map_err(failed(OPERATION))?.summaries.ok_or_else(|| convert::missing(OPERATION, "Summaries"))?;
            names.extend(summaries.into_iter().filter_map(|summary| summary.change_set_name));
        }
        Ok(names)
    }

    async fn create(&self, request: &NewChangeSet<'_>) -> Result<(), CallError> {
        let NewChangeSet { name, stack, release, parameters } = *request;
        let parameter = |(key, value): (&String, &String)| types::Parameter::builder().parameter_key(key).parameter_value(value).build();
        let parameters: Vec<_> = parameters.iter().map(parameter).collect();
        let tags = convert::tags(release);
        let request = self
            .client
            .create_change_set()
            .stack_name(stack)
            .change_set_name(name)
            .change_set_type(ChangeSetType::Update)
            .set_template_url(release.template.url.clone())
            .set_template_body(release.template.url.is_none().then(|| release.template.body.clone()))
            .set_parameters((!parameters.is_empty()).then_some(parameters))
            .set_capabilities(convert::capabilities(release))
            .set_tags((!tags.is_empty()).then_some(tags));
        request.send().await.map_err(failed("CreateChangeSet")).map(drop)
    }

    async fn describe(&self, stack: &str, name: &str, token: Option<&str>) -> Result<ChangeSetPage, CallError> {
        const OPERATION: &str = "DescribeChangeSet";
        let request = self.client.describe_change_set().stack_name(stack).change_set_name(name);
        let response = request.set_next_token(token.map(str::to_owned)).send().await.map_err(failed(OPERATION))?;
        let status = response.status.ok_or_else(|| convert::missing(OPERATION, "Status"))?;
        let resources = response.changes.unwrap_or_default().into_iter().filter_map(|change| change.resource_change);
        let change = |change: types::ResourceChange| {
            Ok(ExactChange {
                logical_id: change.logical_resource_id.ok_or_else(|| convert::missing(OPERATION, "LogicalResourceId"))?,
                resource_type: change.resource_type.unwrap_or_default(),
                action: change.action.map(|action| action.as_str().to_owned()).unwrap_or_default(),
                replacement: change.replacement.map(|replacement| replacement.as_str().to_owned()),
            })
        };
        Ok(ChangeSetPage {
            status: status.as_str().to_owned(),
            status_reason: response.status_reason.filter(|reason| !reason.is_empty()),
            changes: resources.map(change).collect::<Result<_, CallError>>()?,
            next_token: response.next_token.filter(|token| !token.is_empty()),
        })
    }

    async fn delete(&self, stack: &str, name: &str) -> Result<(), CallError> {
        let deleted = self.client.delete_change_set().stack_name(stack).change_set_name(name).send().await;
        match deleted.map_err(failed("DeleteChangeSet")) {
            Err(error) if error.code.as_deref().is_some_and(|code| code.starts_with("ChangeSetNotFound")) => Ok(()),
            deleted => deleted.map(drop),
        }
    }
}
