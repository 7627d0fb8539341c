"""Model properties that moto accepts but does not store."""

from moto.sagemaker.models import Model
from moto.sagemaker.responses import SageMakerResponse

PURPOSE = "a model's EnableNetworkIsolation is stored"


def apply():
    create_from_template, create_model = Model.create_from_cloudformation_json.__func__, SageMakerResponse.create_model

    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **named):
        model = create_from_template(cls, resource_name, cloudformation_json, account_id, region_name, **named)
        isolated = cloudformation_json["Properties"].get("EnableNetworkIsolation", False)
        # Parameter values are strings.
        model.enable_network_isolation = str(isolated).lower() == "true"
        return model

    def create(self):
        result = create_model(self)
        model = self.sagemaker_backend.describe_model(self._get_param("ModelName"))
        model.enable_network_isolation = bool(self._get_param("EnableNetworkIsolation"))
        return result

    Model.create_from_cloudformation_json = classmethod(create_from_cloudformation_json)
    SageMakerResponse.create_model = create
