//! The check of a release's artifacts after a deployment: once for each region, and not for each
//! account, because all accounts of a region load the same objects.

use std::collections::BTreeMap;

use aws_names::Region;
use endpoint_test::{CheckReport, Comparison};
use tokio::sync::OnceCell;

use super::Session;
use crate::Release;
use crate::approved_bytes::{Scope, current_comparisons};

/// The check's name.
const MODEL_DATA: &str = "model_data";

/// What a passed check does not prove.
const NOTE: &str = "the objects in S3 are the approved ones; what a running container has loaded cannot be read";

/// The checks of the artifacts of each region.
#[derive(Debug)]
pub(super) struct ReleasedBytes {
    release: Release,
    checks: BTreeMap<Region, OnceCell<CheckReport>>,
}

impl ReleasedBytes {
    pub(super) fn new(release: &Release) -> Self {
        let stages = &release.manifest.stages;
        let regions = stages.staging.regions.iter().chain(&stages.prod.regions);
        Self { release: release.clone(), checks: regions.map(|region| (region.clone(), OnceCell::new())).collect() }
    }

    /// The check of a region's artifacts, which the session reads once.
    pub(super) async fn check(&self, session: &Session, region: &Region) -> CheckReport {
        match self.checks.get(region) {
            Some(checked) => checked.get_or_init(|| self.read(session, region)).await.clone(),
            None => self.read(session, region).await,
        }
    }

    async fn read(&self, session: &Session, region: &Region) -> CheckReport {
        let manifest = &self.release.manifest;
        let containers = manifest.model_package.containers_in(region);
        let mut comparisons = current_comparisons(manifest, region, containers, &session.artifacts(region), Scope::Artifacts).await;
        for comparison in &mut comparisons {
            if let Comparison::NotKnown { call: Some(call), .. } = comparison {
                call.error = format!("{}; {}", call.error, session.place_in(region).await);
            }
        }
        CheckReport::compared(MODEL_DATA, &comparisons, manifest.blocks_unknown_bytes()).with_note(NOTE)
    }
}
