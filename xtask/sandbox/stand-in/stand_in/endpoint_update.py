"""Changes an endpoint's configuration, for UpdateEndpoint and stack updates."""

from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpoint

from stand_in import endpoints

IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


def find(backend, name):
    endpoint = backend.endpoints.get(name)
    if endpoint is None:
        arn = FakeEndpoint.arn_formatter(name, backend.account_id, backend.region_name)
        raise ValidationError(f"Could not find endpoint '{arn}'.")
    return endpoint


class Retained:
    """The variant properties that an update retains: values from scaling or UpdateEndpointWeightsAndCapacities."""

    # Each type of VariantProperty, with its fields in a described variant.
    FIELDS = {
        "DesiredInstanceCount": ("CurrentInstanceCount", "DesiredInstanceCount"),
        "DesiredWeight": ("CurrentWeight", "DesiredWeight"),
        "DataCaptureConfig": (),
    }

    def __init__(self, properties):
        """From an UpdateEndpoint request or an endpoint's template properties, whose booleans can be strings."""
        retains = str(properties.get("RetainAllVariantProperties") or False).lower() == "true"
        excluded = {item["VariantPropertyType"] for item in properties.get("ExcludeRetainedVariantProperties") or []}
        self.types = {name for name in self.FIELDS if retains and name not in excluded}

    def variants(self, before, after):
        """The new configuration's variants with retained values of the old ones. Serverless variants have no instances to retain."""
        known = {variant["VariantName"]: variant for variant in before}
        kept = [field for name in self.types for field in self.FIELDS[name]]
        for variant in after:
            old = known.get(variant["VariantName"], {})
            variant.update({field: old[field] for field in kept if field in old and field in variant})
        return after


def refuse_in_progress(backend, name):
    scripted = endpoints.status((backend.account_id, backend.region_name, name))
    if scripted and scripted[0] in IN_PROGRESS:
        raise ValidationError("Cannot update in-progress endpoint.")


def update(backend, endpoint, config_name, retained):
    """Fails while the endpoint is in progress; has no effect if a silent rollback is scripted."""
    config = backend.describe_endpoint_config(config_name)
    key = (backend.account_id, backend.region_name, endpoint.endpoint_name)
    refuse_in_progress(backend, endpoint.endpoint_name)
    endpoint.last_modified_time = utcnow()
    if not endpoints.takes_update(key):
        return
    endpoint.endpoint_config_name = config_name
    variants = endpoint._process_production_variants(config["ProductionVariants"])
    endpoint.production_variants = retained.variants(endpoint.production_variants, variants)
    if "DataCaptureConfig" not in retained.types:
        endpoint.data_capture_config = config["DataCaptureConfig"]
    shadow_variants = config.get("ShadowProductionVariants")
    endpoint.shadow_production_variants = endpoint._process_production_variants(shadow_variants) if shadow_variants else None
