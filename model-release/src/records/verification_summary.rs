//! That a release is allowed in a stage.

use std::collections::BTreeMap;

use aws_names::ModelPackageArn;
use release_records::{Policy, ResourceDescriptor, Statement, VerificationResult, VerificationSummary, Verifier};

use super::{RecordingRun, subjects};
use crate::{PolicyFile, Release, Stage};

/// States that a release passed all checks for a stage. `policy` is the release policy that was
/// used, and `inputs` are the files that proved it.
pub fn verification_summary(
    release: &Release,
    stage: Stage,
    policy: Option<&PolicyFile>,
    inputs: Vec<ResourceDescriptor>,
    run: &RecordingRun,
) -> Statement<VerificationSummary> {
    let predicate = VerificationSummary {
        verifier: Verifier { id: run.program(), version: run.version() },
        time_verified: run.time(),
        resource_uri: resource(&release.manifest.model_package.arn, stage),
        policy: Policy {
            uri: policy.map_or_else(|| "pkg:cargo/model-release#release-check".to_owned(), |policy| policy.name.clone()),
            digest: policy.map_or_else(BTreeMap::new, |policy| ResourceDescriptor::named("", &policy.digest).digest),
        },
        input_attestations: inputs,
        verification_result: VerificationResult::Passed,
        verified_levels: vec!["SLSA_BUILD_LEVEL_UNEVALUATED".to_owned()],
        slsa_version: "1.0".to_owned(),
    };
    Statement::new([subjects::release(&release.digest)], predicate)
}

/// What the release will be used for: its model package in a stage.
pub(super) fn resource(package: &ModelPackageArn, stage: Stage) -> String {
    format!("{package}#{}", stage.name())
}
