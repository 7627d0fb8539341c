//! The sections of a suite, to show where a misplaced key belongs.

use super::{compare_reader, endpoint, expectation_reader, limits_reader, payload, reader, replay_reader, rows_reader};

/// A section: its name in messages, the section that contains it, and its keys.
type Section = (&'static str, &'static str, &'static [&'static str]);

/// The name of the top level in messages about its keys.
pub(super) const SUITE: &str = "a suite";

/// Each section after the one that contains it.
const SECTIONS: &[Section] = &[
    (SUITE, "", reader::SUITE_KEYS),
    ("`defaults`", SUITE, reader::DEFAULTS_KEYS),
    ("`endpoint`", SUITE, endpoint::ENDPOINT_KEYS),
    ("`ready`", "`endpoint`", endpoint::READY_KEYS),
    ("`compare`", SUITE, compare_reader::COMPARE_KEYS),
    ("`metrics` of `compare`", "`compare`", compare_reader::METRIC_GATES_KEYS),
    ("a compared metric", "`metrics` of `compare`", compare_reader::METRIC_GATE_KEYS),
    ("`latency` of `compare`", "`compare`", compare_reader::LATENCY_GATES_KEYS),
    ("a compared percentile", "`latency` of `compare`", compare_reader::LATENCY_GATE_KEYS),
    ("`replay`", SUITE, replay_reader::REPLAY_KEYS),
    ("a field of `redact`", "`replay`", replay_reader::REDACTION_KEYS),
    ("a limit of drift", "`replay`", replay_reader::DRIFT_KEYS),
    ("a case", SUITE, reader::CASE_KEYS),
    ("`payload`", "a case", payload::PAYLOAD_KEYS),
    ("`rows`", "`payload`", rows_reader::ROWS_KEYS),
    ("`expect`", "a case", expectation_reader::EXPECT_KEYS),
    ("`expect_each`", "a case", expectation_reader::EXPECT_EACH_KEYS),
    ("`text`", "`expect`", expectation_reader::TEXT_KEYS),
    ("an entry of `json`", "`expect`", expectation_reader::JSON_KEYS),
    ("an entry of `csv`", "`expect`", expectation_reader::CSV_KEYS),
    ("an entry of `jsonl`", "`expect`", expectation_reader::JSON_LINES_KEYS),
    ("`golden`", "`expect`", expectation_reader::GOLDEN_KEYS),
    ("`check`", "`expect`", expectation_reader::CHECK_KEYS),
    ("`metrics`", "`expect`", expectation_reader::METRICS_KEYS),
    ("a metric", "`metrics`", expectation_reader::LIMIT_KEYS),
    ("`each_segment`", "a metric", expectation_reader::BOUNDS_KEYS),
    ("a limit with a confidence", "a metric", limits_reader::PROOF_KEYS),
    ("`segment`", "`metrics`", expectation_reader::SEGMENT_KEYS),
    ("`prediction`", "`metrics`", expectation_reader::SOURCE_KEYS),
    ("`latency`", "`expect`", expectation_reader::LATENCY_KEYS),
    ("`latency` of all rows", "`expect`", expectation_reader::PERCENTILE_KEYS),
    ("a percentile", "`latency` of all rows", limits_reader::PERCENTILE_LIMIT_KEYS),
    ("`max`", "`latency`", limits_reader::MAX_LIMIT_KEYS),
    ("`model_error`", "`expect`", expectation_reader::MODEL_ERROR_KEYS),
    #[cfg(feature = "load")]
    ("`load`", SUITE, super::load::LOAD_KEYS),
    #[cfg(feature = "load")]
    ("`find_rate`", "`load`", super::find_rate_reader::FIND_RATE_KEYS),
    #[cfg(feature = "load")]
    ("a phase", "`load`", super::load::PHASE_KEYS),
    #[cfg(feature = "load")]
    ("a threshold", "`load`", super::load::THRESHOLD_KEYS),
    #[cfg(feature = "load")]
    ("`warmup`", "`load`", super::load::WARMUP_KEYS),
];

/// The hint for a key that is not one of the section `what`: the nearest sections that have it.
/// `None` if no section has it.
pub(super) fn belongs(key: &str, what: &str) -> Option<String> {
    // The sections under `metrics` are named after their metrics.
    let known = |name: &str| SECTIONS.iter().any(|(section, ..)| *section == name);
    let here = path(if known(what) { what } else { "a metric" });
    let with_key = SECTIONS.iter().filter(|(.., keys)| keys.contains(&key)).map(|(name, ..)| (distance(&here, &path(name)), *name));
    let with_key: Vec<_> = with_key.collect();
    let nearest = with_key.iter().map(|(distance, _)| *distance).min()?;
    let names: Vec<_> = with_key.iter().filter(|(distance, _)| *distance == nearest).map(|(_, name)| place(name)).collect();
    let (last, others) = names.split_last()?;
    let before = if others.is_empty() { String::new() } else { format!("{} or ", others.join(", ")) };
    Some(format!("`{key}` belongs under {before}{last}"))
}

fn place(name: &'static str) -> &'static str {
    if name == SUITE { "the top level of the file" } else { name }
}

/// A section with all that contain it, from the top level on.
fn path(name: &str) -> Vec<&'static str> {
    let Some((name, parent, _)) = SECTIONS.iter().find(|(section, ..)| *section == name) else { return Vec::new() };
    let mut path = path(parent);
    path.push(name);
    path
}

/// The number of steps from one section to the other.
fn distance(one: &[&str], other: &[&str]) -> usize {
    let common = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    one.len() + other.len() - 2 * common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_under_the_nearest_section_that_has_it() {
        for (key, what, expected) in [
            ("csv", "a case", "`csv` belongs under `payload`, `expect` or `expect_each`"),
            ("equals", "`expect`", "`equals` belongs under `text`, an entry of `json`, an entry of `csv` or an entry of `jsonl`"),
            ("metrics", "a case", "`metrics` belongs under `expect`"),
            ("latency", "a case", "`latency` belongs under `expect` or `expect_each`"),
            ("accept", "`payload`", "`accept` belongs under a case"),
            ("cases", "`endpoint`", "`cases` belongs under the top level of the file"),
            ("label", "`accuracy`", "`label` belongs under `metrics`"),
            ("within", "a suite", "`within` belongs under `ready`"),
        ] {
            assert_eq!(belongs(key, what).as_deref(), Some(expected));
        }
        assert_eq!(belongs("anything", "a case"), None);
    }

    #[test]
    fn every_key_in_another_section_has_a_place() {
        for (name, ..) in SECTIONS {
            for (_, _, keys) in SECTIONS {
                for key in *keys {
                    let hint = belongs(key, name).unwrap();
                    assert!(hint.starts_with(&format!("`{key}` belongs under ")), "{hint}");
                }
            }
        }
    }

    /// A new section of the format must be added to the table above.
    #[cfg(all(feature = "schema", feature = "load"))]
    #[test]
    fn every_section_of_the_schema_is_known() {
        let schema = super::super::json_schema();
        let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
        let mut of_schema: Vec<Vec<&str>> =
            definitions.filter_map(|definition| Some(definition["properties"].as_object()?.keys().map(String::as_str).collect())).collect();
        let mut known: Vec<Vec<&str>> = SECTIONS.iter().map(|(.., keys)| keys.to_vec()).collect();
        for keys in of_schema.iter_mut().chain(&mut known) {
            keys.sort_unstable();
        }
        of_schema.sort();
        known.sort();
        assert_eq!(of_schema, known);
    }
}
