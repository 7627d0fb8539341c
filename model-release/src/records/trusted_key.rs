//! The public keys that a team trusts: pinned in its release policy, or named by the caller.

use std::path::{Path, PathBuf};

use model_registry::release_policy::PublicKeySource;
use release_records::PublicKey;

use crate::diagnostic::{Diagnostic, Failure};
use crate::{PolicyFile, files};

/// A public key, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key.
    pub key: PublicKey,
    /// The file that it is in, or its ARN.
    pub file: PathBuf,
}

/// The trusted key of each kind of record; `None` for a kind that is not required.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedKeys {
    /// Signs the provenance.
    pub build: Option<TrustedKey>,
    /// Signs the results of tests.
    pub test: Option<TrustedKey>,
    /// Signs the verification summary.
    pub check_release: Option<TrustedKey>,
}

impl TrustedKey {
    /// Reads a PEM file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::read_text(path).map_err(|diagnostic| diagnostic.code("no-public-key"))?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, file: &Path) -> Result<Self, Failure> {
        let key = PublicKey::from_pem(text).map_err(|error| {
            let message = format!("the public key in `{}` cannot be used: {error}", file.display());
            Failure::bad_input(Diagnostic::error(message).code("no-public-key").file(file))
        })?;
        Ok(Self { key, file: file.to_owned() })
    }
}

impl From<TrustedKey> for TrustedKeys {
    /// One key for all kinds of records.
    fn from(key: TrustedKey) -> Self {
        Self { build: Some(key.clone()), test: Some(key.clone()), check_release: Some(key) }
    }
}

impl TrustedKeys {
    /// Whether no record is required.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The keys that a release policy pins.
    pub fn pinned(policy: Option<&PolicyFile>) -> Result<Self, Failure> {
        let pinned = policy.and_then(|policy| policy.policy.signatures.as_ref().map(|signatures| (policy, signatures)));
        let Some((policy, signatures)) = pinned else {
            let message = match policy {
                Some(policy) => format!("the release policy `{}` pins no public key for signed records", policy.name),
                None => "there is no release policy that pins a public key for signed records".to_owned(),
            };
            return Err(Failure::bad_input(Diagnostic::error(message).code("no-trusted-key")));
        };
        let read = |source: &PublicKeySource| match source {
            PublicKeySource::Pem(text) => TrustedKey::parse(text, &policy.path),
            PublicKeySource::File(name) => TrustedKey::read(&policy.path.parent().unwrap_or(Path::new("")).join(name)),
        };
        let keys = &signatures.public_keys;
        let ((build, test), check_release) = Failure::both(Failure::both(read(&keys.build), read(&keys.test)), read(&keys.check_release))?;
        Ok(Self { build: Some(build), test: Some(test), check_release: Some(check_release) })
    }

    /// The pinned keys, if the policy or the caller requires signed records; else none.
    pub fn required(policy: Option<&PolicyFile>, by_caller: bool) -> Result<Self, Failure> {
        let by_policy = policy.and_then(|policy| policy.policy.signatures.as_ref()).is_some_and(|signatures| signatures.required);
        if by_caller || by_policy { Self::pinned(policy) } else { Ok(Self::default()) }
    }
}
