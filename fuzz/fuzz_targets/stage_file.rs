//! Reads any text as a stage file and as an override file.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../stage-config/tests/support/invariants.rs"]
#[allow(dead_code, reason = "each target uses its own")]
mod invariants;

fuzz_target!(|text: &str| invariants::stage_file(text));
