"""Moving an endpoint to another configuration: what UpdateEndpoint and a stack's update have in common."""

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


def update(backend, endpoint, config_name):
    """Refused while the endpoint is on its way; without effect when a silent rollback was asked for."""
    config = backend.describe_endpoint_config(config_name)
    key = (backend.account_id, backend.region_name, endpoint.endpoint_name)
    scripted = endpoints.status(key)
    if scripted and scripted[0] in IN_PROGRESS:
        raise ValidationError("Cannot update in-progress endpoint.")
    endpoint.last_modified_time = utcnow()
    if not endpoints.takes_update(key):
        return
    endpoint.endpoint_config_name = config_name
    endpoint.production_variants = endpoint._process_production_variants(config["ProductionVariants"])
    endpoint.data_capture_config = config["DataCaptureConfig"]
    shadow_variants = config.get("ShadowProductionVariants")
    endpoint.shadow_production_variants = endpoint._process_production_variants(shadow_variants) if shadow_variants else None
