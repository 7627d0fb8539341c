//! Compares approved bytes with those that were found.

use std::collections::BTreeSet;

use endpoint_test::Comparison;
use model_registry::{ModelPackage, PackageContainer};
use stack_rollout::preflight::{ArtifactState, ObjectState, PrefixState};

use crate::manifest::{ApprovedArtifact, ApprovedContainer, ApprovedImage, DigestSource};

/// The name of an artifact in messages.
pub(super) fn artifact_name(uri: &str, is_prefix: bool) -> String {
    if is_prefix { format!("the objects below `{uri}`") } else { format!("the object `{uri}`") }
}

/// Compares an artifact with what S3 returns about it now.
pub(super) fn artifact(approved: &ApprovedArtifact, now: &ArtifactState) -> Comparison {
    let what = artifact_name(&approved.uri, approved.prefix);
    if let Some(why) = &approved.not_known {
        return not_recorded(what, why);
    }
    match now {
        ArtifactState::Object(now) => object(what, approved, now),
        ArtifactState::Prefix(now) => prefix(what, approved, now),
    }
}

/// The comparison with something that the release does not record.
pub(super) fn not_recorded(what: String, why: &str) -> Comparison {
    Comparison::NotKnown { what, why: format!("it was not known when the release was built: {why}"), call: None }
}

/// The SHA-256 decides if both have one, because the same bytes can be written twice. Otherwise the
/// version decides, and then the ETag: S3 gives every write its own version, and other bytes another
/// ETag.
fn object(what: String, approved: &ApprovedArtifact, now: &ObjectState) -> Comparison {
    let then = ObjectState {
        etag: approved.etag.clone(),
        version_id: approved.version_id.clone(),
        sha256: approved.sha256.clone(),
        size: approved.size,
    };
    let same = |left: &Option<String>, right: &Option<String>| left.as_ref().zip(right.as_ref()).map(|(left, right)| left == right);
    let is_other_size = then.size.zip(now.size).is_some_and(|(then, now)| then != now);
    let is_same = match (same(&then.sha256, &now.sha256), same(&then.version_id, &now.version_id)) {
        _ if is_other_size => Some(false),
        // Checksums of uploads in parts depend on the parts.
        (Some(is_same), _) if is_same || !is_composite(&then) && !is_composite(now) => Some(is_same),
        (_, Some(true)) => Some(true),
        _ => same(&then.etag, &now.etag),
    };
    match is_same {
        Some(true) => Comparison::Same,
        Some(false) => Comparison::Differs { what, expected: shown_object(&then), actual: shown_object(now) },
        None => Comparison::NotKnown { what, why: "S3 returned neither its checksum nor its ETag".to_owned(), call: None },
    }
}

fn is_composite(state: &ObjectState) -> bool {
    state.sha256.as_ref().is_some_and(|checksum| checksum.contains('-'))
}

fn prefix(what: String, approved: &ApprovedArtifact, now: &PrefixState) -> Comparison {
    let then = PrefixState {
        digest: approved.listing.clone(),
        objects: approved.objects.unwrap_or_default(),
        size: approved.size.unwrap_or_default(),
    };
    match (&then.digest, &now.digest) {
        (Some(expected), Some(actual)) if expected == actual => Comparison::Same,
        (Some(_), Some(_)) => Comparison::Differs { what, expected: shown_prefix(&then), actual: shown_prefix(now) },
        (Some(_), None) => {
            Comparison::Differs { what, expected: shown_prefix(&then), actual: format!("more than {} objects", now.objects) }
        }
        (None, _) => Comparison::NotKnown { what, why: "there were too many objects to list".to_owned(), call: None },
    }
}

fn shown_object(state: &ObjectState) -> String {
    let parts = [
        state.etag.as_ref().map(|etag| format!("ETag {etag}")),
        state.version_id.as_ref().map(|version| format!("version {version}")),
        state.sha256.as_ref().map(|checksum| format!("SHA-256 {checksum}")),
        state.size.map(|size| format!("{size} bytes")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn shown_prefix(state: &PrefixState) -> String {
    let digest = state.digest.as_deref().unwrap_or("no digest");
    format!("{} objects of {} bytes, listing {digest}", state.objects, state.size)
}

/// Compares an image with the digest that its name means now.
pub(super) fn image(approved: &ApprovedImage, now: Option<&str>) -> Comparison {
    let what = format!("the image `{}`", approved.name);
    match (&approved.digest, now) {
        (Some(expected), Some(actual)) if expected == actual => Comparison::Same,
        (Some(expected), Some(actual)) => Comparison::Differs { what, expected: expected.clone(), actual: actual.to_owned() },
        // A name with a digest always means the same image.
        (Some(_), None) if approved.digest_from == Some(DigestSource::Uri) => Comparison::Same,
        (Some(_), None) => Comparison::NotKnown { what, why: "Amazon ECR did not return its digest".to_owned(), call: None },
        (None, _) => not_recorded(what, approved.not_known.as_deref().unwrap_or("no reason is recorded")),
    }
}

/// Compares the containers of a release with what the registry returns about the model package now.
pub fn package_changes(approved: &[ApprovedContainer], package: &ModelPackage) -> Vec<Comparison> {
    let arn = &package.arn;
    if package.containers.is_empty() && !approved.is_empty() {
        let why = "the registry returned no containers".to_owned();
        return vec![Comparison::NotKnown { what: format!("the model package `{arn}`"), why, call: None }];
    }
    if approved.len() != package.containers.len() {
        let count = |count: usize| format!("{count} containers");
        let what = format!("the number of containers of the model package `{arn}`");
        return vec![Comparison::Differs { what, expected: count(approved.len()), actual: count(package.containers.len()) }];
    }
    let changes = approved.iter().zip(&package.containers).enumerate();
    changes.flat_map(|(index, (approved, now))| container_changes(index, approved, now, arn.as_str())).collect()
}

fn container_changes(index: usize, approved: &ApprovedContainer, now: &PackageContainer, arn: &str) -> Vec<Comparison> {
    let place = match &approved.name {
        Some(name) => format!("of container `{name}` of the model package `{arn}`"),
        None => format!("of container {} of the model package `{arn}`", index + 1),
    };
    let mut found = Vec::new();
    let mut differs = |what: String, expected: String, actual: String| found.push(Comparison::Differs { what, expected, actual });
    let none = || "none".to_owned();
    let image = approved.image.as_ref();
    if image.map(|image| &image.name) != now.image.as_ref() {
        let expected = image.map_or_else(none, |image| image.name.clone());
        differs(format!("the image {place}"), expected, now.image.clone().unwrap_or_else(none));
    } else if let Some(ApprovedImage { digest: Some(digest), digest_from: Some(DigestSource::Registry), .. }) = image
        && now.image_digest.as_ref() != Some(digest)
    {
        differs(format!("the image digest {place}"), digest.clone(), now.image_digest.clone().unwrap_or_else(none));
    }
    let uris = |uris: Vec<&str>| if uris.is_empty() { none() } else { uris.join(", ") };
    let expected: Vec<&str> = approved.artifacts.iter().map(|artifact| artifact.uri.as_str()).collect();
    let actual: Vec<&str> = now.artifacts.iter().map(|artifact| artifact.uri.as_str()).collect();
    if expected == actual {
        for (approved, now) in approved.artifacts.iter().zip(&now.artifacts) {
            if let (Some(expected), Some(actual)) = (&approved.registered_etag, &now.etag)
                && expected != actual
            {
                differs(format!("the ETag of `{}` {place}", approved.uri), expected.clone(), actual.clone());
            }
        }
    } else {
        differs(format!("the model data {place}"), uris(expected), uris(actual));
    }
    let names: BTreeSet<&String> = approved.environment.keys().chain(now.environment.keys()).collect();
    for name in names {
        let state = |digest: Option<&String>| digest.cloned().unwrap_or_else(|| "not set".to_owned());
        let (expected, actual) = (approved.environment.get(name), now.environment.get(name));
        if expected != actual {
            differs(format!("the environment variable `{name}` {place}"), state(expected), state(actual));
        }
    }
    found
}
