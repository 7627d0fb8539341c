//! The files of a test run: `test-results.json`, `junit.xml`, `report.html`, `test.env`.

use std::path::PathBuf;

use endpoint_test::{Report, Verdict, report as render};

use crate::hints;
use crate::signing::Signing;
use model_release::{Diagnostic, Failure, Release, records};
use terminal::files::{self, FileSet};
use terminal::{Exit, Printer};

/// Where to write the results.
#[derive(Debug)]
pub(crate) struct ResultFiles {
    folder: PathBuf,
    results: String,
}

impl ResultFiles {
    /// `name` is the results file's name without its extension, as in the Python seed's pipeline.
    pub(crate) fn new(folder: PathBuf, name: &str) -> Result<Self, Failure> {
        let name = name.trim().trim_end_matches(".json");
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) {
            return Err(Diagnostic::error(format!("`{name}` is not a file name"))
                .named("--test-results, TEST_RESULTS")
                .with_hint("write a name without a folder; --results-dir names the folder")
                .into());
        }
        let files = Self { folder, results: format!("{name}.json") };
        // Before the tests, whose results would otherwise be lost.
        files::check_result(&files.folder.join("junit.xml"))?;
        files::check_result(&files.folder.join(&files.results))?;
        Ok(files)
    }

    /// The results file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.results)
    }

    /// Writes all files atomically.
    pub(crate) fn write(&self, report: &Report, json: String, record: Option<String>) -> Result<(), Failure> {
        let mut set = FileSet::default();
        set.add(self.folder.join("junit.xml"), render::junit(report));
        set.add(self.folder.join("report.html"), render::html(report));
        let summary = report.summary();
        let variables = [("TEST_VERDICT", report.verdict.as_str()), ("TEST_SUMMARY", summary.as_str())];
        set.add(self.folder.join("test.env"), files::shell_variables(&variables));
        let results = self.path();
        if let Some(record) = record {
            set.add(records::record_of_results(&results), record);
        }
        set.add(results, json);
        set.write()
    }

    /// The results, and their signed record if there is one of exactly these results.
    pub(crate) fn evidence(&self, report: &Report, signing: &Signing) -> Vec<(String, Vec<u8>)> {
        let json = render::json(&hints::in_report(report.clone())).into_bytes();
        let results = self.folder.join(&self.results);
        // An earlier run can have left its files.
        let is_written = signing.is_on() && std::fs::read(&results).is_ok_and(|written| written == json);
        let path = records::record_of_results(&results);
        let record = std::fs::read(&path).ok().filter(|_| is_written);
        let named = path.file_name().map(|name| name.to_string_lossy().into_owned()).zip(record);
        std::iter::once((self.results.clone(), json)).chain(named).collect()
    }

    pub(crate) fn describe(&self) -> String {
        format!("{}, junit.xml, report.html in {}", self.results, files::shown(&self.folder))
    }
}

/// Writes the results and prints the summary.
pub(crate) async fn finish(printer: Printer, results: &ResultFiles, report: &Report, release: Option<&Release>, signing: &Signing) -> Exit {
    let report = &hints::in_report(report.clone());
    let json = render::json(report);
    let record = match release {
        Some(release) => signing.record(|run| records::test_result(release, report, (&results.results, json.as_bytes()), run)).await,
        None => Ok(None),
    };
    // Results that could not be signed are written without a record.
    let (record, unsigned) = record.map_or_else(|failure| (None, Some(failure)), |record| (record, None));
    let written = results.write(report, json, record);
    printer.result(report, endpoint_test::report::table(report).trim_end());
    match written {
        Ok(()) => printer.step("Written", results.describe()),
        Err(failure) => {
            printer.diagnostics(&failure.diagnostics);
            return exit(report).without_results();
        }
    }
    match unsigned {
        Some(failure) => {
            printer.diagnostics(&failure.diagnostics);
            exit(report).worst(failure.kind.into())
        }
        None => exit(report),
    }
}

/// The highest-ranking outcome of all targets.
fn exit(report: &Report) -> Exit {
    let exit = |verdict| match verdict {
        Verdict::Passed | Verdict::Skipped => Exit::Done,
        Verdict::Failed => Exit::Failed,
        Verdict::NotProven => Exit::NotProven,
        Verdict::Errored => Exit::Unreachable,
        Verdict::Empty => Exit::Nothing,
    };
    report.targets.iter().map(|target| exit(target.verdict)).fold(exit(report.verdict), Exit::worst)
}
