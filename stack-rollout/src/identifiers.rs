//! Validated names and ids.

use std::fmt;
use std::str::FromStr;

use aws_names::{AccountId, InvalidName, Region};
use serde::{Deserialize, Serialize};

/// A stack set name: a letter, then letters, digits and hyphens, at most 128 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StackSetName(String);

/// An operation id: a letter or digit, then letters, digits and hyphens, at most 128 characters.
///
/// CloudFormation uses it as an idempotency token: equal ids start one operation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OperationId(String);

/// A target of a rollout: one region of one account.
///
/// Ordered by account, then region. Displayed as `222222222222/us-east-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The account of the stack.
    #[serde(rename = "account_id")]
    pub account: AccountId,
    /// The region of the stack.
    pub region: Region,
}

impl Target {
    /// The target `region` in `account`.
    pub fn new(account: AccountId, region: Region) -> Self {
        Self { account, region }
    }
}

impl FromStr for Target {
    type Err = InvalidName;

    /// Parses an account and region as they are displayed.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = || InvalidName { text: text.to_owned(), expected: "an account and region" };
        let (account, region) = text.split_once('/').ok_or_else(invalid)?;
        match (account.parse(), region.parse()) {
            (Ok(account), Ok(region)) => Ok(Self::new(account, region)),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

impl OperationId {
    /// The operation id of a step in a run of this release: `RELEASE-RUN-NAME-STEP`.
    ///
    /// A long release id is truncated so that the result is a valid id.
    pub(crate) fn step(&self, run: u32, name: &str, step: usize) -> Self {
        Self(format!("{}-{run}-{name}-{step}", self.stem()))
    }

    /// Whether this operation is a step of a rollout of `release`.
    pub fn is_step_of(&self, release: &Self) -> bool {
        release.run_of(self).is_some()
    }

    /// The run of the release `self` that `operation` belongs to, if any.
    pub(crate) fn run_of(&self, operation: &Self) -> Option<u32> {
        let rest = operation.0.strip_prefix(self.stem())?.strip_prefix('-')?;
        let mut parts = rest.split('-');
        match (parts.next()?.parse(), parts.next(), parts.next()?.parse::<usize>(), parts.next()) {
            (Ok(run), Some(name), Ok(_), None) if !name.is_empty() => Some(run),
            _ => None,
        }
    }

    /// The common prefix of all step ids, short enough for the longest run, name and step.
    fn stem(&self) -> &str {
        &self.0[..self.0.len().min(LONGEST_NAME - LONGEST_SUFFIX)]
    }
}

/// The maximum length of `-RUN-NAME-STEP`: ten digits, a word of eight letters, twenty digits.
const LONGEST_SUFFIX: usize = 41;

/// The maximum length of stack set names and operation ids in CloudFormation.
const LONGEST_NAME: usize = 128;

fn is_name(text: &str, first: fn(&u8) -> bool) -> bool {
    text.len() <= LONGEST_NAME
        && text.as_bytes().first().is_some_and(first)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_stack_set_name(text: &str) -> bool {
    is_name(text, u8::is_ascii_alphabetic)
}

fn is_operation_id(text: &str) -> bool {
    is_name(text, u8::is_ascii_alphanumeric)
}

macro_rules! identifier {
    ($type:ident, $check:ident, $expected:literal) => {
        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                if $check(&text) { Ok(Self(text)) } else { Err(InvalidName { text, expected: $expected }) }
            }
        }

        impl FromStr for $type {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

identifier!(StackSetName, is_stack_set_name, "a stack set name (a letter, then letters, digits and hyphens, at most 128)");
identifier!(OperationId, is_operation_id, "an operation id (letters, digits and inner hyphens, at most 128)");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_cloudformations_patterns() {
        assert!("sagemaker-iris-p-abc123xyz-deploy-staging".parse::<StackSetName>().is_ok());
        assert!("a".repeat(128).parse::<StackSetName>().is_ok());
        for text in [String::new(), "1a".to_owned(), "-a".to_owned(), "a_b".to_owned(), "a".repeat(129)] {
            assert!(text.parse::<StackSetName>().is_err(), "{text}");
        }
        assert!("1a-b".parse::<OperationId>().is_ok());
        assert!("-a".parse::<OperationId>().is_err());
    }

    #[test]
    fn a_step_of_the_longest_operation_id_is_still_a_valid_id() {
        let release: OperationId = "a".repeat(128).parse().unwrap();
        assert!(is_operation_id(release.step(u32::MAX, "update", usize::MAX).as_str()));
        assert_ne!(release.step(1, "update", 1), release.step(1, "update", 2));
    }

    #[test]
    fn an_operation_id_identifies_the_release_and_run_it_belongs_to() {
        let release: OperationId = "xtask-4f0c".parse().unwrap();
        assert_eq!(release.run_of(&release.step(7, "update", 2)), Some(7));
        for other in [
            "xtask-4f0c",
            "xtask-4f0c-7",
            "xtask-4f0c-7-update",
            "xtask-4f0cd-7-update-1",
            "xtask-4f0c-x-update-1",
            "xtask-4f0c-7-update-1-1",
        ] {
            assert_eq!(release.run_of(&other.parse().unwrap()), None, "{other}");
        }
    }

    #[test]
    fn a_target_is_parsed_as_it_is_displayed() {
        let target: Target = "222222222222/us-east-1".parse().unwrap();
        assert_eq!(target.to_string(), "222222222222/us-east-1");
        for text in ["", "222222222222", "222222222222/", "us-east-1/222222222222", "222222222222/us-east-1/iris"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn deserializing_rejects_what_parsing_rejects() {
        assert!(serde_json::from_str::<AccountId>("\"12\"").is_err());
        assert!(serde_json::from_str::<AccountId>("222222222222").is_err());
    }
}
