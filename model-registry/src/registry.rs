//! The port for a model registry.

use std::future::Future;

use crate::error::RegistryError;
use crate::group::ModelPackageGroup;
use crate::package::{ApprovalStatus, ModelPackage, PackageSummary};
use aws_names::ModelPackageArn;

/// A model registry: Amazon SageMaker's, or a substitute.
pub trait Registry: Sync {
    /// A page of a group's model packages, newest first by creation time. A page may be empty and still have a token.
    fn packages(&self, query: &PackageQuery) -> impl Future<Output = Result<Page, RegistryError>> + Send;

    /// Whether the registry is only a part of one: its list ends before the oldest package.
    fn is_cut_off(&self) -> bool {
        false
    }

    /// One model package, without the parts that need its encryption key.
    fn describe(&self, arn: &ModelPackageArn) -> impl Future<Output = Result<ModelPackage, RegistryError>> + Send;

    /// The ARN of a version of a group. A registry that knows its own account and region need not
    /// make a request.
    fn version(&self, group: &ModelPackageGroup, version: u32) -> impl Future<Output = Result<ModelPackageArn, RegistryError>> + Send;
}

/// Which page of which packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageQuery {
    /// The group.
    pub group: ModelPackageGroup,
    /// Only packages of this approval status.
    pub approval_status: Option<ApprovalStatus>,
    /// The most packages on a page: 1 to 100 (SageMaker API, ListModelPackages).
    pub page_size: u8,
    /// The token that the previous page returned.
    pub next_token: Option<String>,
}

/// A page of model packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The packages, newest first.
    pub packages: Vec<PackageSummary>,
    /// The token of the next page.
    pub next_token: Option<String>,
}
