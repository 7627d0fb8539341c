//! The first inputs of the fuzz targets keep what must hold for every text.

#[path = "support/invariants.rs"]
mod invariants;

use std::fs;
use std::path::Path;

/// The first inputs of a fuzz target.
fn seeds(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let seeds: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty());
    seeds
}

#[test]
fn the_invariants_hold_for_the_first_inputs_of_fuzzing() {
    for text in seeds("release_policy") {
        invariants::release_policy(&text);
    }
    for text in seeds("snapshot") {
        invariants::snapshot(&text);
    }
    for text in seeds("event") {
        invariants::event(&text);
    }
}
