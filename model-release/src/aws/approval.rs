//! Reads the approval of a pipeline execution from CodePipeline.

use aws_config::SdkConfig;
use serde_json::{Value, json};
use stack_rollout::{CallError, CallErrorKind};

use super::signed_call::{Service, SignedCaller, list};
use crate::approval::{Approval, Execution};
use crate::diagnostic::{Diagnostic, Failure};

const CODE_PIPELINE: Service =
    Service { id: "CodePipeline", signing_name: "codepipeline", host: "codepipeline", target: "CodePipeline_20150709" };

/// The maximum number of pages of an execution's history; more mean that the list does not end.
const MOST_PAGES: usize = 50;

/// Reads the approval of a pipeline execution, in the account and region of `config`
/// (`codepipeline:ListActionExecutions`).
pub async fn pipeline_approval(config: &SdkConfig, execution: &Execution) -> Result<Approval, Failure> {
    let calls = SignedCaller::new(config);
    let details = action_executions(&calls, execution).await.map_err(|error| failure(&error, execution, calls.region()))?;
    Approval::of_code_pipeline(&details, execution)
}

async fn action_executions(calls: &SignedCaller, execution: &Execution) -> Result<Vec<Value>, CallError> {
    const OPERATION: &str = "ListActionExecutions";
    let mut body = json!({ "pipelineName": execution.pipeline, "filter": { "pipelineExecutionId": execution.id }, "maxResults": 100 });
    let mut details = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = calls.json_repeated(&CODE_PIPELINE, OPERATION, &body).await?;
        details.extend_from_slice(list(OPERATION, &page, "actionExecutionDetails")?);
        if !page["nextToken"].is_string() {
            return Ok(details);
        }
        body["nextToken"] = page["nextToken"].clone();
    }
    Err(CallError::unusable(OPERATION, format!("the list does not end: it has more than {MOST_PAGES} pages")))
}

fn failure(error: &CallError, execution: &Execution, region: &str) -> Failure {
    let diagnostic = Diagnostic::error(error.to_string()).in_aws(None::<&str>, Some(region)).detail(format!(
        "whether execution `{}` of `{}` is approved is unknown, so the release is not allowed",
        execution.id, execution.pipeline
    ));
    match (error.code.as_deref(), error.kind()) {
        (Some("PipelineNotFoundException" | "PipelineExecutionNotFoundException"), _) => {
            Failure::bad_input(diagnostic.code("no-such-execution"))
        }
        (_, CallErrorKind::AccessDenied) => {
            Failure::unreachable(diagnostic.code("access-denied").about("codepipeline:ListActionExecutions"))
        }
        _ => Failure::unreachable(diagnostic.with_hint_opt(error.hint())),
    }
}
