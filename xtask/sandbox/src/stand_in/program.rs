//! The stand-in's Python files, embedded so that the binary does not need the source tree.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::{Path, PathBuf};

use super::error::Error;

/// The pinned packages, with hashes.
pub(super) const REQUIREMENTS: &str = include_str!("../../stand-in/requirements.txt");

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../stand-in/stand_in/", $path)))),*]
    };
}

/// The files of the package with their paths; a test compares the list with the folder.
pub(super) const FILES: &[(&str, &str)] = embedded![
    "__init__.py",
    "__main__.py",
    "answers.py",
    "api_models.py",
    "bodies.py",
    "control.py",
    "endpoint_update.py",
    "endpoints.py",
    "faults.py",
    "fork_server.py",
    "invalid.py",
    "invocations.py",
    "patches/__init__.py",
    "patches/alarms_and_scaling.py",
    "patches/api_constraints.py",
    "patches/change_sets.py",
    "patches/data_capture.py",
    "patches/deployed_images.py",
    "patches/endpoint_lifecycle.py",
    "patches/endpoint_shapes.py",
    "patches/instance_types.py",
    "patches/key_digests.py",
    "patches/model_properties.py",
    "patches/object_checksums.py",
    "patches/package_groups.py",
    "patches/package_updates.py",
    "patches/physical_names.py",
    "patches/replacement.py",
    "patches/signatures.py",
    "patches/ssm_parameters.py",
    "patches/stack_sets.py",
    "patches/template_functions.py",
    "pipeline_history.py",
    "reachable.py",
    "request.py",
    "request_log.py",
    "seeding.py",
    "server.py",
    "stack_rollback.py",
    "stack_set_operations.py",
    "stored_bytes.py",
];

/// Writes the package to a folder in `cache` named by its hash; the folder. Needs the lock.
pub(super) fn unpack(cache: &Path) -> Result<PathBuf, Error> {
    let folder = cache.join(format!("program-{:016x}", fingerprint(FILES)));
    for (path, text) in FILES {
        let file = folder.join("stand_in").join(path);
        if fs::read_to_string(&file).is_ok_and(|present| present == *text) {
            continue;
        }
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(Error::file(parent))?;
        }
        fs::write(&file, text).map_err(Error::file(&file))?;
    }
    Ok(folder)
}

/// A hash of contents; it can differ between builds.
pub(crate) fn fingerprint(content: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_package_is_embedded() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("stand-in/stand_in");
        let mut present = Vec::new();
        for folder in [root.clone(), root.join("patches")] {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "py") {
                    present.push(path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"));
                }
            }
        }
        present.sort();
        assert_eq!(present, FILES.iter().map(|(path, _)| *path).collect::<Vec<_>>());
    }

    #[test]
    fn every_package_is_pinned_by_hash_and_no_index_is_named() {
        let pins: Vec<&str> = REQUIREMENTS.lines().filter(|line| !line.starts_with([' ', '#']) && !line.trim().is_empty()).collect();
        assert!(pins.contains(&"moto==5.2.1 \\"), "{pins:?}");
        assert!(pins.iter().all(|line| line.contains("==") && line.ends_with('\\')), "{pins:?}");
        assert!(!REQUIREMENTS.contains("://") && !REQUIREMENTS.contains("--index") && !REQUIREMENTS.contains("--find-links"));
    }
}
