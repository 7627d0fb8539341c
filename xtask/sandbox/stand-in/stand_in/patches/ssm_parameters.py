"""Template parameters with values in Parameter Store."""

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack
from moto.cloudformation.parsing import ResourceMap
from moto.ssm.models import ssm_backends

PURPOSE = "an unknown SSM parameter is a 400, overridden defaults are not resolved, DescribeStacks shows key and resolved value"


def apply():
    parse, load_parameters = ResourceMap.parse_ssm_parameter, ResourceMap.load_parameters

    def parse_ssm_parameter(self, value, value_type):
        if ssm_backends[self._account_id][self._region_name].get_parameter(value) is None:
            message = f"Unable to fetch parameters [{value}] from parameter store for this account."
            raise ValidationError(message=message)
        return parse(self, value, value_type)

    def load_needed_parameters(self):
        whole = self._template
        declared = whole.get("Parameters") or {}
        needed = {
            name: {key: value for key, value in parameter.items() if key != "Default" or name not in self.input_parameters}
            for name, parameter in declared.items()
        }
        self._template = {**whole, "Parameters": needed}
        try:
            load_parameters(self)
        finally:
            self._template = whole

    ResourceMap.parse_ssm_parameter = parse_ssm_parameter
    ResourceMap.load_parameters = load_needed_parameters
    Stack.parameter_list = property(parameter_list)


def parameter_list(stack):
    """Each parameter as DescribeStacks shows it: its value, and the resolved value."""
    shown = []
    declared = stack.template_dict.get("Parameters") or {}
    for name, resolved in stack.resource_map.resolved_parameters.items():
        parameter = declared.get(name, {})
        hidden = name in stack.resource_map.no_echo_parameter_keys
        value = stack.resource_map.input_parameters.get(name, parameter.get("Default", ""))
        entry = {"ParameterKey": name, "ParameterValue": "****" if hidden else as_text(value)}
        if str(parameter.get("Type", "")).startswith("AWS::SSM::Parameter::"):
            entry["ResolvedValue"] = as_text(resolved)
        shown.append(entry)
    return shown


def as_text(value):
    return ",".join(str(part) for part in value) if isinstance(value, list) else str(value)
