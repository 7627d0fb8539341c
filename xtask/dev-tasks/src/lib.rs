//! The developers' tasks of `xtask` (its feature `dev`). The shipped program is built without them.

mod bench;
mod dist;
mod lint;
mod options;
mod prepare_release;
mod program;
mod properties;
mod python_tools;
mod soak;
mod stand_in;
mod test;

use std::path::Path;

use clap::Subcommand;
use model_release::Failure;
use terminal::{Exit, Printer, Project};

use options::{BenchOptions, DistOptions, LintOptions, PrepareReleaseOptions, SoakOptions, TestOptions};

/// The developers' subcommands.
#[derive(Debug, Subcommand)]
pub enum DeveloperTask {
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
    /// Prepare a release: versions, changelog, commit and tag; pushes nothing
    PrepareRelease(PrepareReleaseOptions),
}

impl DeveloperTask {
    /// Its name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Test(_) => "test",
            Self::Soak(_) => "soak",
            Self::Lint(_) => "lint",
            Self::Bench(_) => "bench",
            Self::Dist(_) => "dist",
            Self::PrepareRelease(_) => "prepare-release",
        }
    }
}

/// Runs a task. `example` builds a release of the example registry into a folder, with a key for the
/// volumes.
pub async fn run<E>(printer: Printer, project: &Project, task: &DeveloperTask, example: E) -> Result<Exit, Failure>
where
    E: AsyncFnOnce(&Path, &str) -> Result<(), Failure>,
{
    match task {
        DeveloperTask::Test(options) => test::run(printer, project, options),
        DeveloperTask::Soak(options) => soak::run(printer, project, options),
        DeveloperTask::Lint(options) => lint::run(printer, project, options, example).await,
        DeveloperTask::Bench(options) => bench::run(printer, project, options),
        DeveloperTask::Dist(options) => dist::run(printer, project, options),
        DeveloperTask::PrepareRelease(options) => prepare_release::run(printer, project, options),
    }
}
