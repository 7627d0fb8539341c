//! `registry snapshot`: writes a group's model packages to a file for `build --registry`.

use model_registry::ModelPackage;
use model_registry::documents::{Documents as _, Mirror};
use model_registry::snapshot::Snapshot;
use model_release::aws::{Session, describe_packages, group_of};
use model_release::{Diagnostic, Failure, FailureKind, registry_errors};
use serde_json::json;

use super::group;
use crate::snapshot::mirror;
use command_line::SnapshotOptions;
use terminal::files::{self, FileSet};
use terminal::{Exit, Printer};

pub(super) async fn run(printer: Printer, options: &SnapshotOptions) -> Result<Exit, Failure> {
    let group = group(options.group.model_package_group_name.as_ref(), None)?;
    files::check_result(&options.out)?;
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
    let packages = describe_packages(&registry, listing.packages).await?;

    let mut set = FileSet::default();
    let documents = if options.with_metrics { fetch(printer, &session, options, &packages, &mut set).await } else { 0 };
    let count = packages.len();
    let snapshot = Snapshot::new(Some(group_of(&packages, group)), packages);
    set.add(options.out.clone(), snapshot.write());
    set.write()?;
    let data = json!({ "schema_version": 1, "file": options.out.display().to_string(), "model_packages": count, "documents": documents });
    let with =
        if options.with_metrics { format!(", {documents} documents in {}", files::shown(&mirror(&options.out))) } else { String::new() };
    printer.result(&data, format_args!("{}: {count} model packages{with}", files::shown(&options.out)));
    Ok(Exit::Done)
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
