//! The commands of the matrix, each where it has something to do.

use crate::cloud::Cloud;
use crate::project::Project;
use crate::{doctor, release_checks};

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
    pub(super) prepare: fn() -> (Cloud, Project),
}

impl Scene {
    fn reading(arguments: &'static [&'static str], prepare: fn() -> (Cloud, Project)) -> Self {
        Self { arguments, code: 0, changes: false, outputs: &[], waits: false, prepare }
    }

    fn changing(arguments: &'static [&'static str], prepare: fn() -> (Cloud, Project)) -> Self {
        Self { changes: true, ..Self::reading(arguments, prepare) }
    }
}

fn registered() -> (Cloud, Project) {
    let cloud = Cloud::new();
    cloud.register(5);
    let project = cloud.project();
    (cloud, project)
}

/// An earlier release is in the folder, and another package is the newest.
fn built() -> (Cloud, Project) {
    let (cloud, project) = registered();
    project.run(["build"]).ends_with(0);
    (cloud, project)
}

/// The release can be deployed to staging.
fn deployable() -> (Cloud, Project) {
    let (cloud, project) = built();
    cloud.prepare("staging", "222222222222");
    (cloud, project)
}

/// The release is deployed to staging by the program.
fn deployed() -> (Cloud, Project) {
    let (cloud, project) = deployable();
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    (cloud, project)
}

/// A stack instance is no target of the release.
fn orphaned() -> (Cloud, Project) {
    let (cloud, mut project) = deployed();
    project.set("STAGING_ACCOUNT_LIST", "444444444444");
    project.run(["build"]).ends_with(0);
    (cloud, project)
}

pub(super) fn setup() -> Scene {
    Scene::changing(&["setup"], || {
        let cloud = Cloud::new();
        let project = cloud.project();
        (cloud, project)
    })
}

pub(super) fn list() -> Scene {
    Scene::reading(&["registry", "list"], registered)
}

pub(super) fn resolve() -> Scene {
    Scene::reading(&["registry", "resolve"], registered)
}

pub(super) fn snapshot() -> Scene {
    let prepare = || {
        let (cloud, project) = registered();
        project.write("out/snapshot.json", "earlier\n");
        (cloud, project)
    };
    Scene { outputs: &["out"], ..Scene::changing(&["registry", "snapshot", "--out", "out/snapshot.json"], prepare) }
}

pub(super) fn package() -> Scene {
    let prepare = || {
        let cloud = Cloud::new();
        cloud.make_bucket("artifacts-of-the-team");
        let project = cloud.project();
        project.write("lambda.yml", "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./code\n");
        project.write("code/index.py", "def handler(event, context): return 1\n");
        project.write("out/t.yaml", "earlier\n");
        (cloud, project)
    };
    let arguments =
        &["package", "--template-file", "lambda.yml", "--s3-bucket", "artifacts-of-the-team", "--output-template-file", "out/t.yaml"];
    Scene { outputs: &["out"], ..Scene::changing(arguments, prepare) }
}

pub(super) fn build() -> Scene {
    Scene { outputs: &["target/deploy"], ..Scene::reading(&["build"], built) }
}

pub(super) fn doctor() -> Scene {
    Scene::reading(&["doctor"], || {
        let cloud = Cloud::new();
        let project = doctor::ready(&cloud);
        (cloud, project)
    })
}

pub(super) fn plan() -> Scene {
    Scene { outputs: &["target/deploy"], ..Scene::reading(&["plan", "--stage", "staging"], deployable) }
}

pub(super) fn status() -> Scene {
    Scene::reading(&["status", "--stage", "staging"], deployed)
}

pub(super) fn deploy() -> Scene {
    Scene { outputs: &["target/deploy"], waits: true, ..Scene::changing(&["deploy", "--stage", "staging"], deployable) }
}

pub(super) fn prune() -> Scene {
    Scene {
        outputs: &["target/deploy"],
        waits: true,
        ..Scene::changing(&["prune", "--stage", "staging", "--instance", "222222222222/us-east-1"], orphaned)
    }
}

pub(super) fn test_staging() -> Scene {
    Scene { outputs: &["target/deploy"], waits: true, ..Scene::reading(&["test-staging"], deployed) }
}

pub(super) fn check_release() -> Scene {
    Scene { outputs: &["target/deploy"], ..Scene::reading(&["check-release", "--stage", "prod"], release_checks::tested) }
}
