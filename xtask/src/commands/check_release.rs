//! `check-release`: checks directly before a deployment that the release is still allowed. The
//! registry can change while the release waits for its approval.

use model_release::Failure;
use serde_json::json;

use crate::cli::CheckReleaseOptions;
use crate::requests;
use crate::session;
use crate::staging_tests;
use terminal::{Exit, Printer, Project};

pub(crate) async fn run(printer: Printer, project: &Project, options: &CheckReleaseOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.release)?;
    let tests = staging_tests::check(printer, project, options.stage, &release, &options.staging_tests);
    // A session that cannot be opened does not hide the result of the tests.
    let registry = match session::open().await {
        Ok(session) => release.check_registry(|region| session.registry(Some(region))).await,
        Err(failure) => Err(failure),
    };
    let (tests, packages) = Failure::both(tests, registry)?;
    let record = json!({
        "schema_version": 1,
        "stage": options.stage.name(),
        "release": release.digest,
        "model_packages": packages,
        "staging_tests": tests,
    });
    let named: Vec<_> = packages.iter().map(ToString::to_string).collect();
    let text = format!("{} is allowed in {}: {} as built", release.digest, options.stage, named.join(", "));
    printer.result(&record, text);
    Ok(Exit::Done)
}
