//! The files that a test run leaves: `test-results.json`, `junit.xml`, `report.html`, and `test.env` for a pipeline's shell.

use std::path::PathBuf;

use endpoint_test::{Report, TargetReport, report as render};

use super::TestRun;
use crate::diagnostic::{Diagnostic, Failure};
use crate::files::{self, FileSet};
use crate::manifest::Tool;

/// Where the results go.
#[derive(Debug)]
pub(crate) struct ResultFiles {
    folder: PathBuf,
    results: String,
}

impl ResultFiles {
    /// `name` is the results file's name without its ending, as the reference's pipeline gives it.
    pub(crate) fn new(folder: PathBuf, name: &str) -> Result<Self, Failure> {
        let name = name.trim().trim_end_matches(".json");
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) {
            return Err(Diagnostic::error(format!("`{name}` is not a file's name"))
                .named("--test-results, TEST_RESULTS")
                .hinting("give a name without a folder; --results-dir names the folder")
                .into());
        }
        Ok(Self { folder, results: format!("{name}.json") })
    }

    /// Writes all of them, each whole.
    pub(crate) fn write(&self, report: &Report) -> Result<(), Failure> {
        let mut set = FileSet::default();
        set.add(self.folder.join("junit.xml"), render::junit(report));
        set.add(self.folder.join("report.html"), render::html(report));
        let summary = format!("{} of {} endpoints passed", report.counts.passed, report.counts.targets);
        let variables = [("TEST_VERDICT", report.verdict.as_str()), ("TEST_SUMMARY", summary.as_str())];
        set.add(self.folder.join("test.env"), files::shell_variables(&variables));
        set.add(self.folder.join(&self.results), render::json(report));
        set.write()
    }

    pub(crate) fn describe(&self) -> String {
        format!("{}, junit.xml, report.html in {}", self.results, files::shown(&self.folder))
    }
}

/// The report of a run over these targets.
pub(crate) fn report(run: &TestRun, targets: Vec<TargetReport>) -> Report {
    let tool = Tool::this();
    let mut report = Report::assemble(endpoint_test::Tool { name: tool.name, version: tool.version }, run.stage.name(), targets);
    report.suite.clone_from(&run.suite_info);
    if let Some(release) = &run.release {
        report.release = Some(release.digest.clone());
        report.model_package = Some(release.manifest.model_package.arn.clone());
    }
    report
}
