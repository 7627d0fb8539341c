//! Evaluates any text: no panic, and the same result every time.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../cfn-render/tests/support/invariants.rs"]
mod invariants;

fuzz_target!(|text: &str| invariants::resolving(text));
