//! Commands that read what others recorded, in a history in S3 or in the registry, or record there.

use super::Scene;
use crate::cloud::Cloud;
use crate::project::Project;
use crate::signing;

const HISTORY: &str = "s3://release-history/records";

/// Two releases of staging are recorded, both signed.
fn recorded(cloud: &Cloud) -> Project {
    let mut project = signing::with_an_alias(cloud);
    cloud.make_versioned_bucket("release-history");
    cloud.prepare("staging", "222222222222");
    project.set("RELEASE_HISTORY", HISTORY);
    project.set("SIGNING_KEY_ARN", signing::ALIAS);
    for version in ["8", "9"] {
        project.run(["build", "--model-package", version]).ends_with(0);
        project.run(["deploy", "--stage", "staging"]).ends_with(0);
    }
    project
}

pub(in crate::fault_matrix) fn history() -> Scene {
    Scene::reading(&["history", "--stage", "staging"], recorded)
}

pub(in crate::fault_matrix) fn verify() -> Scene {
    Scene::reading(&["verify", "--history", HISTORY], recorded)
}

/// Until it needs a confirmation: what it changes then is what `deploy` changes.
pub(in crate::fault_matrix) fn rollback() -> Scene {
    let only = &["GetObject", "ListObjects"];
    Scene { code: 2, outputs: &["target/deploy"], only, ..Scene::reading(&["rollback", "--stage", "staging"], recorded) }
}

/// The call that records a success. The others are those of `test-staging`.
pub(in crate::fault_matrix) fn test_prod() -> Scene {
    let arguments = &["test-prod", "--record", "--wait", "86400"];
    let prepare = |cloud: &Cloud| {
        let project = super::built(cloud);
        cloud.deploy(&project, "prod", "333333333333", &[]);
        project
    };
    Scene { outputs: &["target/deploy"], only: &["UpdateModelPackage"], ..Scene::changing(arguments, prepare) }
}
