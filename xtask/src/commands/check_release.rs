//! `check-release`: checks directly before a deployment that the release is still allowed. The
//! registry can change while the release waits for its approval.

use std::time::SystemTime;

use model_release::Failure;
use serde_json::json;

use crate::approval::ApprovalCheck;
use crate::cli::CheckReleaseOptions;
use crate::requests;
use crate::session;
use crate::staging_tests;
use terminal::{Exit, Printer, Project};

pub(crate) async fn run(printer: Printer, project: &Project, options: &CheckReleaseOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.release)?;
    let approval = ApprovalCheck::new(project, options.stage, &release, &options.approval, &options.release)?;
    let now = SystemTime::now();
    let tests = staging_tests::check(printer, project, options.stage, &release, &options.staging_tests, now);
    // A session that cannot be opened does not hide the result of the tests.
    let session = session::open().await;
    let registry = match &session {
        Ok(session) => release.check_registry(|region| session.registry(Some(region))).await,
        Err(failure) => Err(failure.clone()),
    };
    let approved = approval.read(session.as_ref()).await.and_then(|read| {
        let (packages, tests) = (registry.as_deref().unwrap_or_default(), tests.as_ref().ok().and_then(Option::as_ref));
        read.map(|read| release.check_approval(&read, packages, tests, now, crate::tool())).transpose()
    });
    let ((tests, packages), approved) = Failure::both(Failure::both(tests, registry), approved)?;
    if let Some(approved) = &approved {
        approval.write(printer, approved)?;
    }
    let packages: Vec<_> = packages.iter().map(|package| package.arn.to_string()).collect();
    let record = json!({
        "schema_version": 1,
        "stage": options.stage.name(),
        "release": release.digest,
        "model_packages": packages,
        "staging_tests": tests.map(|tests| tests.summary),
        "approval": approved,
    });
    let by = approved.as_ref().map(|approved| format!("; {}", approved.summary())).unwrap_or_default();
    printer.result(&record, format!("{} is allowed in {}: {} as built{by}", release.digest, options.stage, packages.join(", ")));
    Ok(Exit::Done)
}
