"""The rollback of a failed stack of a stack set, which can fail, too."""

from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult

from stand_in import endpoints

ENDPOINT = "AWS::SageMaker::Endpoint"


def roll_back(stack, failed, rolled_back, error, undo):
    """Ends a failed creation or update. A scripted failure during the rollback ends it as `..._FAILED`."""
    report(stack, failed, error)
    try:
        undo()
    except endpoints.Failed as further:
        rolled_back = rolled_back.replace("COMPLETE", "FAILED")
        stack.unfinished_rollback = undo
        report(stack, failed, further)
    except Exception as further:  # noqa: BLE001 - moto cannot undo everything; report the first error
        stack._add_stack_event("ROLLBACK_FAILED", resource_status_reason=repr(further))
    end(stack, rolled_back)
    if rolled_back == "ROLLBACK_COMPLETE":
        # moto creates a resource when something asks for it, such as an output.
        stack.resource_map._resource_json_map = {}
        stack.output_map._output_json_map = {}


def report(stack, failed, error):
    """Adds the event of the failed resource, then that of the stack. Other errors belong to the stack itself."""
    if not isinstance(error, endpoints.Failed):
        stack._add_stack_event(failed, resource_status_reason=getattr(error, "message", None) or repr(error))
        return
    logical_id = next(name for name, resource in stack.template_dict["Resources"].items() if resource["Type"] == ENDPOINT)
    # StackSets reports the failed resource like this.
    error.message = f"ResourceLogicalId:{logical_id}, ResourceType:{ENDPOINT}, ResourceStatusReason:{error.reason}."
    stack._add_stack_event(failed, resource_status_reason=error.reason)
    event = stack.events[-1]
    event.logical_resource_id, event.physical_resource_id, event.resource_type = logical_id, error.endpoint, ENDPOINT
    operation = failed.partition("_")[0].lower()
    rollback = {"create": "ROLLBACK_IN_PROGRESS", "update": "UPDATE_ROLLBACK_IN_PROGRESS"}[operation]
    stack._add_stack_event(rollback, resource_status_reason=f"The following resource(s) failed to {operation}: [{logical_id}]. ")


def end(stack, status):
    stack.status = status
    stack._add_stack_event(status)


def refuse_unfinished(stack):
    """CloudFormation refuses to update a stack whose rollback failed."""
    if stack.status in ("ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED"):
        raise ValidationError(message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")


def continue_update_rollback(self):
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        raise ValidationError(message=f"Stack:{stack.stack_id} is in {stack.status} state and can not continue its rollback.")
    stack.unfinished_rollback()
    end(stack, "UPDATE_ROLLBACK_COMPLETE")
    return ActionResult({})
