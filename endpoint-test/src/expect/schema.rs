//! Checks a response with a JSON Schema.

mod references;

use std::sync::Arc;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use self::references::Applied;
use super::excerpt_json;
use crate::deep_stack::on_deep_stack;
use crate::format::excerpt;
use crate::json::{Document, Json};
use crate::report::CheckReport;

/// The maximum number of reported violations.
const MAX_VIOLATIONS: usize = 10;

/// The memory limit of a compiled pattern, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// The library recurses for each subschema that applies, and the values of a response are up to 128
/// deep.
const STACK: usize = 64 * 1024 * 1024;

/// The largest schema, in bytes.
pub(crate) const MAX_SCHEMA: usize = 1 << 20;

/// A compiled JSON Schema, and its origin.
#[derive(Debug, Clone)]
pub(crate) struct SchemaExpectation {
    /// The file's path, or `the suite's schema`.
    pub(crate) from: String,
    validator: Arc<Validator>,
    applied: Arc<Applied>,
}

impl SchemaExpectation {
    /// Compiles a schema. References must be within it: no other file is read, nothing is fetched.
    pub(crate) fn compile(schema: &Value, from: &str) -> Result<Self, String> {
        let cannot = |place: &str, why: &str| format!("this JSON Schema cannot be used{place}: {why}");
        let compiled = on_deep_stack(STACK, || {
            let applied = references::check(schema).map_err(|why| cannot("", &why))?;
            // A regex engine without look-around runs in linear time on every input.
            let patterns = PatternOptions::regex().size_limit(PATTERN_SIZE);
            let options = jsonschema::options().with_pattern_options(patterns).should_validate_formats(true);
            let validator = options.build(schema).map_err(|error| {
                let at = error.instance_path().to_string();
                let place = if at.is_empty() { String::new() } else { format!(" at `{at}`") };
                cannot(&place, &excerpt(&error.to_string()))
            })?;
            Ok(Self { from: from.to_owned(), validator: Arc::new(validator), applied: Arc::new(applied) })
        });
        compiled.map_err(|error| cannot("", &error.to_string()))?
    }
}

/// Checks a response against a schema: one finding for each violation.
pub(super) fn check(expected: &SchemaExpectation, response: &Document) -> Vec<CheckReport> {
    match on_deep_stack(STACK, || violations(expected, response)) {
        Ok(checks) => checks,
        Err(error) => vec![CheckReport::errored("schema", format!("the response could not be checked: {error}"))],
    }
}

fn violations(expected: &SchemaExpectation, response: &Document) -> Vec<CheckReport> {
    let shown = format!("valid by {}", expected.from);
    if expected.applied.is_too_often(&response.value) {
        let message = "the response is too large for this JSON Schema, whose subschemas apply to its values too many times";
        let hint = "a schema that refers to itself should apply to each member of a value in one way only";
        return vec![CheckReport::errored("schema", message).expected(shown).with_hint(hint)];
    }
    let mut violations = expected.validator.iter_errors(&response.value);
    let mut checks: Vec<CheckReport> = violations
        .by_ref()
        .take(MAX_VIOLATIONS)
        .map(|error| {
            let at = error.instance_path().to_string();
            let actual = excerpt_json(response.json.at(&at).unwrap_or(&Json::Null));
            let message = excerpt(&error.masked_with(actual.as_str()).to_string());
            CheckReport::failed("schema", message).at(at).expected(shown.clone()).actual(actual)
        })
        .collect();
    if violations.next().is_some() {
        checks.push(CheckReport::failed("schema", format!("only the first {MAX_VIOLATIONS} violations are shown")));
    }
    if checks.is_empty() {
        checks.push(CheckReport::passed("schema").expected(shown));
    }
    checks
}

#[cfg(test)]
mod tests {
    use crate::report::Outcome;

    use super::*;

    #[test]
    fn the_deepest_response_is_checked_with_the_deepest_chain_of_references() {
        let steps: Vec<String> = (1..95).map(|step| format!("\"d{step}\": {{\"$ref\": \"#/$defs/d{}\"}}", step + 1)).collect();
        let last =
            "\"d95\": {\"anyOf\": [{\"type\": \"number\"}, {\"properties\": {\"a\": {\"$ref\": \"#/$defs/d1\"}}, \"type\": \"object\"}]}";
        let schema = format!("{{\"$ref\": \"#/$defs/d1\", \"$defs\": {{{}, {last}}}}}", steps.join(", "));
        let expected = SchemaExpectation::compile(&serde_json::from_str(&schema).unwrap(), "a test").unwrap();
        for (leaf, outcome) in [("1", Outcome::Passed), ("true", Outcome::Failed)] {
            let body = format!("{}{leaf}{}", "{\"a\":".repeat(126), "}".repeat(126));
            let checks = check(&expected, &Document::read(body.as_bytes()).unwrap());
            assert_eq!(checks[0].outcome, outcome, "{checks:?}");
        }
    }

    fn outcome(schema: &str, body: &str) -> Outcome {
        let expected = SchemaExpectation::compile(&serde_json::from_str(schema).unwrap(), "a test").unwrap();
        let checks = check(&expected, &Document::read(body.as_bytes()).unwrap());
        assert!(checks[0].outcome != Outcome::Errored || checks[0].hint.is_some());
        checks[0].outcome
    }

    #[test]
    fn a_schema_that_applies_twice_to_each_level_is_an_error_only_for_a_deep_response() {
        let chain = |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let lists = [
            r##"{"allOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}"##,
            r##"{"prefixItems": [{"$ref": "#"}], "unevaluatedItems": {"$ref": "#"}, "allOf": [{"items": {"$ref": "#"}}]}"##,
        ];
        for schema in lists {
            assert_eq!(outcome(schema, &chain("[", "]", 100)), Outcome::Errored, "{schema}");
            assert_ne!(outcome(schema, &chain("[", "]", 8)), Outcome::Errored, "{schema}");
        }
        let objects = [
            r##"{"patternProperties": {"^a": {"$ref": "#"}}, "properties": {"a": {"$ref": "#"}}}"##,
            r##"{"properties": {"a": {"$ref": "#"}}, "allOf": [{"additionalProperties": {"$ref": "#"}}]}"##,
            r##"{"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"a": {"$ref": "#/$defs/b"}}, "if": {"$ref": "#/$defs/b"}}, "b": {"properties": {"a": {"$ref": "#/$defs/a"}}}}}"##,
        ];
        for schema in objects {
            assert_eq!(outcome(schema, &chain("{\"a\":", "}", 100)), Outcome::Errored, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_applies_once_to_each_level_checks_the_deepest_response() {
        let tree = r##"{"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "v": {"type": "number"}}, "additionalProperties": {"$ref": "#"}}"##;
        let body = format!("{}{{\"v\": 1, \"right\": {{}}}}{}", "{\"x\": {}, \"left\":".repeat(120), "}".repeat(120));
        assert_eq!(outcome(tree, &body), Outcome::Passed);
        let items = r##"{"prefixItems": [{"$ref": "#"}], "items": {"$ref": "#"}}"##;
        assert_eq!(outcome(items, &format!("{}{}", "[".repeat(120), "]".repeat(120))), Outcome::Passed);
    }
}
