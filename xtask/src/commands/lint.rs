//! `lint`: format, lints, documentation and dependencies of the workspace, as CI checks them.

use std::path::PathBuf;

use crate::commands::developer::{Task, cargo};
use crate::diagnostic::{Diagnostic, Failure};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::project::Project;

/// The version that is installed where there is none.
const CARGO_DENY: &str = "0.20.2";

pub(crate) fn run(printer: Printer, project: &Project) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let mut step = |name: &str, task: Task| -> Result<bool, Failure> {
        printer.step("Checking", name);
        let passed = task.succeeds()?;
        if !passed {
            printer.diagnostic(&Diagnostic::error(format!("the check `{name}` failed")));
            exit = exit.worst(Exit::Failed);
        }
        Ok(passed)
    };
    step("format", cargo(project).args(["fmt", "--all", "--check"]))?;
    step("lints", cargo(project).args(["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "--deny", "warnings"]))?;
    step(
        "lints without AWS",
        cargo(project).args(["clippy", "--package", "xtask", "--no-default-features", "--locked", "--quiet", "--", "--deny", "warnings"]),
    )?;
    step(
        "documentation",
        cargo(project).env("RUSTDOCFLAGS", "--deny warnings").args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"]),
    )?;

    let deny = cargo_deny(printer, project)?;
    let configuration = project.root.join(".config/deny.toml");
    let check = |what: &[&str]| {
        Task::new(&deny).folder(&project.root).args(["--locked", "--config"]).arg(&configuration).arg("check").args(what.iter().copied())
    };
    step("dependencies: bans, licences, sources", check(&["bans", "licenses", "sources"]))?;
    advisories(printer, &check(&["advisories"]), &mut exit)?;
    Ok(exit)
}

/// The advisories are a database on the network: when it cannot be reached that is said, loudly, and is not a pass.
fn advisories(printer: Printer, task: &Task, exit: &mut Exit) -> Result<(), Failure> {
    printer.step("Checking", "dependencies: advisories");
    let (passed, output) = task.output()?;
    if passed {
        return Ok(());
    }
    let unreachable =
        ["failed to fetch", "unable to fetch", "error sending request", "Could not resolve host", "failed to load advisory database"];
    if unreachable.iter().any(|text| output.contains(text)) {
        printer.diagnostic(
            &Diagnostic::warning("ADVISORIES WERE NOT CHECKED: their database cannot be reached from this machine")
                .hinting("run `cargo xtask lint` where github.com can be reached before a release"),
        );
    } else {
        printer.say(output);
        *exit = exit.worst(Exit::Failed);
    }
    Ok(())
}

/// cargo-deny from the search path, else one that is installed once below the target folder.
fn cargo_deny(printer: Printer, project: &Project) -> Result<PathBuf, Failure> {
    if Task::new("cargo-deny").arg("--version").quietly_succeeds() {
        return Ok(PathBuf::from("cargo-deny"));
    }
    let root = project.target("tools");
    let binary = root.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if !binary.is_file() {
        printer.step("Installing", format!("cargo-deny {CARGO_DENY} (once; some minutes)"));
        let install =
            cargo(project).args(["install", "--locked", "--quiet", "--version", CARGO_DENY, "--root"]).arg(&root).arg("cargo-deny");
        if !install.succeeds()? {
            return Err(Failure::unreachable(
                Diagnostic::error("cargo-deny could not be installed")
                    .hint(format!("install it: cargo install --locked cargo-deny@{CARGO_DENY}")),
            ));
        }
    }
    Ok(binary)
}
