//! Reads any text as a registry snapshot, and writes it again.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../model-registry/tests/support/invariants.rs"]
#[allow(dead_code, reason = "each target uses its own")]
mod invariants;

fuzz_target!(|text: &str| invariants::snapshot(text));
