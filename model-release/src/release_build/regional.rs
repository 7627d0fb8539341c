//! Model packages of other regions. An endpoint's image and artifacts must be in its region, so
//! every other region of a release needs its own model package of the same model. The stacks of
//! that region get it as a parameter override.

use std::collections::BTreeMap;

use aws_names::{ModelPackageArn, Region};
use cfn_render::Template;
use model_registry::documents::Documents;
use model_registry::{GroupName, ModelPackage, ModelPackageGroup, Registry, Selection};
use stage_config::ParametersFile;

use super::BuildRequest;
use super::bytes::RecordedBytes;
use crate::FailureKind;
use crate::diagnostic::{Diagnostic, Failure, Place};
use crate::manifest::{ParameterOverride, RegionalModelPackage};
use crate::registry_errors;
use crate::{MODEL_PACKAGE, PackageSelection, RegistryAccess};

/// The model package of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionalSelection {
    /// The package with the same version as the chosen one, in the group with the same name.
    SameVersion,
    /// This version in the group with the same name.
    Version(u32),
    /// The package with this ARN.
    Arn(ModelPackageArn),
}

/// The model packages of the other regions of a release.
#[derive(Debug, Default)]
pub(crate) struct RegionalPackages {
    /// The chosen package; `None` before the choice.
    chosen: Option<ModelPackageArn>,
    packages: BTreeMap<Region, ModelPackage>,
}

impl RegionalPackages {
    /// Finds the model package of every other region and checks that it can be deployed.
    pub(crate) async fn of<R: Registry, D: Documents, A>(
        chosen: &ModelPackage,
        request: &BuildRequest,
        regions: &[Region],
        access: &impl Fn(Option<&Region>) -> RegistryAccess<R, D, A>,
    ) -> Result<Self, Failure> {
        let requested = &request.regional_packages;
        let mut diagnostics = mismatches(chosen, requested, regions);
        let mut kind = FailureKind::BadInput;
        let mut packages = BTreeMap::new();
        for (region, selection) in requested {
            if !regions.contains(region) || region == chosen.arn.region() {
                continue;
            }
            match find(chosen, region, selection, &request.selection, access(Some(region))).await {
                Ok(package) => {
                    packages.insert(region.clone(), package);
                }
                Err(failure) => {
                    // A failed call is not an error in the options.
                    if failure.kind == FailureKind::Unreachable {
                        kind = FailureKind::Unreachable;
                    }
                    let of_region = |diagnostic: Diagnostic| match diagnostic.code {
                        Some("no-such-package") => diagnostic.code("no-such-regional-package").about(region.as_str()),
                        _ => diagnostic,
                    };
                    diagnostics.extend(failure.diagnostics.into_iter().map(of_region));
                }
            }
        }
        if diagnostics.is_empty() {
            return Ok(Self { chosen: Some(chosen.arn.clone()), packages });
        }
        Err(Failure::new(kind, diagnostics))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Region, &ModelPackage)> {
        self.packages.iter()
    }

    /// For the manifest, with the bytes of each region.
    pub(crate) fn described(&self, bytes: &mut RecordedBytes) -> BTreeMap<Region, RegionalModelPackage> {
        let mut described = |package: &ModelPackage| RegionalModelPackage {
            arn: package.arn.clone(),
            approval_status: Some(package.approval_status.to_string()),
            images: package.images.clone(),
            model_data: package.model_data.clone(),
            containers: bytes.take(package.arn.region()),
        };
        self.packages.iter().map(|(region, package)| (region.clone(), described(package))).collect()
    }

    /// The parameter overrides that set the model packages of the other regions.
    pub(crate) fn overrides(&self, parameters: &ParametersFile, template: &Template) -> Result<Vec<ParameterOverride>, Failure> {
        let is_passed = parameters
            .iter()
            .any(|(name, value)| name == MODEL_PACKAGE && value.text() == self.chosen.as_ref().map(ModelPackageArn::as_str));
        if !self.packages.is_empty() && !is_passed {
            return Err(Diagnostic::error(format!(
                "the template has no parameter `{MODEL_PACKAGE}`, so regions cannot have their own model packages"
            ))
            .file(template.path())
            .with_hint(format!("declare `{MODEL_PACKAGE}` and use it in the model, or build a separate release for each region"))
            .into());
        }
        let with = |package: &ModelPackage| BTreeMap::from([(MODEL_PACKAGE.to_owned(), package.arn.to_string())]);
        let of = |(region, package): (&Region, &ModelPackage)| ParameterOverride {
            account: None,
            region: Some(region.clone()),
            parameters: with(package),
        };
        Ok(self.packages.iter().map(of).collect())
    }
}

/// Errors for regions without a model package, and for model packages without a region.
fn mismatches(chosen: &ModelPackage, requested: &BTreeMap<Region, RegionalSelection>, regions: &[Region]) -> Vec<Diagnostic> {
    let own = chosen.arn.region();
    let missing = regions.iter().filter(|region| *region != own && !requested.contains_key(*region)).map(|region| {
        Diagnostic::error(format!("region `{region}` has no model package: the chosen one is in `{own}`"))
            .detail(chosen.arn.to_string())
            .code("region-without-package")
            .about(region.as_str())
    });
    let extra = requested.keys().filter(|region| !regions.contains(region)).map(|region| {
        Diagnostic::error(format!("a model package is set for region `{region}`, which is not a target"))
            .code("package-without-region")
            .about(regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", "))
    });
    let second = requested.iter().filter(|(region, selection)| {
        *region == own && regions.contains(region) && !matches!(selection, RegionalSelection::Arn(arn) if arn.same_package(&chosen.arn))
    });
    let second = second.map(|(region, _)| {
        Diagnostic::error(format!("region `{region}` already has the chosen model package"))
            .detail(chosen.arn.to_string())
            .code("package-of-own-region")
    });
    missing.chain(extra).chain(second).collect()
}

async fn find<R: Registry, D: Documents, A>(
    chosen: &ModelPackage,
    region: &Region,
    selection: &RegionalSelection,
    wanted: &PackageSelection,
    access: RegistryAccess<R, D, A>,
) -> Result<ModelPackage, Failure> {
    let arn = match selection {
        RegionalSelection::SameVersion => chosen.arn.in_region(region, chosen.arn.version()),
        RegionalSelection::Version(version) => chosen.arn.in_region(region, Some(*version)),
        RegionalSelection::Arn(arn) => arn.clone(),
    };
    // The group in the other region can have a different name: the ARN determines it.
    let group = ModelPackageGroup::from(GroupName::from(&arn));
    let choice = wanted.select(&group, &Selection::Arn(arn), access).await.map_err(|error| {
        let failure = registry_errors::of_selection(&error);
        let in_region = |diagnostic: Diagnostic| match diagnostic.place {
            // It names the region.
            Some(Place::Aws { .. }) => diagnostic,
            _ => diagnostic.named(format!("region {region}")),
        };
        Failure::new(failure.kind, failure.diagnostics.into_iter().map(in_region).collect())
    })?;
    Ok(choice.package)
}
