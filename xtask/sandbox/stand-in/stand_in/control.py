"""The stand-in's control routes, for tests to set up state and read the log."""

import json
import traceback

from stand_in import endpoints, pipeline_history, reachable, seeding, stack_set_operations, stored_bytes
from stand_in.answers import Answer
from stand_in.invalid import Invalid, fields
from stand_in.request import read_body

REGION = "us-east-1"


def answer(application, environ):
    route = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    handler = ROUTES.get(route)
    raw = read_body(environ)
    if handler is None:
        return Answer.of_json({"message": f"no route {route}; there are {', '.join(sorted(ROUTES))}"}, 404)
    try:
        body = json.loads(raw) if raw else {}
        return Answer.of_json(handler(application, body))
    except json.JSONDecodeError as error:
        return Answer.of_json({"message": f"the body is not JSON: {error}"}, 400)
    except Invalid as error:
        return Answer.of_json({"message": str(error)}, 400)
    except Exception:  # noqa: BLE001 - the test must see any error
        return Answer.of_json({"message": traceback.format_exc()}, 500)


def requests(application, _body):
    return application.log.entries()


def clear_requests(application, _body):
    application.log.clear()
    return {}


def reset(application, _body):
    application.reset()
    return {}


def add_fault(application, body):
    application.faults.add(body)
    return {}


def met_faults(application, _body):
    return application.faults.met()


def clear_faults(application, _body):
    application.faults.clear()
    return {}


def seed_packages(application, body):
    with application.state:
        return seeding.model_packages(body, "reachable" in application.patches)


def seed_organization(application, body):
    with application.state:
        return seeding.organization(body)


def set_endpoint_status(application, body):
    values = fields(
        body,
        required={"account": str, "endpoint": str, "status": str},
        optional={"region": str, "failure_reason": str, "in_service_after": int},
    )
    needs_patch(application, "endpoint-lifecycle")
    with application.state:
        endpoints.set_status(
            (values["account"], values.get("region", REGION), values["endpoint"]),
            endpoints.Script(values["status"], values.get("failure_reason"), values.get("in_service_after")),
        )
    return {}


def silent_rollback(application, body):
    values = fields(body, required={"account": str, "endpoint": str}, optional={"region": str})
    needs_patch(application, "endpoint-lifecycle")
    with application.state:
        endpoints.roll_back_silently((values["account"], values.get("region", REGION), values["endpoint"]))
    return {}


def fail_endpoint(application, body):
    values = fields(
        body,
        required={"account": str, "endpoint": str, "reason": str},
        optional={"region": str, "rollback_reason": str},
    )
    needs_patch(application, "endpoint-lifecycle")
    reasons = [reason for reason in (values["reason"], values.get("rollback_reason")) if reason is not None]
    with application.state:
        endpoints.fail_in_stacks((values["account"], values.get("region", REGION), values["endpoint"]), reasons)
    return {}


def set_stack_set_pace(application, body):
    values = fields(body, required={"milliseconds": int})
    needs_patch(application, "stack-sets")
    with application.state:
        stack_set_operations.PACE["seconds"] = values["milliseconds"] / 1000
    return {}


def set_missing(application, body):
    values = fields(body, required={"name": str}, optional={"account": str})
    needs_patch(application, "reachable")
    with application.state:
        reachable.MISSING.add((values.get("account"), values["name"]))
    return {}


def overwrite_artifact(application, body):
    values = fields(body, required={"uri": str, "content": str})
    needs_patch(application, "reachable")
    with application.state:
        stored_bytes.overwrite(values["uri"], values["content"])
    return {}


def move_tag(application, body):
    values = fields(body, required={"image": str, "digest": str})
    needs_patch(application, "reachable")
    with application.state:
        stored_bytes.move_tag(values["image"], values["digest"])
    return {}


def set_environment(application, body):
    """Changes a variable of a model, or of a container of a model package, which SageMaker's API cannot."""
    values = fields(body, required={"name": str, "value": str}, optional={"account": str, "region": str, "model": str, "package": str, "container": int})
    with application.state:
        seeding.set_environment(values)
    return {}


def set_quota(application, body):
    values = fields(body, required={"instance_type": str, "quota": int})
    needs_patch(application, "reachable")
    with application.state:
        reachable.QUOTAS[values["instance_type"]] = values["quota"]
    return {}


def record_pipeline_actions(application, body):
    needs_patch(application, "reachable")
    with application.state:
        return pipeline_history.record(body)


def set_drift(application, body):
    values = fields(body, required={"account": str}, optional={"region": str})
    needs_patch(application, "stack-sets")
    with application.state:
        stack_set_operations.DRIFTED.add((values["account"], values.get("region", REGION)))
    return {}


def suspend_account(application, body):
    values = fields(body, required={"account": str})
    needs_patch(application, "stack-sets")
    with application.state:
        stack_set_operations.SUSPENDED.add(values["account"])
    return {}


def set_model_server(application, body):
    values = fields(body, required={"url": str}, optional={"account": str, "region": str, "endpoint": str})
    needs_patch(application, "invocations")
    application.model_servers.set(values["url"], values.get("account"), values.get("region"), values.get("endpoint"))
    return {}


def enforce_iam(application, body):
    application.enforce_iam(fields(body, required={"enabled": bool})["enabled"])
    return {}


def active_patches(application, _body):
    return application.patches


def needs_patch(application, name):
    if name not in application.patches:
        raise Invalid(f"this needs the patch `{name}`, which is not active")


ROUTES = {
    "GET /stand-in/requests": requests,
    "DELETE /stand-in/requests": clear_requests,
    "POST /stand-in/reset": reset,
    "POST /stand-in/faults": add_fault,
    "GET /stand-in/faults": met_faults,
    "DELETE /stand-in/faults": clear_faults,
    "POST /stand-in/model-packages": seed_packages,
    "POST /stand-in/organization": seed_organization,
    "POST /stand-in/endpoint-status": set_endpoint_status,
    "POST /stand-in/silent-rollback": silent_rollback,
    "POST /stand-in/endpoint-failure": fail_endpoint,
    "POST /stand-in/stack-set-pace": set_stack_set_pace,
    "POST /stand-in/drift": set_drift,
    "POST /stand-in/suspended-account": suspend_account,
    "POST /stand-in/missing": set_missing,
    "POST /stand-in/quota": set_quota,
    "POST /stand-in/artifact": overwrite_artifact,
    "POST /stand-in/image-tag": move_tag,
    "POST /stand-in/environment": set_environment,
    "POST /stand-in/pipeline-actions": record_pipeline_actions,
    "POST /stand-in/model-server": set_model_server,
    "POST /stand-in/enforce-iam": enforce_iam,
    "GET /stand-in/patches": active_patches,
}
