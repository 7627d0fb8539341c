//! Records the bytes of a model package in the manifest, and compares them with those that were
//! registered.

use endpoint_test::Comparison;
use model_registry::{Detail, ModelPackage, PackageArtifact};
use stack_rollout::Clock;
use stack_rollout::preflight::{ArtifactReader, ArtifactState, PreflightOptions};

use super::compare::artifact_name;
use super::current::{CurrentBytes, LookUp};
use crate::manifest::{ApprovedArtifact, ApprovedContainer, ApprovedImage, DigestSource};

/// The reason in a release that was built from a registry snapshot.
const NO_CALLS: &str = "the release was built without a call to AWS";

/// The recorded bytes of a model package.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// For the manifest; `None` if the package's containers are not known.
    pub(crate) containers: Option<Vec<ApprovedContainer>>,
    /// The comparison with what was registered, and what is not known.
    pub(crate) comparisons: Vec<Comparison>,
}

/// Records the bytes of a package: images by the digest in their name, by the registry's, and
/// otherwise by that which Amazon ECR returns; artifacts by what S3 returns. Without a store, nothing
/// is called.
pub(crate) async fn record<A: ArtifactReader, C: Clock>(
    package: &ModelPackage,
    store: Option<&A>,
    options: &PreflightOptions<C>,
) -> Recorded {
    let mut recorded = Recorded::default();
    if package.detail == Detail::Listed {
        let what = format!("the model package `{}`", package.arn);
        let why = "the registry snapshot has no description of it".to_owned();
        recorded.comparisons.push(Comparison::NotKnown { what, why, call: None });
        return recorded;
    }
    let mut containers = Vec::new();
    let mut current = store.map(|store| CurrentBytes::new(store, options));
    for container in &package.containers {
        let mut approved =
            ApprovedContainer { name: container.hostname.clone(), environment: container.environment.clone(), ..Default::default() };
        if let Some(image) = &container.image {
            approved.image = Some(recorded.image(image, container.image_digest.as_deref(), current.as_mut()).await);
        }
        for artifact in &container.artifacts {
            approved.artifacts.push(recorded.artifact(artifact, current.as_mut()).await);
        }
        containers.push(approved);
    }
    recorded.containers = Some(containers);
    recorded
}

impl Recorded {
    async fn image<A: ArtifactReader, C: Clock>(
        &mut self,
        name: &str,
        registered: Option<&str>,
        current: Option<&mut CurrentBytes<'_, A, C>>,
    ) -> ApprovedImage {
        let known = |digest: &str, source| ApprovedImage {
            name: name.to_owned(),
            digest: Some(digest.to_owned()),
            digest_from: Some(source),
            not_known: None,
        };
        if let Some((_, digest)) = name.split_once('@') {
            return known(digest, DigestSource::Uri);
        }
        if let Some(digest) = registered.filter(|digest| digest.starts_with("sha256:")) {
            return known(digest, DigestSource::Registry);
        }
        let (why, call) = match current {
            None => (NO_CALLS.to_owned(), None),
            Some(current) => match current.image(name).await {
                LookUp::Found(Some(digest)) => return known(&digest, DigestSource::Ecr),
                LookUp::Found(None) => ("Amazon ECR did not return its digest".to_owned(), None),
                LookUp::Missing => ("it does not exist".to_owned(), None),
                LookUp::NotKnown(why, call) => (why, call),
            },
        };
        self.comparisons.push(Comparison::NotKnown { what: format!("the image `{name}`"), why: why.clone(), call });
        ApprovedImage { name: name.to_owned(), digest: None, digest_from: None, not_known: Some(why) }
    }

    async fn artifact<A: ArtifactReader, C: Clock>(
        &mut self,
        artifact: &PackageArtifact,
        current: Option<&mut CurrentBytes<'_, A, C>>,
    ) -> ApprovedArtifact {
        let PackageArtifact { uri, is_prefix, etag } = artifact;
        let mut approved =
            ApprovedArtifact { uri: uri.clone(), prefix: *is_prefix, registered_etag: etag.clone(), ..ApprovedArtifact::default() };
        let what = artifact_name(uri, *is_prefix);
        let (why, call) = match current {
            // The registry's ETag is that of the object that was approved.
            None if etag.is_some() => {
                approved.etag.clone_from(etag);
                return approved;
            }
            None => (NO_CALLS.to_owned(), None),
            Some(current) => match current.artifact(uri, *is_prefix).await {
                LookUp::Found(now) => {
                    approved.set(&now);
                    self.comparisons.push(registered(what, etag.as_deref(), approved.etag.as_deref()));
                    return approved;
                }
                LookUp::Missing => {
                    if let Some(etag) = etag {
                        let (expected, actual) = (format!("ETag {etag} in the registry"), "it does not exist".to_owned());
                        self.comparisons.push(Comparison::Differs { what: what.clone(), expected, actual });
                    }
                    ("it does not exist".to_owned(), None)
                }
                LookUp::NotKnown(why, call) => (why, call),
            },
        };
        self.comparisons.push(Comparison::NotKnown { what, why: why.clone(), call });
        approved.not_known = Some(why);
        approved
    }
}

impl ApprovedArtifact {
    fn set(&mut self, now: &ArtifactState) {
        match now {
            ArtifactState::Object(now) => {
                self.etag.clone_from(&now.etag);
                self.version_id.clone_from(&now.version_id);
                self.sha256.clone_from(&now.sha256);
                self.size = now.size;
            }
            ArtifactState::Prefix(now) => {
                self.listing.clone_from(&now.digest);
                (self.objects, self.size) = (Some(now.objects), Some(now.size));
            }
        }
    }
}

/// Compares an object with the one that was registered. Many registries have no ETag: then the object
/// at the time of the build is the approved one.
fn registered(what: String, etag: Option<&str>, now: Option<&str>) -> Comparison {
    match (etag, now) {
        (Some(etag), Some(now)) if etag != now => Comparison::Differs {
            what: format!("{what}, which was overwritten after the model package was registered,"),
            expected: format!("ETag {etag} in the registry"),
            actual: format!("ETag {now}"),
        },
        (Some(_), None) => Comparison::NotKnown { what, why: "S3 did not return its ETag".to_owned(), call: None },
        _ => Comparison::Same,
    }
}
