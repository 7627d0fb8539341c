//! Packages any text into a folder: no panic, no lossy edit, and the same bytes every time.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

#[path = "../../cfn-render/tests/support/invariants.rs"]
mod invariants;
#[path = "../../cfn-render/tests/support/templates.rs"]
mod templates;

/// The files that a text can refer to. One level down, so that `..` is inside the temporary folder
/// too.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, content) in templates::FILES {
        let path = folder.path().join("outer/project").join(name);
        std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("the folder is created");
        std::fs::write(path, content).expect("the file is written");
    }
    folder
});

fuzz_target!(|text: &str| {
    invariants::packaging(text, &FOLDER.path().join("outer/project"), &FOLDER.path().join("store"));
});
