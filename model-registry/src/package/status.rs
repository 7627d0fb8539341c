//! The states of a model package, in SageMaker's own words.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A state that this version does not know.
            Other(String),
        }

        impl $name {
            /// SageMaker's own word for it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                    Self::Other(word) => word,
                }
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Ok(match word {
                    $(stringify!($variant) => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                })
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                let Ok(state) = word.parse();
                state
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

states! {
    /// Whether a person approved a model package.
    ApprovalStatus {
        /// It may be deployed.
        Approved,
        /// It must not be deployed.
        Rejected,
        /// Nobody decided yet.
        PendingManualApproval,
    }
}

states! {
    /// Whether SageMaker finished making a model package.
    PackageStatus {
        /// Not begun.
        Pending,
        /// Under way.
        InProgress,
        /// It can be used.
        Completed,
        /// It cannot be used.
        Failed,
        /// It is going away.
        Deleting,
    }
}

states! {
    /// How a model package came into the registry.
    RegistrationType {
        /// Registered by a person or a pipeline, and governed by approval.
        Registered,
        /// Logged by a tool while it trained: not a governed registration.
        Logged,
    }
}
