//! A folder with files, and a store in memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use cfn_render::{Artifact, ArtifactStore, Error, Location, PackageOptions, Packaged, StoreError, Template};
use tempfile::TempDir;

/// A temporary folder with files.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { folder: TempDir::new().unwrap() };
        for (path, content) in files {
            project.write(path, content);
        }
        project
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn template(&self, path: &str) -> Template {
        let path = self.path(path);
        Template::parse(std::fs::read_to_string(&path).unwrap(), path).unwrap()
    }

    pub(crate) fn package(&self, template: &str) -> (Packaged, Store) {
        let store = Store::default();
        let packaged = package(&self.template(template), &store).unwrap_or_else(|error| panic!("{}", self.report(&error)));
        (packaged, store)
    }

    pub(crate) fn package_error(&self, template: &str) -> Error {
        let store = Store::default();
        let error = package(&self.template(template), &store).unwrap_err();
        assert!(store.objects().is_empty(), "nothing is uploaded when something is wrong");
        error
    }

    /// An error for a snapshot: one line per problem, without the temporary folder's path.
    pub(crate) fn report(&self, error: &Error) -> String {
        report(error).replace(&format!("{}/", self.folder.path().display()), "").replace(&self.folder.path().display().to_string(), ".")
    }
}

pub(crate) fn package(template: &Template, store: &Store) -> Result<Packaged, Error> {
    block_on(template.package(store, &PackageOptions::default()))
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// All problems of an error, one per line.
pub(crate) fn report(error: &Error) -> String {
    let mut text = String::new();
    for problem in error.problems() {
        write!(text, "{problem} [{}]", problem.code).unwrap();
        if let Some(hint) = &problem.hint {
            write!(text, " hint: {hint}").unwrap();
        }
        text.push('\n');
    }
    text
}

/// Replaces hashes with short names.
pub(crate) fn short(text: &str, keys: &[(&str, &str)]) -> String {
    keys.iter().fold(text.to_owned(), |text, (key, name)| text.replace(key, name))
}

/// Stores everything in memory.
#[derive(Default)]
pub(crate) struct Store(Mutex<BTreeMap<String, Vec<u8>>>);

impl Store {
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn text(&self, key: &str) -> String {
        String::from_utf8(self.objects()[key].clone()).unwrap()
    }

    /// The names, modes and contents of an archive.
    pub(crate) fn archive(&self, key: &str) -> Vec<(String, u32, String)> {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(self.objects()[key].clone())).unwrap();
        (0..archive.len())
            .map(|index| {
                let mut file = archive.by_index(index).unwrap();
                let mut content = String::new();
                std::io::Read::read_to_string(&mut file, &mut content).unwrap();
                (file.name().unwrap().into_owned(), file.unix_mode().unwrap() & 0o777, content)
            })
            .collect()
    }
}

impl ArtifactStore for Store {
    async fn put(&self, artifact: &Artifact) -> Result<Location, StoreError> {
        let bytes = artifact.read().map_err(|error| StoreError::new("read", error.to_string()))?;
        let before = self.0.lock().unwrap().insert(artifact.key().to_owned(), bytes);
        assert!(before.is_none(), "`{}` is uploaded once", artifact.key());
        Ok(Location::new("bucket", "eu-west-1", artifact.key()))
    }
}

/// Sets the executable bits of a file.
#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
