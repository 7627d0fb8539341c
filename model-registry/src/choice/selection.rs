//! Which model package is requested.

use std::fmt;
use std::str::FromStr;

use aws_names::ModelPackageArn;

/// Which model package is requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The newest approved package, by creation time.
    LatestApproved,
    /// A version of the group.
    Version(u32),
    /// The package with this ARN, possibly in another account.
    Arn(ModelPackageArn),
}

/// The text is not a selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a version nor the ARN of a model package")]
pub struct ParseSelectionError(String);

impl FromStr for Selection {
    type Err = ParseSelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || ParseSelectionError(text.to_owned());
        if text.starts_with("arn:") {
            return text.parse().map(Self::Arn).map_err(|_| invalid());
        }
        match text.parse::<u32>() {
            Ok(version) if version > 0 && version <= 999_999_999 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self::Version(version))
            }
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LatestApproved => f.write_str("latest-approved"),
            Self::Version(version) => write!(f, "version {version}"),
            Self::Arn(arn) => write!(f, "{arn}"),
        }
    }
}
