//! The verification summary: a policy was applied to the subjects, with this result.
//! [Specification](https://slsa.dev/spec/v1.0/verification_summary)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Predicate;
use crate::statement::ResourceDescriptor;

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationSummary {
    /// The program that verified.
    pub verifier: Verifier,
    /// When: RFC 3339, in UTC.
    pub time_verified: String,
    /// What the subjects will be used for: a URI.
    pub resource_uri: String,
    /// The policy.
    pub policy: Policy,
    /// The records that were verified.
    #[serde(default)]
    pub input_attestations: Vec<ResourceDescriptor>,
    /// The result.
    pub verification_result: VerificationResult,
    /// The SLSA levels that were verified.
    pub verified_levels: Vec<String>,
    /// The version of the SLSA specification.
    pub slsa_version: String,
}

/// The program that verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// A URI.
    pub id: String,
    /// The versions of its parts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// A URI.
    pub uri: String,
    /// The digests of its file, by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

/// Whether the subjects passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerificationResult {
    /// They passed.
    Passed,
    /// They failed.
    Failed,
}

impl Predicate for VerificationSummary {
    const TYPE: &'static str = "https://slsa.dev/verification_summary/v1";
}
