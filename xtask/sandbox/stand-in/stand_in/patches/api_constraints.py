"""Resources of a template that AWS refuses by the constraints of its API, though CloudFormation's own schemas allow them."""

import json

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError

from stand_in import answers, api_models

PURPOSE = "what botocore's models of the APIs behind a template's resources do not allow is refused, in stacks and in requests"


def apply():
    parse = parsing.parse_resource_and_generate_name

    # Every resource comes by here, with all of its values known, before it is made or updated.
    def parse_and_check(logical_id, resource_json, resources_map):
        parsed = parse(logical_id, resource_json, resources_map)
        if parsed:
            resource_type = resource_json["Type"]
            reason = api_models.refusal_of_resource(logical_id, resource_type, parsed[1].get("Properties", {}))
            if reason:
                message = f"ResourceLogicalId:{logical_id}, ResourceType:{resource_type}, ResourceStatusReason:{reason}."
                raise ValidationError(message=message)
        return parsed

    parsing.parse_resource_and_generate_name = parse_and_check


def refusal(request):
    """The answer to a request in JSON that breaks the API's model, or None."""
    service = {"monitoring": "cloudwatch"}.get(request.service, request.service)
    if request.protocol != "json" or not api_models.knows(service, request.action):
        return None
    refused = api_models.refusal_of_request(service, request.action, json.loads(request.body or b"{}"))
    return answers.error(request, 400, *refused) if refused else None
