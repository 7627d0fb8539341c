"""Data capture without a configuration."""

from moto.sagemaker.responses import SageMakerResponse

PURPOSE = "DescribeEndpoint and DescribeEndpointConfig omit DataCaptureConfig if none is set"

OPTIONAL = ("DataCaptureConfig", "AsyncInferenceConfig")


def without_empty(describe):
    def described(self):
        result = describe(self)
        for name in OPTIONAL:
            if not result.result.get(name):
                result.result.pop(name, None)
        return result

    return described


def apply():
    SageMakerResponse.describe_endpoint = without_empty(SageMakerResponse.describe_endpoint)
    SageMakerResponse.describe_endpoint_config = without_empty(SageMakerResponse.describe_endpoint_config)
