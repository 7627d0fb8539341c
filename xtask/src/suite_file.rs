//! Reads the file of a test suite.

use std::path::Path;

use endpoint_test::{Suite, SuiteInfo, SuiteOptions};
use model_release::{Diagnostic, Failure, FailureKind, Stage};

use crate::hints;
use terminal::{Project, files};

/// The project's tests.
pub(crate) const SUITE: &str = "test/endpoint-tests.yaml";
/// The tests of production endpoints, if the project has any.
pub(crate) const SMOKE_SUITE: &str = "test/smoke-tests.yaml";

/// A suite and its file.
#[derive(Debug)]
pub(crate) struct SuiteFile {
    pub(crate) suite: Suite,
    pub(crate) info: SuiteInfo,
}

impl SuiteFile {
    pub(crate) fn read(path: &Path, options: &SuiteOptions) -> Result<Self, Failure> {
        let text = files::read_text(path)
            .map_err(|diagnostic| diagnostic.with_hint("name the tests with --suite, or write first ones with `init-tests`"))?;
        let suite = Suite::load_with(path, options).map_err(|errors| {
            let more = (errors.more() > 0).then(|| Diagnostic::error(format!("and {} more", errors.more())).file(path));
            let diagnostics = errors
                .problems()
                .iter()
                .map(|problem| {
                    let diagnostic = Diagnostic::error(&problem.message).with_hint_opt(hints::of_suite_problem(problem));
                    match &problem.place {
                        Some(place) => diagnostic.source(&files::shown(path), place.line, place.column, &text),
                        None => diagnostic.file(path),
                    }
                })
                .chain(more)
                .collect();
            Failure::new(FailureKind::BadInput, diagnostics)
        })?;
        let info =
            SuiteInfo { file: files::shown(path), name: suite.name().map(str::to_owned), digest: Some(files::digest(text.as_bytes())) };
        Ok(Self { suite, info })
    }
}

/// The production tests, if the project has them, else the common ones.
pub(crate) fn default_suite(project: &Project, stage: Stage) -> &'static str {
    if stage == Stage::Prod && project.root.join(SMOKE_SUITE).is_file() { SMOKE_SUITE } else { SUITE }
}
