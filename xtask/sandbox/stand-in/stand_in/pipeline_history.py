"""CodePipeline's history of action executions, which moto does not have: a test records it, ListActionExecutions returns it."""

import json
import re
import uuid

from stand_in.answers import Answer, error
from stand_in.invalid import Invalid, account_id, fields

REGION = "us-east-1"
STATUSES = ("InProgress", "Abandoned", "Succeeded", "Failed")
NAME = re.compile(r"[A-Za-z0-9.@\-_]{1,100}")
MAX_RESULTS = 100

# The action executions of each pipeline, by account, region and name, newest first.
HISTORY = {}


def reset():
    HISTORY.clear()


def record(body):
    """Adds action executions, as in the API (ActionExecutionDetail), oldest first."""
    values = fields(body, required={"account": str, "pipeline": str, "actions": list}, optional={"region": str})
    history = HISTORY.setdefault((account_id(values["account"]), values.get("region", REGION), values["pipeline"]), [])
    for action in values["actions"]:
        fields(
            action,
            required={"pipelineExecutionId": str, "actionExecutionId": str, "stageName": str, "actionName": str, "status": str, "input": dict},
            optional={
                "pipelineVersion": int, "startTime": object, "lastUpdateTime": object, "updatedBy": str, "output": dict,
            },
        )  # fmt: skip
        for name in ("startTime", "lastUpdateTime"):
            if not isinstance(action.get(name), (int, float)):
                raise Invalid(f"`{name}` must be seconds since 1970")
        if action["status"] not in STATUSES:
            raise Invalid(f"`{action['status']}` is not a status of an action execution; valid are {', '.join(STATUSES)}")
        # An action execution that goes on replaces its earlier state.
        history[:] = [known for known in history if known["actionExecutionId"] != action["actionExecutionId"]]
        history.insert(0, action)
    return {}


def list_action_executions(request):
    try:
        parameters = json.loads(request.body or b"{}")
    except json.JSONDecodeError:
        return error(request, 400, "SerializationException", "the request is not JSON")
    name, limit = parameters.get("pipelineName"), parameters.get("maxResults", MAX_RESULTS)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return error(request, 400, "ValidationException", f"Value at 'pipelineName' failed to satisfy constraint: {NAME.pattern}")
    if not isinstance(limit, int) or not 1 <= limit <= MAX_RESULTS:
        return error(request, 400, "ValidationException", "Value at 'maxResults' failed to satisfy constraint: 1 to 100")
    history = HISTORY.get((request.account, request.region, name))
    if history is None:
        message = f"Account '{request.account}' does not have a pipeline with name '{name}'"
        return error(request, 400, "PipelineNotFoundException", message)
    execution = (parameters.get("filter") or {}).get("pipelineExecutionId")
    found = [action for action in history if execution in (None, action["pipelineExecutionId"])]
    if execution is not None and not found:
        message = f"Pipeline execution '{execution}' of pipeline '{name}' could not be found"
        return error(request, 400, "PipelineExecutionNotFoundException", message)
    token = parameters.get("nextToken", "0")
    if not token.isdigit() or int(token) > len(found):
        return error(request, 400, "InvalidNextTokenException", "The next token was specified in an invalid format")
    first = int(token)
    page = {"actionExecutionDetails": found[first : first + limit]}
    if first + limit < len(found):
        page["nextToken"] = str(first + limit)
    return Answer(200, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", str(uuid.uuid4()))], json.dumps(page).encode())
