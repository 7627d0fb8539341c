"""Shadow variants, and numbers that are strings in templates."""

from moto.sagemaker.models import FakeEndpointConfig, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

PURPOSE = "shadow variants are stored and shown; a template's numbers can be strings, as in AWS"

SHADOW = "ShadowProductionVariants"
NUMBERS = {
    "ContainerStartupHealthCheckTimeoutInSeconds",
    "InitialInstanceCount",
    "InitialSamplingPercentage",
    "InitialVariantWeight",
    "MaxConcurrency",
    "MaxConcurrentInvocationsPerInstance",
    "MemorySizeInMB",
    "ModelDataDownloadTimeoutInSeconds",
    "ProvisionedConcurrency",
    "VolumeSizeInGB",
}


def with_numbers(value, name=None):
    if isinstance(value, dict):
        return {key: with_numbers(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [with_numbers(item) for item in value]
    if name in NUMBERS and isinstance(value, str):
        return float(value) if "." in value else int(value)
    return value


def apply():
    from_template = FakeEndpointConfig.create_from_cloudformation_json.__func__
    create_endpoint_config, create_endpoint = SageMakerResponse.create_endpoint_config, SageMakerModelBackend.create_endpoint

    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **named):
        properties = with_numbers(cloudformation_json["Properties"])
        config = from_template(cls, resource_name, {**cloudformation_json, "Properties": properties}, account_id, region_name, **named)
        config.shadow_production_variants = properties.get(SHADOW)
        return config

    def create_config(self):
        result = create_endpoint_config(self)
        config = self.sagemaker_backend.endpoint_configs[self._get_param("EndpointConfigName")]
        config.shadow_production_variants = self._get_param(SHADOW)
        return result

    def create(self, endpoint_name, endpoint_config_name, tags):
        endpoint = create_endpoint(self, endpoint_name, endpoint_config_name, tags)
        variants = getattr(self.endpoint_configs[endpoint_config_name], "shadow_production_variants", None)
        endpoint.shadow_production_variants = endpoint._process_production_variants(variants) if variants else None
        return endpoint

    FakeEndpointConfig.create_from_cloudformation_json = classmethod(create_from_cloudformation_json)
    SageMakerResponse.create_endpoint_config = create_config
    SageMakerModelBackend.create_endpoint = create
