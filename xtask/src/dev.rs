//! The developers' tasks (feature `dev`). The shipped program is built without them.

mod bench;
mod dist;
mod lint;
mod options;
mod program;
mod properties;
mod soak;
mod stand_in;
mod test;

use clap::Subcommand;
use model_release::Failure;

use crate::exit::Exit;
use crate::printer::Printer;
use crate::project::Project;
use options::{BenchOptions, DistOptions, LintOptions, SoakOptions, TestOptions};

/// The developers' subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum DeveloperTask {
    /// Run all tests of this workspace and print a summary
    Test(TestOptions),
    /// Run the property tests with new seeds and more cases
    Soak(SoakOptions),
    /// Check the code, dependencies and templates of this workspace
    Lint(LintOptions),
    /// Run the benchmarks of this workspace
    Bench(BenchOptions),
    /// Build the release binary for CodeBuild and its checksum
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
