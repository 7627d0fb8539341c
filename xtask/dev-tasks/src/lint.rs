//! `lint`: checks wording, format, lints, documentation, dependencies, published crates,
//! templates and instruction counts, as CI does.

mod crates;
mod instructions;
mod supply_chain;
mod templates;
mod unused;
mod wording;

use std::path::{Path, PathBuf};

use super::options::{LintCheck, LintOptions};
use super::program::{Task, cargo};
use model_release::{Diagnostic, Failure};
use terminal::{Exit, Printer, Project};

/// A program of crates.io that is installed in the target folder if it is missing.
struct Tool {
    name: &'static str,
    version: &'static str,
}

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
const CFN_GUARD: Tool = Tool { name: "cfn-guard", version: "3.2.1" };

pub(crate) async fn run(
    printer: Printer,
    project: &Project,
    options: &LintOptions,
    example: impl AsyncFnOnce(&Path, &str) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let selected = |check: LintCheck| options.checks.is_empty() || options.checks.contains(&check);
    let mut lint = Lint { printer, exit: Exit::Done };
    if selected(LintCheck::Code) {
        lint.code(project)?;
    }
    if selected(LintCheck::Dependencies) {
        lint.dependencies(project)?;
    }
    if selected(LintCheck::Crates) {
        crates::check(&mut lint, project)?;
    }
    if selected(LintCheck::Templates) {
        lint.templates(project, example).await?;
    }
    if selected(LintCheck::Instructions) {
        lint.instructions(project)?;
    }
    Ok(lint.exit)
}

struct Lint {
    printer: Printer,
    exit: Exit,
}

impl Lint {
    fn step(&mut self, name: &str, task: &Task) -> Result<(), Failure> {
        self.printer.step("Checking", name);
        if !task.succeeds()? {
            self.fails(name);
        }
        Ok(())
    }

    /// As `step`, but prints the program's output only if it fails.
    fn quiet_step(&mut self, name: &str, task: &Task) -> Result<(), Failure> {
        self.printer.step("Checking", name);
        let (passed, output) = task.output()?;
        if !passed {
            self.printer.line(output);
            self.fails(name);
        }
        Ok(())
    }

    fn fails(&mut self, name: &str) {
        self.printer.diagnostic(&Diagnostic::error(format!("the check `{name}` failed")));
        self.exit = self.exit.worst(Exit::Failed);
    }

    fn code(&mut self, project: &Project) -> Result<(), Failure> {
        self.printer.step("Checking", "wording");
        let mut phrases = Vec::new();
        wording::findings(&project.root, &project.root, &mut phrases);
        if !phrases.is_empty() {
            self.printer.line(phrases.join("\n"));
            self.fails("wording");
        }
        self.step("format", &cargo(project).args(["fmt", "--all", "--check"]))?;
        let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "--deny", "warnings"];
        self.step("lints", &cargo(project).args(lints))?;
        for (name, features) in [("lints without AWS", ""), ("lints of the shipped program", "aws")] {
            let lints = ["clippy", "--package", "xtask", "--no-default-features", "--features", features, "--locked", "--quiet"];
            self.step(name, &cargo(project).args(lints).args(["--", "--deny", "warnings"]))?;
        }
        let documentation = ["doc", "--workspace", "--no-deps", "--locked", "--quiet"];
        self.step("documentation", &cargo(project).env("RUSTDOCFLAGS", "--deny warnings").args(documentation))
    }

    fn dependencies(&mut self, project: &Project) -> Result<(), Failure> {
        self.printer.step("Checking", "dependencies: all are used");
        for unused in unused::dependencies(project)? {
            self.printer.diagnostic(&unused);
            self.exit = self.exit.worst(Exit::Failed);
        }
        self.printer.step("Checking", "dependencies: the number in the shipped program");
        if let Some(unexpected) = supply_chain::shipped_dependencies(project)? {
            self.printer.diagnostic(&unexpected);
            self.exit = self.exit.worst(Exit::Failed);
        }
        self.quiet_step("dependencies: the lock file of the fuzz targets", &supply_chain::lock_of_fuzz_targets(project))?;
        self.quiet_step("workflows: zizmor", &supply_chain::zizmor(self.printer, project)?)?;
        let deny = CARGO_DENY.find(self.printer, project)?;
        let configuration = project.root.join(".config/deny.toml");
        let check = |what: &[&str]| {
            Task::new(&deny)
                .folder(&project.root)
                .args(["--locked", "--config"])
                .arg(&configuration)
                .arg("check")
                .args(what.iter().copied())
        };
        self.step("dependencies: bans, licences, sources", &check(&["bans", "licenses", "sources"]))?;
        self.advisories(&check(&["advisories"]))
    }

    /// Checks advisories, or warns that they are not checked if their database is unreachable.
    fn advisories(&mut self, task: &Task) -> Result<(), Failure> {
        self.printer.step("Checking", "dependencies: advisories");
        let (passed, output) = task.output()?;
        if passed {
            return Ok(());
        }
        let unreachable =
            ["failed to fetch", "unable to fetch", "error sending request", "Could not resolve host", "failed to load advisory database"];
        if unreachable.iter().any(|text| output.contains(text)) {
            self.printer.diagnostic(
                &Diagnostic::warning("ADVISORIES ARE NOT CHECKED: this machine cannot reach their database")
                    .with_hint("before a release, run `cargo xtask lint` on a machine that can reach github.com"),
            );
        } else {
            self.printer.line(output);
            self.exit = self.exit.worst(Exit::Failed);
        }
        Ok(())
    }

    async fn templates(&mut self, project: &Project, example: impl AsyncFnOnce(&Path, &str) -> Result<(), Failure>) -> Result<(), Failure> {
        self.step("templates: cfn-lint", &templates::cfn_lint(project)?)?;
        let guard = CFN_GUARD.find(self.printer, project)?;
        self.quiet_step("templates: tests of the rules", &templates::rule_tests(&guard, project))?;
        let folder = tempfile::tempdir().map_err(|error| Diagnostic::error(format!("there is no temporary folder: {error}")))?;
        let rules = templates::rules(self.printer, &guard, project, folder.path(), example).await?;
        self.quiet_step("templates: the rules", &rules)
    }
}

impl Tool {
    /// The program on the search path, else the one in the target folder, installed if missing.
    fn find(&self, printer: Printer, project: &Project) -> Result<PathBuf, Failure> {
        let Self { name, version } = self;
        if Task::new(name).arg("--version").quietly_succeeds() {
            return Ok(PathBuf::from(name));
        }
        let root = project.target("tools");
        let binary = root.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if !binary.is_file() {
            printer.step("Installing", format!("{name} {version} (once; some minutes)"));
            self.install(project, &root)?;
        }
        Ok(binary)
    }

    fn install(&self, project: &Project, root: &Path) -> Result<(), Failure> {
        let Self { name, version } = self;
        let install = cargo(project).args(["install", "--locked", "--quiet", "--version", version, "--root"]).arg(root).arg(name);
        if install.succeeds()? {
            return Ok(());
        }
        let diagnostic = Diagnostic::error(format!("{name} could not be installed"));
        Err(Failure::unreachable(diagnostic.with_hint(format!("install it: `cargo install --locked {name}@{version}`"))))
    }
}
