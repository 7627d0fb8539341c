//! One region, one model package: an endpoint's image and artifacts must be in its own region, so every other region of a release needs
//! a model package there, of the same model. It reaches the stacks of that region as a parameter override.

use std::collections::BTreeMap;

use aws_names::{ModelPackageArn, Region};
use cfn_render::Template;
use model_registry::documents::Documents;
use model_registry::{GroupName, ModelPackage, ModelPackageGroup, Registry, Selection};
use stage_config::ParametersFile;

use super::BuildRequest;
use crate::FailureKind;
use crate::diagnostic::{Diagnostic, Failure};
use crate::manifest::{ParameterOverride, RegionalModelPackage};
use crate::registry_errors;
use crate::{PackageSelection, RegistryAccess};

/// The parameter that says which model package a stack serves.
const PARAMETER: &str = "ModelPackageName";

/// Which model package serves a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionalSelection {
    /// The package with the chosen one's version, in the region's group of the same name.
    SameVersion,
    /// This version of the region's group of the same name.
    Version(u32),
    /// This very one.
    Arn(ModelPackageArn),
}

/// The model packages of a release's other regions.
#[derive(Debug, Default)]
pub(crate) struct RegionalPackages {
    /// The chosen package; none when nothing was chosen yet.
    chosen: Option<ModelPackageArn>,
    packages: BTreeMap<Region, ModelPackage>,
}

impl RegionalPackages {
    /// Finds the model package of every region but the chosen one's, and asks each region whether it may be deployed there.
    pub(crate) async fn of<R: Registry, D: Documents>(
        chosen: &ModelPackage,
        request: &BuildRequest,
        regions: &[Region],
        source: &impl Fn(Option<&Region>) -> RegistryAccess<R, D>,
    ) -> Result<Self, Failure> {
        let asked = &request.regional_packages;
        let mut diagnostics = unasked_for(chosen, asked, regions);
        let mut exit = FailureKind::BadInput;
        let mut packages = BTreeMap::new();
        for (region, selection) in asked {
            if !regions.contains(region) || region == chosen.arn.region() {
                continue;
            }
            match find(chosen, region, selection, &request.selection, source(Some(region))).await {
                Ok(package) => {
                    packages.insert(region.clone(), package);
                }
                Err(failure) => {
                    // What AWS could not be asked is no mistake in the options.
                    if failure.kind == FailureKind::Unreachable {
                        exit = FailureKind::Unreachable;
                    }
                    diagnostics.extend(failure.diagnostics);
                }
            }
        }
        if diagnostics.is_empty() {
            return Ok(Self { chosen: Some(chosen.arn.clone()), packages });
        }
        Err(Failure::new(exit, diagnostics))
    }

    /// Each region with its model package.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Region, &ModelPackage)> {
        self.packages.iter()
    }

    /// As the manifest holds them.
    pub(crate) fn described(&self) -> BTreeMap<Region, RegionalModelPackage> {
        let described = |package: &ModelPackage| RegionalModelPackage {
            arn: package.arn.clone(),
            images: package.images.clone(),
            model_data: package.model_data.clone(),
        };
        self.packages.iter().map(|(region, package)| (region.clone(), described(package))).collect()
    }

    /// The parameters by which the stacks of the other regions get their model package.
    pub(crate) fn overrides(&self, parameters: &ParametersFile, template: &Template) -> Result<Vec<ParameterOverride>, Failure> {
        let passed =
            parameters.iter().any(|(name, value)| name == PARAMETER && value.text() == self.chosen.as_ref().map(ModelPackageArn::as_str));
        if !self.packages.is_empty() && !passed {
            return Err(Diagnostic::error(format!(
                "the template has no parameter `{PARAMETER}`, so no region can be given a model package of its own"
            ))
            .file(template.path())
            .with_hint(format!("declare `{PARAMETER}` and use it in the model, or build one release a region"))
            .into());
        }
        let with = |package: &ModelPackage| BTreeMap::from([(PARAMETER.to_owned(), package.arn.to_string())]);
        let of = |(region, package): (&Region, &ModelPackage)| ParameterOverride {
            account: None,
            region: Some(region.clone()),
            parameters: with(package),
        };
        Ok(self.packages.iter().map(of).collect())
    }
}

/// Regions without a model package, and model packages without a region.
fn unasked_for(chosen: &ModelPackage, asked: &BTreeMap<Region, RegionalSelection>, regions: &[Region]) -> Vec<Diagnostic> {
    let own = chosen.arn.region();
    let missing = regions.iter().filter(|region| *region != own && !asked.contains_key(*region)).map(|region| {
        Diagnostic::error(format!("there is no model package for region `{region}`: the chosen one is in `{own}`"))
            .detail(chosen.arn.to_string())
            .code("region-without-package")
            .about(region.as_str())
    });
    let extra = asked.keys().filter(|region| !regions.contains(region)).map(|region| {
        Diagnostic::error(format!("a model package is named for region `{region}`, to which nothing is deployed"))
            .code("package-without-region")
            .about(regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", "))
    });
    let second = asked.iter().filter(|(region, selection)| {
        *region == own && regions.contains(region) && !matches!(selection, RegionalSelection::Arn(arn) if arn.same_package(&chosen.arn))
    });
    let second = second.map(|(region, _)| {
        Diagnostic::error(format!("region `{region}` is the chosen model package's own"))
            .detail(chosen.arn.to_string())
            .code("package-of-own-region")
    });
    missing.chain(extra).chain(second).collect()
}

async fn find<R: Registry, D: Documents>(
    chosen: &ModelPackage,
    region: &Region,
    selection: &RegionalSelection,
    wanted: &PackageSelection,
    source: RegistryAccess<R, D>,
) -> Result<ModelPackage, Failure> {
    let arn = match selection {
        RegionalSelection::SameVersion => chosen.arn.in_region(region, chosen.arn.version()),
        RegionalSelection::Version(version) => chosen.arn.in_region(region, Some(*version)),
        RegionalSelection::Arn(arn) => arn.clone(),
    };
    // A region's group may have another name: whoever names an ARN has named its group.
    let group = ModelPackageGroup::from(GroupName::from(&arn));
    let choice = wanted.select(&group, &Selection::Arn(arn), source).await.map_err(|error| {
        let failure = registry_errors::of_selection(&error);
        let in_region = |diagnostic: Diagnostic| diagnostic.named(format!("region {region}"));
        Failure::new(failure.kind, failure.diagnostics.into_iter().map(in_region).collect())
    })?;
    Ok(choice.package)
}
