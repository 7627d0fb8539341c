//! Errors of a model registry.

use std::fmt;

use aws_names::AccountId;
use call_fault::Fault;

/// How to get a list that is complete.
pub const LIST_ALL: &str = "list all model packages: omit `--max-items` and `--max-results` of `aws sagemaker list-model-packages`";

/// A call to the registry failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub struct RegistryError {
    /// The operation, such as `sagemaker:ListModelPackages`.
    pub operation: &'static str,
    /// What kind of failure it is.
    pub kind: RegistryErrorKind,
    /// What went wrong, if it can go wrong with every call.
    pub fault: Option<Fault>,
    /// AWS's error code, such as `AccessDeniedException`.
    pub code: Option<String>,
    /// AWS's message, or what failed before AWS responded.
    pub message: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The region that was called.
    pub region: Option<String>,
    /// The account that was called, if the request names it: otherwise the caller's.
    pub account: Option<AccountId>,
}

/// What kind of failure a [`RegistryError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistryErrorKind {
    /// The group or the package does not exist.
    NotFound,
    /// The registry snapshot, which is a file, does not contain the package.
    NotInSnapshot,
    /// The list in a registry snapshot is not complete.
    CutOff,
    /// It exists already.
    AlreadyExists,
    /// The caller lacks the permission.
    AccessDenied,
    /// The caller's credentials are invalid.
    CredentialsInvalid,
    /// The caller's credentials expired.
    CredentialsExpired,
    /// No credentials were found.
    CredentialsMissing,
    /// Another caller changed the same resource at the same time.
    Conflict,
    /// Too many requests.
    Throttled,
    /// AWS could not be reached, or did not respond in time.
    Unreachable,
    /// The request is invalid.
    Invalid,
    /// The response differs from what SageMaker documents.
    Malformed,
    /// Anything else.
    Other,
}

impl RegistryError {
    /// An error without anything from AWS.
    pub fn new(operation: &'static str, kind: RegistryErrorKind, message: impl Into<String>) -> Self {
        Self { operation, kind, fault: kind.fault(), code: None, message: message.into(), request_id: None, region: None, account: None }
    }

    /// Sets the account that was called, if it is known.
    #[cfg(feature = "aws")]
    pub(crate) fn of_account(self, account: Option<&AccountId>) -> Self {
        Self { account: account.cloned().or(self.account), ..self }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self.kind {
            RegistryErrorKind::NotInSnapshot => "choose one of the versions in the file",
            RegistryErrorKind::CutOff => LIST_ALL,
            RegistryErrorKind::NotFound => {
                "check the group's name, the account and the region; for a group of another account, use its ARN"
            }
            RegistryErrorKind::Conflict => "another caller is changing the same resource: run the command again",
            _ => return self.fault.map(|fault| fault.hint(self.operation)),
        };
        Some(text.to_owned())
    }
}

impl RegistryErrorKind {
    /// The kind of a fault that every call can have.
    #[cfg(feature = "aws")]
    pub(crate) fn of_fault(fault: Fault) -> Self {
        match fault {
            Fault::Throttled => Self::Throttled,
            Fault::AccessDenied => Self::AccessDenied,
            Fault::ExpiredCredentials => Self::CredentialsExpired,
            Fault::InvalidCredentials => Self::CredentialsInvalid,
            Fault::MissingCredentials => Self::CredentialsMissing,
            Fault::NotOfAws | Fault::TooLong => Self::Malformed,
            _ => Self::Unreachable,
        }
    }

    /// The usual fault of an error of this kind.
    fn fault(self) -> Option<Fault> {
        Some(match self {
            Self::AccessDenied => Fault::AccessDenied,
            Self::CredentialsInvalid => Fault::InvalidCredentials,
            Self::CredentialsExpired => Fault::ExpiredCredentials,
            Self::CredentialsMissing => Fault::MissingCredentials,
            Self::Throttled => Fault::Throttled,
            Self::Unreachable => Fault::Connection,
            Self::Malformed => Fault::NotOfAws,
            _ => return None,
        })
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The caller did not run an operation of this name: the registry is a file.
        if matches!(self.kind, RegistryErrorKind::NotInSnapshot | RegistryErrorKind::CutOff) {
            return f.write_str(&self.message);
        }
        let what = match self.kind {
            RegistryErrorKind::CredentialsMissing => "found no AWS credentials",
            RegistryErrorKind::Unreachable => "could not be reached",
            _ => "failed",
        };
        write!(f, "`{}` {what}", self.operation)?;
        if let Some(code) = &self.code {
            write!(f, ": {code}")?;
        }
        write!(f, ": {}", self.message)
    }
}
