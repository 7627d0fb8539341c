"""Change sets: what an update of a stack would change, with parameters and references resolved."""

from moto.cloudformation.models import Change, ChangeSet, CloudFormationBackend
from moto.cloudformation.parsing import ResourceMap

from stand_in.patches.replacement import in_order, is_active, properties

PURPOSE = "a change set for an update has the resources that change through parameters and references, and whether they are replaced"

REPLACED = ("AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig")


class NewResource:
    """A resource that the update would create: its name is not known yet."""

    def __init__(self, name):
        self.physical_resource_id = f"new-{name}"

    def get_cfn_attribute(self, attribute):
        return f"{self.physical_resource_id}-{attribute}"


def apply():
    ChangeSet.diff = diff
    create = CloudFormationBackend.create_change_set
    delete = CloudFormationBackend.delete_change_set

    # CloudFormation accepts the name and the ARN of a stack.
    def create_change_set(self, stack_name, *args, **kwargs):
        name = self.stacks[stack_name].name if stack_name in self.stacks else stack_name
        return create(self, name, *args, **kwargs)

    # Plain moto fails if there is none with this name.
    def delete_change_set(self, change_set_name):
        known = [*self.change_sets, *(change_set.change_set_name for change_set in self.change_sets.values())]
        if change_set_name in known:
            delete(self, change_set_name)

    CloudFormationBackend.create_change_set = create_change_set
    CloudFormationBackend.delete_change_set = delete_change_set


def diff(self):
    """Replaces ChangeSet.diff, which compares the texts of the templates."""
    old, template = self.stack.resource_map, self.template_dict
    new = ResourceMap(
        self.stack_id, self.stack_name, self.parameters, self.tags or {}, old._region_name, old._account_id, template, old.cross_stack_resources
    )
    new.load_mapping()
    new.load_parameters()
    new.load_conditions()
    resources, old_resources = template["Resources"], old._resource_json_map
    deployed = [name for name in old_resources if name in old._parsed_resources]
    changes = []
    for name in in_order(resources):
        if not is_active(new, resources[name]):
            continue
        kind = resources[name]["Type"]
        if name not in deployed:
            new._parsed_resources[name] = NewResource(name)
            changes.append(change("Add", name, kind))
            continue
        new._parsed_resources[name] = old._parsed_resources[name]
        before, after = properties(old, old_resources[name]), properties(new, resources[name])
        if before != after:
            renamed = kind == "AWS::SageMaker::Endpoint" and before.get("EndpointName") != after.get("EndpointName")
            replaced = kind in REPLACED or renamed
            if replaced:
                new._parsed_resources[name] = NewResource(name)
            changes.append(change("Modify", name, kind, "True" if replaced else "False"))
    for name in deployed:
        if not (name in resources and is_active(new, resources[name])):
            changes.append(change("Remove", name, old_resources[name]["Type"]))
    return changes


def change(action, name, kind, replacement=None):
    found = Change(action=action, logical_resource_id=name, resource_type=kind)
    found.replacement = replacement
    return found
