//! The first inputs of the fuzz targets keep what must hold for every text.

#[path = "support/invariants.rs"]
mod invariants;

use std::fs;
use std::path::Path;

#[test]
fn the_invariants_hold_for_the_first_inputs_of_fuzzing() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("any-manifest");
    fs::create_dir_all(&folder).unwrap();
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/manifest");
    let seeds: Vec<_> = fs::read_dir(seeds).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty());
    for text in &seeds {
        invariants::manifest(text, &folder);
    }
}
