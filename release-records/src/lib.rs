#![doc = include_str!("../README.md")]

mod bundle;
mod canonical_json;
mod envelope;
mod error;
mod predicate;
mod public_key;
mod signer;
mod statement;

#[cfg(feature = "signatures")]
mod verification;

pub use bundle::{Bundle, MEDIA_TYPE};
pub use envelope::{PAYLOAD_TYPE, pre_authentication_encoding};
pub use error::{KeyError, RecordError};
pub use predicate::Predicate;
pub use predicate::provenance::{BuildDefinition, BuildMetadata, Builder, Provenance, RunDetails};
pub use predicate::test_result::{TestResult, TestVerdict};
pub use predicate::verification_summary::{Policy, VerificationResult, VerificationSummary, Verifier};
pub use public_key::{PublicKey, SignatureAlgorithm};
pub use signer::{Signer, sign};
pub use statement::{ResourceDescriptor, STATEMENT_TYPE, Statement};
