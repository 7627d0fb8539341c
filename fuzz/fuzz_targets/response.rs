//! Tests any response of a model, and writes the reports about it.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../endpoint-test/tests/support/harmless.rs"]
mod harmless;
#[path = "../../endpoint-test/tests/support/invariants.rs"]
#[allow(dead_code, reason = "each target uses its own")]
mod invariants;

fuzz_target!(|body: &[u8]| invariants::response(body));
