//! `registry snapshot`: writes a group's model packages to a file for `build --registry`.

use model_registry::aws::SageMakerRegistry;
use model_registry::documents::{Documents as _, Mirror};
use model_registry::snapshot::Snapshot;
use model_registry::{ModelPackage, ModelPackageGroup, PackageSummary, Registry as _, RegistryErrorKind};
use model_release::aws::Session;
use model_release::{Diagnostic, Failure, FailureKind, registry_errors};
use serde_json::json;
use tokio::task::JoinSet;

use super::group;
use crate::cli::SnapshotOptions;
use crate::exit::Exit;
use crate::files::{self, FileSet};
use crate::printer::Printer;
use crate::snapshot::mirror;

/// The maximum of concurrent DescribeModelPackage calls: SageMaker throttles more.
const AT_ONCE: usize = 8;

pub(super) async fn run(printer: Printer, options: &SnapshotOptions) -> Result<Exit, Failure> {
    let group = group(options.group.model_package_group_name.as_ref(), None)?;
    let session = crate::session::open().await?;
    let registry = session.registry(None);
    let limit = (!options.group.all).then_some(options.group.limit as usize);
    let listing = model_registry::list(&registry, &group, limit).await.map_err(|error| registry_errors::of_registry(&error))?;
    if listing.packages.is_empty() {
        let diagnostic = Diagnostic::warning(format!("`{group}` has no model packages: nothing was written"));
        return Err(Failure::new(FailureKind::Nothing, vec![diagnostic.with_hint("check the group's name, the account and the region")]));
    }
    if listing.more {
        printer.step("Listed", format_args!("the newest {}; --all lists all", listing.packages.len()));
    }
    let packages = describe(&registry, listing.packages).await?;

    let mut set = FileSet::default();
    let documents = if options.with_metrics { fetch(printer, &session, options, &packages, &mut set).await } else { 0 };
    let count = packages.len();
    let snapshot = Snapshot::new(Some(group_of(&packages, group)), packages);
    set.add(options.out.clone(), snapshot.write());
    set.write()?;
    let data = json!({ "file": options.out.display().to_string(), "model_packages": count, "documents": documents });
    let with =
        if options.with_metrics { format!(", {documents} documents in {}", files::shown(&mirror(&options.out))) } else { String::new() };
    printer.result(&data, format_args!("{}: {count} model packages{with}", files::shown(&options.out)));
    Ok(Exit::Done)
}

/// The packages in the order of the list; skips one that was deleted in the meantime.
async fn describe(registry: &SageMakerRegistry, summaries: Vec<PackageSummary>) -> Result<Vec<ModelPackage>, Failure> {
    let mut described: Vec<Option<ModelPackage>> = vec![None; summaries.len()];
    let mut waiting = summaries.into_iter().enumerate();
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((index, summary)) = waiting.next()
        {
            let registry = registry.clone();
            running.spawn(async move { (index, registry.describe(&summary.arn).await) });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((index, Ok(package)))) => described[index] = Some(package),
            Some(Ok((_, Err(error)))) if error.kind == RegistryErrorKind::NotFound => {}
            Some(Ok((_, Err(error)))) => return Err(registry_errors::of_registry(&error)),
            Some(Err(error)) => {
                return Err(Failure::unreachable(Diagnostic::error(format!("describing a model package was interrupted: {error}"))));
            }
        }
    }
    Ok(described.into_iter().flatten().collect())
}

/// Fetches the packages' documents. A missing one is a warning: only a gate on it needs it.
async fn fetch(printer: Printer, session: &Session, options: &SnapshotOptions, packages: &[ModelPackage], set: &mut FileSet) -> usize {
    let (documents, folder) = (session.documents(None), Mirror::new(mirror(&options.out)));
    let mut fetched = std::collections::BTreeSet::new();
    for metrics in packages.iter().flat_map(|package| &package.metrics) {
        let uri = match metrics.uri.parse() {
            Ok(uri) if fetched.contains(&uri) => continue,
            Ok(uri) => uri,
            Err(error) => {
                printer.diagnostic(&Diagnostic::warning(format!("a package's `{}`: {error}", metrics.source)));
                continue;
            }
        };
        match (folder.path(&uri), documents.read(&uri).await) {
            (Some(path), Ok(bytes)) => {
                set.add(path, bytes);
                fetched.insert(uri);
            }
            (None, _) => printer.diagnostic(&Diagnostic::warning(format!("`{uri}` is not fetched: its key is not a file name"))),
            (_, Err(error)) => printer.diagnostic(&Diagnostic::warning(error.to_string()).with_hint_opt(error.hint())),
        }
    }
    fetched.len()
}

/// The group's ARN, derived from that of a package.
fn group_of(packages: &[ModelPackage], group: ModelPackageGroup) -> ModelPackageGroup {
    let arn = packages.first().map(|package| {
        let arn = &package.arn;
        format!("arn:{}:sagemaker:{}:{}:model-package-group/{}", arn.partition(), arn.region(), arn.account(), group.name())
    });
    arn.and_then(|arn| arn.parse().ok()).unwrap_or(group)
}
