"""Stack updates with replacement: updates the references to a replaced resource, and deletes it last."""

from copy import deepcopy

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import ResourceMap, clean_json, parse_and_update_resource
from moto.sagemaker.models import FakeEndpoint, FakeEndpointConfig, Model, sagemaker_backends

from stand_in import endpoint_update, endpoints

PURPOSE = "a stack update changes every reference to a replaced resource, and deletes the replaced resource last, unless it is in use"


def apply():
    ResourceMap.update = update_resources
    for resource in (Model, FakeEndpointConfig):
        resource.update_from_cloudformation_json = classmethod(replace)
    FakeEndpoint.update_from_cloudformation_json = classmethod(update_endpoint)


def update_resources(self, template, parameters=None):
    """Replaces ResourceMap.update, which compares template texts and therefore misses changes through references."""
    old_resources = self._resource_json_map
    deployed = [name for name in old_resources if name in self._parsed_resources]
    before = {name: properties(self, old_resources[name]) for name in deployed}

    self._template = template
    if parameters:
        self.input_parameters = parameters
    self.load_mapping()
    self.load_parameters()
    self.load_conditions()
    self._resource_json_map = resources = template["Resources"]

    replaced = []
    for name in in_order(resources):
        if not is_active(self, resources[name]):
            continue
        if name not in deployed:
            _ = self[name]  # the lookup creates it
        elif properties(self, resources[name]) != before[name]:
            old = self._parsed_resources[name]
            new = parse_and_update_resource(name, resources[name], self, account_id=self._account_id, region_name=self._region_name)
            if new is not None and new is not old:
                self._parsed_resources[name] = new
                replaced.append(old)
    for name in reversed(in_order(old_resources)):
        if name in deployed and not (name in resources and is_active(self, resources[name])):
            self._delete_resource(self._parsed_resources.pop(name), old_resources[name])
    for old in reversed(replaced):
        retire(old, sagemaker_backends[self._account_id][self._region_name])


def properties(resource_map, resource):
    return deepcopy(clean_json(resource.get("Properties", {}), resource_map))


def is_active(resource_map, resource):
    condition = resource.get("Condition")
    return not condition or resource_map.lazy_condition_map[condition]


def in_order(resources):
    """Logical names in dependency order."""
    ordered = []

    def add(name, path=()):
        if name in ordered or name in path:
            return
        for other in references(resources[name]):
            if other in resources:
                add(other, (*path, name))
        ordered.append(name)

    for name in resources:
        add(name)
    return ordered


def references(value):
    """All logical names that a part of a template can refer to."""
    if isinstance(value, list):
        return [name for item in value for name in references(item)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, item in value.items():
        if key == "Ref":
            found.append(item)
        elif key == "Fn::GetAtt":
            found.append(item[0] if isinstance(item, list) else item.partition(".")[0])
        elif key == "DependsOn":
            found.extend([item] if isinstance(item, str) else item)
        elif key == "Fn::Sub":
            text = item if isinstance(item, str) else item[0]
            found.extend(part.partition("}")[0].partition(".")[0] for part in text.split("${")[1:])
            found.extend(references(item))
        else:
            found.extend(references(item))
    return found


def replace(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    """Creates the new resource; `retire` deletes the old one at the end of the update."""
    if new_resource_name == original_resource.physical_resource_id.rpartition("/")[2]:
        raise ValidationError(
            message="CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {new_resource_name} and update the stack again."
        )
    return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)


def update_endpoint(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    new_name = cloudformation_json["Properties"].get("EndpointName", original_resource.endpoint_name)
    if cls.cloudformation_name_type() == "EndpointName" and new_name != original_resource.endpoint_name:
        return cls.create_from_cloudformation_json(new_name, cloudformation_json, account_id, region_name)
    config = cloudformation_json["Properties"]["EndpointConfigName"]
    original_resource.tags = cloudformation_json["Properties"].get("Tags", [])
    # Changed tags alone do not update the endpoint: they must not consume a scripted silent
    # rollback.
    if config != original_resource.endpoint_config_name:
        endpoints.check_failure((account_id, region_name, original_resource.endpoint_name))
        retained = endpoint_update.Retained(cloudformation_json["Properties"])
        endpoint_update.update(sagemaker_backends[account_id][region_name], original_resource, config, retained)
    return original_resource


def retire(old, backend):
    """Deletes a replaced resource unless it is in use, such as by an endpoint with a silent rollback."""
    if isinstance(old, FakeEndpoint):
        backend.endpoints.pop(old.endpoint_name, None)
    elif isinstance(old, FakeEndpointConfig):
        if all(endpoint.endpoint_config_name != old.endpoint_config_name for endpoint in backend.endpoints.values()):
            backend.endpoint_configs.pop(old.endpoint_config_name, None)
    elif isinstance(old, Model):
        in_use = {variant["ModelName"] for config in backend.endpoint_configs.values() for variant in config.production_variants}
        if old.model_name not in in_use:
            backend._models.pop(old.model_name, None)
