//! A claim: a value, and what it is based on.

use serde::{Deserialize, Serialize};

/// What a claim is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// This project measured it: tests of endpoints, or digests of files.
    Measured,
    /// AWS returned it.
    ReadFromAws,
    /// A person or a program wrote it down, and nothing here checked it.
    Declared,
    /// It is not known.
    NotKnown,
}

/// A value, what it is based on, and where it is from. Without a value, `source` says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Claim_of_{T}"))]
pub struct Claim<T> {
    /// The value; null if it is not known.
    pub value: Option<T>,
    /// `measured`, `read-from-aws`, `declared` or `not-known`.
    pub basis: Basis,
    /// Where the value is from, such as `release manifest`; why it is not known if there is none.
    pub source: String,
}

impl Basis {
    /// The words on a page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::ReadFromAws => "read from AWS",
            Self::Declared => "declared",
            Self::NotKnown => "not known",
        }
    }

    /// The value in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::ReadFromAws => "read-from-aws",
            Self::Declared => "declared",
            Self::NotKnown => "not-known",
        }
    }
}

impl<T> Claim<T> {
    /// What this project measured.
    pub fn measured(value: T, source: impl Into<String>) -> Self {
        Self::on(Basis::Measured, value, source)
    }

    /// What AWS returned.
    pub fn read_from_aws(value: T, source: impl Into<String>) -> Self {
        Self::on(Basis::ReadFromAws, value, source)
    }

    /// What was written down.
    pub fn declared(value: T, source: impl Into<String>) -> Self {
        Self::on(Basis::Declared, value, source)
    }

    /// What is not known, and why.
    pub fn not_known(why: impl Into<String>) -> Self {
        Self { value: None, basis: Basis::NotKnown, source: why.into() }
    }

    /// A value with this basis.
    pub(super) fn on(basis: Basis, value: T, source: impl Into<String>) -> Self {
        Self { value: Some(value), basis, source: source.into() }
    }

    /// Another value with the same basis and source.
    pub(super) fn map<U>(self, of: impl FnOnce(T) -> U) -> Claim<U> {
        Claim { value: self.value.map(of), basis: self.basis, source: self.source }
    }
}
