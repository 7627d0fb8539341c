//! Compares what the preflight found in each target with what was approved. No further call is made:
//! the preflight's own checks return digests and ETags.

use std::fmt::Write as _;

use aws_names::Region;
use endpoint_test::Comparison;
use model_registry::snapshot::Snapshot;
use stack_rollout::preflight::{ArtifactState, Check, CheckOutcome, Found};

use super::{DIFFERS, DIFFERS_HINT, NOT_KNOWN, NOT_KNOWN_HINT, UNRECORDED, compare, package_changes};
use crate::Release;
use crate::manifest::ApprovedContainer;

/// Makes every check of an image, artifact or model package of the release a check of its bytes, too.
pub fn compare_checks(release: &Release, checks: &mut [Check]) {
    let blocks_unknown = release.manifest.blocks_unknown_bytes();
    for check in checks {
        let Some(region) = check.target.as_ref().map(|target| target.region.clone()) else { continue };
        if !is_of_package(release, check, &region) {
            continue;
        }
        let comparisons = match (&check.found, check.outcome) {
            (Some(found), _) => compared(release, check, found, &region),
            // The call was denied or failed: the check says so.
            (None, CheckOutcome::Unchecked) if blocks_unknown => {
                check.outcome = CheckOutcome::Failed;
                check.code.get_or_insert(NOT_KNOWN);
                continue;
            }
            (None, _) => continue,
        };
        let worst = |which: fn(&Comparison) -> bool| comparisons.iter().filter(move |found| which(found)).collect::<Vec<_>>();
        let differs = worst(|found| matches!(found, Comparison::Differs { .. }));
        let unknown = worst(|found| matches!(found, Comparison::NotKnown { .. }));
        if !differs.is_empty() {
            apply(check, CheckOutcome::Failed, DIFFERS, DIFFERS_HINT, &differs);
        } else if !unknown.is_empty() {
            let outcome = if blocks_unknown { CheckOutcome::Failed } else { CheckOutcome::Unchecked };
            apply(check, outcome, NOT_KNOWN, NOT_KNOWN_HINT, &unknown);
        }
    }
}

fn apply(check: &mut Check, outcome: CheckOutcome, code: &'static str, hint: &str, comparisons: &[&Comparison]) {
    check.outcome = outcome;
    check.code = Some(code);
    check.hint = Some(hint.to_owned());
    check.message = Some(comparisons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
    let mut detail = String::new();
    for comparison in comparisons {
        if let Comparison::Differs { expected, actual, .. } = comparison {
            let separator = if detail.is_empty() { "" } else { "; " };
            let _ = write!(detail, "{separator}approved: {expected}; found: {actual}");
        }
    }
    check.detail = Some(detail).filter(|detail| !detail.is_empty());
}

/// Whether a check is about the model package of the release, and not about something that the
/// template names.
fn is_of_package(release: &Release, check: &Check, region: &Region) -> bool {
    let package = &release.manifest.model_package;
    let (images, model_data) =
        package.regions.get(region).map_or((&package.images, &package.model_data), |regional| (&regional.images, &regional.model_data));
    let containers = package.containers_in(region).unwrap_or_default();
    match check.name {
        "image" => images.contains(&check.subject),
        "artifact" => model_data.contains(&check.subject) || artifacts(containers).any(|artifact| artifact.uri == check.subject),
        "model-package" => check.subject.eq_ignore_ascii_case(package.in_region(region).as_str()),
        _ => false,
    }
}

fn artifacts(containers: &[ApprovedContainer]) -> impl Iterator<Item = &crate::manifest::ApprovedArtifact> {
    containers.iter().flat_map(|container| &container.artifacts)
}

fn compared(release: &Release, check: &Check, found: &Found, region: &Region) -> Vec<Comparison> {
    let Some(containers) = release.manifest.model_package.containers_in(region) else {
        let what = match found {
            Found::Image(_) => format!("the image `{}`", check.subject),
            Found::Artifact(state) => compare::artifact_name(&check.subject, matches!(state, ArtifactState::Prefix(_))),
            // Its approval was checked.
            _ => return Vec::new(),
        };
        return vec![Comparison::NotKnown { what, why: UNRECORDED.to_owned(), call: None }];
    };
    match found {
        Found::Image(digest) => {
            let images = containers.iter().filter_map(|container| container.image.as_ref());
            images.filter(|image| image.name == check.subject).map(|image| compare::image(image, digest.as_deref())).collect()
        }
        Found::Artifact(state) => {
            let artifacts = artifacts(containers).filter(|artifact| artifact.uri == check.subject);
            artifacts.map(|artifact| compare::artifact(artifact, state)).collect()
        }
        Found::ModelPackage(description) => {
            let package = Snapshot::parse(&description.to_string()).ok().and_then(Snapshot::into_only);
            match package {
                Some(package) => package_changes(containers, &package),
                None => {
                    let what = format!("the model package `{}`", check.subject);
                    vec![Comparison::NotKnown { what, why: "the response of the registry is incomplete".to_owned(), call: None }]
                }
            }
        }
        _ => Vec::new(),
    }
}
