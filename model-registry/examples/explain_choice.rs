//! Chooses the model package to deploy from a file, and explains why each newer one is skipped:
//! `cargo run -p model-registry --no-default-features --example explain_choice`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use model_registry::documents::NoDocuments;
use model_registry::snapshot::Snapshot;
use model_registry::{Gates, ReleasePolicy, Selection, select};

const REGISTRY: &str = r#"{ "schema_version": 1, "describe-model-package": [
    { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/15", "CreationTime": "2026-01-03T00:00:00Z",
      "ModelPackageStatus": "Completed", "ModelApprovalStatus": "PendingManualApproval" },
    { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/14", "CreationTime": "2026-01-02T00:00:00Z",
      "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved" },
    { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13", "CreationTime": "2026-01-01T00:00:00Z",
      "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved", "CustomerMetadataProperties": { "owner": "ds" } } ] }"#;
const POLICY: &str = r#"{ "schema_version": 1, "metadata": [{ "key": "owner" }] }"#;

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Snapshot::parse(REGISTRY)?;
    let gates = Gates::new(ReleasePolicy::parse(POLICY)?, NoDocuments);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let choice = runtime.block_on(select(&registry, &"iris".parse()?, &Selection::LatestApproved, &gates))?;
    println!("deploy {}", choice.package.arn);
    for skipped in &choice.skipped {
        println!("    skipped {}: {}", skipped.arn, skipped.reason);
    }
    assert_eq!(choice.package.version, Some(13));
    assert_eq!(choice.skipped.len(), 2);
    Ok(())
}
