//! The commands of the matrix, each where it has something to do.

mod recorded;

pub(super) use recorded::{history, rollback, test_prod, verify};

use crate::cloud::{Cloud, GROUP};
use crate::project::Project;
use crate::{
    approvals, binary_signing, doctor, failed_stacks, gates as release_policy, organization, release_checks, report as dossier, rollout,
    signing, stop as brake,
};

/// A command, and where it runs.
pub(super) struct Scene {
    pub(super) arguments: &'static [&'static str],
    /// The exit code without a fault.
    pub(super) code: i32,
    /// Whether a run changes what the next one finds.
    pub(super) changes: bool,
    /// Folders whose files must be unchanged after a failure.
    pub(super) outputs: &'static [&'static str],
    /// Whether it waits for AWS, and so tries again for a minute.
    pub(super) waits: bool,
    /// The actions that are tried, if the others are those of another scene.
    pub(super) only: &'static [&'static str],
    pub(super) prepare: fn(&Cloud) -> Project,
}

impl Scene {
    fn reading(arguments: &'static [&'static str], prepare: fn(&Cloud) -> Project) -> Self {
        Self { arguments, code: 0, changes: false, outputs: &[], waits: false, only: &[], prepare }
    }

    fn changing(arguments: &'static [&'static str], prepare: fn(&Cloud) -> Project) -> Self {
        Self { changes: true, ..Self::reading(arguments, prepare) }
    }
}

fn registered(cloud: &Cloud) -> Project {
    cloud.register(5);
    cloud.project()
}

/// A release is in the folder.
fn built(cloud: &Cloud) -> Project {
    let project = registered(cloud);
    project.run(["build"]).ends_with(0);
    project
}

/// The release can be deployed to staging.
fn deployable(cloud: &Cloud) -> Project {
    let project = built(cloud);
    cloud.prepare("staging", "222222222222");
    project
}

/// The release is deployed to staging by the program.
fn deployed(cloud: &Cloud) -> Project {
    let project = deployable(cloud);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    project
}

/// Another release is built than the one that is deployed to staging.
fn outdated(cloud: &Cloud) -> Project {
    let project = deployed(cloud);
    project.run(["build", "--model-package", "3"]).ends_with(0);
    project
}

/// A stack instance is no target of the release.
fn orphaned(cloud: &Cloud) -> Project {
    let mut project = deployed(cloud);
    project.set("STAGING_ACCOUNT_LIST", "444444444444");
    project.run(["build"]).ends_with(0);
    project
}

pub(super) fn setup() -> Scene {
    Scene::changing(&["setup"], Cloud::project)
}

/// The targets are the accounts of organizational units.
pub(super) fn units() -> Scene {
    Scene { code: 1, ..Scene::reading(&["setup", "--check"], organization::project) }
}

pub(super) fn list() -> Scene {
    Scene::reading(&["registry", "list"], registered)
}

pub(super) fn resolve() -> Scene {
    Scene::reading(&["registry", "resolve"], registered)
}

pub(super) fn snapshot() -> Scene {
    let prepare = |cloud: &Cloud| {
        let project = registered(cloud);
        project.write("out/snapshot.json", "earlier\n");
        project
    };
    Scene { outputs: &["out"], ..Scene::changing(&["registry", "snapshot", "--out", "out/snapshot.json"], prepare) }
}

pub(super) fn package() -> Scene {
    let prepare = |cloud: &Cloud| {
        cloud.make_bucket("artifacts");
        let project = cloud.project();
        project.write("lambda.yml", "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./code\n");
        project.write("code/index.py", "def handler(event, context): return 1\n");
        project.write("out/t.yaml", "earlier\n");
        project
    };
    let arguments = &["package", "--template-file", "lambda.yml", "--s3-bucket", "artifacts", "--output-template-file", "out/t.yaml"];
    Scene { outputs: &["out"], ..Scene::changing(arguments, prepare) }
}

pub(super) fn build() -> Scene {
    Scene { outputs: &["target/deploy"], ..Scene::reading(&["build"], built) }
}

/// A release policy has a gate for a metric.
pub(super) fn gates() -> Scene {
    Scene::reading(&["registry", "resolve", "--release-policy", "release-policy.json"], release_policy::with_a_metric)
}

pub(super) fn doctor() -> Scene {
    Scene::reading(&["doctor"], doctor::ready)
}

pub(super) fn plan() -> Scene {
    Scene { outputs: &["target/deploy"], ..Scene::reading(&["plan", "--stage", "staging"], deployable) }
}

/// The stack set exists and changes.
pub(super) fn plan_of_an_update() -> Scene {
    let arguments = &["plan", "--stage", "staging", "--detect-drift", "--wait", "86400"];
    Scene { outputs: &["target/deploy"], waits: true, ..Scene::reading(arguments, outdated) }
}

pub(super) fn status() -> Scene {
    Scene::reading(&["status", "--stage", "staging"], deployed)
}

pub(super) fn deploy() -> Scene {
    Scene { outputs: &["target/deploy"], waits: true, ..Scene::changing(&["deploy", "--stage", "staging", "--wait", "86400"], deployable) }
}

pub(super) fn prune() -> Scene {
    Scene {
        outputs: &["target/deploy"],
        waits: true,
        ..Scene::changing(&["prune", "--stage", "staging", "--instance", "222222222222/us-east-1", "--wait", "86400"], orphaned)
    }
}

pub(super) fn test_staging() -> Scene {
    Scene { outputs: &["target/deploy"], waits: true, ..Scene::reading(&["test-staging", "--wait", "86400"], deployed) }
}

pub(super) fn check_release() -> Scene {
    Scene { outputs: &["target/deploy"], ..Scene::reading(&["check-release", "--stage", "prod"], release_checks::tested_in) }
}

/// An operation is running.
pub(super) fn stop() -> Scene {
    Scene { waits: true, ..Scene::changing(&["stop", "--stage", "staging"], brake::running) }
}

pub(super) fn report() -> Scene {
    Scene { outputs: &["target/deploy", "target/dossier"], ..Scene::reading(&["report"], dossier::waiting_for_approval) }
}

/// The release policy pins a key.
pub(super) fn signed_binary() -> Scene {
    let arguments = &["sign-binary", binary_signing::BINARY, "--sign-with", signing::ALIAS];
    Scene { outputs: &["dist"], ..Scene::reading(arguments, binary_signing::with_an_alias) }
}

pub(super) fn signed_build() -> Scene {
    let arguments = &["build", "--sign-with", signing::ALIAS];
    Scene { outputs: &["target/deploy"], only: &["GetPublicKey", "Sign"], ..Scene::reading(arguments, signing::with_an_alias) }
}

/// The endpoints have alarms, which are read between waves.
pub(super) fn deploy_in_waves() -> Scene {
    let arguments = &["deploy", "--stage", "staging", "--waves", "1,rest", "--bake", "1", "--wait", "86400"];
    let prepare = |cloud: &Cloud| {
        let project = rollout::project(cloud, &rollout::ACCOUNTS[..2]);
        rollout::approve(cloud, 1);
        project.run(["build"]).ends_with(0);
        project
    };
    Scene { outputs: &["target/deploy"], waits: true, only: &["DescribeAlarms"], ..Scene::changing(arguments, prepare) }
}

/// The stack sets change in two regions, one with a model package of its own.
pub(super) fn deploy_an_update() -> Scene {
    let arguments = &["deploy", "--stage", "staging", "--no-preflight", "--wait", "86400"];
    let prepare = |cloud: &Cloud| {
        let project = rollout::project(cloud, &rollout::ACCOUNTS[..1]);
        for version in [1, 2] {
            rollout::approve(cloud, version);
            project.run(["build"]).ends_with(0);
            if version == 1 {
                project.run(rollout::DEPLOY).ends_with(0);
            }
        }
        project
    };
    let only = &["UpdateStackSet", "UpdateStackInstances"];
    Scene { outputs: &["target/deploy"], waits: true, only, ..Scene::changing(arguments, prepare) }
}

/// Writes a team's repository.
pub(super) fn new() -> Scene {
    let arguments = &["new", "repository", "--model-package-group", GROUP];
    Scene { outputs: &["repository", "repository/test"], ..Scene::changing(arguments, registered) }
}

/// All projects of the account.
pub(super) fn fleet() -> Scene {
    Scene::reading(&["status", "--all"], deployed)
}

/// The update of a stack was rolled back.
pub(super) fn status_of_a_failed_stack() -> Scene {
    let arguments = &["status", "--stage", "staging", "--accounts", "444444444444"];
    Scene { code: 1, only: &["DescribeStackEvents"], ..Scene::reading(arguments, failed_stacks::rolled_back) }
}

/// With a change set in each stack. A failure can leave one.
pub(super) fn exact_plan() -> Scene {
    let arguments = &["plan", "--stage", "staging", "--exact", "--no-preflight"];
    let only = &["CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet", "ListChangeSets"];
    Scene { outputs: &["target/deploy"], only, ..Scene::changing(arguments, outdated) }
}

/// A pipeline has the approval.
pub(super) fn check_approval() -> Scene {
    let arguments = &["check-release", "--stage", "prod", "--pipeline", approvals::PIPELINE];
    Scene { outputs: &["target/deploy"], only: &["ListActionExecutions"], ..Scene::reading(arguments, approvals::approved) }
}

/// An artifact is uploaded in parts.
pub(super) fn package_in_parts() -> Scene {
    let prepare = |cloud: &Cloud| {
        cloud.make_bucket("artifacts");
        let project = cloud.project();
        project.write("glue.yml", "Resources: {J: {Type: 'AWS::Glue::Job', Properties: {Command: {ScriptLocation: job.py}}}}\n");
        project.write("job.py", &"#".repeat((16 << 20) + 1));
        project.write("out/t.yaml", "earlier\n");
        project
    };
    let arguments = &["package", "--template-file", "glue.yml", "--s3-bucket", "artifacts", "--output-template-file", "out/t.yaml"];
    let only = &["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"];
    Scene { outputs: &["out"], only, ..Scene::changing(arguments, prepare) }
}

/// No account remains with which the group is shared.
pub(super) fn setup_alone() -> Scene {
    let prepare = |cloud: &Cloud| {
        let project = cloud.project();
        project.run(["setup"]).ends_with(0);
        project
    };
    let arguments = &["setup", "--multi-account-deployment", "NO"];
    Scene { only: &["DeleteModelPackageGroupPolicy"], ..Scene::changing(arguments, prepare) }
}
