//! Checks that a release can still be deployed to production: staging tested it, and the registry
//! has not changed since the build.

use std::path::Path;
use std::time::SystemTime;

use aws_names::{AccountId, ModelPackageArn, Region};
use endpoint_test::{Comparison, Report, Verdict};
use jiff::Timestamp;
use model_registry::{ApprovalStatus, ModelPackage, Registry, RegistryErrorKind};
use stack_rollout::preflight::ArtifactReader;

use crate::approved_bytes::{Scope, current_comparisons, findings, package_changes};
use crate::diagnostic::{Diagnostic, Failure, FailureKind, Level};
use crate::manifest::ApprovedContainer;
use crate::plural::plural;
use crate::{Release, Stage, files, registry_errors};

/// Passed staging tests of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagingTests {
    /// How many endpoints passed.
    pub summary: String,
    /// When the tests ended; none in results of older versions.
    pub ended_at: Option<Timestamp>,
}

/// A model package as the manifest describes it.
struct BuiltPackage<'a> {
    arn: &'a ModelPackageArn,
    /// The status with which the build accepted it, if that can be one without an approval.
    unapproved: Option<&'a str>,
    images: &'a [String],
    model_data: &'a [String],
    containers: Option<&'a [ApprovedContainer]>,
}

/// The result of comparing the current bytes with those of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BytesCheck {
    /// The number of images and artifacts that are unchanged.
    pub unchanged: usize,
    /// Warnings about those that are not known.
    pub warnings: Vec<Diagnostic>,
}

impl Release {
    /// Checks that the staging tests tested this release in every target and passed. `results` is
    /// their JSON results file. Tests with an unknown result have not passed, and neither have tests
    /// that are older at the time `now` than the release policy allows.
    pub fn check_staging_tests(&self, results: &Path, now: SystemTime) -> Result<StagingTests, Failure> {
        let text = files::read_text(results).map_err(|diagnostic| diagnostic.code("no-staging-tests"))?;
        let bad = |message: String| Diagnostic::error(message).code("no-staging-tests").file(results);
        let report: Report =
            serde_json::from_str(&text).map_err(|error| bad(format!("this is not a results file of endpoint tests: {error}")))?;
        let checked = self.check_staging_report(&report).and_then(|tests| {
            let too_old = self.too_old("the result of the staging tests", tests.ended_at, now);
            too_old.map_or(Ok(tests), |diagnostic| Err(Failure::new(FailureKind::Failed, vec![diagnostic])))
        });
        checked.map_err(|failure| {
            let named = failure.diagnostics.into_iter().map(|diagnostic| diagnostic.file(results));
            Failure::new(failure.kind, named.collect())
        })
    }

    /// As [`Release::check_staging_tests`], of results that were read before, whatever their age.
    pub fn check_staging_report(&self, report: &Report) -> Result<StagingTests, Failure> {
        if report.stage != Stage::Staging.name() {
            let message = format!("these are the results of the stage `{}`, not of `{}`", report.stage, Stage::Staging);
            return Err(Diagnostic::error(message).code("no-staging-tests").into());
        }
        let failed = |diagnostic: Diagnostic| Failure::new(FailureKind::Failed, vec![diagnostic]);
        if report.release.as_ref() != Some(&self.digest) {
            let diagnostic = Diagnostic::error("the staging tests tested another release").code("staging-tests-of-another-release");
            let tested = report.release.as_deref().unwrap_or("none");
            return Err(failed(diagnostic.detail(format!("tested  {tested}")).detail(format!("release {}", self.digest))));
        }
        if let Some(partial) = &report.partial {
            let message = format!("the staging tests of this release were a partial run: {partial}");
            let diagnostic = Diagnostic::error(message).code("staging-tests-partial");
            return Err(failed(diagnostic.detail(format!("tested only: {}", partial.cases.join(", ")))));
        }
        let summary = format!("{} of {} passed", report.counts.passed, plural(report.counts.targets, "endpoint"));
        if report.verdict != Verdict::Passed {
            let message = format!("the staging tests of this release ended as `{}`: {summary}", report.verdict.as_str());
            return Err(failed(Diagnostic::error(message).code("staging-tests-not-passed")));
        }
        let untested = self.untested(report);
        if !untested.is_empty() {
            let diagnostic = Diagnostic::error("the staging tests did not test every target of this release");
            return Err(failed(diagnostic.code("staging-tests-not-passed").detail(format!("not tested: {}", untested.join(", ")))));
        }
        let ended_at = report.ended_at.as_deref().and_then(|ended| ended.parse().ok());
        Ok(StagingTests { summary, ended_at })
    }

    /// The staging targets in which no endpoint passed.
    fn untested(&self, report: &Report) -> Vec<String> {
        let staging = self.manifest.stage(Stage::Staging);
        let places = staging.accounts.iter().flat_map(|account| staging.regions.iter().map(move |region| (account, region)));
        let passed = |(account, region): &(&AccountId, &Region)| {
            let mut tested = report.targets.iter().filter(|target| target.verdict == Verdict::Passed);
            tested.any(|target| target.account_id == account.as_str() && target.region == region.as_str())
        };
        places.filter(|place| !passed(place)).map(|(account, region)| format!("{account}/{region}")).collect()
    }

    /// Checks that each model package of the release is still approved and unchanged since the
    /// build. `registry` opens the registry of a region. Returns the packages as the registry
    /// describes them. A package that cannot be read fails the check.
    pub async fn check_registry<R: Registry>(&self, registry: impl Fn(&Region) -> R) -> Result<Vec<ModelPackage>, Failure> {
        let own = &self.manifest.model_package;
        let unapproved = self.manifest.choice.without_approval.then_some(own.approval_status.as_str());
        let home = BuiltPackage {
            arn: &own.arn,
            unapproved,
            images: &own.images,
            model_data: &own.model_data,
            containers: own.containers.as_deref(),
        };
        let regional = own.regions.values().map(|package| BuiltPackage {
            arn: &package.arn,
            // Older versions recorded only the status of the home region's package.
            unapproved: package.approval_status.as_deref().map_or(unapproved, Some),
            images: &package.images,
            model_data: &package.model_data,
            containers: package.containers.as_deref(),
        });
        let (mut packages, mut kind, mut diagnostics) = (Vec::new(), FailureKind::Unreachable, Vec::new());
        for built in std::iter::once(home).chain(regional) {
            let arn = built.arn;
            let found = match registry(arn.region()).describe(arn).await {
                Ok(package) => {
                    let found = self.failed_checks(&package, &built);
                    packages.push(package);
                    found
                }
                Err(error) if error.kind == RegistryErrorKind::NotFound => {
                    let diagnostic = Diagnostic::error(format!("the model package `{arn}` is no longer in the registry"));
                    vec![diagnostic.code("model-package-changed").detail(error.to_string())]
                }
                Err(error) => {
                    let mut failure = registry_errors::of_registry(&error);
                    let what = format!("whether `{arn}` is still approved is unknown, so the release is not allowed");
                    failure.diagnostics.iter_mut().for_each(|diagnostic| diagnostic.details.push(what.clone()));
                    diagnostics.extend(failure.diagnostics);
                    continue;
                }
            };
            // A failed check outranks an unknown result.
            if !found.is_empty() {
                kind = FailureKind::Failed;
            }
            diagnostics.extend(found);
        }
        if diagnostics.is_empty() { Ok(packages) } else { Err(Failure::new(kind, diagnostics)) }
    }

    /// The failed checks of a model package of the release.
    fn failed_checks(&self, package: &ModelPackage, built: &BuiltPackage<'_>) -> Vec<Diagnostic> {
        let (manifest, arn) = (&self.manifest, &package.arn);
        let BuiltPackage { unapproved, images, model_data, containers, .. } = built;
        let mut found = Vec::new();
        // A package that was built without an approval is allowed until its status changes.
        let is_unchanged = *unapproved == Some(package.approval_status.as_str());
        if package.approval_status != ApprovalStatus::Approved && !is_unchanged {
            let message = format!("the model package `{arn}` is no longer approved: its status is `{}`", package.approval_status);
            found.push(Diagnostic::error(message).code("approval-withdrawn"));
        }
        let now = [
            ("status", manifest.model_package.status.clone(), package.status.to_string()),
            ("images", images.join(", "), package.images.join(", ")),
            ("model data", model_data.join(", "), package.model_data.join(", ")),
        ];
        let changed: Vec<_> = now.into_iter().filter(|(_, built, now)| built != now).collect();
        if !changed.is_empty() {
            let message = format!("the model package `{arn}` is not what the release was built from");
            let diagnostic = Diagnostic::error(message).code("model-package-changed");
            found.push(changed.into_iter().fold(diagnostic, |diagnostic, (what, built, now)| {
                diagnostic.detail(format!("{what} in the release: {built}")).detail(format!("{what} in the registry: {now}"))
            }));
        } else if let Some(containers) = containers {
            found.extend(findings(&package_changes(containers, package), manifest.blocks_unknown_bytes()));
        }
        found.retain(|diagnostic| diagnostic.level == Level::Error);
        found
    }

    /// Checks that the images and artifacts of each region are those that the release records.
    /// `store` opens the images and artifacts of a region: an image that is named by a tag and an
    /// artifact are read once, and an image that is named by its digest is not read.
    pub async fn check_bytes<A: ArtifactReader>(&self, store: impl Fn(&Region) -> A) -> Result<BytesCheck, Failure> {
        let blocks_unknown = self.manifest.blocks_unknown_bytes();
        let (mut found, mut unchanged) = (Vec::new(), 0);
        for (region, containers) in self.manifest.model_package.regional_containers() {
            let comparisons = current_comparisons(&self.manifest, region, containers, &store(region), Scope::All).await;
            unchanged += comparisons.iter().filter(|found| **found == Comparison::Same).count();
            let of_region = |diagnostic: Diagnostic| diagnostic.called(None, region);
            found.extend(findings(&comparisons, blocks_unknown).into_iter().map(of_region));
        }
        if found.iter().any(|diagnostic| diagnostic.level == Level::Error) {
            return Err(Failure::new(FailureKind::Failed, found));
        }
        Ok(BytesCheck { unchanged, warnings: found })
    }
}
