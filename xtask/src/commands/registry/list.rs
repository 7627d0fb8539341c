//! `registry list`: a group's model packages, newest first.

use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use jiff::{Timestamp, Unit};
use model_registry::life_cycle::LifeCycle;
use model_registry::{Listing, ModelPackageGroup, PackageSummary, RegistrationType};
use serde::Serialize;

use super::group;
use crate::cli::ListOptions;
use crate::diagnostic::clean;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::snapshot;
use model_release::Failure;
use model_release::registry_errors;

/// The maximum length of a description in the table.
const DESCRIPTION: usize = 60;

/// The result as JSON: add fields, keep these.
#[derive(Serialize)]
struct List {
    schema_version: u32,
    model_package_group: String,
    model_packages: Vec<Package>,
    /// Whether there can be older ones.
    more: bool,
}

#[derive(Serialize)]
struct Package {
    arn: String,
    version: Option<u32>,
    created: String,
    approval_status: String,
    status: String,
    registration_type: String,
    life_cycle: Option<LifeCycle>,
    description: Option<String>,
}

pub(super) async fn run(printer: Printer, options: &ListOptions) -> Result<Exit, Failure> {
    let saved = options.registry.as_deref().map(snapshot::read).transpose()?;
    let group = group(options.group.model_package_group_name.as_ref(), saved.as_ref())?;
    let limit = (!options.group.all).then_some(options.group.limit as usize);
    let listing = match &saved {
        Some(saved) => model_registry::list(saved, &group, limit).await,
        None => with_aws(&group, limit).await?,
    };
    let listing = listing.map_err(|error| registry_errors::of_registry(&error))?;
    let list = List {
        schema_version: 1,
        model_package_group: group.to_string(),
        model_packages: listing.packages.iter().map(package).collect(),
        more: listing.more,
    };
    printer.result(&list, table(&group, &listing));
    Ok(if listing.packages.is_empty() { Exit::Nothing } else { Exit::Done })
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

fn package(summary: &PackageSummary) -> Package {
    Package {
        arn: summary.arn.to_string(),
        version: summary.arn.version(),
        created: summary.created.to_string(),
        approval_status: summary.approval_status.to_string(),
        status: summary.status.to_string(),
        registration_type: summary.registration.to_string(),
        life_cycle: summary.life_cycle.clone(),
        description: summary.description.clone(),
    }
}

fn table(group: &ModelPackageGroup, listing: &Listing) -> String {
    if listing.packages.is_empty() {
        return format!("`{group}` has no model packages");
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["VERSION", "CREATED", "APPROVAL", "STATUS", "LIFE CYCLE", "DESCRIPTION"]);
    for package in &listing.packages {
        let logged = if package.registration == RegistrationType::Logged { " (logged)" } else { "" };
        table.add_row([
            package.arn.version().map_or_else(|| "-".to_owned(), |version| version.to_string()),
            seconds(package.created),
            package.approval_status.to_string(),
            format!("{}{logged}", package.status),
            package.life_cycle.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            package.description.as_deref().map_or_else(|| "-".to_owned(), short),
        ]);
    }
    let mut text = table.lines().fold(String::new(), |text, line| format!("{text}{}\n", line.trim()));
    if listing.more {
        let _ = writeln!(text, "the newest {} are shown; --all shows all", listing.packages.len());
    }
    text.truncate(text.trim_end().len());
    text
}

fn seconds(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}

/// The first characters, in one line and without control characters.
fn short(description: &str) -> String {
    let line = clean(&description.replace('\n', " "));
    if line.chars().count() <= DESCRIPTION {
        return line;
    }
    let cut: String = line.chars().take(DESCRIPTION - 1).collect();
    format!("{}…", cut.trim_end())
}
