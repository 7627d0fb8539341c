//! What the records of a release are about.

use release_records::ResourceDescriptor;

use crate::manifest::{self, Manifest};

/// The manifest, which identifies the release.
pub(super) fn release(digest: &str) -> ResourceDescriptor {
    ResourceDescriptor::named(manifest::FILE_NAME, digest)
}

/// Everything that the release consists of and whose digest is known: the manifest, its files, and
/// the images that are named by their digest.
pub(super) fn parts(manifest: &Manifest, digest: &str) -> Vec<ResourceDescriptor> {
    let files = manifest.files.iter().map(|(name, digest)| ResourceDescriptor::named(name, digest));
    let images = images(manifest).filter_map(|image| {
        let (name, digest) = image.split_once('@')?;
        Some(ResourceDescriptor::named(name, digest))
    });
    std::iter::once(release(digest)).chain(files).chain(images).collect()
}

/// The images of the model packages of all regions.
pub(super) fn images(manifest: &Manifest) -> impl Iterator<Item = &String> {
    let package = &manifest.model_package;
    package.images.iter().chain(package.regions.values().flat_map(|package| &package.images))
}
