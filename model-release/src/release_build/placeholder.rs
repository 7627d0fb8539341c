//! A placeholder for the model package, so that a release can be checked if none can be chosen.

use aws_names::Region;
use model_registry::Selection;
use model_registry::documents::NoDocuments;
use model_registry::snapshot::Snapshot;
use serde_json::json;

use super::{BuildRequest, Home, RegionalSelection};
use crate::diagnostic::{Diagnostic, Failure};
use crate::{PackageSelection, RegistryAccess};

impl BuildRequest {
    /// Selects a placeholder package in each region, and returns the registry that contains them.
    pub fn select_placeholder(&mut self, home: &Home, partition: &str) -> Result<RegistryAccess<Snapshot, NoDocuments>, Failure> {
        let own = home.region.clone().or_else(|| self.regions.first().cloned());
        let own = own.ok_or_else(|| Failure::bad_input(Diagnostic::error("no region is known")))?;
        let regions = if self.regions.is_empty() { vec![own.clone()] } else { self.regions.clone() };
        self.selection =
            PackageSelection { selection: Some(Selection::LatestApproved), allow_unapproved: false, policy: None, event: None };
        self.regional_packages =
            regions.iter().filter(|region| **region != own).map(|region| (region.clone(), RegionalSelection::SameVersion)).collect();
        let group = self.group.name().to_string();
        let account = self.group.account().or(home.account.as_ref()).map(ToString::to_string).unwrap_or_default();
        let package = |region: &Region, created: &str| {
            json!({
                "ModelPackageGroupName": group,
                "ModelPackageVersion": 1,
                "ModelPackageArn": format!("arn:{partition}:sagemaker:{region}:{account}:model-package/{group}/1"),
                "CreationTime": created,
                "ModelPackageStatus": "Completed",
                "ModelApprovalStatus": "Approved",
                "InferenceSpecification": { "Containers": [{ "Image": "placeholder" }] },
            })
        };
        // The session's region has the newest.
        let others = regions.iter().filter(|region| **region != own).map(|region| package(region, "2026-01-01T00:00:00Z"));
        let packages: Vec<_> = std::iter::once(package(&own, "2026-01-02T00:00:00Z")).chain(others).collect();
        let text = json!({ "schema_version": 1, "describe-model-package": packages }).to_string();
        let registry = Snapshot::parse(&text).map_err(|problems| Failure::from(Diagnostic::error(problems.to_string())))?;
        Ok(RegistryAccess { registry, documents: NoDocuments, artifacts: None })
    }
}
