//! A registry from a file: what the AWS CLI's list and describe calls print.
//!
//! ```json
//! {
//!   "schema_version": 1,
//!   "model_package_group": "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris",
//!   "list-model-packages": { "ModelPackageSummaryList": [ … ] },
//!   "describe-model-package": [ { … }, … ]
//! }
//! ```
//!
//! The members under `list-model-packages` and `describe-model-package` are the CLI's own output, whatever else is in it. Without a list
//! the described packages are the list; a described package that a list leaves out is found by its version or ARN only. What
//! `aws sagemaker list-model-packages` or `describe-model-package` prints is a snapshot by itself; packages that are only listed have no
//! images and no artifacts, and gates on more than a list says cannot be read for them.
//!
//! [`Snapshot::write`] writes exactly what [`Snapshot::parse`] reads.

mod reader;
mod writer;

use std::cmp::Reverse;
use std::future::{Future, ready};

use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::ModelPackageGroup;
use crate::package::ModelPackage;
use crate::problem::Problems;
use crate::registry::{PackageQuery, Page, Registry};
use aws_names::ModelPackageArn;

/// What a [`RegistryError`] of a snapshot names as its operation.
pub const OPERATION: &str = "registry snapshot";

/// The token of the page that the file does not have.
const CUT_OFF: &str = "cut off";

/// The one version of the envelope.
const SCHEMA_VERSION: u32 = 1;

/// A registry from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    group: Option<ModelPackageGroup>,
    /// What a list shows, newest first.
    listed: Vec<ModelPackage>,
    /// What is described without being in the list.
    unlisted: Vec<ModelPackage>,
    /// Where the rest of the list begins, when the file has only a part of it.
    next_token: Option<String>,
}

impl Snapshot {
    /// The snapshot of these packages of a group.
    pub fn new(group: Option<ModelPackageGroup>, packages: Vec<ModelPackage>) -> Self {
        Self::sorted(group, packages, Vec::new())
    }

    /// Reads a snapshot. Everything that is wrong with it is reported at once, each with its place.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        reader::read(text)
    }

    /// The group that it is of, where it says so.
    pub fn group(&self) -> Option<&ModelPackageGroup> {
        self.group.as_ref()
    }

    /// The file's text.
    pub fn write(&self) -> String {
        writer::write(self)
    }

    fn sorted(group: Option<ModelPackageGroup>, mut listed: Vec<ModelPackage>, unlisted: Vec<ModelPackage>) -> Self {
        listed.sort_by_key(|package| Reverse((package.created, package.version)));
        Self { group, listed, unlisted, next_token: None }
    }

    fn all(&self) -> impl Iterator<Item = &ModelPackage> {
        self.listed.iter().chain(&self.unlisted)
    }
}

fn is_of(package: &ModelPackage, group: &ModelPackageGroup) -> bool {
    package.version.is_some()
        && package.group.as_str().eq_ignore_ascii_case(group.name().as_str())
        && group.account().is_none_or(|account| account == package.arn.account())
}

impl Registry for Snapshot {
    fn packages(&self, query: &PackageQuery) -> impl Future<Output = Result<Page, RegistryError>> + Send {
        if query.next_token.as_deref() == Some(CUT_OFF) {
            let message = "the list in the snapshot is cut off: it has a `NextToken`, so the older model packages are not known";
            return ready(Err(RegistryError::new(OPERATION, RegistryErrorKind::CutOff, message)));
        }
        let begin = query.next_token.as_deref().and_then(|token| token.parse::<usize>().ok()).unwrap_or(0);
        let matching: Vec<_> = self
            .listed
            .iter()
            .filter(|package| is_of(package, &query.group))
            .filter(|package| query.approval_status.as_ref().is_none_or(|status| *status == package.approval_status))
            .collect();
        let end = begin.saturating_add(query.page_size.into()).min(matching.len());
        let packages = matching.get(begin..end).unwrap_or_default().iter().map(|package| package.summary()).collect();
        let rest = self.next_token.as_ref().map(|_| CUT_OFF.to_owned());
        let next_token = if end < matching.len() { Some(end.to_string()) } else { rest };
        ready(Ok(Page { packages, next_token }))
    }

    fn describe(&self, arn: &ModelPackageArn) -> impl Future<Output = Result<ModelPackage, RegistryError>> + Send {
        let found = self.all().find(|package| package.arn.same_package(arn)).cloned();
        ready(found.ok_or_else(|| not_found(format!("the snapshot has no model package `{arn}`"))))
    }

    fn version(&self, group: &ModelPackageGroup, version: u32) -> impl Future<Output = Result<ModelPackageArn, RegistryError>> + Send {
        let found = self.all().find(|package| is_of(package, group) && package.version == Some(version)).map(|package| package.arn.clone());
        ready(found.ok_or_else(|| not_found(format!("the snapshot has no version {version} of `{}`", group.name()))))
    }
}

fn not_found(message: String) -> RegistryError {
    RegistryError::new(OPERATION, RegistryErrorKind::NotInSnapshot, message)
}
