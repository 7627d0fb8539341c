"""The images that an endpoint's variants run."""

from moto.core.utils import utcnow
from moto.sagemaker.models import FakeEndpoint, sagemaker_backends

from stand_in import reachable, stored_bytes

PURPOSE = "DescribeEndpoint shows each variant's images, and the digests that their tags meant at the deployment"


def images(account, region, model_name):
    """The images of a model, in the order of its containers."""
    model = sagemaker_backends[account][region]._models.get(model_name)
    if model is None:
        return []
    found = []
    for container in [model.primary_container, *model.containers]:
        container = container or {}
        if container.get("Image"):
            found.append(container["Image"])
        package = next((package for package in reachable.packages() if package.arn == container.get("ModelPackageName")), None)
        for packaged in ((package and package.inference_specification) or {}).get("Containers", []):
            found.append(packaged["Image"])
    return found


def apply():
    process = FakeEndpoint._process_production_variants

    def with_images(self, production_variants):
        _, _, _, region, account, _ = self.arn.split(":", 5)
        variants = process(self, production_variants)
        for variant, configured in zip(variants, production_variants):
            found = images(account, region, configured.get("ModelName"))
            if found:
                variant["DeployedImages"] = [
                    {"SpecifiedImage": image, "ResolvedImage": stored_bytes.resolved(image), "ResolutionTime": utcnow()} for image in found
                ]
        return variants

    FakeEndpoint._process_production_variants = with_images
