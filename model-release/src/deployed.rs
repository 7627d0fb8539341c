//! The model packages that the stages' stack sets deploy. They decide the effect of a rejection.

use aws_names::ModelPackageArn;
use model_registry::event::{Deployed, Rule};
use stack_rollout::status::InstanceStatus;
use stack_rollout::{CallError, StackSetName, StackSets};

use crate::MODEL_PACKAGE;
use crate::diagnostic::Diagnostic;
use crate::release_build::BuildRequest;

/// What one stack set deploys.
enum Contents {
    /// The stack set does not exist.
    Missing,
    /// Every instance has this package.
    All(ModelPackageArn),
    /// The stack set has this package; an instance can still have an older one.
    Newest(ModelPackageArn),
    /// The stack set has no model package.
    Unknown,
}

impl BuildRequest {
    /// Checks whether a rejected model package is deployed, if the event does not contain its
    /// previous approval status. Most events do not. If a call fails, the rule of the event does
    /// not change, and the function returns a warning.
    pub async fn compare_with_stack_sets(&mut self, stack_sets: &impl StackSets) -> Option<Diagnostic> {
        let event = self.selection.event.as_mut().filter(|event| event.rule == Rule::RejectedPerhapsApproved)?;
        let mut deployed = Deployed { packages: Vec::new(), complete: true };
        let mut missing = 0;
        for stage in &self.stages {
            let name = format!("sagemaker-{}-{}-deploy-{}", self.project_name, self.project_id, stage.env_type);
            let Ok(name) = name.parse::<StackSetName>() else { return None };
            match contents(stack_sets, &name).await {
                Ok(Contents::Missing) => missing += 1,
                Ok(Contents::All(package)) => {
                    // Instances in other regions override the package.
                    deployed.complete &= package.region() == event.change.package.region();
                    deployed.packages.push(package);
                }
                Ok(Contents::Newest(package)) => {
                    deployed.complete = false;
                    deployed.packages.push(package);
                }
                Ok(Contents::Unknown) => deployed.complete = false,
                Err(error) => {
                    let message = format!("it is not known whether `{}` is deployed: {error}", event.change.package);
                    let warning = Diagnostic::warning(message).code("deployed-package-unknown").in_aws(None::<&str>, error.region.as_ref());
                    return Some(warning.detail(format!("stack set `{name}`")));
                }
            }
        }
        // No stack set exists: a new project, or the stack sets are in another account.
        deployed.complete &= missing < self.stages.len();
        event.rule = event.change.rule(&deployed);
        self.selection.selection = event.change.selection(event.rule);
        None
    }
}

async fn contents(stack_sets: &impl StackSets, name: &StackSetName) -> Result<Contents, CallError> {
    let Some(set) = stack_sets.describe_stack_set(name).await? else { return Ok(Contents::Missing) };
    let package = set.parameters.iter().find(|(key, _)| key == MODEL_PACKAGE).and_then(|(_, value)| value.parse().ok());
    let Some(package) = package else { return Ok(Contents::Unknown) };
    let instances = stack_sets.list_stack_instances(name).await?;
    let current = instances.iter().all(|instance| instance.status == InstanceStatus::Current);
    Ok(if current { Contents::All(package) } else { Contents::Newest(package) })
}
