//! Approvals in the history of a pipeline (CodePipeline API, `ListActionExecutions`).

use jiff::Timestamp;
use serde_json::Value as Json;

use super::record::{Channel, Evidence};
use super::{Approval, Decision};

/// An execution of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The pipeline's name.
    pub pipeline: String,
    /// The execution's id.
    pub id: String,
}

/// The action executions in a response.
pub(super) fn listed(response: &Json) -> Result<Vec<Json>, String> {
    if response["nextToken"].is_string() {
        return Err("the list is not complete: it has a `nextToken`".to_owned());
    }
    response["actionExecutionDetails"].as_array().cloned().ok_or_else(|| "`actionExecutionDetails` is not a list".to_owned())
}

/// The newest approval of an execution; none if the execution has no approval action. A retried
/// action counts with its newest attempt.
pub(super) fn approval(details: &[Json], execution: Option<&Execution>) -> Result<Option<Approval>, String> {
    let is_approval = |detail: &&Json| detail["input"]["actionTypeId"]["category"] == "Approval";
    let of_execution = |detail: &&Json| execution.is_none_or(|execution| detail["pipelineExecutionId"] == execution.id.as_str());
    let mut attempts = Vec::new();
    for detail in details.iter().filter(is_approval).filter(of_execution) {
        attempts.push((time(detail, "startTime")?, detail));
    }
    let executions = attempts.iter().map(|(_, detail)| &detail["pipelineExecutionId"]);
    if execution.is_none() && executions.clone().any(|id| Some(id) != executions.clone().next()) {
        return Err("it has approvals of several pipeline executions, and none is named".to_owned());
    }
    // The newest attempt of each action, oldest action first.
    attempts.sort_by_key(|(started, _)| *started);
    let is_newest = |index: usize, detail: &Json| {
        let same = |(_, later): &(Option<Timestamp>, &Json)| ["stageName", "actionName"].iter().all(|name| later[name] == detail[name]);
        !attempts[index + 1..].iter().any(same)
    };
    let newest = attempts.iter().enumerate().filter(|(index, (_, detail))| is_newest(*index, detail)).map(|(_, (_, detail))| *detail);
    let mut newest = newest.map(|detail| read(detail, execution)).collect::<Result<Vec<_>, _>>()?;
    // Of several approval actions, one that is not approved decides; else the last one counts.
    newest.sort_by_key(|approval| approval.at);
    let undecided = newest.iter().position(|approval| approval.decision != Decision::Approved);
    Ok(undecided.map(|index| newest.swap_remove(index)).or_else(|| newest.pop()))
}

fn read(detail: &Json, execution: Option<&Execution>) -> Result<Approval, String> {
    let text = |value: &Json| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let decision = match detail["status"].as_str() {
        Some("Succeeded") => Decision::Approved,
        Some("InProgress") => Decision::Pending,
        Some("Failed" | "Abandoned") => Decision::Rejected,
        status => return Err(format!("the approval has the unknown status `{}`", status.unwrap_or("none"))),
    };
    let (result, shown) = (&detail["output"]["executionResult"], &detail["input"]["resolvedConfiguration"]);
    Ok(Approval {
        decision,
        approver: text(&detail["updatedBy"]),
        at: time(detail, "lastUpdateTime")?.filter(|_| decision != Decision::Pending),
        comment: text(&result["externalExecutionSummary"]),
        evidence: Evidence {
            channel: Channel::CodePipeline,
            from_file: false,
            pipeline: execution.map(|execution| execution.pipeline.clone()),
            execution: text(&detail["pipelineExecutionId"]),
            stage: text(&detail["stageName"]),
            action: text(&detail["actionName"]),
            action_execution: text(&detail["actionExecutionId"]),
            token: text(&result["externalExecutionId"]),
            environment: None,
        },
        shown: text(&shown["CustomData"]),
        link: text(&shown["ExternalEntityLink"]),
    })
}

/// A time: seconds since 1970 from the API, ISO 8601 from the AWS CLI.
fn time(detail: &Json, member: &str) -> Result<Option<Timestamp>, String> {
    let value = &detail[member];
    let read = match value {
        Json::Null => return Ok(None),
        Json::Number(seconds) => seconds.as_f64().and_then(|seconds| {
            let duration = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
            Timestamp::from_duration(duration).ok()
        }),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    read.map(Some).ok_or_else(|| format!("`{member}` is {value}, not a time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn action(name: &str, status: &str, start: i64) -> Json {
        json!({
            "pipelineExecutionId": "e-1", "actionExecutionId": format!("{name}-{start}"), "stageName": "Approval", "actionName": name,
            "startTime": start, "lastUpdateTime": start + 60, "updatedBy": "arn:aws:iam::111111111111:user/ann", "status": status,
            "input": { "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" } },
        })
    }

    fn found(details: &[Json]) -> Option<Approval> {
        approval(details, Some(&Execution { pipeline: "iris".to_owned(), id: "e-1".to_owned() })).unwrap()
    }

    #[test]
    fn a_retried_approval_counts_with_its_newest_attempt() {
        let newest = found(&[action("Approve", "Succeeded", 2000), action("Approve", "Failed", 1000)]).unwrap();
        assert_eq!((newest.decision, newest.evidence.action_execution.as_deref()), (Decision::Approved, Some("Approve-2000")));
        let newest = found(&[action("Approve", "Failed", 2000), action("Approve", "Succeeded", 1000)]).unwrap();
        assert_eq!(newest.decision, Decision::Rejected);
    }

    #[test]
    fn of_several_approval_actions_one_that_is_not_approved_decides() {
        let both = [action("Legal", "Succeeded", 1000), action("Approve", "Succeeded", 2000)];
        assert_eq!(found(&both).unwrap().evidence.action.as_deref(), Some("Approve"));
        let legal = found(&[action("Legal", "Failed", 1000), action("Approve", "Succeeded", 2000)]).unwrap();
        assert_eq!((legal.decision, legal.evidence.action.as_deref()), (Decision::Rejected, Some("Legal")));
    }

    #[test]
    fn other_actions_and_executions_are_no_approval() {
        let mut build = action("Build", "Succeeded", 1000);
        build["input"]["actionTypeId"]["category"] = "Build".into();
        let mut other = action("Approve", "Succeeded", 1000);
        other["pipelineExecutionId"] = "e-2".into();
        assert_eq!(found(&[build, other.clone()]), None);
        let several = approval(&[action("Approve", "Succeeded", 1000), other], None).unwrap_err();
        assert!(several.contains("several pipeline executions"), "{several}");
    }

    #[test]
    fn times_are_read_as_the_api_and_the_aws_cli_write_them() {
        for (written, expected) in
            [(json!(1_795_788_000.25), "2026-11-27T14:00:00.25Z"), (json!("2026-11-27T15:00:00.250000+01:00"), "2026-11-27T14:00:00.25Z")]
        {
            assert_eq!(time(&json!({ "at": written }), "at").unwrap().unwrap().to_string(), expected);
        }
        for wrong in [json!("yesterday"), json!(true), json!(1e300)] {
            assert!(time(&json!({ "at": wrong }), "at").is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_status_and_a_list_that_is_cut_off_are_errors() {
        assert!(approval(&[action("Approve", "Maybe", 1)], None).unwrap_err().contains("unknown status `Maybe`"));
        assert!(listed(&json!({ "actionExecutionDetails": [], "nextToken": "more" })).unwrap_err().contains("not complete"));
        assert!(listed(&json!({ "actionExecutionDetails": {} })).is_err());
    }
}
