//! What holds for every foreign text, shared by the ordinary tests and the fuzz targets.

use std::fs;
use std::path::Path;

use model_release::manifest::{FILE_NAME, Manifest};
use model_release::{FailureKind, Release};

/// A release folder with any manifest is refused as bad input, or has the files that the manifest
/// names; a manifest that is read stays the same when it is written.
pub(crate) fn manifest(text: &str, folder: &Path) {
    fs::write(folder.join(FILE_NAME), text).expect("the file is written");
    match Release::open(folder) {
        Ok(release) => {
            let written = release.manifest.to_json();
            assert_eq!(serde_json::from_str::<Manifest>(&written).expect("it was written"), release.manifest);
            for name in release.manifest.files.keys() {
                assert!(!name.contains(['/', '\\']) && name != "..", "{name:?}");
            }
        }
        Err(failure) => {
            assert_eq!(failure.kind, FailureKind::BadInput);
            assert!(!failure.diagnostics.is_empty());
        }
    }
}
