//! Which model package production has.

use std::collections::BTreeMap;

use super::claim::Claim;
use super::evidence::{Evidence, Source};
use crate::plan_report::{PlanDocument, TargetAction};
use crate::{Release, Stage};

/// Why there is nothing to compare with before the first deployment.
pub(super) const FIRST: &str = "production has no model yet: this is its first deployment";

/// The ARN of the model package that most targets of production have, in the region of the release's
/// own package. The plan says what endpoints serve and what stacks have; without it, the results of
/// the last tests say what they were tested with, and the registry what was recorded.
pub(super) fn package(release: &Release, evidence: &Evidence) -> Claim<String> {
    let region = release.manifest.model_package.arn.region().as_str();
    if let Ok(plan) = evidence.production_plan(release) {
        let from = plan.from.clone();
        if let Some(package) = served(&plan.value, region).or_else(|| planned(&plan.value, region)) {
            return Claim::read_from_aws(package, from);
        }
        if is_first(&plan.value) {
            return Claim::not_known(FIRST);
        }
    }
    if let Ok(Source { value: report, from }) = evidence.production_results() {
        let tested = report.targets.iter().flat_map(|target| &target.variants).flat_map(|variant| &variant.model_packages);
        let declared = || report.model_package.as_ref().map(ToString::to_string);
        if let Some(package) = most(tested.map(|package| (package.as_str(), 1)), region) {
            return Claim::measured(package, from.clone());
        }
        if let Some(package) = declared() {
            return Claim::declared(package, from.clone());
        }
    }
    if let Ok(Source { value, from }) = &evidence.registry {
        if let Ok(found) = &value.production {
            return Claim::declared(found.package.arn.to_string(), format!("life cycle in {from}"));
        }
        if let Err(why) = &value.production {
            return Claim::not_known(why);
        }
    }
    Claim::not_known(evidence.production_plan(release).err().unwrap_or_else(|| "no stack says which model package it has".to_owned()))
}

/// What the endpoints serve.
fn served(plan: &PlanDocument, region: &str) -> Option<String> {
    let of_targets = plan.targets.iter().filter(|target| target.action != TargetAction::Orphaned);
    most(
        of_targets.flat_map(|target| &target.endpoints).flat_map(|endpoint| &endpoint.model_packages).map(|package| (package.as_str(), 1)),
        region,
    )
}

/// What the stacks have.
fn planned(plan: &PlanDocument, region: &str) -> Option<String> {
    let changed = plan.groups.iter().filter_map(|group| Some((group.model_package_from.as_deref()?, group.targets)));
    let unchanged = Some((plan.model_package.as_str(), plan.counts.unchanged)).filter(|(_, targets)| *targets > 0);
    most(changed.chain(unchanged), region)
}

/// Whether no target has a stack.
pub(super) fn is_first(plan: &PlanDocument) -> bool {
    let has_stack = |action: TargetAction| !matches!(action, TargetAction::New | TargetAction::Orphaned);
    !plan.targets.is_empty() && !plan.targets.iter().any(|target| has_stack(target.action))
}

/// The package that is found most often, in this region if there is one. Of equals, the first by name.
fn most<'p>(found: impl Iterator<Item = (&'p str, usize)>, region: &str) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (package, count) in found {
        *counts.entry(package).or_default() += count;
    }
    let is_here = |package: &str| package.split(':').nth(3) == Some(region);
    let best = counts.iter().max_by_key(|(package, count)| (is_here(package), **count, std::cmp::Reverse(**package)));
    best.map(|(package, _)| (*package).to_owned())
}

impl Evidence {
    /// The plan of production for this release, or why it is not known.
    pub(super) fn production_plan(&self, release: &Release) -> Result<&Source<PlanDocument>, String> {
        let plan = self.plan.as_ref().map_err(Clone::clone)?;
        if plan.value.stage != Stage::Prod.name() {
            return Err(format!("`{}` is a plan of the stage `{}`", plan.from, plan.value.stage));
        }
        if plan.value.release != release.digest {
            return Err(format!("`{}` is the plan of another release: {}", plan.from, plan.value.release));
        }
        Ok(plan)
    }

    /// The results of production, or why they are not known.
    pub(super) fn production_results(&self) -> Result<&Source<endpoint_test::Report>, String> {
        let results = self.production.as_ref().map_err(Clone::clone)?;
        if results.value.stage != Stage::Prod.name() {
            return Err(format!("`{}` has the results of the stage `{}`", results.from, results.value.stage));
        }
        Ok(results)
    }
}
