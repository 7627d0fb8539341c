//! Converts a stage of a release to a release of stack-rollout.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_names::{AccountId, Region};
use stack_rollout::status::RegionConcurrency;
use stack_rollout::{
    CallAs, OperationId, Options, ParameterOverride, PermissionModel, Preferences, Reapply, StackSetName, Target, Targets, Template,
};

use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
use crate::manifest;
use crate::{Release, Stage};

/// Settings of a rollout that are not part of the release.
#[derive(Debug, Clone)]
pub struct RolloutSettings {
    /// The accounts to deploy; `None` means all accounts of the release's stage.
    pub accounts: Option<BTreeSet<AccountId>>,
    /// The regions to deploy, in this order; `None` means all regions of the release.
    pub regions: Option<Vec<Region>>,
    /// The account role in which the session calls stack sets.
    pub call_as: CallAs,
    /// How CloudFormation gets its permissions in the targets.
    pub permission_model: PermissionModel,
    /// The operation preferences. The region order is set from [`RolloutSettings::regions`].
    pub preferences: Preferences,
    /// Whether non-conflicting operations may run concurrently; `None` keeps the set's setting.
    pub managed_execution: Option<bool>,
    /// The targets whose endpoints are updated again, although their stacks have the release.
    pub reapply: BTreeSet<Target>,
    /// An id of this attempt to update them, which differs from those of earlier attempts.
    pub attempt: String,
}

/// The template's parameter that changes when an endpoint is updated again.
pub const DEPLOYMENT_ATTEMPT: &str = "DeploymentAttempt";
/// The template's parameter with the ARN of the model package.
pub const MODEL_PACKAGE: &str = "ModelPackageName";

/// A rollout that can be started.
#[derive(Debug, Clone)]
pub struct RolloutRequest {
    /// The release for stack-rollout.
    pub release: stack_rollout::Release,
    /// The targets of the whole release, including regions that the settings skip.
    pub all_targets: Targets,
    /// The account role in which the session calls stack sets.
    pub call_as: CallAs,
    /// The prefix of operation ids.
    pub release_id: OperationId,
}

impl RolloutRequest {
    /// The rollout of one stage.
    pub fn new(release: &Release, stage: Stage, settings: RolloutSettings) -> Result<Self, Failure> {
        let targets = release.manifest.stage(stage);
        let selected = release.targets(stage, settings.accounts.as_ref(), settings.regions.as_deref())?;
        let regions = settings.regions.as_ref().unwrap_or(&targets.regions);
        let is_parallel = settings.preferences.region_concurrency == Some(RegionConcurrency::Parallel);
        // Regions that are deployed in parallel have no order.
        let region_order = if is_parallel { Vec::new() } else { regions.clone() };
        let all_targets = Targets::new(targets.accounts.iter().cloned(), targets.regions.iter().cloned());
        let project = &release.manifest.project;
        let rolled_out =
            stack_rollout::Release::new(parsed::<StackSetName>(&targets.stack_set)?, Template::inline(release.template_text()?), selected)
                .description(format!("SageMaker endpoints of project {} ({})", project.name, targets.env_type))
                .parameters(release.parameters(stage)?)
                .tags([("sagemaker:project-name", &project.name), ("sagemaker:project-id", &project.id)])
                .permission_model(settings.permission_model)
                .preferences(Preferences { region_order, ..settings.preferences })
                // Overrides for skipped accounts or regions have no effect.
                .overrides(targets.parameter_overrides.iter().map(parameter_override))
                .managed_execution(settings.managed_execution)
                .reapply(Some(Reapply { parameter: DEPLOYMENT_ATTEMPT.to_owned(), attempt: settings.attempt, targets: settings.reapply }));
        let of_reapply = |problem: &stack_rollout::Problem| problem.code.starts_with("reapply-");
        stop_on_errors(rolled_out.problems().iter().filter(|problem| of_reapply(problem)).map(Diagnostic::from).collect())?;
        Ok(Self { release: rolled_out, all_targets, call_as: settings.call_as, release_id: release_id(&release.digest)? })
    }

    /// The model package that the release deploys to a target.
    pub fn model_package(&self, target: &Target) -> Option<String> {
        let own = self.release.overrides_of(target).remove(MODEL_PACKAGE);
        own.or_else(|| self.release.parameters.iter().find(|(name, _)| name == MODEL_PACKAGE).map(|(_, value)| value.clone()))
    }

    /// An error if the template is too large for a request and no bucket is named to upload it to.
    pub fn check_template(&self, has_bucket: bool) -> Result<(), Diagnostic> {
        if has_bucket || !self.needs_upload() {
            return Ok(());
        }
        let bytes = self.release.template.body.len();
        let message = format!("the template has {bytes} bytes; a request can have at most {}", Template::LONGEST_BODY);
        Err(Diagnostic::error(message).code("template-not-uploaded").with_hint("name a bucket: a larger template must be uploaded"))
    }

    /// Whether the template must be uploaded, because it is too large for a request.
    pub fn needs_upload(&self) -> bool {
        self.release.template.body.len() > Template::LONGEST_BODY
    }

    /// The options of stack-rollout with this deadline.
    pub fn options(&self, deadline: Duration) -> Options {
        Options { deadline, ..Options::new(self.release_id.clone()) }
    }
}

impl Release {
    /// The targets of a stage, or only those in these accounts and regions, which must be the stage's.
    pub fn targets(&self, stage: Stage, accounts: Option<&BTreeSet<AccountId>>, regions: Option<&[Region]>) -> Result<Targets, Failure> {
        let targets = self.manifest.stage(stage);
        let mut diagnostics = Vec::new();
        for region in regions.into_iter().flatten().filter(|region| !targets.regions.contains(region)) {
            let diagnostic = Diagnostic::error(format!("the release has no region `{region}`")).code("not-a-region-of-the-release");
            diagnostics.push(diagnostic.with_hint(format!(
                "use regions of the release ({}), or build it again for other regions",
                targets.regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", ")
            )));
        }
        for account in accounts.into_iter().flatten().filter(|account| !targets.accounts.contains(account)) {
            let message = format!("the stage `{stage}` of the release has no account `{account}`");
            diagnostics.push(Diagnostic::error(message).code("not-an-account-of-the-release").with_hint(format!(
                "use accounts of the stage ({}), or build the release again for other accounts",
                targets.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", ")
            )));
        }
        stop_on_errors(diagnostics)?;
        let accounts = targets.accounts.iter().filter(|account| accounts.is_none_or(|only| only.contains(account)));
        Ok(Targets::new(accounts.cloned(), regions.unwrap_or(&targets.regions).iter().cloned()))
    }
}

fn parameter_override(known: &manifest::ParameterOverride) -> ParameterOverride {
    ParameterOverride { account: known.account.clone(), region: known.region.clone(), parameters: known.parameters.clone() }
}

/// The release id: the same for every run, so that an interrupted run can be resumed.
fn release_id(digest: &str) -> Result<OperationId, Failure> {
    let digest: String = digest.trim_start_matches("sha256:").chars().take(16).collect();
    parsed(&format!("xtask-{digest}"))
}

fn parsed<T: std::str::FromStr<Err = stack_rollout::InvalidName>>(text: &str) -> Result<T, Failure> {
    text.parse::<T>()
        .map_err(|error| Failure::from(Diagnostic::error(format!("the release cannot be rolled out: {error}")).with_hint("build it again")))
}
