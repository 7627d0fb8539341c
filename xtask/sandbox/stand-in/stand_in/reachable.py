"""Resources that a target can access: model packages, images, artifacts and keys of other accounts, stack set roles, quotas;
and the history of pipelines, which a test records.

moto stores these per account and does not support sharing. Here everything that a model package names
exists, keys are enabled and the roles exist, unless a test makes something missing. A model package of
another account can be described if its group's policy allows it.
"""

import json
import uuid

from moto.sagemaker.models import sagemaker_backends

from stand_in import pipeline_history, stored_bytes
from stand_in.answers import Answer, error

MISSING = set()
QUOTAS = {}
QUOTA = 100
ROLES = {
    "AWSCloudFormationStackSetAdministrationRole": {"Service": "cloudformation.amazonaws.com"},
    "AWSCloudFormationStackSetExecutionRole": {"AWS": "*"},
    "ds-model-execution-role": {"Service": "sagemaker.amazonaws.com"},
}


def reset():
    pipeline_history.reset()
    MISSING.clear()
    QUOTAS.clear()
    stored_bytes.reset()


def is_missing(request, *subjects):
    """Whether a test made this missing, by a part of its name and optionally an account."""
    return any(part in subject and account in (None, request.account) for account, part in MISSING for subject in subjects)


def answer(request, state):
    """The response to a request, or None to let moto respond."""
    handler = HANDLERS.get((request.service, request.action))
    if handler is None:
        return None
    with state:
        return handler(request)


def body(request):
    try:
        return json.loads(request.body or b"{}")
    except json.JSONDecodeError:
        return {}


def in_json(value):
    return Answer(200, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", str(uuid.uuid4()))], json.dumps(value).encode())


def packages():
    for account in list(sagemaker_backends.values()):
        for backend in list(account.values()):
            yield from backend.model_packages.values()


def named_by_packages(member):
    return {
        container.get(member)
        for package in packages()
        for container in (package.inference_specification or {}).get("Containers", [])
        if container.get(member)
    }


def model_package(request):
    arn = str(body(request).get("ModelPackageName", ""))
    parts = arn.split(":")
    if len(parts) < 6 or parts[4] == request.account:
        return None
    package = next((package for package in packages() if package.arn == arn), None)
    if package is None:
        return None
    group = sagemaker_backends[parts[4]][parts[3]].model_package_groups.get(package.model_package_group_name)
    policy = json.loads(getattr(group, "resource_policy", None) or "{}")
    if not allows(policy, request.account, "sagemaker:DescribeModelPackage"):
        message = (
            f"User: arn:aws:sts::{request.account}:assumed-role/role/session is not authorized to perform: sagemaker:DescribeModelPackage "
            f"on resource: {arn} because no resource-based policy allows the sagemaker:DescribeModelPackage action"
        )
        return error(request, 400, "AccessDeniedException", message)
    return in_json({
        "ModelPackageName": package.model_package_group_name,
        "ModelPackageArn": package.arn,
        "ModelPackageStatus": package.model_package_status,
        "ModelApprovalStatus": package.model_approval_status,
        "CreationTime": package.creation_time.timestamp(),
        "InferenceSpecification": package.inference_specification or {},
    })  # fmt: skip


def allows(policy, account, action):
    for statement in policy.get("Statement", []):
        principals = statement.get("Principal", {})
        principals = principals if isinstance(principals, str) else principals.get("AWS", [])
        principals = [principals] if isinstance(principals, str) else principals
        actions = statement.get("Action", [])
        actions = [actions] if isinstance(actions, str) else actions
        if statement.get("Effect") == "Allow" and action in actions and any(p == "*" or account in p for p in principals):
            return True
    return False


def image(request):
    parameters = body(request)
    registry = f"{parameters.get('registryId', request.account)}.dkr.ecr.{request.region}.amazonaws.com/{parameters.get('repositoryName')}"
    known = named_by_packages("Image")
    found, failures = [], []
    for image_id in parameters.get("imageIds", []):
        digest, tag = image_id.get("imageDigest"), image_id.get("imageTag")
        names = {f"{registry}@{digest}"} if digest else {f"{registry}:{tag}"} | ({registry} if tag == "latest" else set())
        if names & known and not is_missing(request, *names):
            image_id = {**image_id, "imageDigest": digest or stored_bytes.digest(f"{registry}:{tag}")}
            found.append({"registryId": parameters.get("registryId"), "repositoryName": parameters.get("repositoryName"), "imageId": image_id, "imageManifest": "{}"})
        else:
            failures.append({"imageId": image_id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"})
    return in_json({"images": found, "failures": failures})


def artifact(request):
    uri = f"s3://{request.path.lstrip('/')}"
    if is_missing(request, uri):
        return error(request, 404, "NoSuchKey", "The specified key does not exist.")
    _, has_bucket = stored_bytes.stored_object(uri)
    if has_bucket or uri not in named_by_packages("ModelDataUrl"):
        return None
    with_checksum = request.environ.get("HTTP_X_AMZ_CHECKSUM_MODE") == "ENABLED"
    headers = [("Content-Type", "application/gzip"), ("x-amz-bucket-region", request.region), *stored_bytes.headers(uri, with_checksum)]
    return Answer(200, headers, b"")


def key(request):
    arn = str(body(request).get("KeyId", ""))
    if is_missing(request, arn):
        return error(request, 400, "NotFoundException", f"Key '{arn}' does not exist")
    return in_json({"KeyMetadata": {"KeyId": arn.rpartition("/")[2], "Arn": arn, "Enabled": True, "KeyState": "Enabled"}})


def quota_list(request):
    from moto.sagemaker import validators

    types = sorted(set(QUOTAS) | set(getattr(validators, "INSTANCE_TYPES", ())) | {"ml.m5.large", "ml.m5.xlarge", "ml.t2.medium", "ml.c5.large"})
    return in_json({"Quotas": [quota(kind) for kind in types]})


def one_quota(request):
    code = str(body(request).get("QuotaCode", ""))
    return in_json({"Quota": quota(code.removeprefix("L-"))})


def quota(kind):
    return {"ServiceCode": "sagemaker", "QuotaCode": f"L-{kind}", "QuotaName": f"{kind} for endpoint usage", "Value": float(QUOTAS.get(kind, QUOTA))}


def role(request):
    from urllib.parse import parse_qs, quote

    name = parse_qs(request.body.decode("utf-8", "replace")).get("RoleName", [""])[0]
    if is_missing(request, name):
        return error(request, 404, "NoSuchEntity", f"The role with name {name} cannot be found.")
    if name not in ROLES:
        return None
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": ROLES[name], "Action": "sts:AssumeRole"}]}
    arn = f"arn:aws:iam::{request.account}:role/{name}"
    inner = (
        f"<Role><Path>/</Path><Arn>{arn}</Arn><RoleName>{name}</RoleName><RoleId>AROASTANDIN</RoleId><CreateDate>2026-01-01T00:00:00Z</CreateDate>"
        f"<AssumeRolePolicyDocument>{quote(json.dumps(policy))}</AssumeRolePolicyDocument></Role>"
    )
    text = f'<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult>{inner}</GetRoleResult></GetRoleResponse>'
    return Answer(200, [("Content-Type", "text/xml"), ("x-amzn-RequestId", str(uuid.uuid4()))], text.encode())


HANDLERS = {
    ("sagemaker", "DescribeModelPackage"): model_package,
    ("ecr", "BatchGetImage"): image,
    ("s3", "HeadObject"): artifact,
    ("kms", "DescribeKey"): key,
    ("servicequotas", "ListServiceQuotas"): quota_list,
    ("servicequotas", "ListAWSDefaultServiceQuotas"): quota_list,
    ("servicequotas", "GetServiceQuota"): one_quota,
    ("iam", "GetRole"): role,
    ("codepipeline", "ListActionExecutions"): pipeline_history.list_action_executions,
}
