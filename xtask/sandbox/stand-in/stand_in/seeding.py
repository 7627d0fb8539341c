"""Bulk seeding, for state that would take thousands of calls or that moto's API cannot create."""

import re
from datetime import datetime, timedelta, timezone

from moto.organizations import utils as organization_utils
from moto.organizations.models import FakeAccount, organizations_backends
from moto.sagemaker.models import ModelPackage, sagemaker_backends

from stand_in import stored_bytes
from stand_in.invalid import Invalid, account_id, fields

REGION = "us-east-1"
APPROVAL = {"approved": "Approved", "pending": "PendingManualApproval", "rejected": "Rejected"}
STATUSES = ("Pending", "InProgress", "Completed", "Failed", "Deleting")


def model_packages(body, with_etags):
    """Adds versions to a group, created if it is missing: counts, mixed evenly, or a list, oldest first. Returns the ARNs."""
    values = fields(
        body,
        required={"account": str, "group": str},
        optional={
            "region": str, "approved": int, "pending": int, "rejected": int, "packages": list, "first_created": str, "spacing_seconds": int,
        },
    )  # fmt: skip
    counts = {name: values.get(name, 0) for name in APPROVAL}
    packages = values.get("packages")
    if (packages is None) == (not any(counts.values())):
        raise Invalid("set either counts (approved, pending, rejected) or `packages`")
    if packages is None:
        packages = [{"approval_status": status} for status in spread(counts)]
    backend = sagemaker_backends[account_id(values["account"])][values.get("region", REGION)]
    group = values["group"]
    if group not in backend.model_package_groups:
        backend.create_model_package_group(group, "", [])
    created = time(values.get("first_created", "2026-01-01T00:00:00Z"))
    spacing = timedelta(seconds=values.get("spacing_seconds", 60))
    version = max((p.model_package_version for p in backend.model_packages.values() if p.model_package_group_name == group), default=0)
    arns = []
    for package in packages:
        version = add_package(backend, group, package, version, created, with_etags).model_package_version
        arns.append(f"arn:aws:sagemaker:{backend.region_name}:{backend.account_id}:model-package/{group.lower()}/{version}")
        created += spacing
    return {"arns": arns}


def spread(counts):
    """Approval statuses, oldest first, mixed evenly: 2 approved and 1 pending give a, p, a."""
    places = [((index + 0.5) / count, APPROVAL[name]) for name, count in counts.items() for index in range(count)]
    return [status for _, status in sorted(places)]


def add_package(backend, group, package, last_version, created, with_etags):
    values = fields(
        package,
        optional={
            "version": int, "approval_status": str, "status": str, "created": str, "images": list, "model_data": list, "description": str,
            "content_types": list, "instance_types": list, "metadata": dict, "metrics": dict, "life_cycle": dict, "created_by": dict,
            "last_modified_by": dict, "registration_type": str, "containers": list,
        },
    )  # fmt: skip
    version = values.get("version", last_version + 1)
    status = values.get("status", "Completed")
    if status not in STATUSES:
        raise Invalid(f"`{status}` is not a model package status; valid are {', '.join(STATUSES)}")
    if version <= last_version:
        raise Invalid(f"version {version} must be after version {last_version}: list the oldest first")
    registry = f"{backend.account_id}.dkr.ecr.{backend.region_name}.amazonaws.com"
    images = values.get("images", [f"{registry}/iris@sha256:{version:064x}"])
    model_data = values.get("model_data", [f"s3://iris-models-{backend.account_id}/{group}/{version}/model.tar.gz"])
    model_data = model_data + [None] * (len(images) - len(model_data))
    containers = [{"Image": image, **({"ModelDataUrl": url} if url else {})} for image, url in zip(images, model_data)]
    containers = values.get("containers", containers)
    if with_etags:
        containers = stored_bytes.with_etags(containers)
    made = ModelPackage(
        model_package_name=group,
        model_package_group_name=group,
        model_package_version=version,
        model_package_description=values.get("description"),
        inference_specification={
            "Containers": containers,
            "SupportedContentTypes": values.get("content_types", ["text/csv", "application/json"]),
            "SupportedResponseMIMETypes": ["text/csv", "application/json"],
            **({"SupportedRealtimeInferenceInstanceTypes": values["instance_types"]} if "instance_types" in values else {}),
        },
        source_algorithm_specification=None,
        validation_specification=None,
        certify_for_marketplace=False,
        model_approval_status=values.get("approval_status", "PendingManualApproval"),
        metadata_properties=None,
        model_metrics=values.get("metrics"),
        approval_description=None,
        customer_metadata_properties=values.get("metadata"),
        drift_check_baselines=None,
        domain=None,
        task=None,
        sample_payload_url=None,
        additional_inference_specifications=None,
        client_token=None,
        region_name=backend.region_name,
        account_id=backend.account_id,
        model_package_type="Versioned",
        tags=[],
    )
    made.creation_time = time(values["created"]) if "created" in values else created
    made.model_package_status = status
    for name, attribute in (("created_by", "created_by"), ("last_modified_by", "last_modified_by"), ("life_cycle", "model_life_cycle")):
        if name in values:
            setattr(made, attribute, values[name])
    made.model_package_registration_type = values.get("registration_type")
    backend.model_packages[made.arn] = made
    backend.model_package_name_mapping[group] = made.arn
    backend.model_package_name_mapping[made.arn] = made.arn
    return made


def set_environment(values):
    """Sets a variable of a deployed model's primary container, or of a container of a model package."""
    for backend in (backend for account in list(sagemaker_backends.values()) for backend in list(account.values())):
        package = backend.model_packages.get(values.get("package"))
        if package is not None:
            container = package.inference_specification["Containers"][values.get("container", 0)]
            container["Environment"] = {**(container.get("Environment") or {}), values["name"]: values["value"]}
            return
    model = sagemaker_backends[account_id(values.get("account", ""))][values.get("region", REGION)]._models.get(values.get("model"))
    if model is None:
        raise Invalid("there is no such model or model package")
    container = model.primary_container or model.containers[values.get("container", 0)]
    container["Environment"] = {**(container.get("Environment") or {}), values["name"]: values["value"]}


def time(text):
    try:
        parsed = datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    except ValueError as error:
        raise Invalid(f"`{text}` is not a time such as 2026-01-01T00:00:00Z") from error
    # moto stores UTC times without a time zone.
    return parsed.astimezone(timezone.utc).replace(tzinfo=None) if parsed.tzinfo else parsed


def organization(body):
    """Replaces the management account's organization by one with these units and accounts. Returns the units' ids."""
    values = fields(body, required={"management_account": str, "units": list})
    management = account_id(values["management_account"])
    backend = organizations_backends[management]["aws"]
    masters = organizations_backends.master_accounts
    for account, (master, _) in list(masters.items()):
        if master == management:
            del masters[account]
    backend._reset()
    backend.create_organization(REGION)
    ids = {}
    for unit in values["units"]:
        add_unit(backend, unit, backend.org.root_id, "", ids)
    return {"root": backend.org.root_id, "organization": backend.org.id, "units": ids}


def add_unit(backend, unit, parent, path, ids):
    values = fields(unit, required={"name": str}, optional={"id": str, "accounts": list, "units": list})
    made = backend.create_organizational_unit(Name=values["name"], ParentId=parent)["OrganizationalUnit"]
    unit_id = made["Id"]
    if "id" in values:
        next(known for known in backend.ou if known.id == unit_id).id = unit_id = values["id"]
    path = f"{path}/{values['name']}" if path else values["name"]
    ids[path] = unit_id
    for account in values.get("accounts", []):
        add_account(backend, account, unit_id)
    for child in values.get("units", []):
        add_unit(backend, child, unit_id, path, ids)


def add_account(backend, account, unit_id):
    values = fields(account, required={"id": str}, optional={"name": str, "status": str})
    seeded_id = account_id(values["id"])
    status = values.get("status", "ACTIVE")
    if status not in ("ACTIVE", "SUSPENDED", "PENDING_CLOSURE"):
        raise Invalid(f"`{status}` is not an account status; valid are ACTIVE, SUSPENDED, PENDING_CLOSURE")
    made = next((known for known in backend.accounts if known.id == seeded_id), None)
    if made is None:
        # moto generates the id and creates a role in that account, so the id must be set before.
        draw = organization_utils.make_random_account_id
        organization_utils.make_random_account_id = lambda: seeded_id
        try:
            made = FakeAccount(backend.org, AccountName=values.get("name", seeded_id), Email=f"{seeded_id}@example.com")
        finally:
            organization_utils.make_random_account_id = draw
        backend.accounts.append(made)
        organizations_backends.master_accounts[seeded_id] = (backend.account_id, backend.partition)
    made.parent_id = unit_id
    made.status = made.state = status
