"""The work of `setup` and `build` as a team does it without this project: boto3, and then the AWS CLI.

It lists the approved model packages as the Python seed does, newest first and all pages, and takes
the first one; shares the group with the target accounts; merges each stage's parameters into its
file; and packages the template. It checks nothing, and writes no manifest.
"""

import json
import os
import subprocess
import sys

import boto3

GROUP = os.environ["SOURCE_MODEL_PACKAGE_GROUP_NAME"]
BUILD = sys.argv[1]
STAGES = {"staging": "STAGING", "prod": "PROD"}


def share(sagemaker, accounts):
    """The group's policy, overwritten on every run."""
    group = sagemaker.describe_model_package_group(ModelPackageGroupName=GROUP)["ModelPackageGroupArn"]
    resources = [group, group.replace(":model-package-group/", ":model-package/") + "/*"]
    statement = {
        "Sid": "TargetAccounts",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
        "Action": ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"],
        "Resource": resources,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sagemaker.put_model_package_group_policy(ModelPackageGroupName=GROUP, ResourcePolicy=policy)


def approved_package(sagemaker):
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        PaginationConfig={"PageSize": 100},
    )
    approved = [package for page in pages for package in page["ModelPackageSummaryList"]]
    return sagemaker.describe_model_package(ModelPackageName=approved[0]["ModelPackageArn"])


def write_stage(stage, prefix, package):
    with open(f"{stage}-config-template.json", encoding="utf-8") as file:
        parameters = {entry["ParameterKey"]: entry["ParameterValue"] for entry in json.load(file)}
    parameters |= {
        "SageMakerProjectName": os.environ["SAGEMAKER_PROJECT_NAME"],
        "SageMakerProjectId": os.environ["SAGEMAKER_PROJECT_ID"],
        "ModelPackageName": package["ModelPackageArn"],
        "ExecutionRoleName": os.environ[f"SAGEMAKER_EXECUTION_ROLE_{prefix}_NAME"],
        "EnvName": os.environ["ENV_NAME"],
        "EnvType": os.environ[f"ENV_TYPE_{prefix}_NAME"],
        "VolumeKmsKeyArn": os.environ["SAGEMAKER_EBS_KMS_KEY_ARN"],
    }
    entries = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    with open(f"{BUILD}/{stage}-config.json", "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=2)


def main():
    sagemaker = boto3.client("sagemaker")
    accounts = [account for prefix in STAGES.values() for account in os.environ[f"{prefix}_ACCOUNT_LIST"].split(",")]
    share(sagemaker, accounts)
    package = approved_package(sagemaker)
    os.makedirs(BUILD, exist_ok=True)
    for stage, prefix in STAGES.items():
        write_stage(stage, prefix, package)
    command = ["aws", "cloudformation", "package", "--template-file", "cfn-sm-endpoint-template.yml"]
    command += ["--s3-bucket", os.environ["ARTIFACT_BUCKET"], "--output-template-file", f"{BUILD}/cfn-sm-endpoint.yaml"]
    subprocess.run(command, check=True)


main()
