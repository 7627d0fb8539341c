//! `docs/permissions.md`, made from the table of calls and the table of roles.

use std::fmt::Write as _;

use crate::calls::{Place, Table};
use crate::roles::{Role, Roles};

pub(crate) const PATH: &str = "docs/permissions.md";

const BEGINNING: &str = "\
# Permissions

What each role needs, and no more. This page is made by a test (`xtask/tests/permissions`) from two sources: the calls that each command
makes, as a local AWS logs them while the end-to-end tests run ([commands.json](../pipeline/permissions/commands.json)), and a table of what
services of AWS do as a role, each with its reason, reviewed by hand ([roles.json](../pipeline/permissions/roles.json)). The same test holds
the roles of [`pipeline/`](../pipeline/) against both: a role that lacks an action, or holds one that is for nothing, fails it. The second
table follows AWS's documentation; it has not been tried against AWS by this project.

The templates are the policies: resources and conditions are there. Their names have the project's id in them, so that two projects of one
account do not reach each other's endpoints. In other partitions nothing has to be changed.

";

const END: &str = r#"## Rights of people and of other pipelines

`deploy`, `plan` and `prune` run as whoever calls them: a person who repairs something, or the role of a GitHub workflow. They need what the
table above says, in the data science account on the stage's stack set (`arn:aws:cloudformation:REGION:111111111111:stackset/sagemaker-PROJECT-ID-deploy-ENVTYPE:*`,
the same with `stackset-target`, and `arn:aws:cloudformation:*::type/resource/AWS-*`), besides `iam:PassRole` for the administration role with
the condition `iam:PassedToService` `cloudformation.amazonaws.com`; and in the targets, in the role that `--role-name` names, on the project's
endpoint, its models and configurations, and the stacks `StackSet-sagemaker-PROJECT-ID-deploy-ENVTYPE-*`. `OtherTesterRoleArn` of
`target-account.yml` lets such a role take the endpoint test role.

The preflight of `plan` and `deploy` takes the same role in each target as the tests do, without a session policy, and asks what follows. What
the role may not do is told as *not checked*, and stops nothing.

| action | in | tells whether |
|---|---|---|
| `ssm:GetParameters` | the target | the parameters that the template reads are there; values are not looked at |
| `sagemaker:DescribeModelPackage` | the target, and the group's policy | the model package can be used from there |
| `ecr:BatchGetImage` | the target, and the repository's policy | the image can be pulled: the first request of a pull |
| `s3:GetObject`, below a prefix `s3:ListBucket` | the target, and the bucket's policy | the artifact can be read (HEAD) |
| `kms:DescribeKey` | the target, and the key's policy | the key is enabled |
| `sagemaker:ListEndpoints`, `cloudformation:DescribeStackResources` | the target | the endpoint's name is free or ours |
| `servicequotas:ListServiceQuotas`, `ListAWSDefaultServiceQuotas`, `GetServiceQuota`, `GetAWSDefaultServiceQuota` | the target | the instances fit |
| `iam:GetRole` | the target, and the stack set's account | the stack set roles trust each other; asked only where there is no stack yet |

`doctor` asks the same of the targets of both stages, and whether the model execution role is there (`iam:GetRole`). It is for the person who
sets up, with a role in each target that may ask all of this: `ReadOnlyAccess` of AWS does in the data science account and, besides
`sts:AssumeRole` from there, in the targets. With the endpoint test role, which may ask endpoints alone, the rest is *not checked* and the exit
code is 3.

`plan` needs the reading actions only. `cloudformation:DeleteStackInstances`, for `prune`, is for people and not for a pipeline.

With `--record`, `deploy`, `test-staging` and `test-prod` also write the model package's life cycle. `sagemaker:UpdateModelPackage` is the right to
approve, too, in the same request; two statements keep the two apart:

```json
[
  {
    "Sid": "RecordTheLifeCycle",
    "Effect": "Allow",
    "Action": ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"],
    "Resource": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/*",
    "Condition": { "StringEquals": { "sagemaker:ModelLifeCycle:stage": ["Staging", "Production"] } }
  },
  { "Effect": "Deny", "Action": "sagemaker:UpdateModelPackage", "Resource": "*", "Condition": { "Null": { "sagemaker:ModelApprovalStatus": "false" } } }
]
```

A [release policy](files.md#the-release-policy) with limits of metrics lets `build` read them from their bucket: `MetricsBucketName` and
`MetricsKmsKeyArn` of the pipeline. `registry list`, `snapshot` and `resolve` call what `build` calls.

If IAM refuses `sagemaker:ListModelPackages` on the group, give that action a statement with the resource `*`. With
`ORGANIZATIONAL_UNIT_STAGING_ID` or `ORGANIZATIONAL_UNIT_PROD_ID`, AWS answers the build only in the organization's management account and in
a delegated administrator's.

## Who writes what in the artifact bucket

CodePipeline keeps an artifact at `PIPELINE/ARTIFACT/RANDOM`: the first 20 characters of the pipeline's name, the first 10 of the artifact's. Each
role of the pipeline writes below its own artifact only, and no test can write what a later action reads.

| prefix | written by | read by |
|---|---|---|
| `sagemaker-…/SourceArti/` | `SourceActionRole` | the build and the tests |
| `sagemaker-…/BuildArtif/`: the release | `BuildRole` | the deployments and the tests |
| `packaged/`: what a template names by a local path | `BuildRole` | CloudFormation |
| `sagemaker-…/TestStagin/`, `sagemaker-…/TestProdAr/` | `TestStagingRole`, `TestProdRole` | people |

`PipelineRole` can write below `sagemaker-…/` too: it is CodePipeline's alone and runs nothing of the repository. How CodePipeline names the objects was read
in AWS's documentation and in examples, and has not been tried against AWS by this project. If it named them otherwise, an action would fail with
`AccessDenied` for `s3:PutObject` and the key: change the prefix in its role (Sid `WriteArtifact`).

## In the Python seed's roles

The seed has one role for build, test and pipeline, and takes the model execution role for its tests. Its roles hold what `setup`, `build`
and `test-staging` call. They do not hold the actions of alarms, scaling and the volume key ([moving from the
seed](moving-from-the-python-seed.md)).

## What the data science account shares

A target account reaches four things of the data science account. `setup` shares the first; the others are shared by their own policies.

| what | its policy allows |
|---|---|
| the model package group | `setup` writes it: each target account may describe the group, and list, describe and create models from its packages |
| the bucket with the models | `s3:GetObject`, `s3:ListBucket` to the model execution roles |
| the key of these models | `kms:Decrypt` to the model execution roles |
| the repository of the image, unless it is one of AWS's own | `ecr:BatchCheckLayerAvailability`, `ecr:BatchGetImage`, `ecr:GetDownloadUrlForLayer` to the target accounts |
| the volume key, when it is this account's | `kms:DescribeKey` to the stack set execution roles, `kms:CreateGrant` with the condition `kms:GrantIsForAWSResource` |
"#;

pub(crate) fn text(roles: &Roles, table: &Table) -> String {
    let mut text = BEGINNING.to_owned();
    text.push_str("| role | account | taken by | template |\n|---|---|---|---|\n");
    for role in &roles.roles {
        let anchor = role.title.to_lowercase().replace('\'', "").replace(' ', "-");
        let (name, file) = (&role.id, role.template.rsplit('/').next().unwrap());
        let _ = writeln!(
            text,
            "| [{}](#{anchor}) | {} | {} | `{name}` in [`{file}`](../{}) |",
            role.title, role.account, role.taken_by, role.template
        );
    }
    text.push_str("\n## What each command calls\n\n`sts:GetCallerIdentity` needs no permission.\n\n");
    text.push_str("| command | in the data science account | in each target |\n|---|---|---|\n");
    for (command, places) in table {
        let list = |place: Place| places.get(&place).map(|actions| code(actions.iter())).unwrap_or_default();
        let _ = writeln!(text, "| `{command}` | {} | {} |", list(Place::DataScience), list(Place::Target));
    }
    text.push_str("\nCalls of one account are in both columns where the stages are deployed into the pipeline's own (`MULTI_ACCOUNT_DEPLOYMENT` `NO`).\n\n");
    for role in &roles.roles {
        section(&mut text, role, table);
    }
    text.push_str(END);
    text
}

fn section(text: &mut String, role: &Role, table: &Table) {
    let _ = writeln!(
        text,
        "## {}\n\n`{}` of [`{}`](../{}), in {}; taken by {}.\n",
        role.title,
        role.id,
        role.template.rsplit('/').next().unwrap(),
        role.template,
        place(role),
        role.taken_by
    );
    text.push_str("| action | for |\n|---|---|\n");
    let mut rows: Vec<(String, String)> = Vec::new();
    for (action, commands) in role.called(table) {
        rows.push((format!("`{action}`"), code(commands.iter())));
    }
    for entry in &role.for_aws {
        rows.push((code(entry.actions.iter()), format!("{}: {}", entry.by, entry.reason)));
    }
    for (actions, reason) in rows {
        let _ = writeln!(text, "| {actions} | {reason} |");
    }
    if !role.not_used.is_empty() {
        text.push_str("\nNot held:\n\n");
        for not_used in &role.not_used {
            let _ = writeln!(text, "- `{}`: {}", not_used.action, not_used.reason);
        }
    }
    text.push('\n');
}

fn place(role: &Role) -> &'static str {
    match role.place {
        Place::DataScience => "the data science account",
        Place::Target => "each target account",
    }
}

fn code<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
