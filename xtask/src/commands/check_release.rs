//! `check-release`: checks directly before a deployment that the release is still allowed. The
//! registry can change while the release waits for its approval. The result can be signed.

use model_release::Failure;
use model_release::records::{self, VerifiedRecord};
use serde_json::json;

use crate::cli::CheckReleaseOptions;
use crate::requests;
use crate::session;
use crate::signatures::Signatures;
use crate::signing::Signing;
use crate::staging_tests;
use terminal::{Exit, Printer, Project, files};

pub(crate) async fn run(printer: Printer, project: &Project, options: &CheckReleaseOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.release)?;
    let signing = Signing::open(&options.signing).await?;
    let folder = project.folder(options.results_dir.as_deref(), &format!("check-release/{}", options.stage));
    let path = folder.join(records::VERIFICATION_SUMMARY);
    files::check_result(&path)?;
    let mut signatures = Signatures::check(printer, project, &options.signatures, &release)?;
    let tests = staging_tests::check(printer, project, options.stage, &release, &options.staging_tests, &mut signatures);
    // A session that cannot be opened does not hide the result of the tests.
    let current = match session::open().await {
        Ok(session) => Failure::both(
            release.check_registry(|region| session.registry(Some(region))).await,
            Box::pin(release.check_bytes(|region| session.artifacts(region))).await,
        ),
        Err(failure) => Err(failure),
    };
    let (tests, (packages, bytes)) = Failure::both(tests, current)?;
    printer.diagnostics(&bytes.warnings);
    let inputs: Vec<_> = signatures.records.iter().map(VerifiedRecord::descriptor).collect();
    let summary = |run: &_| records::verification_summary(&release, options.stage, signatures.policy.as_ref(), inputs, run);
    if let Some(signed) = signing.record(summary).await? {
        files::write(&path, signed.as_bytes())?;
        printer.step("Written", files::shown(&path));
    }
    let record = json!({
        "schema_version": 1,
        "stage": options.stage.name(),
        "release": release.digest,
        "model_packages": packages,
        "staging_tests": tests,
        "unchanged_bytes": bytes.unchanged,
        "unknown_bytes": bytes.warnings.iter().map(|warning| &warning.message).collect::<Vec<_>>(),
        "verified_records": signatures.records.iter().map(|record| record.kind.to_string()).collect::<Vec<_>>(),
    });
    let named: Vec<_> = packages.iter().map(ToString::to_string).collect();
    let text = format!("{} is allowed in {}: {} as built", release.digest, options.stage, named.join(", "));
    printer.result(&record, text);
    Ok(Exit::Done)
}
