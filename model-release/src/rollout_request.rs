//! A release as stack-rollout takes it: one stage's stack set, its targets, and how an operation goes over them.

use std::time::Duration;

use aws_names::Region;
use stack_rollout::{CallAs, OperationId, Options, ParameterOverride, PermissionModel, Preferences, StackSetName, Targets, Template};

use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
use crate::manifest;
use crate::{Release, Stage};

/// How a stage is rolled out, besides what the release says.
#[derive(Debug, Clone)]
pub struct RolloutSettings {
    /// Only these of the release's regions, in this order; all of them when `None`.
    pub regions: Option<Vec<Region>>,
    /// Whom the session of the stack set's account acts as.
    pub call_as: CallAs,
    /// How CloudFormation gets its permissions in the targets.
    pub permission_model: PermissionModel,
    /// How an operation goes over its targets. The order of the regions comes from [`RolloutSettings::regions`].
    pub preferences: Preferences,
    /// Whether operations that do not conflict may run at once; `None` keeps what the set has.
    pub managed_execution: Option<bool>,
}

/// A rollout that can be begun.
#[derive(Debug, Clone)]
pub struct RolloutRequest {
    /// What stack-rollout rolls out.
    pub release: stack_rollout::Release,
    /// Where the whole release goes, whatever the settings leave out this time.
    pub all_targets: Targets,
    /// Whom the session acts as.
    pub call_as: CallAs,
    /// What the ids of its operations begin with.
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
                "it is for {}; build it again for others",
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
        // What is for a region or an account that is left out this time matters to no target.
        .overrides(targets.parameter_overrides.iter().map(parameter_override))
        .managed_execution(settings.managed_execution);
        Ok(Self { release: rolled_out, all_targets, call_as: settings.call_as, release_id: release_id(&release.digest)? })
    }

    /// How its operations are run: all that is not said here is stack-rollout's own choice.
    pub fn options(&self, deadline: Duration) -> Options {
        Options { deadline, ..Options::new(self.release_id.clone()) }
    }
}

fn parameter_override(known: &manifest::ParameterOverride) -> ParameterOverride {
    ParameterOverride { account: known.account.clone(), region: known.region.clone(), parameters: known.parameters.clone() }
}

/// The release's name in CloudFormation: the same for every run of it, so that one that was killed is found again.
fn release_id(digest: &str) -> Result<OperationId, Failure> {
    let digest: String = digest.trim_start_matches("sha256:").chars().take(16).collect();
    parsed(&format!("xtask-{digest}"))
}

fn parsed<T: std::str::FromStr<Err = stack_rollout::InvalidName>>(text: &str) -> Result<T, Failure> {
    text.parse::<T>()
        .map_err(|error| Failure::from(Diagnostic::error(format!("the release cannot be rolled out: {error}")).with_hint("build it again")))
}
