"""Stack sets that deploy: updates reach the stacks, one account's failure is that account's, results say why."""

import uuid

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, StackInstance, StackSet, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

PURPOSE = "UpdateStackSet and UpdateStackInstances update the deployed stacks; a failing account does not stop the others"


class Instance(StackInstance):
    """A stack of the set in one account and region. `stack` is None as long as none could be made."""

    def __init__(self, stack_set, account, region):
        self.stack_set = stack_set
        self.account_id = account
        self.region_name = region
        self.overrides = {}
        self.stack = None
        self.reason = None
        self.outdated = False

    def deploy(self):
        """Brings the stack to the set's template and parameters, this instance's own parameters on top."""
        parameters = {**self.stack_set.parameters, **self.overrides}
        try:
            if self.stack is None or self.stack.status == "ROLLBACK_COMPLETE":
                self._create(parameters)
            else:
                self._update(parameters)
            self.reason, self.outdated = None, False
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason of this instance
            self.reason, self.outdated = getattr(error, "message", None) or repr(error), True

    def _create(self, parameters):
        backend = cloudformation_backends[self.account_id][self.region_name]
        if self.stack is not None:
            backend.stacks.pop(self.stack.stack_id, None)
        name = f"StackSet-{self.stack_set.name}-{uuid.uuid4()}"
        try:
            self.stack = backend.create_stack(name=name, template=self.stack_set.template, parameters=parameters)
        except Exception as error:
            # A stack whose parameters were refused was never made; one whose resources failed is rolled back and stays to be read.
            self.stack = next((stack for stack in backend.stacks.values() if stack.name == name), None)
            if self.stack is not None:
                roll_back(self.stack, "CREATE_FAILED", "ROLLBACK_COMPLETE", error, self.stack.resource_map.delete)
            raise

    def _update(self, parameters):
        stack = self.stack
        template, template_dict, old_parameters = stack.template, stack.template_dict, stack.parameters
        try:
            stack.update(self.stack_set.template, parameters=parameters)
        except Exception as error:
            stack.template, stack.template_dict = template, template_dict
            restore = lambda: stack.resource_map.update(template_dict, old_parameters)
            roll_back(stack, "UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", error, restore)
            raise

    def delete(self):
        if self.stack is not None:
            cloudformation_backends[self.account_id][self.region_name].delete_stack(self.stack.name)

    def result(self):
        result = {"Account": self.account_id, "Region": self.region_name, "Status": "FAILED" if self.reason else "SUCCEEDED"}
        if self.reason:
            result["StatusReason"] = self.reason
        return result

    def to_dict(self):
        described = {
            "StackSetId": self.stack_set.id,
            "Region": self.region_name,
            "Account": self.account_id,
            "Status": "OUTDATED" if self.outdated else "CURRENT",
            "ParameterOverrides": [{"ParameterKey": key, "ParameterValue": value} for key, value in self.overrides.items()],
            "StackInstanceStatus": {"DetailedStatus": "FAILED" if self.reason else "SUCCEEDED"},
        }
        if self.stack is not None:
            described["StackId"] = self.stack.stack_id
        if self.reason:
            described["StatusReason"] = self.reason
        return described


def roll_back(stack, failed, rolled_back, error, undo):
    stack._add_stack_event(failed, resource_status_reason=getattr(error, "message", None) or repr(error))
    try:
        undo()
    except Exception as further:  # noqa: BLE001 - the first error is the one to tell
        stack._add_stack_event("ROLLBACK_FAILED", resource_status_reason=repr(further))
    stack.status = rolled_back
    stack._add_stack_event(rolled_back)


def record(stack_set, action, instances, operation_id=None):
    """The operation, done at once as everything is in moto."""
    failed = any(instance.reason for instance in instances)
    operation = stack_set._create_operation(
        operation_id=operation_id or str(uuid.uuid4()), action=action, status="FAILED" if failed else "SUCCEEDED"
    )
    operation["Results"] = [instance.result() for instance in instances]
    return operation


def chosen(stack_set, accounts, regions):
    """The instances that an update names; all when it names none."""
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
    targets = deployment_targets or {}
    units = targets.get("OrganizationalUnitIds", [])
    if self.permission_model == "SERVICE_MANAGED" and not units:
        raise ValidationError(message="StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
    if self.permission_model == "SELF_MANAGED" and units:
        raise ValidationError(message="StackSets with SELF_MANAGED permission model can only have accounts as target")
    accounts = accounts_of(self.instances.org_backend, units) if units else (accounts or targets.get("Accounts", []))
    instances = []
    for account in accounts:
        for region in regions:
            instance = next(iter(chosen(self, [account], [region])), None)
            if instance is None:
                instance = Instance(self, account, region)
                self.stack_instances.append(instance)
            instance.overrides = as_overrides(parameters or [], instance.overrides)
            instance.deploy()
            instances.append(instance)
    return record(self, "CREATE", instances)["OperationId"]


def accounts_of(organization, units):
    """The active accounts below these units, at any depth, without the management account."""
    units, found = list(units), []
    for unit in units:
        units.extend(child.id for child in organization.ou if child.parent_id == unit and child.id not in units)
        found.extend(account for account in organization.accounts if account.parent_id == unit)
    return [account.id for account in found if account.status == "ACTIVE" and account.id != organization.org.master_account_id]


def update_stack_set(self, template, description, parameters, tags, admin_role, execution_role, accounts, regions, operation_id):
    self.template = template or self.template
    self.description = description if description is not None else self.description
    self.parameters = parameters or self.parameters
    self.tags = tags or self.tags
    self.administration_role_arn = admin_role or self.administration_role_arn
    self.execution_role_name = execution_role or self.execution_role_name
    instances = chosen(self, accounts, regions)
    for instance in self.stack_instances:
        instance.outdated = True
    for instance in instances:
        instance.deploy()
    return record(self, "UPDATE", instances, operation_id)


def update_instances(self, accounts, regions, parameters):
    instances = chosen(self, accounts, regions)
    if not instances:
        raise ValidationError(message="Stack instances do not exist in the accounts and regions of the request")
    for instance in instances:
        if parameters:
            instance.overrides = as_overrides(parameters, instance.overrides)
        instance.deploy()
    return record(self, "UPDATE", instances)


def list_stack_instances(self):
    wanted = {"Account": self._get_param("StackInstanceAccount"), "Region": self._get_param("StackInstanceRegion")}
    instances = self.cloudformation_backend.list_stack_instances(self._get_param("StackSetName"))
    return ActionResult(
        {"Summaries": [found for found in instances if all(value is None or found[key] == value for key, value in wanted.items())]}
    )


def list_stack_set_operation_results(self):
    operation = self.cloudformation_backend.list_stack_set_operation_results(
        self._get_param("StackSetName"), self._get_param("OperationId")
    )
    return ActionResult({"Summaries": operation.get("Results", [])})


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
    StackSet.update = update_stack_set
    StackSet.update_instances = update_instances
    CloudFormationBackend.describe_stack_instance = describe_stack_instance
    CloudFormationResponse.list_stack_instances = list_stack_instances
    CloudFormationResponse.list_stack_set_operation_results = list_stack_set_operation_results
