"""Patches for the gaps of moto 5.2.1. A test can use plain moto or any selection of patches.

A patch is a module with `PURPOSE`, one line, and `apply()`, which changes moto's classes in this
process. Three patches handle requests elsewhere: `invocations` in invocations.py, `reachable` in
reachable.py and `json-refusals` in answers.py.
"""

from stand_in.patches import (
    alarms_and_scaling,
    api_constraints,
    change_sets,
    data_capture,
    deployed_images,
    endpoint_lifecycle,
    endpoint_shapes,
    instance_types,
    key_digests,
    model_properties,
    object_checksums,
    package_groups,
    package_updates,
    physical_names,
    replacement,
    signatures,
    ssm_parameters,
    stack_sets,
    template_functions,
)

MODULES = {
    "alarms-and-scaling": alarms_and_scaling,
    "api-constraints": api_constraints,
    "change-sets": change_sets,
    "data-capture": data_capture,
    "deployed-images": deployed_images,
    "endpoint-lifecycle": endpoint_lifecycle,
    "endpoint-shapes": endpoint_shapes,
    "instance-types": instance_types,
    "key-digests": key_digests,
    "model-properties": model_properties,
    "object-checksums": object_checksums,
    "package-groups": package_groups,
    "package-updates": package_updates,
    "physical-names": physical_names,
    "replacement": replacement,
    "signatures": signatures,
    "ssm-parameters": ssm_parameters,
    "stack-sets": stack_sets,
    "template-functions": template_functions,
}
REQUEST_PATCHES = {
    "invocations": "invocations reach a model server; unknown endpoints get AWS's error",
    "reachable": "artifacts of model packages, keys and stack set roles exist in every account, unless a test makes them missing; pipelines have a history",
    "json-refusals": "denied requests to JSON services get a JSON response",
}


def catalogue():
    purposes = {**{name: module.PURPOSE for name, module in MODULES.items()}, **REQUEST_PATCHES}
    return sorted(purposes.items())


def choose(unpatched, names):
    """The patches to apply, sorted: none, those named, or all."""
    known = [name for name, _ in catalogue()]
    if unpatched:
        return []
    if names is None:
        return known
    chosen = sorted({name.strip() for name in names.split(",") if name.strip()})
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise SystemExit(f"unknown patch {', '.join(unknown)}; valid are {', '.join(known)}")
    return chosen


def apply(names):
    for name in names:
        if name in MODULES:
            MODULES[name].apply()
