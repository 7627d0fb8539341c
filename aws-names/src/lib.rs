//! AWS account ids, regions and ARNs as types that are always valid.
//!
//! ```
//! use aws_names::{AccountId, Arn};
//!
//! let role: Arn = "arn:aws:iam::222222222222:role/deployment/Execution".parse()?;
//! assert_eq!(role.account(), Some(&"222222222222".parse::<AccountId>()?));
//! assert_eq!(role.name(), "Execution");
//! assert!("22222222222".parse::<AccountId>().is_err());
//! # Ok::<(), aws_names::InvalidName>(())
//! ```
//!
//! # Features
//!
//! | feature | what |
//! |---|---|
//! | `serde` | each name is serialized as a string |

mod account;
mod arn;
mod model_package;
mod principal;
mod region;

use std::fmt;

pub use account::AccountId;
pub use arn::{Arn, resource_name};
pub use model_package::ModelPackageArn;
pub use principal::Principal;
pub use region::Region;

/// A text that is not a valid name of the requested kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidName {
    /// The text.
    pub text: String,
    /// What was expected, such as `an AWS account id (12 digits)`.
    pub expected: &'static str,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not {}", self.text, self.expected)
    }
}

impl std::error::Error for InvalidName {}

/// The implementations that all names share.
macro_rules! name {
    ($type:ident) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::InvalidName;

            fn from_str(text: &str) -> Result<Self, crate::InvalidName> {
                Self::read(text).ok_or_else(|| crate::InvalidName { text: text.to_owned(), expected: Self::EXPECTED })
            }
        }

        impl TryFrom<String> for $type {
            type Error = crate::InvalidName;

            fn try_from(text: String) -> Result<Self, crate::InvalidName> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.as_str().to_owned()
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, text: &str) -> bool {
                self.as_str() == text
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
use name;

/// The README's example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
