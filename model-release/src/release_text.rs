//! A release as text, for the terminal.

use std::fmt::Write as _;

use aws_names::{AccountId, ModelPackageArn, Region};
use model_registry::ApprovalStatus;

use crate::Stage;
use crate::manifest::{FILE_NAME, Manifest};

/// Describes a release that was written to `folder`.
pub fn release_text(manifest: &Manifest, folder: &str) -> String {
    let mut out = String::new();
    let mut line = |name: &str, what: &str| {
        let _ = writeln!(out, "{name:<14} {what}");
    };
    let package = &manifest.model_package;
    let version = package.version.map(|version| format!(" version {version}")).unwrap_or_default();
    line("model package", &format!("{}{version}, created {}", package.group, package.created));
    line("", package.arn.as_str());
    for (region, package) in &package.regions {
        let is_unapproved = package.approval_status.as_ref().is_some_and(|status| status != ApprovalStatus::Approved.as_str());
        line(&format!("  {region}"), &format!("{}{}", package.arn, if is_unapproved { " (NOT APPROVED)" } else { "" }));
    }
    line("because", &manifest.choice.because);
    for passed in &manifest.choice.passed_over {
        line("skipped", &format!("{}: {}", short(&passed.arn), passed.reason));
    }
    if let Some(event) = &manifest.choice.event {
        line("event", &format!("{}: {}", short(&event.model_package), event.because));
    }
    for gate in &manifest.choice.gates {
        line("gate passed", &format!("{}: {}", gate.gate, gate.found));
    }
    if manifest.choice.without_approval {
        line("", "NOT APPROVED: unapproved model packages are allowed");
    }
    for stage in Stage::ALL {
        let targets = manifest.stage(stage);
        let accounts = match &targets.accounts[..] {
            accounts if accounts.len() > 5 => format!("{} accounts", accounts.len()),
            accounts => accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", "),
        };
        line(stage.name(), &format!("{} in {} as {}", targets.endpoints.join(", "), accounts, targets.env_type));
        line(
            "",
            &format!(
                "regions {}; stack set {}",
                targets.regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", "),
                targets.stack_set
            ),
        );
    }
    line("written", folder);
    for name in manifest.files.keys().map(String::as_str).chain([FILE_NAME]) {
        line("", name);
    }
    out.truncate(out.trim_end().len());
    out
}

/// The version of a package, or its name if it has none.
fn short(arn: &ModelPackageArn) -> String {
    arn.version().map_or_else(|| arn.name().to_owned(), |version| version.to_string())
}
