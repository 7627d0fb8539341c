"""Instance types that are newer than moto's list."""

import re

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpointConfig

PURPOSE = "every valid instance type name is accepted, not only those of 2020"


def validate_instance_type(self, instance_type):
    if not re.fullmatch(r"ml\.[a-z][a-z0-9-]*\.([0-9]*x)?(large|medium|metal)", instance_type):
        raise ValidationError(f"Value '{instance_type}' at 'instanceType' failed to satisfy constraint: Member must satisfy enum value set")


def apply():
    FakeEndpointConfig.validate_instance_type = validate_instance_type
