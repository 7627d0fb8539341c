//! A deployment to production requires passed staging tests, unless an option waives them.

use std::time::SystemTime;

use model_release::{Diagnostic, Failure, Release, Stage, StagingTests};

use crate::signatures::Signatures;
use command_line::{StagingTestOptions, non_empty};
use terminal::{Printer, Project};

/// Checks the staging tests of a release for production, at the time `now`. None if no tests are
/// required.
pub(crate) async fn check(
    printer: Printer,
    project: &Project,
    stage: Stage,
    release: &Release,
    options: &StagingTestOptions,
    now: SystemTime,
    signatures: &mut Signatures,
) -> Result<Option<StagingTests>, Failure> {
    if stage != Stage::Prod {
        return Ok(None);
    }
    if options.without_staging_tests {
        printer.diagnostic(&Diagnostic::warning("the staging tests of this release are not checked").named("--without-staging-tests"));
        return Ok(None);
    }
    let default = || project.folder(None, "test-results").join("test-results.json");
    let results = options.staging_results.clone().unwrap_or_else(default);
    let tests = release.check_staging_tests(&results, now)?;
    let key = non_empty(options.trusted_test_key.as_ref());
    signatures.check_staging_tests(printer, release, &results, key).await?;
    printer.step("Tested", format_args!("in staging: {}", tests.summary));
    Ok(Some(tests))
}
