//! `check-release`: checks directly before a deployment that the release is still allowed. The
//! registry can change while the release waits for its approval. The result can be signed.

use std::time::SystemTime;

use model_release::Failure;
use model_release::history::Facts;
use model_release::records::{self, VerifiedRecord};
use serde_json::json;

use crate::approval::ApprovalCheck;
use crate::history::Recorder;
use crate::requests;
use crate::session;
use crate::signatures::Signatures;
use crate::signing::Signing;
use crate::staging_tests;
use command_line::CheckReleaseOptions;
use terminal::{Exit, Printer, Project, files};

pub(crate) async fn run(printer: Printer, project: &Project, options: &CheckReleaseOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.release)?;
    let signing = Signing::open(&options.signing).await?;
    let folder = project.folder(options.results_dir.as_deref(), &format!("check-release/{}", options.stage));
    let path = folder.join(records::VERIFICATION_SUMMARY);
    files::check_result(&path)?;
    let approval = ApprovalCheck::new(&folder, options.stage, &release, &options.approval, &options.release)?;
    let mut signatures = Signatures::check(printer, project, &options.signatures, &release).await?;
    let recorder = Recorder::open(printer, &options.history, &release, Some(options.stage), &signing).await?;
    let now = SystemTime::now();
    let tests = staging_tests::check(printer, project, options.stage, &release, &options.staging_tests, now, &mut signatures).await;
    // A session that cannot be opened does not hide the result of the tests.
    let session = session::open().await;
    let current = match &session {
        Ok(session) => Failure::both(
            release.check_registry(|region| session.registry(Some(region))).await,
            Box::pin(release.check_bytes(|region| session.artifacts(region))).await,
        ),
        Err(failure) => Err(failure.clone()),
    };
    let approved = approval.read(session.as_ref()).await.and_then(|read| {
        let packages = current.as_ref().map(|(packages, _)| packages.as_slice()).unwrap_or_default();
        let tests = tests.as_ref().ok().and_then(Option::as_ref);
        read.map(|read| release.check_approval(&read, packages, tests, now, crate::tool())).transpose()
    });
    let ((tests, (packages, mut bytes)), approved) = Failure::both(Failure::both(tests, current), approved)?;
    session::locate_all(&mut bytes.warnings).await;
    printer.diagnostics(&bytes.warnings);
    if let Some(approved) = &approved {
        approval.write(printer, approved)?;
    }
    let inputs: Vec<_> = signatures.records.iter().map(VerifiedRecord::descriptor).collect();
    let summary = |run: &_| records::verification_summary(&release, options.stage, signatures.policy.as_ref(), inputs, run);
    let mut evidence = Vec::new();
    if let Some(signed) = signing.record(summary).await? {
        files::write(&path, signed.as_bytes())?;
        printer.step("Written", files::shown(&path));
        evidence.push((records::VERIFICATION_SUMMARY.to_owned(), signed.into_bytes()));
    }
    let (approval_then, tests_then) = (approved.clone().map(Box::new), tests.as_ref().map(|tests| tests.summary.clone()));
    recorder.with_files(evidence, |files| Facts::Checked { approval: approval_then, staging_tests: tests_then, files }).await?;
    let packages: Vec<_> = packages.iter().map(|package| package.arn.to_string()).collect();
    let record = json!({
        "schema_version": 1,
        "stage": options.stage.name(),
        "release": release.digest,
        "model_packages": packages,
        "staging_tests": tests.map(|tests| tests.summary),
        "unchanged_bytes": bytes.unchanged,
        "unknown_bytes": bytes.warnings.iter().map(|warning| &warning.message).collect::<Vec<_>>(),
        "verified_records": signatures.records.iter().map(|record| record.kind.to_string()).collect::<Vec<_>>(),
        "approval": approved,
    });
    let by = approved.as_ref().map(|approved| format!("; {}", approved.summary())).unwrap_or_default();
    printer.result(&record, format!("{} is allowed in {}: {} as built{by}", release.digest, options.stage, packages.join(", ")));
    Ok(Exit::Done)
}
