//! `release-policy.json`: what a team demands of a model package, from the project's folder or from where an option says.

use std::path::{Path, PathBuf};

use model_registry::ReleasePolicy;

use crate::diagnostic::Failure;
use crate::files;
use crate::problems;
use crate::project::Project;

/// The policy's file in a project's folder.
pub(crate) const FILE_NAME: &str = "release-policy.json";

/// A policy, and the file that it was read from.
#[derive(Debug)]
pub(crate) struct PolicyFile {
    /// As the manifest names it: seen from the project's folder where it is in it.
    pub(crate) name: String,
    /// `sha256:…` of the file.
    pub(crate) digest: String,
    pub(crate) policy: ReleasePolicy,
}

/// The policy that was named, else the project's own, where it has one.
pub(crate) fn read(project: Option<&Project>, named: Option<&Path>) -> Result<Option<PolicyFile>, Failure> {
    let named = named.filter(|path| !path.as_os_str().is_empty());
    let own = || project.map(|project| project.root.join(FILE_NAME)).filter(|path| path.exists());
    let Some(path) = named.map(PathBuf::from).or_else(own) else { return Ok(None) };
    let text = files::read_text(&path).map_err(|diagnostic| diagnostic.hinting("name the release policy with --release-policy"))?;
    let policy = ReleasePolicy::parse(&text).map_err(|found| problems::of_registry(&found, &path, &text))?;
    let inside = project.and_then(|project| {
        let (path, root) = (path.canonicalize().ok()?, project.root.canonicalize().ok()?);
        Some(path.strip_prefix(root).ok()?.display().to_string())
    });
    let name = inside.unwrap_or_else(|| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()));
    Ok(Some(PolicyFile { name, digest: files::digest(text.as_bytes()), policy }))
}
