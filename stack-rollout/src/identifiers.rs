//! Names and ids that can only be made valid.

use std::fmt;
use std::str::FromStr;

use aws_names::{AccountId, InvalidName, Region};
use serde::{Deserialize, Serialize};

/// The name of a stack set: a letter, then letters, digits and hyphens, at most 128 in all (CreateStackSet, `StackSetName`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StackSetName(String);

/// The id of one operation on a stack set: a letter or digit, then letters, digits and hyphens, at most 128 in all.
///
/// CloudFormation also takes it as an idempotency token: a request sent twice with one id starts one operation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OperationId(String);

/// One place of a rollout: a region of an account.
///
/// Ordered by account, then region. Displayed as `222222222222/us-east-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The account that the stack is in.
    #[serde(rename = "account_id")]
    pub account: AccountId,
    /// The region that the stack is in.
    pub region: Region,
}

impl Target {
    /// The place `region` of `account`.
    pub fn new(account: AccountId, region: Region) -> Self {
        Self { account, region }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

impl OperationId {
    /// The id of a step of a run of the release that this id stands for: `RELEASE-RUN-NAME-STEP`.
    ///
    /// A long release is cut, so that the result is again a valid id.
    pub(crate) fn step(&self, run: u32, name: &str, step: usize) -> Self {
        Self(format!("{}-{run}-{name}-{step}", self.stem()))
    }

    /// Whether this operation is a step of a rollout of the release that `release` stands for.
    pub fn is_step_of(&self, release: &Self) -> bool {
        release.run_of(self).is_some()
    }

    /// The run of the release `self` that this operation is a step of; `None` when it is none.
    pub(crate) fn run_of(&self, operation: &Self) -> Option<u32> {
        let rest = operation.0.strip_prefix(self.stem())?.strip_prefix('-')?;
        let mut parts = rest.split('-');
        match (parts.next()?.parse(), parts.next(), parts.next()?.parse::<usize>(), parts.next()) {
            (Ok(run), Some(name), Ok(_), None) if !name.is_empty() => Some(run),
            _ => None,
        }
    }

    /// What the ids of all steps begin with: short enough for the longest run, name and step.
    fn stem(&self) -> &str {
        &self.0[..self.0.len().min(LONGEST_NAME - LONGEST_SUFFIX)]
    }
}

/// The length of `-RUN-NAME-STEP` at most: ten digits, a word of eight letters, twenty digits.
const LONGEST_SUFFIX: usize = 41;

/// The longest stack set name and operation id that CloudFormation takes.
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
            /// The text as AWS writes it.
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
    fn an_operation_tells_whether_it_is_a_step_of_a_release() {
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
    fn json_refuses_what_parsing_refuses() {
        assert!(serde_json::from_str::<AccountId>("\"12\"").is_err());
        assert!(serde_json::from_str::<AccountId>("222222222222").is_err());
    }
}
