"""Names of SageMaker resources: those that a template gives, and those that CloudFormation makes up."""

from moto.cloudformation import parsing
from moto.sagemaker.models import FakeEndpoint, FakeEndpointConfig, Model

PURPOSE = "CloudFormation honours EndpointName, EndpointConfigName and ModelName, and makes up names that SageMaker accepts"
LONGEST = 63


def apply():
    for resource, name in ((FakeEndpoint, "EndpointName"), (FakeEndpointConfig, "EndpointConfigName"), (Model, "ModelName")):
        resource.cloudformation_name_type = staticmethod(lambda name=name: name)
    generate = parsing.generate_resource_name

    # Of a long name CloudFormation shortens the stack's part; the end, which makes it unique, stays.
    def generate_resource_name(resource_type, stack_name, logical_id):
        name = generate(resource_type, stack_name, logical_id)
        if not resource_type.startswith("AWS::SageMaker::") or len(name) <= LONGEST:
            return name
        end = name.removeprefix(stack_name)[-LONGEST + 1 :]
        return stack_name[: LONGEST - len(end)] + end

    parsing.generate_resource_name = generate_resource_name
