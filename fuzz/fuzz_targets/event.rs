//! Reads any text as an event of EventBridge.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../model-registry/tests/support/invariants.rs"]
#[allow(dead_code, reason = "each target uses its own")]
mod invariants;

fuzz_target!(|text: &str| invariants::event(text));
