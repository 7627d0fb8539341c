//! The tasks of those who develop this workspace. The shipped program is built without them (feature `dev`).

mod bench;
mod dist;
mod lint;
mod options;
mod program;
mod properties;
mod soak;
mod stand_in;
mod test;
mod test_log;

use clap::Subcommand;
use model_release::Failure;

use crate::exit::Exit;
use crate::printer::Printer;
use crate::project::Project;
use options::{BenchOptions, DistOptions, LintOptions, SoakOptions, TestOptions};

/// What to do for the workspace.
#[derive(Debug, Subcommand)]
pub(crate) enum DeveloperTask {
    /// Runs all tests of this workspace, set-up included, and ends with a summary.
    Test(TestOptions),
    /// Runs the property tests of this workspace with new seeds and many more cases.
    Soak(SoakOptions),
    /// Checks format, lints, documentation, dependencies and templates of this workspace.
    Lint(LintOptions),
    /// Runs the benchmarks of this workspace, set-up included.
    Bench(BenchOptions),
    /// Makes the release binary, with its checksum, that runs on every CodeBuild image.
    Dist(DistOptions),
}

pub(crate) async fn run(printer: Printer, project: &Project, task: &DeveloperTask) -> Result<Exit, Failure> {
    match task {
        DeveloperTask::Test(options) => test::run(printer, project, options),
        DeveloperTask::Soak(options) => soak::run(printer, project, options),
        DeveloperTask::Lint(options) => lint::run(printer, project, options).await,
        DeveloperTask::Bench(options) => bench::run(printer, project, options),
        DeveloperTask::Dist(options) => dist::run(printer, project, options),
    }
}
