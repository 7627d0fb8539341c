//! What `build` says when it is done: for people, for programs, and for a pipeline's shell.

use std::fmt::Write as _;
use std::path::Path;

use crate::cli::Stage;
use crate::files;
use crate::manifest::Manifest;
use crate::printer::Printer;

/// Prints the release on standard output.
pub(crate) fn print(printer: Printer, manifest: &Manifest, folder: &Path) {
    printer.result(manifest, text(manifest, folder));
}

fn text(manifest: &Manifest, folder: &Path) -> String {
    let mut out = String::new();
    let mut line = |name: &str, what: &str| {
        let _ = writeln!(out, "{name:<14} {what}");
    };
    let package = &manifest.model_package;
    let version = package.version.map(|version| format!(" version {version}")).unwrap_or_default();
    line("model package", &format!("{}{version}, created {}", package.group, package.created));
    line("", &package.arn);
    for (region, package) in &package.regions {
        line(&format!("  {region}"), &package.arn);
    }
    line("because", &manifest.choice.because);
    for passed in &manifest.choice.passed_over {
        line("passed over", &format!("{}: {}", passed.arn.rsplit('/').next().unwrap_or(&passed.arn), passed.reason));
    }
    if let Some(event) = &manifest.choice.event {
        line("event", &format!("{}: {}", event.model_package.rsplit('/').next().unwrap_or_default(), event.because));
    }
    for gate in &manifest.choice.gates {
        line("gate met", &format!("{}: {}", gate.gate, gate.found));
    }
    if manifest.choice.without_approval {
        line("", "NOT APPROVED: --allow-unapproved let it through");
    }
    for stage in Stage::ALL {
        let targets = manifest.stage(stage);
        let accounts = match &targets.accounts[..] {
            accounts if accounts.len() > 5 => format!("{} accounts", accounts.len()),
            accounts => accounts.join(", "),
        };
        line(stage.name(), &format!("{} in {} as {}", targets.endpoints.join(", "), accounts, targets.env_type));
        line("", &format!("regions {}; stack set {}", targets.regions.join(", "), targets.stack_set));
    }
    line("written", &files::shown(folder));
    for name in manifest.files.keys().map(String::as_str).chain([crate::manifest::FILE_NAME]) {
        line("", name);
    }
    out.truncate(out.trim_end().len());
    out
}

/// `release.env`: what a pipeline's shell wants to export, each value safe between single quotes.
pub(crate) fn variables(manifest: &Manifest, digest: &str) -> String {
    let version = manifest.model_package.version.map(|version| version.to_string()).unwrap_or_default();
    files::shell_variables(&[
        ("RELEASE_ACTION", &manifest.action),
        ("MODEL_PACKAGE_ARN", &manifest.model_package.arn),
        ("MODEL_PACKAGE_VERSION", &version),
        ("RELEASE_MANIFEST_SHA256", digest.trim_start_matches("sha256:")),
    ])
}

/// `release.env` where there is nothing to deploy.
pub(crate) fn no_variables() -> String {
    let names = ["MODEL_PACKAGE_ARN", "MODEL_PACKAGE_VERSION", "RELEASE_MANIFEST_SHA256"];
    let variables: Vec<_> = std::iter::once(("RELEASE_ACTION", "none")).chain(names.map(|name| (name, ""))).collect();
    files::shell_variables(&variables)
}
