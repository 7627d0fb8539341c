//! What is wrong with a record or a key, by name.

use thiserror::Error;

/// A record that cannot be trusted, or is not about what it is used for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The text is not a Sigstore bundle of version 0.3 with a public key.
    #[error("this is not a Sigstore bundle with a public key: {reason}")]
    NotABundle {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the JSON reader found.
        reason: String,
    },
    /// A member is not what it must be.
    #[error("`{field}` is `{found}`, not `{expected}`")]
    Unexpected {
        /// The member.
        field: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A member is not base64.
    #[error("`{field}` is not base64: {reason}")]
    NotBase64 {
        /// The member.
        field: &'static str,
        /// What the decoder found.
        reason: String,
    },
    /// The bundle was written by another program, or changed.
    #[error("the bundle was changed or written by another program: byte {at} is not that of its canonical form")]
    NotCanonical {
        /// The first different byte, from 0.
        at: usize,
    },
    /// Another key signed the record.
    #[error("`{field}` names another key: the record was signed with `{found}`, and `{expected}` is trusted")]
    OtherKey {
        /// The member.
        field: &'static str,
        /// The fingerprint of the trusted key.
        expected: String,
        /// The fingerprint in the record.
        found: String,
    },
    /// The signature is not that of the payload.
    #[error("`dsseEnvelope.signatures[0].sig` is not the trusted key's signature of `dsseEnvelope.payload`")]
    WrongSignature,
    /// The signed payload is not a statement with this predicate.
    #[error("the signed payload is not a statement of the type `{expected}`: {reason}")]
    NotAStatement {
        /// The expected predicate type.
        expected: &'static str,
        /// What the JSON reader found.
        reason: String,
    },
    /// The statement is about another version of a subject.
    #[error("the record is about another `{name}`: it has the digest {signed}, and this one has {found}")]
    OtherSubject {
        /// The subject's name.
        name: String,
        /// The digest in the statement.
        signed: String,
        /// The digest of what was found.
        found: String,
    },
    /// The statement is not about an expected subject.
    #[error("the record is not about `{name}`")]
    MissingSubject {
        /// The subject's name.
        name: String,
    },
    /// The statement is about a subject that was not found.
    #[error("the record is also about `{name}`, which does not exist here")]
    UnknownSubject {
        /// The subject's name.
        name: String,
    },
}

/// A public key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not PEM.
    #[error("this is not a PEM file: it has no `-----BEGIN PUBLIC KEY-----`")]
    NotPem,
    /// The PEM file has something else, such as a certificate.
    #[error("the PEM file has a `{label}`, not a `PUBLIC KEY`")]
    OtherLabel {
        /// The label.
        label: String,
    },
    /// The text between the labels is not base64.
    #[error("the PEM file is damaged: {reason}")]
    Damaged {
        /// What the decoder found.
        reason: String,
    },
    /// The key is of a kind that this crate does not use.
    #[error("the key is not of a supported kind: ECC_NIST_P256, ECC_NIST_P384, RSA_2048, RSA_3072 or RSA_4096")]
    Unsupported,
    /// The bytes are not a valid key of its kind.
    #[error("the key is not valid: {reason}")]
    Invalid {
        /// What the cryptographic library found.
        reason: String,
    },
}
