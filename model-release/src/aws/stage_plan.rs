//! Plans the rollout of a stage.

use stack_rollout::aws::CloudFormationStackSets;
use stack_rollout::{Observed, Plan, observe, plan};

use crate::diagnostic::Failure;
use crate::manifest::Tool;
use crate::plan_report::{self, PlanDocument};
use crate::{Release, RolloutRequest, Stage, deploy};

/// A planned rollout, with the state that it was planned from.
#[derive(Debug)]
pub struct StagePlan {
    /// The current state.
    pub observed: Observed,
    /// The plan.
    pub plan: Plan,
    /// The plan as a document, without what endpoints serve and without checks in the targets.
    pub document: PlanDocument,
}

/// Plans a rollout: reads the stack set, its instances and its operations. Changes nothing.
pub async fn plan_stage(
    stack_sets: &CloudFormationStackSets,
    release: &Release,
    stage: Stage,
    request: &RolloutRequest,
    tool: Tool,
) -> Result<StagePlan, Failure> {
    let observed = observe(stack_sets, &request.release).await.map_err(|error| deploy::refused(&error, request))?;
    let plan = plan(&request.release, &observed);
    let mut document = plan_report::document(release, stage.name(), request, &observed, &plan, tool);
    document.add_operations(&deploy::operations(stack_sets, request, &observed).await?, request);
    Ok(StagePlan { observed, plan, document })
}
