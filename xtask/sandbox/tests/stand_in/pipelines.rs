use sandbox::stand_in::StandIn;
use serde_json::{Value, json};

use super::{REGISTRY, STAGING, start};

fn action(id: &str, execution: &str, status: &str) -> Value {
    json!({
        "pipelineExecutionId": execution, "actionExecutionId": id, "stageName": "Approval", "actionName": "Approve", "status": status,
        "startTime": 1_700_000_000, "lastUpdateTime": 1_700_000_060.5, "input": { "actionTypeId": { "category": "Approval" } },
    })
}

/// The status and body of a program's call.
fn list(aws: &StandIn, account: &str, input: &Value) -> (u16, Value) {
    let reply = aws.call_as_program(account, "codepipeline", "ListActionExecutions", input).unwrap();
    (reply.status, serde_json::from_str(&reply.text()).unwrap())
}

#[test]
fn the_recorded_action_executions_of_a_pipeline_are_listed_newest_first_in_pages() {
    let aws = start();
    aws.record_pipeline_actions(REGISTRY, "iris", &[action("a", "e-1", "InProgress"), action("b", "e-2", "Failed")]).unwrap();
    // The action goes on.
    aws.record_pipeline_actions(REGISTRY, "iris", &[action("c", "e-1", "Succeeded"), action("a", "e-1", "Succeeded")]).unwrap();
    let list = |input: Value| {
        let (status, page) = list(&aws, REGISTRY, &input);
        assert_eq!(status, 200, "{page}");
        page
    };
    let ids = |page: &Value| {
        page["actionExecutionDetails"].as_array().unwrap().iter().map(|action| action["actionExecutionId"].clone()).collect::<Vec<_>>()
    };
    let all = list(json!({ "pipelineName": "iris" }));
    assert_eq!((ids(&all), &all["nextToken"]), (vec!["a".into(), "c".into(), "b".into()], &Value::Null));
    assert_eq!(all["actionExecutionDetails"][0]["status"], "Succeeded");
    let filter = json!({ "pipelineExecutionId": "e-1" });
    let first = list(json!({ "pipelineName": "iris", "filter": filter, "maxResults": 1 }));
    let second = list(json!({ "pipelineName": "iris", "filter": filter, "maxResults": 1, "nextToken": first["nextToken"] }));
    assert_eq!((ids(&first), ids(&second), &second["nextToken"]), (vec!["a".into()], vec!["c".into()], &Value::Null));
}

#[test]
fn an_unknown_pipeline_execution_or_value_has_the_error_of_codepipeline() {
    let aws = start();
    aws.record_pipeline_actions(REGISTRY, "iris", &[action("a", "e-1", "Succeeded")]).unwrap();
    let code = |account: &str, input: Value| {
        let (status, error) = list(&aws, account, &input);
        assert_eq!(status, 400, "{error}");
        error["__type"].as_str().unwrap().to_owned()
    };
    assert_eq!(code(REGISTRY, json!({ "pipelineName": "roses" })), "PipelineNotFoundException");
    assert_eq!(code(STAGING, json!({ "pipelineName": "iris" })), "PipelineNotFoundException");
    let other = json!({ "pipelineName": "iris", "filter": { "pipelineExecutionId": "e-2" } });
    assert_eq!(code(REGISTRY, other), "PipelineExecutionNotFoundException");
    for invalid in [json!({}), json!({ "pipelineName": "a pipeline" }), json!({ "pipelineName": "iris", "maxResults": 101 })] {
        assert_eq!(code(REGISTRY, invalid), "ValidationException");
    }
    assert_eq!(code(REGISTRY, json!({ "pipelineName": "iris", "nextToken": "x" })), "InvalidNextTokenException");
    assert!(aws.record_pipeline_actions(REGISTRY, "iris", &[action("b", "e-1", "Done")]).is_err());
}
