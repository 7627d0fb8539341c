//! What the stages' stack sets deploy now, which decides what the rejection of a model package requires.

use aws_names::ModelPackageArn;
use model_registry::event::{Deployed, Rule};
use stack_rollout::status::InstanceStatus;
use stack_rollout::{CallError, StackSetName, StackSets};

use crate::build::BuildRequest;
use crate::diagnostic::Diagnostic;

/// The parameter of the template that names the model package.
const PARAMETER: &str = "ModelPackageName";

/// What one stack set deploys.
enum Contents {
    /// There is no such stack set.
    Missing,
    /// Every instance has this package.
    All(ModelPackageArn),
    /// This package is the newest, and an instance may still have an older one.
    Newest(ModelPackageArn),
    /// The set names no model package.
    Unknown,
}

impl BuildRequest {
    /// Finds out whether a rejected model package is deployed, where the event does not contain its previous approval status. Most events
    /// do not. If AWS refuses the calls, the rule of the event stays as it is, and the warning says so.
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
                    // The packages of other regions are overrides of the instances there.
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
                    return Some(Diagnostic::warning(message).code("deployed-package-unknown").named(name.to_string()));
                }
            }
        }
        // Without any stack set this is a new project, or the sets are those of another account.
        deployed.complete &= missing < self.stages.len();
        event.rule = event.change.rule(&deployed);
        self.selection.selection = event.change.selection(event.rule);
        None
    }
}

async fn contents(stack_sets: &impl StackSets, name: &StackSetName) -> Result<Contents, CallError> {
    let Some(set) = stack_sets.describe_stack_set(name).await? else { return Ok(Contents::Missing) };
    let package = set.parameters.iter().find(|(key, _)| key == PARAMETER).and_then(|(_, value)| value.parse().ok());
    let Some(package) = package else { return Ok(Contents::Unknown) };
    let instances = stack_sets.list_stack_instances(name).await?;
    let current = instances.iter().all(|instance| instance.status == InstanceStatus::Current);
    Ok(if current { Contents::All(package) } else { Contents::Newest(package) })
}
