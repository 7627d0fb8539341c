//! Opens a release folder with any manifest.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

#[path = "../../model-release/tests/support/invariants.rs"]
mod invariants;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a temporary folder"));

fuzz_target!(|text: &str| invariants::manifest(text, FOLDER.path()));
