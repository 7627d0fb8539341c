"""Stack set operations: one at a time, instance by instance, at a set pace, until too many fail."""

import time
import uuid

from moto.cloudformation.exceptions import ValidationError

# Set by tests: the seconds per instance (0: instantaneous), the stacks with drift, and the suspended
# accounts.
PACE = {"seconds": 0.0}
DRIFTED = set()
SUSPENDED = set()


class Refused(ValidationError):
    """An error with one of CloudFormation's codes."""

    def __init__(self, code, message):
        super().__init__(message=message)
        self.code = code
        self.error_type = code


def reset():
    PACE["seconds"] = 0.0
    DRIFTED.clear()
    SUSPENDED.clear()


def ask(stack_set, response):
    """Stores a request's fields until its operation starts."""
    stack_set.requested = dict(response._get_params())


def request_fields(stack_set):
    return getattr(stack_set, "requested", {})


def start(stack_set, action, instances, work):
    """Starts an operation; `advance` runs its due steps."""
    fields = request_fields(stack_set)
    operation_id = fields.get("OperationId") or str(uuid.uuid4())
    advance(stack_set)
    if any(operation["OperationId"] == operation_id for operation in stack_set.operations):
        raise Refused("OperationIdAlreadyExistsException", f"Operation {operation_id} already exists")
    running = next((operation for operation in stack_set.operations if operation["Status"] in ("RUNNING", "STOPPING")), None)
    if running:
        raise Refused("OperationInProgressException", f"Another Operation on StackSet {stack_set.id} is in progress: {running['OperationId']}")
    preferences = fields.get("OperationPreferences") or {}
    order = preferences.get("RegionOrder") or []
    regions = {instance.region_name for instance in instances}
    if order and action != "DETECT_DRIFT" and set(order) != regions and instances:
        raise ValidationError(message=f"Region order {order} does not name the regions of the operation, {sorted(regions)}")
    place = {region: number for number, region in enumerate(order)}
    instances = sorted(instances, key=lambda instance: place.get(instance.region_name, 0))
    operation = stack_set._create_operation(operation_id=operation_id, action=action, status="RUNNING")
    operation["Results"] = [
        {"Account": instance.account_id, "Region": instance.region_name, "Status": "PENDING"} for instance in instances
    ]
    operation["work"] = list(zip(instances, operation["Results"]))
    operation["do"] = work
    operation["tolerated"] = {region: tolerated(preferences, region, instances) for region in regions}
    operation["last"] = time.monotonic()
    if action != "DETECT_DRIFT":
        for instance in instances:
            instance.detailed = "PENDING"
    stack_set.requested = {**fields, "OperationId": None}
    return operation


def tolerated(preferences, region, instances):
    """The failure tolerance in accounts of a region: a number, or a percentage rounded down; default: 0."""
    if preferences.get("FailureToleranceCount") is not None:
        return int(preferences["FailureToleranceCount"])
    accounts = sum(instance.region_name == region for instance in instances)
    return accounts * int(preferences.get("FailureTolerancePercentage") or 0) // 100


def advance(stack_set):
    """Runs the steps that are due."""
    for operation in stack_set.operations:
        if operation["Status"] not in ("RUNNING", "STOPPING"):
            continue
        while operation["work"] and time.monotonic() - operation["last"] >= PACE["seconds"]:
            instance, result = operation["work"].pop(0)
            operation["last"] = operation["last"] + PACE["seconds"] if PACE["seconds"] else time.monotonic()
            try:
                operation["do"](instance)
                result["Status"] = "SUCCEEDED"
            except Exception as error:  # noqa: BLE001 - any error is the reason of this instance
                result["Status"] = "FAILED"
                result["StatusReason"] = getattr(error, "message", None) or repr(error)
            if operation["Action"] != "DETECT_DRIFT":
                instance.detailed = result["Status"]
            failed = sum(other["Status"] == "FAILED" and other["Region"] == result["Region"] for other in operation["Results"])
            if failed > operation["tolerated"][result["Region"]]:
                end(operation, "FAILED", "Cancelled since failure tolerance has exceeded")
        if operation["work"]:
            operation["work"][0][1]["Status"] = "RUNNING"
        elif operation["Status"] == "RUNNING":
            end(operation, "SUCCEEDED", None)


def end(operation, status, reason):
    """Cancels the instances that have not started."""
    for instance, result in operation["work"]:
        result["Status"] = instance.detailed = "CANCELLED"
        result["StatusReason"] = reason
        instance.outdated = True
    operation["work"] = []
    operation["Status"] = status


def stop(stack_set, operation_id):
    advance(stack_set)
    operation = stack_set.get_operation(operation_id)
    if operation["Status"] == "RUNNING":
        end(operation, "STOPPED", "Cancelled since the operation was stopped")
