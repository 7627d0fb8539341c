//! The result of tests of the subjects.
//! [Specification](https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md)

use serde::{Deserialize, Serialize};

use super::Predicate;
use crate::statement::ResourceDescriptor;

/// The result of a run of tests. The members that begin with `release_` extend the specification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The verdict.
    pub result: TestVerdict,
    /// What the tests were run with, such as the file that defines them.
    pub configuration: Vec<ResourceDescriptor>,
    /// The names of the tests that passed.
    #[serde(default)]
    pub passed_tests: Vec<String>,
    /// The names of the tests with a warning.
    #[serde(default)]
    pub warned_tests: Vec<String>,
    /// The names of the tests that did not pass.
    #[serde(default)]
    pub failed_tests: Vec<String>,
    /// The stage whose endpoints were tested.
    #[serde(rename = "release_stage")]
    pub stage: String,
    /// The file with all results.
    #[serde(rename = "release_results")]
    pub results: ResourceDescriptor,
    /// When the tests ended: RFC 3339, in UTC.
    #[serde(rename = "release_finishedOn")]
    pub finished_on: String,
}

/// The verdict of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestVerdict {
    /// All passed.
    Passed,
    /// All passed, with warnings.
    Warned,
    /// Not all passed.
    Failed,
}

impl Predicate for TestResult {
    const TYPE: &'static str = "https://in-toto.io/attestation/test-result/v0.1";
}
