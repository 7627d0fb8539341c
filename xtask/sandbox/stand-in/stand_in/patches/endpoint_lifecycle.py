"""Endpoints that are not always InService, that are updated, and that silently stay as they were."""

from moto.core.responses import ActionResult
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from stand_in import endpoints
from stand_in.endpoint_update import find, update

PURPOSE = "UpdateEndpoint exists; statuses can be scripted; an update can silently come to nothing"


def update_endpoint(self):
    endpoint = find(self.sagemaker_backend, self._get_param("EndpointName"))
    update(self.sagemaker_backend, endpoint, self._get_param("EndpointConfigName"))
    return ActionResult({"EndpointArn": endpoint.arn})


def apply():
    describe_endpoint, list_endpoints = SageMakerModelBackend.describe_endpoint, SageMakerModelBackend.list_endpoints

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

    SageMakerModelBackend.describe_endpoint = describe
    SageMakerModelBackend.list_endpoints = show
    SageMakerResponse.update_endpoint = update_endpoint
