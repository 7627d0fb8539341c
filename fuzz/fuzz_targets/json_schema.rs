//! Checks any response with any JSON Schema: the first line, over the rest.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../endpoint-test/tests/support/harmless.rs"]
mod harmless;
#[path = "../../endpoint-test/tests/support/invariants.rs"]
#[allow(dead_code, reason = "each target uses its own")]
mod invariants;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    invariants::schema(&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
});
