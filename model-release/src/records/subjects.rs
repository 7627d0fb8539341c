//! What the records of a release are about.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use release_records::ResourceDescriptor;

use crate::manifest::{self, ApprovedArtifact, Manifest};

/// The digest of an object that has no SHA-256 checksum in S3.
const ETAG: &str = "s3Etag";

/// The digest of a prefix: of the list of its objects.
const LISTING: &str = "s3ListingSha256";

/// The manifest, which identifies the release.
pub(super) fn release(digest: &str) -> ResourceDescriptor {
    ResourceDescriptor::named(manifest::FILE_NAME, digest)
}

/// Everything that the release consists of and whose digest is known: the manifest, its files, the
/// images and the model artifacts.
pub(super) fn parts(manifest: &Manifest, digest: &str) -> Vec<ResourceDescriptor> {
    let files = manifest.files.iter().map(|(name, digest)| ResourceDescriptor::named(name, digest));
    let images = images(manifest).into_iter().filter_map(|image| {
        let (name, digest) = image.split_once('@')?;
        Some(ResourceDescriptor::named(name, digest))
    });
    let artifacts = artifacts(manifest).filter(|artifact| !artifact.digest.is_empty());
    std::iter::once(release(digest)).chain(files).chain(images).chain(artifacts).collect()
}

/// The images of the model packages of all regions, with their digests if known.
pub(super) fn images(manifest: &Manifest) -> Vec<Cow<'_, str>> {
    let package = &manifest.model_package;
    let regions = std::iter::once(package.arn.region()).chain(package.regions.keys());
    let of_region = |region| match package.images_in(region) {
        Cow::Borrowed(images) => images.iter().map(|image| Cow::Borrowed(image.as_str())).collect::<Vec<_>>(),
        Cow::Owned(images) => images.into_iter().map(Cow::Owned).collect(),
    };
    regions.flat_map(of_region).collect()
}

/// The model artifacts of all regions whose bytes the release records.
pub(super) fn artifacts(manifest: &Manifest) -> impl Iterator<Item = ResourceDescriptor> {
    let containers = manifest.model_package.regional_containers().flat_map(|(_, containers)| containers.unwrap_or_default());
    containers.flat_map(|container| &container.artifacts).map(|artifact| ResourceDescriptor {
        name: Some(artifact.uri.clone()),
        digest: artifact_digest(artifact),
        ..ResourceDescriptor::default()
    })
}

/// The strongest digest that S3 returned. A checksum of an upload in parts is not one of the bytes.
fn artifact_digest(artifact: &ApprovedArtifact) -> BTreeMap<String, String> {
    let sha256 = artifact.sha256.as_ref().and_then(|checksum| STANDARD.decode(checksum).ok()).filter(|digest| digest.len() == 32);
    let known = sha256
        .map(|digest| ("sha256", crate::files::hexadecimal(&digest).trim_start_matches("sha256:").to_owned()))
        .or_else(|| Some((LISTING, artifact.listing.as_ref()?.trim_start_matches("sha256:").to_owned())))
        .or_else(|| Some((ETAG, artifact.etag.clone()?)));
    known.into_iter().map(|(algorithm, digest)| (algorithm.to_owned(), digest)).collect()
}
