"""Stack sets that deploy: updates change the stacks, accounts fail independently, results have reasons."""

import uuid

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, StackInstance, StackSet, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from stand_in import stack_rollback
from stand_in import stack_set_operations as operations
from stand_in.stack_set_operations import Refused

PURPOSE = "UpdateStackSet and UpdateStackInstances update the deployed stacks; a failing account does not stop the others"


class Instance(StackInstance):
    """A stack instance in one account and region. `stack` is None until a stack exists."""

    def __init__(self, stack_set, account, region):
        self.stack_set = stack_set
        self.account_id = account
        self.region_name = region
        self.overrides = {}
        self.stack = None
        self.reason = None
        self.outdated = False
        self.detailed = "PENDING"
        self.drift = "NOT_CHECKED"

    def deploy(self):
        """Updates the stack to the set's template and parameters, with this instance's overrides."""
        parameters = {**self.stack_set.parameters, **self.overrides}
        try:
            if self.stack is None or self.stack.status == "ROLLBACK_COMPLETE":
                self._create(parameters)
            else:
                self._update(parameters)
            self.reason, self.outdated = None, False
        except Exception as error:  # noqa: BLE001 - any error is the reason of this instance
            self.reason, self.outdated = getattr(error, "message", None) or repr(error), True
            raise

    def _create(self, parameters):
        backend = cloudformation_backends[self.account_id][self.region_name]
        if self.stack is not None:
            backend.stacks.pop(self.stack.stack_id, None)
        name = f"StackSet-{self.stack_set.name}-{uuid.uuid4()}"
        try:
            self.stack = backend.create_stack(name=name, template=self.stack_set.template, parameters=parameters)
        except Exception as error:
            # With invalid parameters there is no stack; with failed resources the stack is rolled
            # back and kept.
            self.stack = next((stack for stack in backend.stacks.values() if stack.name == name), None)
            if self.stack is not None:
                stack_rollback.roll_back(self.stack, "CREATE_FAILED", "ROLLBACK_COMPLETE", error, self.stack.resource_map.delete)
            raise

    def _update(self, parameters):
        stack = self.stack
        stack_rollback.refuse_unfinished(stack)
        template, template_dict, old_parameters = stack.template, stack.template_dict, stack.parameters
        try:
            stack.update(self.stack_set.template, parameters=parameters)
        except Exception as error:
            stack.template, stack.template_dict = template, template_dict
            restore = lambda: stack.resource_map.update(template_dict, old_parameters)
            stack_rollback.roll_back(stack, "UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", error, restore)
            raise

    def delete(self, retain=False):
        if self.stack is not None and not retain:
            cloudformation_backends[self.account_id][self.region_name].delete_stack(self.stack.name)

    def look_for_drift(self):
        drifted = (self.account_id, self.region_name) in operations.DRIFTED
        self.drift = "DRIFTED" if drifted else "IN_SYNC"

    def to_dict(self):
        suspended = self.account_id in operations.SUSPENDED
        described = {
            "StackSetId": self.stack_set.id,
            "Region": self.region_name,
            "Account": self.account_id,
            "Status": "INOPERABLE" if suspended else "OUTDATED" if self.outdated or self.stack is None else "CURRENT",
            "ParameterOverrides": [{"ParameterKey": key, "ParameterValue": value} for key, value in self.overrides.items()],
            "StackInstanceStatus": {"DetailedStatus": self.detailed},
            "DriftStatus": self.drift,
        }
        if self.stack is not None:
            described["StackId"] = self.stack.stack_id
        if suspended or self.reason:
            described["StatusReason"] = f"Account {self.account_id} is suspended" if suspended else self.reason
        return described


def chosen(stack_set, accounts, regions):
    """The instances that an update names; all if it names none."""
    return [
        instance
        for instance in stack_set.stack_instances
        if (not accounts or instance.account_id in accounts) and (not regions or instance.region_name in regions)
    ]


def as_overrides(parameters, previous):
    return {
        parameter["ParameterKey"]: previous.get(parameter["ParameterKey"], "")
        if parameter.get("UsePreviousValue")
        else parameter["ParameterValue"]
        for parameter in parameters
    }


def create_stack_instances(self, accounts, regions, deployment_targets, parameters):
    accounts = targeted(self, accounts, deployment_targets or {})
    instances = []
    for account in accounts:
        for region in regions:
            instance = next(iter(chosen(self, [account], [region])), None)
            if instance is not None and instance.stack is not None and not instance.reason:
                raise Refused("AlreadyExistsException", f"The instance in account {account}, region {region} already exists")
            instances.append(instance or Instance(self, account, region))
    operation_id = operations.start(self, "CREATE", instances, Instance.deploy)["OperationId"]
    for instance in instances:
        if instance not in self.stack_instances:
            self.stack_instances.append(instance)
        instance.overrides = as_overrides(parameters or [], instance.overrides)
    operations.advance(self)
    return operation_id


def targeted(stack_set, accounts, deployment_targets):
    """The accounts of a request: the listed ones, or with service-managed permissions those of its units, filtered."""
    units = deployment_targets.get("OrganizationalUnitIds", [])
    if stack_set.permission_model == "SERVICE_MANAGED" and not units:
        raise ValidationError(message="StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
    if stack_set.permission_model == "SELF_MANAGED" and units:
        raise ValidationError(message="StackSets with SELF_MANAGED permission model can only have accounts as target")
    listed = accounts or deployment_targets.get("Accounts", [])
    if not units:
        return listed
    members = accounts_of(stack_set.instances.org_backend, units)
    kind = deployment_targets.get("AccountFilterType", "NONE")
    if kind == "INTERSECTION":
        return [account for account in members if account in listed]
    if kind == "DIFFERENCE":
        return [account for account in members if account not in listed]
    if kind == "UNION":
        return members + [account for account in listed if account not in members]
    return members


def accounts_of(organization, units):
    """The active accounts below these units, at any depth, without the management account."""
    units, found = list(units), []
    for unit in units:
        units.extend(child.id for child in organization.ou if child.parent_id == unit and child.id not in units)
        found.extend(account for account in organization.accounts if account.parent_id == unit)
    return [account.id for account in found if account.status == "ACTIVE" and account.id != organization.org.master_account_id]


def update_stack_set(self, template, description, parameters, tags, admin_role, execution_role, accounts, regions, operation_id):
    instances = chosen(self, targeted(self, accounts, operations.request_fields(self).get("DeploymentTargets") or {}), regions)
    if accounts and not instances:
        raise Refused("StackInstanceNotFoundException", "the stack instance does not exist")
    operation = operations.start(self, "UPDATE", instances, Instance.deploy)
    self.template = template or self.template
    self.description = description if description is not None else self.description
    self.parameters = parameters or self.parameters
    self.tags = tags or self.tags
    self.administration_role_arn = admin_role or self.administration_role_arn
    self.execution_role_name = execution_role or self.execution_role_name
    for instance in self.stack_instances:
        instance.outdated = True
    operations.advance(self)
    return operation


def update_instances(self, accounts, regions, parameters):
    accounts = targeted(self, accounts, operations.request_fields(self).get("DeploymentTargets") or {})
    instances = chosen(self, accounts, regions)
    if len(instances) < len(accounts) * len(regions) or not instances:
        raise Refused("StackInstanceNotFoundException", "Stack instances do not exist in the accounts and regions of the request")
    operation = operations.start(self, "UPDATE", instances, Instance.deploy)
    # A list of overrides replaces the old one; an empty one, an empty string in the Query protocol,
    # removes all.
    if operations.request_fields(self).get("ParameterOverrides") is not None:
        for instance in instances:
            instance.overrides = as_overrides(parameters or [], instance.overrides)
    operations.advance(self)
    return operation


def delete_stack_instances(self, accounts, regions):
    parameters = operations.request_fields(self)
    instances = chosen(self, targeted(self, accounts, parameters.get("DeploymentTargets") or {}), regions)
    if not instances:
        raise Refused("StackInstanceNotFoundException", "Stack instances do not exist in the accounts and regions of the request")
    retain = str(parameters.get("RetainStacks", "false")).lower() == "true"

    def delete(instance):
        instance.delete(retain)
        self.stack_instances.remove(instance)

    operations.start(self, "DELETE", instances, delete)
    operations.advance(self)


def detect_stack_set_drift(self):
    stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
    operations.ask(stack_set, self)
    operation = operations.start(stack_set, "DETECT_DRIFT", list(stack_set.stack_instances), Instance.look_for_drift)
    operations.advance(stack_set)
    return ActionResult({"OperationId": operation["OperationId"]})


def list_stack_instances(self):
    target = {"Account": self._get_param("StackInstanceAccount"), "Region": self._get_param("StackInstanceRegion")}
    stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
    operations.advance(stack_set)
    instances = [instance.to_dict() for instance in stack_set.stack_instances]
    return page(self, [found for found in instances if all(value is None or found[key] == value for key, value in target.items())])


def list_stack_set_operations(self):
    stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
    operations.advance(stack_set)
    return page(self, list(reversed(stack_set.operations)))


def list_stack_set_operation_results(self):
    stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
    operations.advance(stack_set)
    return page(self, stack_set.get_operation(self._get_param("OperationId")).get("Results", []))


def page(response, summaries):
    """A page of a list with the requested size, at most 100 as in AWS."""
    begin = int(response._get_param("NextToken") or 0)
    end = begin + int(response._get_param("MaxResults") or 100)
    answer = {"Summaries": summaries[begin:end]}
    if end < len(summaries):
        answer["NextToken"] = str(end)
    return ActionResult(answer)


def get_operation(self, operation_id):
    operations.advance(self)
    for operation in self.operations:
        if operation["OperationId"] == operation_id:
            return operation
    raise Refused("OperationNotFoundException", f"Operation {operation_id} not found")


def stop_stack_set_operation(self, stackset_name, operation_id):
    operations.stop(self.describe_stack_set(stackset_name), operation_id)


def with_request_fields(method):
    """Stores what moto's handler does not pass on: preferences, the operation id, whether to retain stacks."""

    def handler(self):
        stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        operations.ask(stack_set, self)
        return method(self)

    return handler


def with_managed_execution(method, after):
    def handler(self):
        answer = method(self)
        active = (self._get_params().get("ManagedExecution") or {}).get("Active")
        if active is not None:
            after(self).managed = str(active).lower() == "true"
        return answer

    return handler


def with_size_limit(method):
    """Refuses a template body that is too long for a request, as in the API's model."""

    def handler(self):
        if len((self._get_param("TemplateBody") or "").encode()) > 51_200:
            raise ValidationError(
                message="1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                "Member must have length less than or equal to 51200"
            )
        return method(self)

    return handler


def named(response):
    return response.cloudformation_backend.describe_stack_set(response._get_param("StackSetName"))


def describe_stack_instance(self, stack_set_name, account_id, region):
    instance = next(iter(chosen(self.describe_stack_set(stack_set_name), [account_id], [region])), None)
    if instance is None:
        raise NotThere(f"Stack instance not found: {stack_set_name} in account {account_id}, region {region}")
    return instance.to_dict()


class NotThere(ValidationError):
    code = "StackInstanceNotFoundException"

    def __init__(self, message):
        super().__init__(message=message)


def apply():
    StackSet.create_stack_instances = create_stack_instances
    StackSet.delete_stack_instances = delete_stack_instances
    StackSet.update = update_stack_set
    StackSet.update_instances = update_instances
    StackSet.get_operation = get_operation
    StackSet.managed_execution = property(lambda self: {"Active": getattr(self, "managed", False)})
    CloudFormationBackend.describe_stack_instance = describe_stack_instance
    CloudFormationBackend.stop_stack_set_operation = stop_stack_set_operation
    for name in ("create_stack_instances", "update_stack_instances", "delete_stack_instances", "update_stack_set"):
        setattr(CloudFormationResponse, name, with_request_fields(getattr(CloudFormationResponse, name)))
    for name in ("create_stack_set", "update_stack_set"):
        setattr(CloudFormationResponse, name, with_managed_execution(getattr(CloudFormationResponse, name), named))
        setattr(CloudFormationResponse, name, with_size_limit(getattr(CloudFormationResponse, name)))
    CloudFormationResponse.continue_update_rollback = stack_rollback.continue_update_rollback
    CloudFormationResponse.detect_stack_set_drift = detect_stack_set_drift
    CloudFormationResponse.list_stack_instances = list_stack_instances
    CloudFormationResponse.list_stack_set_operations = list_stack_set_operations
    CloudFormationResponse.list_stack_set_operation_results = list_stack_set_operation_results
