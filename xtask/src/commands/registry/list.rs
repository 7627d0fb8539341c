//! `registry list`: a group's model packages, newest first.

use model_registry::{Listing, ModelPackageGroup};
use model_release::{Failure, RegistryListing, registry_errors};

use super::group;
use crate::snapshot;
use command_line::ListOptions;
use terminal::{Exit, Printer};

pub(super) async fn run(printer: Printer, options: &ListOptions) -> Result<Exit, Failure> {
    let saved = options.registry.as_deref().map(snapshot::read).transpose()?;
    let group = group(options.group.model_package_group_name.as_ref(), saved.as_ref())?;
    let limit = (!options.group.all).then_some(options.group.limit as usize);
    let listing = match &saved {
        Some(saved) => model_registry::list(saved, &group, limit).await,
        None => with_aws(&group, limit).await?,
    };
    let listing = listing.map_err(|error| registry_errors::of_registry(&error))?;
    let list = RegistryListing::new(&group, listing);
    printer.result(&list, list.table("--all shows all"));
    Ok(if list.is_empty() { Exit::Nothing } else { Exit::Done })
}

#[cfg(feature = "aws")]
async fn with_aws(group: &ModelPackageGroup, limit: Option<usize>) -> Result<Result<Listing, model_registry::RegistryError>, Failure> {
    let session = crate::session::open().await?;
    Ok(model_registry::list(&session.registry(None), group, limit).await)
}

#[cfg(not(feature = "aws"))]
async fn with_aws(_: &ModelPackageGroup, _: Option<usize>) -> Result<Result<Listing, model_registry::RegistryError>, Failure> {
    crate::without_aws("registry list", "name a registry snapshot with --registry").await
}
