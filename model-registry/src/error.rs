//! What a model registry can answer with.

use std::fmt;

/// A registry refused, or could not be asked.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub struct RegistryError {
    /// The operation, such as `sagemaker:ListModelPackages`.
    pub operation: &'static str,
    /// What kind of failure it is.
    pub kind: RegistryErrorKind,
    /// AWS's code for it, such as `AccessDeniedException`.
    pub code: Option<String>,
    /// AWS's message, or what went wrong on the way.
    pub message: String,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

/// What kind of failure a [`RegistryError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistryErrorKind {
    /// The group or the package does not exist.
    NotFound,
    /// A registry snapshot, which is a file, does not hold the package.
    NotInSnapshot,
    /// The list in a registry snapshot ends before the group does.
    CutOff,
    /// It exists already.
    AlreadyExists,
    /// The caller may not do this.
    AccessDenied,
    /// AWS does not know the caller's credentials.
    CredentialsInvalid,
    /// The caller's session has ended.
    CredentialsExpired,
    /// No credentials were found.
    CredentialsMissing,
    /// Somebody else changed the same thing at the same time.
    Conflict,
    /// Too many requests.
    Throttled,
    /// AWS could not be reached, or did not answer in time.
    Unreachable,
    /// AWS did not accept the request.
    Invalid,
    /// The answer was not what SageMaker documents.
    Malformed,
    /// Anything else.
    Other,
}

impl RegistryError {
    /// An error without anything from AWS.
    pub fn new(operation: &'static str, kind: RegistryErrorKind, message: impl Into<String>) -> Self {
        Self { operation, kind, code: None, message: message.into(), request_id: None }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self.kind {
            RegistryErrorKind::NotInSnapshot => "name one of the versions that are in the file",
            RegistryErrorKind::CutOff => {
                "list all of them: leave out `--max-items` and `--max-results` of `aws sagemaker list-model-packages`"
            }
            RegistryErrorKind::NotFound => {
                "check the group's name, the account and the region; a group of another account is named by its ARN"
            }
            RegistryErrorKind::AccessDenied => {
                return Some(format!("allow `{}` to the role that runs this", self.operation));
            }
            RegistryErrorKind::CredentialsInvalid => "check the access key, or sign in again",
            RegistryErrorKind::CredentialsExpired => "the session has ended: get new credentials and run this again",
            RegistryErrorKind::CredentialsMissing => {
                "set AWS_PROFILE, or run `aws sso login`; in CodeBuild the project's service role is used"
            }
            RegistryErrorKind::Conflict => "somebody else changes the same thing: run this again",
            RegistryErrorKind::Throttled => "AWS is throttling this account: wait a minute and run this again",
            RegistryErrorKind::Unreachable => "check the network, and AWS_ENDPOINT_URL when it is set",
            _ => return None,
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            RegistryErrorKind::CredentialsMissing => "found no AWS credentials",
            RegistryErrorKind::Unreachable => "could not be reached",
            _ => "was refused",
        };
        write!(f, "`{}` {what}", self.operation)?;
        if let Some(code) = &self.code {
            write!(f, ": {code}")?;
        }
        write!(f, ": {}", self.message)
    }
}
