"""Checks a template's resources against botocore's models of the APIs that create them.

CloudFormation's resource schemas are less strict than the APIs that CloudFormation calls: a template
can satisfy the schema, and cfn-lint, while its stack fails. This module checks a resource's
properties against the input shapes of the operations that create and update it: required members,
ranges, lengths, patterns, enums, unknown members. `python -m stand_in.api_models FILE` checks a list
of resolved templates in JSON.

A value that is known only during deployment (a function such as Fn::GetAtt, or a dynamic reference)
counts as present, and only its type is checked.
"""

import functools
import json
import sys

import regex
from botocore.loaders import Loader

# A value that only CloudFormation knows.
UNKNOWN = object()
COMPONENT = ("CreateInferenceComponent", "UpdateInferenceComponent")
TARGET = ("ResourceId", "ScalableDimension", "ServiceNamespace")


class Kind:
    """How CloudFormation calls the API for a resource type. `name` is the member that CloudFormation generates if it is missing."""

    def __init__(self, service, title, operations, name=None, requests=None):
        self.service = service
        self.title = title
        self.operations = operations
        self.name = name
        # Converts properties to request members; identity by default.
        self.requests = requests or (lambda properties: [(operations, properties)])


def scalable_target(properties):
    """Tags are a list in CloudFormation and a map in the API; each scheduled action is a separate request."""
    target = dict(properties)
    actions = target.pop("ScheduledActions", None)
    if isinstance(target.get("Tags"), list):
        target["Tags"] = {tag.get("Key"): tag.get("Value") for tag in target["Tags"] if isinstance(tag, dict)}
    requests = [(("RegisterScalableTarget",), target)]
    about = {name: properties[name] for name in TARGET if name in properties}
    for action in listed(actions):
        requests.append((("PutScheduledAction",), {**about, **action}))
    return requests


def scaling_policy(properties):
    """ScalingTargetId, which only CloudFormation has, combines the target's three members."""
    policy = dict(properties)
    target = policy.pop("ScalingTargetId", None)
    if target is not None:
        parts = target.split("|") if isinstance(target, str) else []
        policy.update(zip(TARGET, parts if len(parts) == len(TARGET) else [UNKNOWN] * len(TARGET)))
    return [(("PutScalingPolicy",), policy)]


def without(*only_of_cloudformation, operations):
    """The members of a request, without those that only CloudFormation has."""
    return lambda properties: [(operations, {name: value for name, value in properties.items() if name not in only_of_cloudformation})]


def listed(value):
    """The items of a list; none if only the deployment knows the list."""
    return value if isinstance(value, list) else []


def document(policy):
    return json.dumps(policy, ensure_ascii=False, default=str) if isinstance(policy, dict) and not is_unknown(policy) else policy


def inline(policy):
    return {**policy, "PolicyDocument": document(policy.get("PolicyDocument"))}


def role(properties):
    """Each policy of a role is a separate request; documents are JSON strings."""
    role = dict(properties)
    policies, managed = listed(role.pop("Policies", None)), listed(role.pop("ManagedPolicyArns", None))
    role["AssumeRolePolicyDocument"] = document(role.get("AssumeRolePolicyDocument"))
    name = {"RoleName": role["RoleName"]}
    requests = [(("CreateRole",), role)]
    requests += [(("PutRolePolicy",), {**name, **inline(policy)}) for policy in policies if isinstance(policy, dict)]
    return requests + [(("AttachRolePolicy",), {**name, "PolicyArn": arn}) for arn in managed]


def role_policy(properties):
    """One request per role; policies of users and groups are not checked."""
    policy = inline(properties)
    roles = listed(policy.pop("Roles", None))
    for other in ("Users", "Groups"):
        policy.pop(other, None)
    return [(("PutRolePolicy",), {**policy, "RoleName": name}) for name in roles]


def managed_policy(properties):
    policy = {name: value for name, value in inline(properties).items() if name not in ("Roles", "Users", "Groups")}
    policy["PolicyName"] = policy.pop("ManagedPolicyName")
    return [(("CreatePolicy",), policy)]


def rule(properties):
    """Targets are a separate request, where two members of an ECS task have other names."""
    rule = {**properties, "EventPattern": document(properties.get("EventPattern"))}
    targets = rule.pop("Targets", None)
    requests = [(("PutRule",), rule)]
    if targets is None:
        return requests
    names = {"PlacementStrategies": "PlacementStrategy", "TagList": "Tags"}
    if isinstance(targets, list):
        targets = [
            {**target, "EcsParameters": {names.get(name, name): value for name, value in target["EcsParameters"].items()}}
            if isinstance(target, dict) and isinstance(target.get("EcsParameters"), dict)
            else target
            for target in targets
        ]
    return [*requests, (("PutTargets",), {"Rule": rule["Name"], "Targets": targets})]


def pipeline(properties):
    """Artifact stores are a list in CloudFormation and a map by region in the API."""
    pipeline = dict(properties)
    if isinstance(pipeline.get("ArtifactStores"), list):
        stores = pipeline["ArtifactStores"]
        pipeline["ArtifactStores"] = {store.get("Region"): store.get("ArtifactStore") for store in stores if isinstance(store, dict)}
    tags = pipeline.pop("Tags", None)
    for other in ("RestartExecutionOnUpdate", "DisableInboundStageTransitions"):
        pipeline.pop(other, None)
    return [(("CreatePipeline",), {"pipeline": pipeline, "tags": tags})]


KINDS = {
    "AWS::SageMaker::Model": Kind("sagemaker", "SageMaker", ("CreateModel",), "ModelName"),
    "AWS::SageMaker::EndpointConfig": Kind("sagemaker", "SageMaker", ("CreateEndpointConfig",), "EndpointConfigName"),
    # RetainAllVariantProperties and related members are only for updates, tags only for creation.
    "AWS::SageMaker::Endpoint": Kind("sagemaker", "SageMaker", ("CreateEndpoint", "UpdateEndpoint"), "EndpointName"),
    "AWS::SageMaker::InferenceComponent": Kind(
        "sagemaker",
        "SageMaker",
        COMPONENT,
        "InferenceComponentName",
        without("EndpointArn", operations=COMPONENT),
    ),
    "AWS::ApplicationAutoScaling::ScalableTarget": Kind(
        "application-autoscaling",
        "ApplicationAutoScaling",
        ("RegisterScalableTarget", "PutScheduledAction"),
        requests=scalable_target,
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Kind(
        "application-autoscaling", "ApplicationAutoScaling", ("PutScalingPolicy",), requests=scaling_policy
    ),
    "AWS::CloudWatch::Alarm": Kind("cloudwatch", "CloudWatch", ("PutMetricAlarm",), "AlarmName"),
    "AWS::IAM::Role": Kind("iam", "Iam", ("CreateRole", "PutRolePolicy", "AttachRolePolicy"), "RoleName", role),
    "AWS::IAM::Policy": Kind("iam", "Iam", ("PutRolePolicy",), requests=role_policy),
    "AWS::IAM::ManagedPolicy": Kind("iam", "Iam", ("CreatePolicy",), "ManagedPolicyName", managed_policy),
    "AWS::Events::Rule": Kind("events", "EventBridge", ("PutRule", "PutTargets"), "Name", rule),
    "AWS::CodeBuild::Project": Kind(
        "codebuild",
        "CodeBuild",
        ("CreateProject",),
        "Name",
        without("Triggers", "Visibility", "ResourceAccessRole", operations=("CreateProject",)),
    ),
    "AWS::CodePipeline::Pipeline": Kind("codepipeline", "CodePipeline", ("CreatePipeline",), "Name", pipeline),
}
OPERATIONS = {(kind.service, operation) for kind in KINDS.values() for operation in kind.operations}


@functools.cache
def model(service):
    return Loader().load_service_model(service, "service-2")


def knows(service, operation):
    return (service, operation) in OPERATIONS


def input_shape(service, operation):
    return model(service)["operations"][operation]["input"]["shape"]


@functools.cache
def compiled(pattern):
    """Compiles a pattern of the models, a Java pattern for the whole value."""
    # Java reads an escaped surrogate pair as one character.
    translated = regex.sub(
        r"\\u(D[89AB][0-9A-F]{2})\\u(D[C-F][0-9A-F]{2})",
        lambda pair: f"\\U{0x10000 + ((int(pair[1], 16) - 0xD800) << 10) + int(pair[2], 16) - 0xDC00:08X}",
        pattern,
    )
    # Java's \p{Print}, \d, \w and \s are ASCII; its other properties are Unicode.
    translated = translated.replace(r"\p{Print}", r"[\x20-\x7E]")
    return regex.compile(translated, 0 if r"\p{" in translated else regex.ASCII)


def check_resource(resource_type, properties):
    """Problems that CloudFormation reports before it calls the API, and the API's violations; none for other types."""
    kind = KINDS.get(resource_type)
    if kind is None:
        return [], []
    if kind.name is not None:
        properties = {kind.name: UNKNOWN, **properties}
    checks = []
    for operations, members in kind.requests(properties):
        shapes = [model(kind.service)["shapes"][input_shape(kind.service, operation)] for operation in operations]
        for operation, shape in zip(operations, shapes):
            others = {name for other in shapes if other is not shape for name in other["members"]}
            own = {name: value for name, value in members.items() if name in shape["members"] or name not in others}
            check = Check(kind.service, from_template=True)
            check.value(own, input_shape(kind.service, operation), ())
            checks.append(check)
    return unique(item for check in checks for item in check.malformed), unique(item for check in checks for item in check.violations)


def refusal_of_resource(logical_id, resource_type, properties):
    """The status reason of the stack event, or None."""
    malformed, violations = check_resource(resource_type, properties)
    if malformed:
        return f"Properties validation failed for resource {logical_id} with message: {' '.join(malformed)}"
    if violations:
        service = KINDS[resource_type].title
        return (
            f'Resource handler returned message: "{in_one_message(violations)} (Service: {service}, Status Code: 400)" '
            "(HandlerErrorCode: InvalidRequest)"
        )
    return None


def refusal_of_request(service, operation, members):
    """Code and message of the API's error for a request, or None."""
    check = Check(service, from_template=False)
    check.value(members, input_shape(service, operation), ())
    if check.malformed:
        return "SerializationException", check.malformed[0]
    return ("ValidationException", in_one_message(check.violations)) if check.violations else None


def in_one_message(violations):
    count = len(violations)
    return f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(violations)}"


def unique(items):
    return list(dict.fromkeys(items))


class Key(str):
    """A map key in a path, which is shown unchanged."""


class Check:
    """Checks a value against a shape. Converts a template's scalars as CloudFormation does. The API converts
    none, and ignores unknown members."""

    def __init__(self, service, from_template):
        self.shapes = model(service)["shapes"]
        self.from_template = from_template
        self.malformed = []
        self.violations = []

    def value(self, value, name, path):
        shape = self.shapes[name]
        kind = shape["type"]
        if value is UNKNOWN or self.from_template and is_unknown(value):
            if not may_become(value, kind):
                self.mismatch(value, kind, path)
            return
        converted = CONVERSIONS[kind](value) if self.from_template and kind in CONVERSIONS else value
        if not isinstance(converted, TYPES[kind]) or isinstance(converted, bool) and kind != "boolean":
            self.mismatch(value, kind, path)
            return
        self.bounds(converted, shape, path)
        if kind == "structure":
            self.structure(converted, shape, path)
        elif kind == "list":
            for index, item in enumerate(converted):
                self.value(item, shape["member"]["shape"], (*path, index))
        elif kind == "map":
            for key, item in converted.items():
                self.value(key, shape["key"]["shape"], (*path, Key(key)))
                self.value(item, shape["value"]["shape"], (*path, Key(key)))

    def structure(self, value, shape, path):
        members = shape["members"]
        # Some APIs use camelCase where CloudFormation uses PascalCase.
        other_names = {name.lower(): name for name in members if self.from_template and name[0].islower()}
        present = {other_names.get(name.lower(), name): item for name, item in value.items() if item is not None}
        for name in shape.get("required", []):
            if name not in present:
                self.violations.append(f"Value null at '{as_aws_shows((*path, name))}' failed to satisfy constraint: Member must not be null")
        if shape.get("union") and len(present) != 1:
            self.violate(value, path, f"Member must have exactly one of {', '.join(members)}")
        for name, item in present.items():
            if name in members:
                self.value(item, members[name]["shape"], (*path, name))
            elif self.from_template:
                self.malformed.append(f"{as_pointer(path)}: extraneous key [{name}] is not permitted")

    def bounds(self, value, shape, path):
        measured, what = (value, "value") if isinstance(value, (int, float)) else (len(value), "length")
        if "max" in shape and measured > shape["max"]:
            self.violate(value, path, f"Member must have {what} less than or equal to {shape['max']}")
        if "min" in shape and measured < shape["min"]:
            self.violate(value, path, f"Member must have {what} greater than or equal to {shape['min']}")
        if "enum" in shape and value not in shape["enum"]:
            self.violate(value, path, f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]")
        if "pattern" in shape and not compiled(shape["pattern"]).fullmatch(value):
            self.violate(value, path, f"Member must satisfy regular expression pattern: {shape['pattern']}")

    def violate(self, value, path, constraint):
        self.violations.append(f"Value '{as_text(value)}' at '{as_aws_shows(path)}' failed to satisfy constraint: {constraint}")

    def mismatch(self, value, kind, path):
        self.malformed.append(f"{as_pointer(path)}: expected type: {kind}, found: {as_text(value)}")


def as_boolean(value):
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def as_integer(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and regex.fullmatch("[+-]?[0-9]+", value) else value


def as_number(value):
    if not isinstance(value, str):
        return value
    return float(value) if regex.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", value) else value


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value, default=lambda _: "unknown")


def as_string(value):
    return as_text(value) if isinstance(value, (bool, int, float)) else value


CONVERSIONS = {
    "boolean": as_boolean,
    "integer": as_integer,
    "long": as_integer,
    "float": as_number,
    "double": as_number,
    "string": as_string,
    "timestamp": as_string,
}
TYPES = {
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "string": str,
    "timestamp": (str, int, float),
    "list": list,
    "map": dict,
    "structure": dict,
}
LISTS = ("Fn::Split", "Fn::GetAZs", "Fn::Cidr")
TEXTS = ("Fn::Sub", "Fn::Join", "Fn::Base64")


def function(value):
    """The name of the intrinsic function, or None."""
    if isinstance(value, dict) and len(value) == 1:
        (name,) = value
        return name if name == "Ref" or str(name).startswith("Fn::") else None
    return None


def is_unknown(value):
    return function(value) is not None or isinstance(value, str) and "{{resolve:" in value


def may_become(value, kind):
    """Whether an unknown value can have this type: Fn::Split is a list, Fn::Sub a string, others can be anything."""
    name = "Fn::Sub" if isinstance(value, str) else function(value)
    if name in LISTS:
        return kind == "list"
    return name not in TEXTS or kind not in ("list", "map", "structure")


def as_aws_shows(path):
    """A path as in AWS's errors, such as productionVariants.1.member.initialInstanceCount."""
    return ".".join(
        f"{part + 1}.member" if isinstance(part, int) else part if isinstance(part, Key) else part[:1].lower() + part[1:] for part in path
    )


def as_pointer(path):
    return "/".join(["#", *map(str, path)])


def check_templates(templates):
    """Counts the resources of each known type in resolved templates, and lists their problems."""
    checked, refused = {}, []
    for index, template in enumerate(templates):
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] in KINDS:
                checked[resource["Type"]] = checked.get(resource["Type"], 0) + 1
                malformed, violations = check_resource(resource["Type"], resource.get("Properties", {}))
                refused += [{"template": index, "resource": logical_id, "problem": problem} for problem in malformed + violations]
    return {"checked": checked, "refused": refused}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        json.dump(check_templates(json.load(file)), sys.stdout)
