//! The in-toto statement, version 1: a predicate about subjects, which digests identify.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical_json;
use crate::error::RecordError;
use crate::predicate::Predicate;

/// The type of a statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// A statement about artifacts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement<P> {
    #[serde(rename = "_type")]
    r#type: String,
    subject: Vec<ResourceDescriptor>,
    predicate_type: String,
    predicate: P,
}

/// An artifact: its name or address, and its digests by algorithm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDescriptor {
    /// Its name, such as a file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The digests in hexadecimal digits, by algorithm, such as `sha256`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

impl ResourceDescriptor {
    /// A named artifact with a digest in the notation `sha256:…`.
    pub fn named(name: impl Into<String>, digest: &str) -> Self {
        Self { name: Some(name.into()), digest: parsed(digest), ..Self::default() }
    }

    /// An artifact with an address, and a digest in the notation `sha256:…` if it is known.
    pub fn at(uri: impl Into<String>, digest: Option<&str>) -> Self {
        Self { uri: Some(uri.into()), digest: digest.map(parsed).unwrap_or_default(), ..Self::default() }
    }

    /// The name or address.
    pub fn label(&self) -> &str {
        self.name.as_deref().or(self.uri.as_deref()).unwrap_or_default()
    }

    /// The digests in the notation `sha256:…`.
    pub fn digests(&self) -> String {
        let digests: Vec<_> = self.digest.iter().map(|(algorithm, digits)| format!("{algorithm}:{digits}")).collect();
        digests.join(", ")
    }
}

fn parsed(digest: &str) -> BTreeMap<String, String> {
    let (algorithm, digits) = digest.split_once(':').unwrap_or(("sha256", digest));
    BTreeMap::from([(algorithm.to_owned(), digits.to_owned())])
}

impl<P: Predicate> Statement<P> {
    /// A statement about these subjects, in an order of their own.
    pub fn new(subjects: impl IntoIterator<Item = ResourceDescriptor>, predicate: P) -> Self {
        let mut subject: Vec<_> = subjects.into_iter().collect();
        subject.sort();
        subject.dedup();
        Self { r#type: STATEMENT_TYPE.to_owned(), subject, predicate_type: P::TYPE.to_owned(), predicate }
    }

    /// What the statement says.
    pub fn predicate(&self) -> &P {
        &self.predicate
    }

    /// What the statement is about.
    pub fn subjects(&self) -> &[ResourceDescriptor] {
        &self.subject
    }

    /// The payload: canonical JSON.
    pub fn to_json(&self) -> String {
        canonical_json::text(self)
    }

    /// Reads a payload, whose signature must have been verified.
    pub fn parse(payload: &[u8]) -> Result<Self, RecordError> {
        let not_a_statement = |reason: String| RecordError::NotAStatement { expected: P::TYPE, reason };
        // The types first: another predicate has other members.
        let value: serde_json::Value = serde_json::from_slice(payload).map_err(|error| not_a_statement(error.to_string()))?;
        for (member, expected) in [("_type", STATEMENT_TYPE), ("predicateType", P::TYPE)] {
            let found = value[member].as_str().unwrap_or_default();
            if found != expected {
                return Err(not_a_statement(format!("`{member}` is `{found}`")));
            }
        }
        serde_json::from_value(value).map_err(|error| not_a_statement(error.to_string()))
    }

    /// Checks that the statement is about exactly these subjects.
    pub fn check_subjects(&self, expected: impl IntoIterator<Item = ResourceDescriptor>) -> Result<(), RecordError> {
        let expected: Vec<_> = expected.into_iter().collect();
        for one in &expected {
            self.check_subject(one)?;
        }
        let unknown = self.subject.iter().find(|signed| !expected.contains(signed));
        unknown.map_or(Ok(()), |signed| Err(RecordError::UnknownSubject { name: signed.label().to_owned() }))
    }

    /// Checks that the statement is about this subject.
    pub fn check_subject(&self, expected: &ResourceDescriptor) -> Result<(), RecordError> {
        if self.subject.contains(expected) {
            return Ok(());
        }
        let name = expected.label().to_owned();
        match self.subject.iter().find(|signed| signed.label() == name) {
            Some(signed) => Err(RecordError::OtherSubject { name, signed: signed.digests(), found: expected.digests() }),
            None => Err(RecordError::MissingSubject { name }),
        }
    }
}
