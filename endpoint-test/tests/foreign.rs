//! The first inputs of the fuzz targets keep what must hold for every text.

#[path = "support/harmless.rs"]
mod harmless;
#[path = "support/invariants.rs"]
mod invariants;

use std::fs;
use std::path::Path;

/// The first inputs of a fuzz target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let seeds: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty());
    seeds
}

/// The part before the first line break, and the rest.
fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

#[test]
fn the_invariants_hold_for_the_first_inputs_of_fuzzing() {
    for bytes in seeds("suite") {
        invariants::suite(&String::from_utf8(bytes).unwrap());
    }
    for bytes in seeds("json_path") {
        let (path, body) = halves(&bytes);
        invariants::json_path(std::str::from_utf8(path).unwrap(), body);
    }
    for bytes in seeds("json_schema") {
        let (schema, body) = halves(&bytes);
        invariants::schema(schema, body);
    }
    for bytes in seeds("response") {
        invariants::response(&bytes);
    }
    for bytes in seeds("samples") {
        invariants::samples(&bytes);
    }
}
