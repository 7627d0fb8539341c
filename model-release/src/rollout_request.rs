//! Converts a stage of a release to a release of stack-rollout.

use std::time::Duration;

use aws_names::Region;
use stack_rollout::{CallAs, OperationId, Options, ParameterOverride, PermissionModel, Preferences, StackSetName, Targets, Template};

use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
use crate::manifest;
use crate::{Release, Stage};

/// Settings of a rollout that are not part of the release.
#[derive(Debug, Clone)]
pub struct RolloutSettings {
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
}

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
        let mut diagnostics = Vec::new();
        for region in settings.regions.iter().flatten().filter(|region| !targets.regions.contains(region)) {
            let diagnostic = Diagnostic::error(format!("the release has no region `{region}`")).code("not-a-region-of-the-release");
            diagnostics.push(diagnostic.with_hint(format!(
                "use regions of the release ({}), or build it again for other regions",
                targets.regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", ")
            )));
        }
        stop_on_errors(diagnostics)?;
        let regions = settings.regions.as_ref().unwrap_or(&targets.regions);
        let all_targets = Targets::new(targets.accounts.iter().cloned(), targets.regions.iter().cloned());
        let project = &release.manifest.project;
        let rolled_out = stack_rollout::Release::new(
            parsed::<StackSetName>(&targets.stack_set)?,
            Template::inline(release.template_text()?),
            Targets::new(targets.accounts.iter().cloned(), regions.iter().cloned()),
        )
        .description(format!("SageMaker endpoints of project {} ({})", project.name, targets.env_type))
        .parameters(release.parameters(stage)?)
        .tags([("sagemaker:project-name", &project.name), ("sagemaker:project-id", &project.id)])
        .permission_model(settings.permission_model)
        .preferences(Preferences { region_order: regions.clone(), ..settings.preferences })
        // Overrides for skipped accounts or regions have no effect.
        .overrides(targets.parameter_overrides.iter().map(parameter_override))
        .managed_execution(settings.managed_execution);
        Ok(Self { release: rolled_out, all_targets, call_as: settings.call_as, release_id: release_id(&release.digest)? })
    }

    /// The options of stack-rollout with this deadline.
    pub fn options(&self, deadline: Duration) -> Options {
        Options { deadline, ..Options::new(self.release_id.clone()) }
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
