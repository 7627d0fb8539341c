//! A registry from a file: the output of the AWS CLI's list and describe commands.
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
//! The values of `list-model-packages` and `describe-model-package` are the CLI's own output, and
//! may contain other keys. Without a list, the described packages are the list. A described package
//! that is not in the list is found by its version or ARN only. The output of `aws sagemaker
//! list-model-packages` or `describe-model-package` alone is a snapshot too. Packages that are only
//! listed have no images and no artifacts, and gates that need more than a list entry cannot be
//! read for them.
//!
//! [`Snapshot::write`] writes the format that [`Snapshot::parse`] reads.

mod containers;
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

/// The operation of a snapshot's [`RegistryError`].
pub const OPERATION: &str = "registry snapshot";

/// The token of the page that is missing from the file.
const CUT_OFF: &str = "cut off";

/// The version of the envelope.
const SCHEMA_VERSION: u32 = 1;

/// A registry from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    group: Option<ModelPackageGroup>,
    /// The packages of the list, newest first.
    listed: Vec<ModelPackage>,
    /// The packages that are described without being in the list.
    unlisted: Vec<ModelPackage>,
    /// The token of the next page, if the file has only a part of the list.
    next_token: Option<String>,
}

impl Snapshot {
    /// A snapshot of these packages of a group.
    pub fn new(group: Option<ModelPackageGroup>, packages: Vec<ModelPackage>) -> Self {
        Self::sorted(group, packages, Vec::new())
    }

    /// Reads a snapshot. All mistakes are reported at once, each with its place.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        reader::read(text)
    }

    /// The group, if the snapshot contains it.
    pub fn group(&self) -> Option<&ModelPackageGroup> {
        self.group.as_ref()
    }

    /// The package of a snapshot with exactly one.
    pub fn into_only(self) -> Option<ModelPackage> {
        let mut packages = self.listed.into_iter().chain(self.unlisted);
        packages.next().filter(|_| packages.next().is_none())
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
            let message = "the list in the snapshot is incomplete: it has a `NextToken`, so older model packages are unknown";
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

    fn is_cut_off(&self) -> bool {
        self.next_token.is_some()
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
