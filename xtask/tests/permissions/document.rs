//! Generates `docs/permissions.md` from the tables of calls and roles.

use std::fmt::Write as _;

use crate::calls::{Place, Table};
use crate::roles::{Role, Roles};

pub(crate) const PATH: &str = "docs/permissions.md";

const BEGINNING: &str = "\
# Permissions

The permissions that each role needs. A test (`xtask/tests/permissions`) generates this page from two reviewed tables:
[commands.json](../pipeline/permissions/commands.json) lists the calls of each command, and
[roles.json](../pipeline/permissions/roles.json) lists the actions of AWS services with a role, each with its reason.

- The test compares `commands.json` with the source of every adapter that calls AWS, and with the calls that a local AWS logs during
  the end-to-end tests.
- It compares the roles in [`pipeline/`](../pipeline/) with both tables. A role that lacks an action fails the test, and so does a
  role with an action that nothing needs.
- `roles.json` follows the AWS documentation. This project has not verified it against AWS.

The templates contain the policies, with their resources and conditions. Resource names include the project id, so that two projects
in one account cannot access each other's endpoints. The templates work unchanged in other partitions.

";

const END: &str = r#"## Permissions of other callers and pipelines

`deploy`, `plan`, `report`, `status`, `stop` and `prune` use their caller's permissions: those of an operator, or of the role of a GitHub workflow. The caller needs the
actions in the table above.

- In the data science account: on the stage's stack set
  (`arn:aws:cloudformation:REGION:111111111111:stackset/sagemaker-PROJECT-ID-deploy-ENVTYPE:*`, the same with `stackset-target`, and
  `arn:aws:cloudformation:*::type/resource/AWS-*`). It also needs `iam:PassRole` on the administration role, with the condition
  `iam:PassedToService` `cloudformation.amazonaws.com`.
- In each target: in the role that `--role-name` names, on the project's endpoint, its models and endpoint configurations, and the
  stacks `StackSet-sagemaker-PROJECT-ID-deploy-ENVTYPE-*`. With `OtherTesterRoleArn` of `target-account.yml`, the endpoint test role
  trusts this caller and has the permissions for `deploy`.

The preflight of `plan` and `deploy` assumes the same role in each target as the tests do, without a session policy. It calls the
actions below. If the role does not allow an action, the check is reported as *not checked*, and the rollout continues.

| action | in | checks whether |
|---|---|---|
| `ssm:GetParameters` | the target | the parameters that the template reads exist; values are not read |
| `sagemaker:DescribeModelPackage` | the target, and the group's policy | the model package can be used from there |
| `ecr:BatchGetImage` | the target, and the repository's policy | the image can be pulled (the first request of a pull) |
| `s3:GetObject`, below a prefix `s3:ListBucket` | the target, and the bucket's policy | the artifact can be read (HEAD) |
| `kms:DescribeKey` | the target, and the key's policy | the key is enabled |
| `cloudformation:DescribeStackEvents` | the target | CloudFormation accepts an update of the stack; checked only if the last operation failed there |
| `sagemaker:ListEndpoints`, `cloudformation:DescribeStackResources` | the target | the endpoint's name is free or belongs to this stack |
| `servicequotas:ListServiceQuotas`, `ListAWSDefaultServiceQuotas`, `GetServiceQuota`, `GetAWSDefaultServiceQuota` | the target | the instances fit |
| `iam:GetRole` | the target, and the stack set's account | the stack set roles trust each other; checked only if there is no stack yet |

`plan --exact` also creates, reads and deletes change sets in the targets, with the same role. This is optional: the roles of the
templates do not allow it, and a denied call leaves the computed plan as it is. To allow it, add a statement to the role in each target
with `cloudformation:CreateChangeSet`, `cloudformation:DescribeChangeSet`, `cloudformation:DeleteChangeSet` and
`cloudformation:ListChangeSets` on `arn:aws:cloudformation:*:*:stack/StackSet-sagemaker-PROJECT-ID-deploy-ENVTYPE-*`: the warning of
`plan` has it. CloudFormation reads the template's Systems Manager parameters, and a template in S3, with the permissions of the caller.
Nothing needs `cloudformation:ExecuteChangeSet`.

`doctor` runs the same checks in the targets of both stages, and checks whether the model execution role exists (`iam:GetRole`). It is
for the person who sets up the accounts, with a role in each target that allows these actions. AWS's `ReadOnlyAccess` is enough in the
data science account and, with a trust policy for that account, in the targets. Actions that the role does not allow are reported as
*not checked*, with exit code 3.

`status --all` reads the stack sets of all projects (`stackset/sagemaker-*:*`) and the newest versions of their model package groups. Its role in the targets is one for all projects, or one for each: [status](commands.md#the-status-of-all-projects).

`plan`, `report` and `status` need the read actions only. `cloudformation:DeleteStackInstances`, for `prune`, is for operators, not for a pipeline.

With `--record`, `deploy`, `test-staging` and `test-prod` also write the model package's life cycle. `sagemaker:UpdateModelPackage`
allows approval in the same request. Two statements separate the two:

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

A [release policy](files.md#the-release-policy) with metric limits makes `build` read the metrics from their bucket: set `MetricsBucketName` and
`MetricsKmsKeyArn` of the pipeline.

`build` records the digest of each image and the ETag, version and checksum of each model artifact, `check-release` compares them before
production, and the tests compare the artifacts after a deployment. All three call AWS as the role of the data science account that runs them, once
for each object and region: set `ModelBucketName` and `ImageRepositoryArn` of the pipeline, or of `github-actions-role.yml`. The preflight of
`plan` and `deploy` calls AWS as the test role of each target, with the requests that it makes anyway. What a role cannot read is *not known*: it is a
warning, or an error if the [release policy](files.md#the-release-policy) has `approved_bytes`. A checksum of an encrypted object also needs
`kms:Decrypt`; without it, the ETag and the version are compared.

If IAM refuses `sagemaker:ListModelPackages` on the group, give that action a statement with the resource `*`. With
`ORGANIZATIONAL_UNIT_STAGING_ID` or `ORGANIZATIONAL_UNIT_PROD_ID`, AWS Organizations accepts the build's calls only from the organization's
management account and from a delegated administrator account.

## Write access to the artifact bucket

CodePipeline stores an artifact at `PIPELINE/ARTIFACT/RANDOM`, with the first 20 characters of the pipeline's name and the first 10 of
the artifact's. Each role of the pipeline can only write its own artifact, and no test can write what a later action reads.

| prefix | written by | read by |
|---|---|---|
| `sagemaker-…/SourceArti/` | `SourceActionRole` | the build and the tests |
| `sagemaker-…/BuildArtif/`: the release | `BuildRole` | the deployments and the tests |
| `packaged/`: the template's local artifacts | `BuildRole` | CloudFormation |
| `sagemaker-…/TestStagin/` | `TestStagingRole` | the check before production, approvers |
| `sagemaker-…/PlanProdAr/`: the dossier and the plan | `PlanProdRole` | approvers |
| `dossiers/`: the dossier of each execution | `PlanProdRole` | approvers, with `ApproverPolicy` |
| `sagemaker-…/CheckRelea/`: the record of the approval | `CheckReleaseRole` | the tests of production |
| `sagemaker-…/TestProdAr/` | `TestProdRole` | approvers |

`PipelineRole` can also write below `sagemaker-…/`: only CodePipeline uses it, and it runs nothing of the repository. The names of the
objects are from AWS's documentation and examples; this project has not verified them in AWS. If they are different, an action fails
with `AccessDenied` for `s3:PutObject` and the key: change the prefix in its role (Sid `WriteArtifact`).

## In the Python seed's roles

The seed has one role for build, test and pipeline, and assumes the model execution role for its tests. Its roles allow the calls of `setup`,
`build` and `test-staging` with an ordinary endpoint. They do not allow the actions of alarms, scaling and the volume key
([moving from the seed](moving-from-the-python-seed.md)).

## Resources that the data science account shares

A target account uses these resources of the data science account. `setup` shares the first; the others are shared by their own policies.

| what | its policy allows |
|---|---|
| the model package group | `setup` writes it: each target account is allowed to describe the group, and to list, describe and create models from its packages |
| the bucket with the models | `s3:GetObject`, `s3:ListBucket` to the model execution roles |
| the key of these models | `kms:Decrypt` to the model execution roles |
| the repository of the image, unless it is an image of AWS | `ecr:BatchCheckLayerAvailability`, `ecr:BatchGetImage`, `ecr:GetDownloadUrlForLayer` to the target accounts |
| the volume key, if it is this account's | `kms:DescribeKey` to the stack set execution roles, `kms:CreateGrant` with the condition `kms:GrantIsForAWSResource` |
"#;

pub(crate) fn text(roles: &Roles, table: &Table) -> String {
    let mut text = BEGINNING.to_owned();
    text.push_str("| role | account | assumed by | template |\n|---|---|---|---|\n");
    for role in &roles.roles {
        let anchor = role.title.to_lowercase().replace('\'', "").replace(' ', "-");
        let (name, file) = (&role.id, role.template.rsplit('/').next().unwrap());
        let _ = writeln!(
            text,
            "| [{}](#{anchor}) | {} | {} | `{name}` in [`{file}`](../{}) |",
            role.title, role.account, role.taken_by, role.template
        );
    }
    text.push_str("\n## What each command can call\n\nEvery command that calls AWS also calls `sts:GetCallerIdentity`, which needs no permission.\n\n");
    text.push_str("| command | in the data science account | in each target |\n|---|---|---|\n");
    for (command, places) in table {
        let list = |place: Place| places.get(&place).map(|actions| code(actions.iter())).unwrap_or_default();
        let _ = writeln!(text, "| `{command}` | {} | {} |", list(Place::DataScience), list(Place::Target));
    }
    text.push_str("\nIf a stage is deployed into the data science account itself (`MULTI_ACCOUNT_DEPLOYMENT` `NO`), the calls of both columns are made there.\n\n");
    for role in &roles.roles {
        section(&mut text, role, table);
    }
    text.push_str(END);
    wrapped(&text)
}

/// The page with paragraphs and list items of at most 100 columns.
fn wrapped(page: &str) -> String {
    let mut text = String::new();
    let mut paragraph = String::new();
    let mut in_code = false;
    for line in page.lines().chain([""]) {
        let is_fence = line.starts_with("```");
        let stays = in_code || is_fence || line.is_empty() || line.starts_with(['|', '#']);
        if stays || line.starts_with("- ") {
            fill(&mut text, &std::mem::take(&mut paragraph));
        }
        in_code ^= is_fence;
        if stays {
            text.push_str(line);
            text.push('\n');
        } else {
            paragraph.push_str(line.trim());
            paragraph.push(' ');
        }
    }
    format!("{}\n", text.trim_end())
}

fn fill(text: &mut String, paragraph: &str) {
    let indent = if paragraph.starts_with("- ") { "  " } else { "" };
    let mut line = String::new();
    for word in paragraph.split_whitespace() {
        if !line.trim().is_empty() && line.chars().count() + word.chars().count() >= 100 {
            let _ = writeln!(text, "{}", line.trim_end());
            indent.clone_into(&mut line);
        }
        line.push_str(word);
        line.push(' ');
    }
    if !line.trim().is_empty() {
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn section(text: &mut String, role: &Role, table: &Table) {
    let _ = writeln!(
        text,
        "## {}\n\n`{}` in [`{}`](../{}), in {}; assumed by {}.\n",
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
        text.push_str("\nNot granted:\n\n");
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
