"""Model package groups: resource policies, names as ARNs, and duplicate names."""

import json

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

PURPOSE = "Put-, Get- and DeleteModelPackageGroupPolicy exist; a group is found by its ARN; creating a group twice fails"

# The limit of PutModelPackageGroupPolicy, in characters.
MAX_POLICY = 20480


def put_model_package_group_policy(self):
    group = find(self)
    policy = self._get_param("ResourcePolicy")
    try:
        document = json.loads(policy or "")
    except json.JSONDecodeError as error:
        raise AWSValidationException(f"The resource policy is not valid JSON: {error}") from error
    if not isinstance(document, dict) or not document.get("Statement"):
        raise AWSValidationException("The resource policy has no statement.")
    if len(policy) > MAX_POLICY:
        raise AWSValidationException(f"The resource policy is longer than {MAX_POLICY} characters.")
    group.resource_policy = policy
    return ActionResult({"ModelPackageGroupArn": group.arn})


def get_model_package_group_policy(self):
    return ActionResult({"ResourcePolicy": policy_of(find(self))})


def delete_model_package_group_policy(self):
    group = find(self)
    policy_of(group)
    del group.resource_policy
    return EmptyResult()


def find(response):
    return response.sagemaker_backend.describe_model_package_group(response._get_param("ModelPackageGroupName"))


def policy_of(group):
    policy = getattr(group, "resource_policy", None)
    if policy is None:
        raise AWSValidationException(f"Cannot find resource policy for: {group.arn}")
    return policy


def apply():
    describe, create = SageMakerModelBackend.describe_model_package_group, SageMakerModelBackend.create_model_package_group

    def describe_by_name_or_arn(self, model_package_group_name):
        return describe(self, model_package_group_name.rpartition("/")[2])

    def create_once(self, model_package_group_name, *arguments, **named):
        group = self.model_package_groups.get(model_package_group_name)
        if group is not None:
            raise AWSValidationException(f"Model Package Group already exists: {group.arn}")
        return create(self, model_package_group_name, *arguments, **named)

    SageMakerModelBackend.describe_model_package_group = describe_by_name_or_arn
    SageMakerModelBackend.create_model_package_group = create_once
    SageMakerResponse.put_model_package_group_policy = put_model_package_group_policy
    SageMakerResponse.get_model_package_group_policy = get_model_package_group_policy
    SageMakerResponse.delete_model_package_group_policy = delete_model_package_group_policy
