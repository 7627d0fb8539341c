"""Updates of model packages: fields that a request omits are unchanged, as in AWS."""

import re

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import ModelPackage
from moto.sagemaker.responses import SageMakerResponse

PURPOSE = "UpdateModelPackage changes only the named fields; packages have a ModelLifeCycle; a client token makes it idempotent"

# SageMaker's EntityName and ClientToken.
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
TOKEN = re.compile(r"[a-zA-Z0-9-]{1,36}")
MAX_DESCRIPTION = 1024


def update_model_package(update):
    def updated(self):
        package = self.sagemaker_backend.describe_model_package(self._get_param("ModelPackageArn"))
        life_cycle = checked(self._get_param("ModelLifeCycle"))
        token = self._get_param("ClientToken")
        if token is not None and not TOKEN.fullmatch(token):
            raise AWSValidationException(f"Value '{token}' at 'clientToken' failed to satisfy constraint: length 1 to 36, [a-zA-Z0-9-]+")
        if token is not None and token in package.__dict__.setdefault("client_tokens", set()):
            return ActionResult({"ModelPackageArn": package.arn})
        previous = package.model_approval_status, package.approval_description, package.customer_metadata_properties
        result = update(self)
        if self._get_param("ModelApprovalStatus") is None:
            package.model_approval_status = previous[0]
        if self._get_param("ApprovalDescription") is None:
            package.approval_description = previous[1]
        # Metadata is merged; only CustomerMetadataPropertiesToRemove removes.
        merged = {**(previous[2] or {}), **(self._get_param("CustomerMetadataProperties") or {})}
        for key in self._get_param("CustomerMetadataPropertiesToRemove", []) or []:
            merged.pop(key, None)
        package.customer_metadata_properties = merged or None
        if life_cycle is not None:
            package.model_life_cycle = life_cycle
        if token is not None:
            package.client_tokens.add(token)
        return result

    return updated


def create_model_package(create):
    def created(self):
        life_cycle = checked(self._get_param("ModelLifeCycle"))
        result = create(self)
        if life_cycle is not None:
            self.sagemaker_backend.describe_model_package(result.result["ModelPackageArn"]).model_life_cycle = life_cycle
        return result

    return created


def checked(life_cycle):
    if life_cycle is None:
        return None
    for name in ("Stage", "StageStatus"):
        if not NAME.fullmatch(life_cycle.get(name) or ""):
            raise AWSValidationException(f"Value at 'modelLifeCycle.{name}' failed to satisfy constraint: {NAME.pattern}")
    if len(life_cycle.get("StageDescription") or "") > MAX_DESCRIPTION:
        raise AWSValidationException("Value at 'modelLifeCycle.stageDescription' is longer than 1024 characters")
    return {name: life_cycle[name] for name in ("Stage", "StageStatus", "StageDescription") if life_cycle.get(name) is not None}


def with_missing_fields(describe):
    def described(self):
        more = {
            "ModelLifeCycle": getattr(self, "model_life_cycle", None),
            "ModelPackageRegistrationType": getattr(self, "model_package_registration_type", None),
        }
        return {**describe(self), **{name: value for name, value in more.items() if value is not None}}

    return described


def tolerating_missing_metadata(remove):
    def removed(self, keys):
        # moto reads metadata that it has just set to None.
        if self.customer_metadata_properties is not None:
            remove(self, keys)

    return removed


def apply():
    ModelPackage.gen_response_object = with_missing_fields(ModelPackage.gen_response_object)
    ModelPackage.remove_customer_metadata_property = tolerating_missing_metadata(ModelPackage.remove_customer_metadata_property)
    SageMakerResponse.update_model_package = update_model_package(SageMakerResponse.update_model_package)
    SageMakerResponse.create_model_package = create_model_package(SageMakerResponse.create_model_package)
