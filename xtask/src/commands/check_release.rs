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
    let session = session::open().await?;
    let registry = release.check_registry(|region| session.registry(Some(region))).await;
    let (tests, packages) = match (tests, registry) {
        (Ok(tests), Ok(packages)) => (tests, packages),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => return Err(failure),
        (Err(mut tests), Err(registry)) => {
            tests.diagnostics.extend(registry.diagnostics);
            let worst = Exit::from(tests.kind).worst(Exit::from(registry.kind));
            tests.kind = if worst == Exit::from(tests.kind) { tests.kind } else { registry.kind };
            return Err(tests);
        }
    };
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
