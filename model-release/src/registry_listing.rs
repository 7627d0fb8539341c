//! The model packages of a group, as a table and as JSON.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use endpoint_test::report::is_steering;
use jiff::{Timestamp, Unit};
use model_registry::life_cycle::LifeCycle;
use model_registry::{LIST_ALL, Listing, ModelPackageGroup, PackageSummary, RegistrationType};
use serde::Serialize;

const CUT_OFF: &str = "the list in the file is cut off (it has a `NextToken`), so there can be others";

/// The maximum length of a description in the table.
const DESCRIPTION: usize = 60;

/// The model packages of a group, newest first. As JSON: add fields, keep these.
#[derive(Debug, Clone, Serialize)]
pub struct RegistryListing {
    schema_version: u32,
    model_package_group: String,
    model_packages: Vec<Package>,
    /// Whether there can be older ones.
    more: bool,
    #[serde(skip)]
    is_cut_off: bool,
    #[serde(skip)]
    summaries: Vec<PackageSummary>,
}

#[derive(Debug, Clone, Serialize)]
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

impl RegistryListing {
    /// The listed packages.
    pub fn new(group: &ModelPackageGroup, listing: Listing) -> Self {
        Self {
            schema_version: 1,
            model_package_group: group.to_string(),
            model_packages: listing.packages.iter().map(package).collect(),
            more: listing.more,
            is_cut_off: listing.is_cut_off,
            summaries: listing.packages,
        }
    }

    /// Whether the group has no packages.
    pub fn is_empty(&self) -> bool {
        self.summaries.is_empty()
    }

    /// The packages as a table. `how_to_see_all` is added if there can be older ones, unless the
    /// registry itself does not have them.
    pub fn table(&self, how_to_see_all: &str) -> String {
        if self.is_empty() && self.is_cut_off {
            return format!("no model packages of `{}` are in the list, and {CUT_OFF}; {LIST_ALL}", self.model_package_group);
        }
        if self.is_empty() {
            return format!("`{}` has no model packages", self.model_package_group);
        }
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["VERSION", "CREATED", "APPROVAL", "STATUS", "LIFE CYCLE", "DESCRIPTION"]);
        for package in &self.summaries {
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
        let mut lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
        if self.is_cut_off {
            lines.push(format!("the newest {} are shown; {CUT_OFF}; {LIST_ALL}", self.summaries.len()));
        } else if self.more {
            lines.push(format!("the newest {} are shown; {how_to_see_all}", self.summaries.len()));
        }
        lines.join("\n").trim_end().to_owned()
    }
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

fn seconds(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}

/// The first characters, in one line and without control characters.
fn short(description: &str) -> String {
    let shown = |character| if character == '\n' { ' ' } else { character };
    let line: String =
        description.chars().map(shown).map(|character| if is_steering(character) { '\u{fffd}' } else { character }).collect();
    if line.chars().count() <= DESCRIPTION {
        return line;
    }
    let cut: String = line.chars().take(DESCRIPTION - 1).collect();
    format!("{}…", cut.trim_end())
}
