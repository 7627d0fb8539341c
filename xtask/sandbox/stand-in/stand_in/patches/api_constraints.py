"""Refuses template resources that violate API constraints, although CloudFormation's schemas allow them."""

import json

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError

from stand_in import answers, api_models

PURPOSE = "stacks and requests that violate botocore's models of the resources' APIs are refused"


def apply():
    parse = parsing.parse_resource_and_generate_name

    # moto calls this for every resource, with known values, before creation or update.
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
    """The error response to a JSON request that violates the API's model, or None."""
    service = {"monitoring": "cloudwatch"}.get(request.service, request.service)
    if request.protocol != "json" or not api_models.knows(service, request.action):
        return None
    refused = api_models.refusal_of_request(service, request.action, json.loads(request.body or b"{}"))
    return answers.error(request, 400, *refused) if refused else None
