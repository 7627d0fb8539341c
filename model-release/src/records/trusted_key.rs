//! The public key that a team trusts: pinned in its release policy, or named by the caller.

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
    /// The file that it is in.
    pub file: PathBuf,
}

impl TrustedKey {
    /// Reads a PEM file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::read_text(path).map_err(|diagnostic| diagnostic.code("no-public-key"))?;
        Self::parse(&text, path)
    }

    /// The key that a release policy pins.
    pub fn pinned(policy: Option<&PolicyFile>) -> Result<Self, Failure> {
        let pinned = policy.and_then(|policy| policy.policy.signatures.as_ref().map(|signatures| (policy, signatures)));
        let Some((policy, signatures)) = pinned else {
            let message = match policy {
                Some(policy) => format!("the release policy `{}` pins no public key for signed records", policy.name),
                None => "there is no release policy that pins a public key for signed records".to_owned(),
            };
            return Err(Failure::bad_input(Diagnostic::error(message).code("no-trusted-key")));
        };
        match &signatures.public_key {
            PublicKeySource::Pem(text) => Self::parse(text, &policy.path),
            PublicKeySource::File(name) => Self::read(&policy.path.parent().unwrap_or(Path::new("")).join(name)),
        }
    }

    /// The pinned key, if the policy or the caller requires signed records.
    pub fn required(policy: Option<&PolicyFile>, by_caller: bool) -> Result<Option<Self>, Failure> {
        let by_policy = policy.and_then(|policy| policy.policy.signatures.as_ref()).is_some_and(|signatures| signatures.required);
        if by_caller || by_policy { Self::pinned(policy).map(Some) } else { Ok(None) }
    }

    fn parse(text: &str, file: &Path) -> Result<Self, Failure> {
        let key = PublicKey::from_pem(text).map_err(|error| {
            let message = format!("the public key in `{}` cannot be used: {error}", file.display());
            Failure::bad_input(Diagnostic::error(message).code("no-public-key").file(file))
        })?;
        Ok(Self { key, file: file.to_owned() })
    }
}
