//! Who registered and approved the model package, and when.

use model_registry::{Detail, ModelPackage};

use super::super::claim::Claim;
use super::super::document::People;
use super::super::evidence::Evidence;
use super::super::wording::line;
use super::MANIFEST;
use crate::Release;

pub(super) fn of(release: &Release, evidence: &Evidence) -> People {
    let manifest = &release.manifest.model_package;
    let found = evidence.registry.as_ref().map_err(Clone::clone);
    let found = found.and_then(|found| match &found.value.package {
        Ok(described) => Ok((&described.package, line(&found.from))),
        Err(why) => Err(why.clone()),
    });
    let (package, from) = match found {
        Ok(found) => found,
        Err(why) => return not_read(&line(&why), manifest),
    };
    let text = |value: Option<String>, missing: &str| match value {
        Some(value) => Claim::read_from_aws(line(&value), from.clone()),
        None if package.detail == Detail::Listed => Claim::not_known("the snapshot has no description of the model package"),
        None => Claim::not_known(missing),
    };
    let person = |person: &Option<model_registry::Person>| person.as_ref().and_then(|person| person.name().map(str::to_owned));
    People {
        approval_status: Claim::read_from_aws(line(package.approval_status.as_str()), from.clone()),
        registered_by: text(person(&package.created_by), "SageMaker does not report who registered it"),
        registered_at: Claim::read_from_aws(package.created.to_string(), from.clone()),
        approved_by: text(person(&package.last_modified_by), &unchanged(package, "who")),
        approved_at: text(package.last_modified.map(|time| time.to_string()), &unchanged(package, "when")),
        comment: text(package.approval_description.clone(), "the approver wrote no comment"),
        model_card: text(package.model_card_status.clone(), "the model package has no model card"),
    }
}

fn unchanged(package: &ModelPackage, what: &str) -> String {
    format!("SageMaker does not report {what} changed it last; its approval status is `{}`", line(package.approval_status.as_str()))
}

/// The manifest has the state at the time of the build.
fn not_read(why: &str, package: &crate::manifest::ModelPackage) -> People {
    let unknown = || Claim::not_known(why);
    People {
        approval_status: Claim::declared(line(&package.approval_status), format!("{MANIFEST}, at the time of the build")),
        registered_by: unknown(),
        registered_at: Claim::declared(line(&package.created), MANIFEST),
        approved_by: unknown(),
        approved_at: unknown(),
        comment: unknown(),
        model_card: unknown(),
    }
}
