"""Template syntax that moto reads differently: AWS::NoValue in a list, and `!Condition`."""

from moto.cloudformation import parsing

PURPOSE = "AWS::NoValue removes an item from a list; `!Condition` refers to another condition"


def apply():
    clean_json, parse_condition = parsing.clean_json, parsing.parse_condition

    def clean(value, resources_map):
        cleaned = clean_json(value, resources_map)
        if not isinstance(value, list):
            return cleaned
        return [item for item, source in zip(cleaned, value) if item is not None or source is None]

    def parse(condition, resources_map, condition_map):
        return parse_condition(in_long_form(condition), resources_map, condition_map)

    # Both recurse by the module's name, so this works at every depth.
    parsing.clean_json = clean
    parsing.parse_condition = parse


def in_long_form(condition):
    """moto reads `!Condition X` as an unknown function."""
    if isinstance(condition, list):
        return [in_long_form(item) for item in condition]
    if isinstance(condition, dict):
        return {"Condition" if key == "Fn::Condition" else key: in_long_form(value) for key, value in condition.items()}
    return condition
