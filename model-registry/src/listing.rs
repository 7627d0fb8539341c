//! Lists a group: as many pages as needed, and no more.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::ModelPackageGroup;
use crate::package::PackageSummary;
use crate::registry::{PackageQuery, Page, Registry};

/// The largest page (SageMaker API, ListModelPackages).
const PAGE: usize = 100;

/// The newest packages of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// The packages, newest first.
    pub packages: Vec<PackageSummary>,
    /// Whether there may be older ones.
    pub more: bool,
    /// Whether the registry itself does not have all of them.
    pub is_cut_off: bool,
}

/// Lists the newest packages of a group: at most `limit`, or all of them. Empty pages with a token are followed.
pub async fn list<R: Registry>(registry: &R, group: &ModelPackageGroup, limit: Option<usize>) -> Result<Listing, RegistryError> {
    let mut packages = Vec::new();
    let mut query = PackageQuery { group: group.clone(), approval_status: None, page_size: 0, next_token: None };
    let mut tokens = HashSet::new();
    loop {
        let left = limit.map_or(PAGE, |limit| limit.saturating_sub(packages.len()).min(PAGE));
        query.page_size = u8::try_from(left).unwrap_or(u8::MAX);
        let Page { packages: page, next_token } = match registry.packages(&query).await {
            Err(error) if error.kind == RegistryErrorKind::CutOff => return Ok(Listing { packages, more: true, is_cut_off: true }),
            page => page?,
        };
        packages.extend(page);
        packages.truncate(limit.unwrap_or(usize::MAX));
        let full = limit.is_some_and(|limit| packages.len() >= limit);
        match next_token {
            Some(token) if !full => {
                if !tokens.insert(token.clone()) {
                    return Err(endless());
                }
                query.next_token = Some(token);
            }
            token => {
                // SageMaker sorts by creation time only. Of two packages created in the same
                // second, the higher version is newer.
                packages.sort_by_key(|package: &PackageSummary| Reverse((package.created, package.arn.version())));
                return Ok(Listing { packages, more: token.is_some(), is_cut_off: registry.is_cut_off() });
            }
        }
    }
}

/// The error for a list whose pages form a loop.
pub(crate) fn endless() -> RegistryError {
    let message = "the list of model packages does not end: a page's token was repeated";
    RegistryError::new("sagemaker:ListModelPackages", RegistryErrorKind::Malformed, message)
}
