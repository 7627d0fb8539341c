//! Evaluates any JSONPath or JSON Pointer: the first line, over the rest.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../endpoint-test/tests/support/harmless.rs"]
mod harmless;
#[path = "../../endpoint-test/tests/support/invariants.rs"]
#[allow(dead_code, reason = "each target uses its own")]
mod invariants;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let Ok(path) = std::str::from_utf8(&bytes[..end]) else { return };
    invariants::json_path(path, bytes.get(end + 1..).unwrap_or_default());
});
