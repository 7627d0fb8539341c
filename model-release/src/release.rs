//! Opens a release folder and verifies its files against the manifest.

mod consistency;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cfn_render::Template;
use stage_config::Layer;

use crate::Stage;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::files;
use crate::manifest::{self, Manifest};
use crate::problems;
use crate::release_build::Built;

/// The maximum size of a file in a release; a template has at most 1 MB.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// A release with verified files.
#[derive(Debug, Clone)]
pub struct Release {
    /// The manifest.
    pub manifest: Manifest,
    /// The digest `sha256:…` of the manifest, which identifies the release.
    pub digest: String,
    /// The folder, for messages.
    folder: PathBuf,
    /// The files by name, as verified.
    files: BTreeMap<String, Vec<u8>>,
    /// The text of the manifest, whose digest identifies the release.
    text: String,
}

impl Release {
    /// Reads a release folder and verifies every file against the manifest, and the manifest against
    /// the files: its model packages and accounts are those that the files deploy.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        Self::open_approved(folder, None)
    }

    /// Like [`Release::open`], but accepts only the manifest with the digest `approved`, if set.
    pub fn open_approved(folder: &Path, approved: Option<&str>) -> Result<Self, Failure> {
        let path = folder.join(manifest::FILE_NAME);
        let shown = path.display().to_string();
        let text = files::read_text(&path).map_err(|diagnostic| Failure::bad_input(diagnostic.code("no-release")))?;
        let digest = files::digest(text.as_bytes());
        if let Some(approved) = approved.filter(|approved| *approved != digest) {
            return Err(Diagnostic::error(format!("`{shown}` is not the manifest of the approved release"))
                .code("not-the-approved-release")
                .detail(format!("approved {approved}"))
                .detail(format!("found    {digest}"))
                .with_hint("use the files of the approved release, or get this release approved")
                .into());
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| {
            Failure::bad_input(
                Diagnostic::error(format!("`{shown}` is not a release manifest: {error}"))
                    .source(&shown, error.line().max(1), error.column().max(1), &text)
                    .with_hint("build the release again"),
            )
        })?;
        if !Manifest::READABLE.contains(&manifest.schema_version) {
            return Err(Diagnostic::error(format!(
                "`{shown}` has the format version {}; this program supports versions up to {}",
                manifest.schema_version,
                Manifest::SCHEMA_VERSION
            ))
            .with_hint("use the program that built the release, or build it again")
            .into());
        }
        let (mut files, mut diagnostics) = (BTreeMap::new(), Vec::new());
        for (name, digest) in &manifest.files {
            match read_file(folder, name, digest) {
                Ok(bytes) => drop(files.insert(name.clone(), bytes)),
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
        if !diagnostics.is_empty() {
            return Err(Failure::new(FailureKind::BadInput, diagnostics));
        }
        let release = Self { manifest, digest, folder: folder.to_owned(), files, text };
        match release.contradictions() {
            found if found.is_empty() => Ok(release),
            found => Err(Failure::new(FailureKind::BadInput, found)),
        }
    }

    /// A release that was built in memory.
    pub fn of(built: Built) -> Self {
        let text = built.manifest.to_json();
        Self { manifest: built.manifest, digest: built.digest, folder: PathBuf::new(), files: built.files.into_iter().collect(), text }
    }

    /// The files besides the manifest, by name.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).filter(|(name, _)| *name != manifest::FILE_NAME)
    }

    /// The text of the manifest.
    pub(crate) fn manifest_text(&self) -> &str {
        &self.text
    }

    /// The path of a file in the release's folder.
    #[cfg(feature = "signatures")]
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The text of the template.
    pub fn template_text(&self) -> Result<String, Failure> {
        self.text(self.template_name()?)
    }

    /// The template.
    pub fn template(&self) -> Result<Template, Failure> {
        let text = self.template_text()?;
        Template::parse(&text, self.folder.join(self.template_name()?)).map_err(|error| problems::failure(&error, &text))
    }

    fn template_name(&self) -> Result<&str, Failure> {
        let name = self.manifest.template();
        name.ok_or_else(|| self.unusable("the template of the release cannot be determined"))
    }

    fn text(&self, name: &str) -> Result<String, Failure> {
        let bytes = self.files.get(name).map(|bytes| String::from_utf8(bytes.clone()));
        match bytes {
            Some(Ok(text)) => Ok(text),
            Some(Err(_)) => Err(self.unusable(&format!("`{name}` of the release is not UTF-8 text"))),
            None => Err(self.unusable(&format!("the release has no file `{name}`"))),
        }
    }

    /// The manifest asks for what its files do not give.
    fn unusable(&self, message: &str) -> Failure {
        Diagnostic::error(message).file(&self.folder.join(manifest::FILE_NAME)).with_hint("build the release again").into()
    }

    /// The parameters of a stage, without those that keep their previous value.
    pub fn parameters(&self, stage: Stage) -> Result<BTreeMap<String, String>, Failure> {
        let config = &self.manifest.stage(stage).config;
        let text = self.text(config)?;
        let layer = Layer::from_stage_file(&text, config.as_ref())
            .map_err(|problems| Failure::from(Diagnostic::error(problems.to_string()).with_hint("build the release again")))?;
        Ok(layer.parameters.iter().filter_map(|(name, setting)| Some((name.clone(), setting.value.text()?.to_owned()))).collect())
    }
}

fn read_file(folder: &Path, name: &str, digest: &str) -> Result<Vec<u8>, Diagnostic> {
    let again = "build the release again, and do not mix files of different releases";
    if Path::new(name).components().count() != 1 || name.contains(['/', '\\']) || name == ".." {
        let message = format!("the release manifest names `{name}`, which is not in the folder of the manifest");
        return Err(Diagnostic::error(message).file(&folder.join(manifest::FILE_NAME)).with_hint(again));
    }
    let path = folder.join(name);
    let bytes = files::read_bytes(&path, MAX_FILE).map_err(|diagnostic| diagnostic.with_hint(again))?;
    let found = files::digest(&bytes);
    if found == digest {
        return Ok(bytes);
    }
    Err(Diagnostic::error(format!("`{}` does not match the checksum in the release manifest", path.display()))
        .detail(format!("manifest {digest}"))
        .detail(format!("file     {found}"))
        .with_hint(again))
}
