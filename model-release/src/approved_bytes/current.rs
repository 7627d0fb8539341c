//! Reads the current bytes: each image and each artifact of a region once.

use std::collections::BTreeMap;

use aws_names::Region;
use endpoint_test::{Comparison, FailedCall};
use stack_rollout::Clock;
use stack_rollout::preflight::{ArtifactName, ArtifactReader, ArtifactState, ImageName, PreflightOptions, Presence};
use stack_rollout::{CallError, CallErrorKind};

use super::UNRECORDED;
use super::compare::{self, artifact_name};
use crate::manifest::{ApprovedContainer, ApprovedImage, DigestSource, Manifest};

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LookUp<T> {
    Found(T),
    Missing,
    /// Why it is not known, and the call that failed, if one did.
    NotKnown(String, Option<FailedCall>),
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Images that are named by a tag, and artifacts.
    All,
    /// Artifacts: the endpoints report their images themselves.
    Artifacts,
}

/// The current bytes in a region, of which each is read once.
#[derive(Debug)]
pub struct CurrentBytes<'a, A, C> {
    store: &'a A,
    options: &'a PreflightOptions<C>,
    images: BTreeMap<String, LookUp<Option<String>>>,
    artifacts: BTreeMap<(String, bool), LookUp<ArtifactState>>,
}

/// Compares the current bytes of a region with those of a release. `containers` are those of the
/// region; without any, nothing is known.
pub async fn current_comparisons<A: ArtifactReader>(
    manifest: &Manifest,
    region: &Region,
    containers: Option<&[ApprovedContainer]>,
    store: &A,
    scope: Scope,
) -> Vec<Comparison> {
    match containers {
        Some(containers) => CurrentBytes::new(store, &PreflightOptions::default()).compare(containers, scope).await,
        None => {
            let what = format!("each image and artifact of `{}`", manifest.model_package.in_region(region));
            vec![Comparison::NotKnown { what, why: UNRECORDED.to_owned(), call: None }]
        }
    }
}

impl<'a, A: ArtifactReader, C: Clock> CurrentBytes<'a, A, C> {
    /// The bytes in a store. The options set how often a failed call is made again.
    pub fn new(store: &'a A, options: &'a PreflightOptions<C>) -> Self {
        Self { store, options, images: BTreeMap::new(), artifacts: BTreeMap::new() }
    }

    /// Compares the containers of a release with the current bytes.
    pub async fn compare(&mut self, containers: &[ApprovedContainer], scope: Scope) -> Vec<Comparison> {
        let mut found = Vec::new();
        for container in containers {
            if let Some(image) = container.image.as_ref().filter(|_| scope == Scope::All) {
                found.push(self.compare_image(image).await);
            }
            for approved in &container.artifacts {
                let what = artifact_name(&approved.uri, approved.prefix);
                // Nothing can be compared: the call would be wasted.
                found.push(match &approved.not_known {
                    Some(why) => compare::not_recorded(what, why),
                    None => match self.artifact(&approved.uri, approved.prefix).await {
                        LookUp::Found(now) => compare::artifact(approved, &now),
                        LookUp::Missing => missing(what),
                        LookUp::NotKnown(why, call) => Comparison::NotKnown { what, why, call },
                    },
                });
            }
        }
        found
    }

    async fn compare_image(&mut self, approved: &ApprovedImage) -> Comparison {
        // A name with a digest always means the same image.
        if approved.digest_from == Some(DigestSource::Uri) {
            return Comparison::Same;
        }
        if approved.digest.is_none() {
            return compare::image(approved, None);
        }
        let what = format!("the image `{}`", approved.name);
        match self.image(&approved.name).await {
            LookUp::Found(now) => compare::image(approved, now.as_deref()),
            LookUp::Missing => missing(what),
            LookUp::NotKnown(why, call) => Comparison::NotKnown { what, why, call },
        }
    }

    /// The digest that an image's name means now.
    pub(super) async fn image(&mut self, image: &str) -> LookUp<Option<String>> {
        if let Some(known) = self.images.get(image) {
            return known.clone();
        }
        let found = match ImageName::parse(image) {
            None => LookUp::NotKnown("it is not in Amazon ECR".to_owned(), None),
            Some(name) => look_up("ecr:BatchGetImage", self.options.retried(|| self.store.image(&name)).await),
        };
        self.images.insert(image.to_owned(), found.clone());
        found
    }

    /// What identifies the bytes of an artifact now.
    pub(super) async fn artifact(&mut self, uri: &str, is_prefix: bool) -> LookUp<ArtifactState> {
        let key = (uri.to_owned(), is_prefix);
        if let Some(known) = self.artifacts.get(&key) {
            return known.clone();
        }
        let found = match ArtifactName::parse(uri, is_prefix) {
            None => LookUp::NotKnown("it is not an S3 URI".to_owned(), None),
            Some(name) => {
                let action = if name.is_prefix { "s3:ListBucket" } else { "s3:GetObject" };
                look_up(action, self.options.retried(|| self.store.artifact(&name)).await)
            }
        };
        self.artifacts.insert(key, found.clone());
        found
    }
}

fn missing(what: String) -> Comparison {
    Comparison::Differs { what, expected: "it existed when the release was built".to_owned(), actual: "it does not exist".to_owned() }
}

/// The reasons have no request ids: the same responses give the same manifest.
fn look_up<T>(action: &str, response: Result<Presence<T>, CallError>) -> LookUp<T> {
    match response {
        Ok(Presence::Found(found)) => LookUp::Found(found),
        Ok(Presence::Missing) => LookUp::Missing,
        Ok(Presence::OtherRegion) => LookUp::NotKnown("its bucket is in another region".to_owned(), None),
        Err(error) if error.kind() == CallErrorKind::AccessDenied => {
            // The error's own hint names the operation, which is not always the action.
            let hint = format!("grant `{action}` to the role that calls `{}`", error.operation);
            let call = FailedCall { error: error.to_string(), hint: Some(hint) };
            LookUp::NotKnown(format!("`{}` was denied, which needs `{action}`", error.operation), Some(call))
        }
        Err(error) => {
            let code = error.code.as_deref().map(|code| format!("{code}: ")).unwrap_or_default();
            let call = FailedCall { error: error.to_string(), hint: error.hint() };
            LookUp::NotKnown(format!("`{}` failed: {code}{}", error.operation, error.message), Some(call))
        }
    }
}
