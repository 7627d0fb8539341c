//! The bytes of the model packages of all regions of a release.

use std::collections::BTreeMap;

use aws_names::{AccountId, Region};
use model_registry::ModelPackage;
use model_registry::release_policy::UnknownBytes;
use stack_rollout::preflight::{ArtifactReader, PreflightOptions};

use super::regional::RegionalPackages;
use crate::RegistryAccess;
use crate::approved_bytes::{Recorded, findings, record};
use crate::diagnostic::{Diagnostic, Failure, FailureKind, Level};
use crate::manifest::ApprovedContainer;

/// The recorded bytes of each region's package.
#[derive(Debug, Default)]
pub(crate) struct RecordedBytes {
    regions: BTreeMap<Region, Recorded>,
    /// Whether AWS was called. Otherwise it is expected that something is not known.
    has_store: bool,
}

impl RecordedBytes {
    /// Reads each image and artifact of each region at most once.
    pub(crate) async fn of<R, D, A: ArtifactReader>(
        chosen: &ModelPackage,
        regional: &RegionalPackages,
        access: &impl Fn(Option<&Region>) -> RegistryAccess<R, D, A>,
    ) -> Self {
        let options = PreflightOptions::default();
        let mut bytes = Self::default();
        for package in std::iter::once(chosen).chain(regional.iter().map(|(_, package)| package)) {
            let region = package.arn.region();
            let store = access(Some(region)).artifacts;
            bytes.has_store |= store.is_some();
            let recorded = record(package, store.as_ref(), &options).await;
            bytes.regions.insert(region.clone(), recorded);
        }
        bytes
    }

    /// Warnings about what is not known. An object that was overwritten after its model package was
    /// registered is an error, and so is what is not known if the policy blocks that.
    pub(crate) fn findings(&self, unknown: UnknownBytes, account: Option<&AccountId>) -> Result<Vec<Diagnostic>, Failure> {
        let blocks_unknown = unknown == UnknownBytes::Block;
        let mut found = Vec::new();
        for (region, recorded) in &self.regions {
            let of_region = |diagnostic: Diagnostic| diagnostic.called(account, region);
            found.extend(findings(&recorded.comparisons, blocks_unknown).into_iter().map(of_region));
        }
        found.extend(self.copies_that_differ());
        if found.iter().any(|diagnostic| diagnostic.level == Level::Error) {
            return Err(Failure::new(FailureKind::Failed, found));
        }
        if !self.has_store {
            found.clear();
        }
        Ok(found)
    }

    /// Warnings about copies in other regions whose bytes are others, as far as both have a SHA-256.
    fn copies_that_differ(&self) -> Vec<Diagnostic> {
        let mut regions = self.regions.iter();
        let Some((home, first)) = regions.next() else { return Vec::new() };
        let others = regions.flat_map(|(region, other)| {
            let pairs = first.containers.iter().flatten().zip(other.containers.iter().flatten());
            pairs.flat_map(move |(one, other)| differing(one, other)).map(move |what| (region, what))
        });
        let warning = |(region, what): (&Region, String)| {
            Diagnostic::warning(format!("{what} in {region} is not a copy of the one in {home}")).code("regional-copy-differs")
        };
        others.map(warning).collect()
    }

    /// The containers of a region's package, for the manifest.
    pub(crate) fn take(&mut self, region: &Region) -> Option<Vec<ApprovedContainer>> {
        self.regions.remove(region)?.containers
    }
}

fn differing(one: &ApprovedContainer, other: &ApprovedContainer) -> Vec<String> {
    let is_other = |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
    let artifacts = one.artifacts.iter().zip(&other.artifacts).filter(|(one, other)| {
        // Checksums of uploads in parts depend on the parts.
        let is_whole = |sha256: &Option<String>| sha256.as_ref().is_some_and(|sha256| !sha256.contains('-'));
        is_whole(&one.sha256) && is_whole(&other.sha256) && one.sha256 != other.sha256
    });
    let artifacts = artifacts.map(|(_, other)| format!("the object `{}`", other.uri));
    let images = one.image.iter().zip(&other.image).filter(|(one, other)| is_other(&one.digest, &other.digest));
    artifacts.chain(images.map(|(_, other)| format!("the image `{}`", other.name))).collect()
}
