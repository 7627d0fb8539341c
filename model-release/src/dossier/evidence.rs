//! What a dossier is made from.

use std::path::Path;

use aws_names::{ModelPackageArn, Region};
use endpoint_test::Report;
use model_registry::documents::Documents;
use model_registry::{Metric, ModelPackage, Registry, registered_metrics};
use serde::de::DeserializeOwned;

use super::production;
use super::wording::reason;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::manifest::Tool;
use crate::plan_report::PlanDocument;
use crate::{RegistryAccess, Release, files, registry_errors};

/// The most packages of the group that are searched for the one in production.
const SEARCHED: usize = 100;

/// Something that was found, and where.
#[derive(Debug, Clone)]
pub struct Source<T> {
    /// What was found.
    pub value: T,
    /// Where: a file, or a service of AWS.
    pub from: String,
}

/// Something that was found, or why it is not known.
pub type Found<T> = Result<Source<T>, String>;

/// What is known about a release.
#[derive(Debug)]
pub struct Evidence {
    /// The program that writes the dossier.
    pub tool: Tool,
    /// The results of the staging tests.
    pub staging: Found<Report>,
    /// The results of the last tests of production.
    pub production: Found<Report>,
    /// The plan of a rollout to production.
    pub plan: Found<PlanDocument>,
    /// What the model registry has.
    pub registry: Found<RegistryFindings>,
    /// The execution of the pipeline that built the release.
    pub pipeline_execution: Option<String>,
}

/// What the model registry has about a release.
#[derive(Debug)]
pub struct RegistryFindings {
    /// Whether the model packages are still approved and unchanged.
    pub approval: Approval,
    /// The model package of the release.
    pub package: Result<DescribedPackage, String>,
    /// The model package in production.
    pub production: Result<DescribedPackage, String>,
}

/// Whether the model packages of a release are still approved and unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// They are.
    Given,
    /// One of them is not, and why.
    Missing(String),
    /// It is not known, and why.
    NotKnown(String),
}

/// A model package, with the metrics that it was registered with.
#[derive(Debug, Clone)]
pub struct DescribedPackage {
    /// The package.
    pub package: ModelPackage,
    /// The metrics, or why they are not known.
    pub metrics: Result<Vec<Metric>, String>,
}

impl<T: DeserializeOwned> Source<T> {
    /// Reads a JSON file; `what` names its content for the message, such as `a plan`.
    pub fn read(path: &Path, what: &str) -> Result<Self, Diagnostic> {
        let text = files::read_text(path)?;
        let value = serde_json::from_str(&text).map_err(|error| Diagnostic::error(format!("this is not {what}: {error}")).file(path))?;
        Ok(Self { value, from: path.display().to_string() })
    }
}

impl Evidence {
    /// Evidence without anything that must be read: each part is not known because of `why`.
    pub fn without(tool: Tool, why: &str) -> Self {
        let why = || why.to_owned();
        Self { tool, staging: Err(why()), production: Err(why()), plan: Err(why()), registry: Err(why()), pipeline_execution: None }
    }

    /// Reads the model packages of the release and of production. `access` opens the registry of a
    /// region, and `from` names it. Set the plan and the results of production before: they say which
    /// package production has. Returns the errors of failed calls.
    pub async fn read_registry<R: Registry, D: Documents, A>(
        &mut self,
        release: &Release,
        from: &str,
        access: impl Fn(&Region) -> RegistryAccess<R, D, A>,
    ) -> Vec<Diagnostic> {
        let mut failed = Vec::new();
        let own = &release.manifest.model_package;
        // What an earlier call found says nothing about the package in production now.
        self.registry = Err("it is being read".to_owned());
        let approval = match release.check_registry(|region| access(region).registry).await {
            Ok(_) => Approval::Given,
            Err(failure) if failure.kind == FailureKind::Failed => Approval::Missing(reason(&failure)),
            Err(failure) => {
                failed.extend(failure.diagnostics.iter().cloned());
                Approval::NotKnown(reason(&failure))
            }
        };
        let mut text = |why: Diagnostic| {
            // A reason without a place is about no call.
            failed.extend((why.place.is_some() && !failed.contains(&why)).then(|| why.clone()));
            why.message
        };
        let package = described(&access(own.arn.region()), &own.arn).await.map_err(&mut text);
        let known = production::package(release, self).value;
        let production = match known.and_then(|arn| arn.parse::<ModelPackageArn>().ok()) {
            Some(arn) => described(&access(arn.region()), &arn).await,
            None => recorded(release, &access(own.arn.region())).await,
        };
        let production = production.map_err(text);
        self.registry = Ok(Source { value: RegistryFindings { approval, package, production }, from: from.to_owned() });
        failed
    }

    /// The registry cannot be read.
    pub fn without_registry(&mut self, failure: &Failure) {
        self.registry = Err(reason(failure));
    }
}

async fn described<R: Registry, D: Documents, A>(
    access: &RegistryAccess<R, D, A>,
    arn: &ModelPackageArn,
) -> Result<DescribedPackage, Diagnostic> {
    let package = access.registry.describe(arn).await.map_err(|error| registry_errors::diagnostic(&error))?;
    let metrics = registered_metrics(&access.documents, &package).await;
    Ok(DescribedPackage { package, metrics })
}

/// The newest other package of the group whose life cycle records that it is in production.
async fn recorded<R: Registry, D: Documents, A>(
    release: &Release,
    access: &RegistryAccess<R, D, A>,
) -> Result<DescribedPackage, Diagnostic> {
    let own = &release.manifest.model_package;
    let unknown = "neither a plan nor results of production say which model package production has";
    let group = own.group.parse().map_err(|_| Diagnostic::error(unknown))?;
    let listing =
        model_registry::list(&access.registry, &group, Some(SEARCHED)).await.map_err(|error| registry_errors::diagnostic(&error))?;
    let is_in_production = |package: &&model_registry::PackageSummary| {
        package.life_cycle.as_ref().is_some_and(|life_cycle| life_cycle.stage == "Production") && !package.arn.same_package(&own.arn)
    };
    match listing.packages.iter().find(is_in_production) {
        Some(package) => described(access, &package.arn).await,
        None => Err(Diagnostic::error(format!("{unknown}, and no life cycle in the registry does"))),
    }
}
