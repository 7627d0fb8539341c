"""Names that a template gives to its SageMaker resources."""

from moto.sagemaker.models import FakeEndpoint, FakeEndpointConfig, Model

PURPOSE = "CloudFormation honours EndpointName, EndpointConfigName and ModelName"


def apply():
    for resource, name in ((FakeEndpoint, "EndpointName"), (FakeEndpointConfig, "EndpointConfigName"), (Model, "ModelName")):
        resource.cloudformation_name_type = staticmethod(lambda name=name: name)
