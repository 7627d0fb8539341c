//! The statuses of a model package, in SageMaker's terms.

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
            /// A status that this version does not know.
            Other(String),
        }

        impl $name {
            /// SageMaker's term.
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
    /// The approval status of a model package.
    ApprovalStatus {
        /// It can be deployed.
        Approved,
        /// It must not be deployed.
        Rejected,
        /// It is pending approval.
        PendingManualApproval,
    }
}

states! {
    /// Whether SageMaker completed a model package.
    PackageStatus {
        /// Not started.
        Pending,
        /// In progress.
        InProgress,
        /// It can be used.
        Completed,
        /// It cannot be used.
        Failed,
        /// It is being deleted.
        Deleting,
    }
}

states! {
    /// How a model package was added to the registry.
    RegistrationType {
        /// Registered by a person or a pipeline, and governed by approval.
        Registered,
        /// Logged by a tool during training: not a governed registration.
        Logged,
    }
}
