"""Endpoint statuses, updates, and updates that silently have no effect."""

from moto.core.responses import ActionResult
from moto.sagemaker.models import FakeEndpoint, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from stand_in import endpoints
from stand_in.endpoint_update import Retained, find, refuse_in_progress, update

PURPOSE = (
    "UpdateEndpoint exists and retains variant properties; UpdateEndpointWeightsAndCapacities changes only the named fields; "
    "statuses can be scripted; an update can silently have no effect; a stack's creation or update of an endpoint can fail"
)


def update_endpoint(self):
    endpoint = find(self.sagemaker_backend, self._get_param("EndpointName"))
    parameters = ("RetainAllVariantProperties", "ExcludeRetainedVariantProperties")
    retained = Retained({name: self._get_param(name) for name in parameters})
    update(self.sagemaker_backend, endpoint, self._get_param("EndpointConfigName"), retained)
    return ActionResult({"EndpointArn": endpoint.arn})


def apply():
    describe_endpoint, list_endpoints = SageMakerModelBackend.describe_endpoint, SageMakerModelBackend.list_endpoints
    change = SageMakerModelBackend.update_endpoint_weights_and_capacities

    create = FakeEndpoint.create_from_cloudformation_json.__func__

    def create_in_stack(cls, resource_name, cloudformation_json, account_id, region_name, **named):
        name = cloudformation_json["Properties"].get("EndpointName", resource_name)
        endpoints.check_failure((account_id, region_name, name))
        return create(cls, resource_name, cloudformation_json, account_id, region_name, **named)

    def key(backend, name):
        return (backend.account_id, backend.region_name, name)

    def describe(self, endpoint_name):
        described = dict(describe_endpoint(self, endpoint_name))
        described["EndpointStatus"], reason = endpoints.describe(key(self, endpoint_name)) or ("InService", None)
        if reason:
            described["FailureReason"] = reason
        return described

    def show(self, *arguments, **named):
        for endpoint in self.endpoints.values():
            endpoint.endpoint_status, _ = endpoints.status(key(self, endpoint.endpoint_name)) or ("InService", None)
        return list_endpoints(self, *arguments, **named)

    def change_named(self, endpoint_name, desired_weights_and_capacities):
        """moto removes fields that a request omits; AWS keeps them."""
        refuse_in_progress(self, endpoint_name)
        known = {variant["VariantName"]: variant for variant in find(self, endpoint_name).production_variants}
        fields = ("DesiredWeight", "DesiredInstanceCount")
        for desired in desired_weights_and_capacities:
            desired.update({field: known.get(desired.get("VariantName"), {}).get(field) for field in fields if field not in desired})
        arn = change(self, endpoint_name, desired_weights_and_capacities)
        for variant in known.values():
            for field in [field for field, value in variant.items() if value is None]:
                del variant[field]
        return arn

    FakeEndpoint.create_from_cloudformation_json = classmethod(create_in_stack)
    SageMakerModelBackend.describe_endpoint = describe
    SageMakerModelBackend.update_endpoint_weights_and_capacities = change_named
    SageMakerModelBackend.list_endpoints = show
    SageMakerResponse.update_endpoint = update_endpoint
