//! Tests of a container on this machine with the project's own suite, as a part of the tour.

use std::path::Path;
use std::time::Duration;

use endpoint_test::SuiteOptions;
use model_release::{Failure, Release, Stage, StageTests, test_container};

use crate::check_programs::Programs;
use crate::exit::Exit;
use crate::interruption::interrupted;
use crate::printer::Printer;
use crate::project::Project;
use crate::suite_file::{SUITE, SuiteFile};
use crate::suite_variables;
use crate::test_progress::TestProgress;
use crate::test_results::{self, ResultFiles};

/// How long the container may take to answer.
const WAIT: Duration = Duration::from_secs(30);

/// Tests the container at this URL and writes the results.
pub(crate) async fn container(
    printer: Printer,
    project: &Project,
    stage: Stage,
    build_dir: &Path,
    results_dir: &Path,
    url: &str,
) -> Result<Exit, Failure> {
    let release = Release::open(build_dir)?;
    let variables = suite_variables::values(&[], stage, Some(&release))?;
    let read = SuiteFile::read(&project.file(SUITE), &SuiteOptions { variables, ..SuiteOptions::default() })?;
    let results = ResultFiles::new(results_dir.to_owned(), "test-results")?;
    let programs = Programs::in_folder(&project.root, None)?;
    let tests = StageTests {
        suite_info: Some(read.info),
        release: Some(release),
        wait: WAIT,
        programs: Some(programs.settings.clone()),
        ..StageTests::of(stage, read.suite)
    };
    let report = Box::pin(test_container(&tests, url, None, &TestProgress::new(printer, 1), interrupted())).await?;
    test_results::finish(printer, &results, &tests.report(vec![report], crate::tool()))
}
