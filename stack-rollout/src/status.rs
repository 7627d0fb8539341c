//! The words in which CloudFormation tells states, kept as CloudFormation spells them.

use std::fmt;

use serde::{Serialize, Serializer};

/// An enum over words of an AWS API. A word that AWS adds later is kept as it came, since a new word must not end a rollout.
macro_rules! aws_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// AWS's own word.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

aws_words! {
    /// How a stack instance stands to its stack set.
    InstanceStatus {
        /// The stack has the set's current template and parameters.
        Current = "CURRENT",
        /// The stack has not: an operation failed or was stopped before it came here, or left this instance out.
        Outdated = "OUTDATED",
        /// A deletion failed here. CloudFormation leaves such an instance out of every later update.
        Inoperable = "INOPERABLE",
    }
}

aws_words! {
    /// What the last operation did to a stack instance.
    DetailedStatus {
        /// Not begun.
        Pending = "PENDING",
        /// Under way.
        Running = "RUNNING",
        /// Done.
        Succeeded = "SUCCEEDED",
        /// Tried without success; the stack may have been rolled back.
        Failed = "FAILED",
        /// Not tried, or given up, because the operation was stopped or had failed elsewhere too often.
        Cancelled = "CANCELLED",
        /// A deletion failed, and the instance is unusable.
        Inoperable = "INOPERABLE",
        /// The account is suspended, so nothing was tried.
        SkippedSuspendedAccount = "SKIPPED_SUSPENDED_ACCOUNT",
        /// A stack could not be imported.
        FailedImport = "FAILED_IMPORT",
    }
}

aws_words! {
    /// The state of an operation on a stack set.
    OperationStatus {
        /// Waits for another operation (managed execution, or service-managed permissions).
        Queued = "QUEUED",
        /// Under way.
        Running = "RUNNING",
        /// Ended, with no more failures than the failure tolerance.
        Succeeded = "SUCCEEDED",
        /// Ended, with more failures than the failure tolerance.
        Failed = "FAILED",
        /// Asked to stop.
        Stopping = "STOPPING",
        /// Ended because someone stopped it.
        Stopped = "STOPPED",
    }
}

aws_words! {
    /// What an operation on a stack set does.
    OperationAction {
        /// Creates stack instances.
        Create = "CREATE",
        /// Updates the set, and its instances with it.
        Update = "UPDATE",
        /// Deletes stack instances.
        Delete = "DELETE",
        /// Looks for drift.
        DetectDrift = "DETECT_DRIFT",
    }
}

aws_words! {
    /// Whether a stack differs from what its template and parameters say, when that was last looked for.
    DriftStatus {
        /// It differs.
        Drifted = "DRIFTED",
        /// It does not.
        InSync = "IN_SYNC",
        /// It could not be told.
        Unknown = "UNKNOWN",
        /// Nobody looked.
        NotChecked = "NOT_CHECKED",
    }
}

aws_words! {
    /// Whether an operation works in several regions at once.
    RegionConcurrency {
        /// One region after the other.
        Sequential = "SEQUENTIAL",
        /// All regions at once.
        Parallel = "PARALLEL",
    }
}

aws_words! {
    /// What becomes of the number of accounts at once when some fail.
    ConcurrencyMode {
        /// It sinks with each failure, so that the failure tolerance is never passed.
        Strict = "STRICT_FAILURE_TOLERANCE",
        /// It stays, so that more accounts than the failure tolerance can fail.
        Soft = "SOFT_FAILURE_TOLERANCE",
    }
}

aws_words! {
    /// What a template may do that must be acknowledged.
    Capability {
        /// Creates IAM resources.
        Iam = "CAPABILITY_IAM",
        /// Creates IAM resources with names of their own.
        NamedIam = "CAPABILITY_NAMED_IAM",
        /// Uses macros or nested stacks.
        AutoExpand = "CAPABILITY_AUTO_EXPAND",
    }
}

impl OperationStatus {
    /// Whether the operation will change no more.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Stopped)
    }
}

impl DetailedStatus {
    /// Whether the operation is done with the instance, in one way or another.
    pub fn has_ended(&self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Other(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_aws_adds_later_is_kept_and_is_not_an_end() {
        let status = OperationStatus::from("HIBERNATING");
        assert_eq!(status.to_string(), "HIBERNATING");
        assert!(!status.has_ended());
        assert_eq!(serde_json::to_string(&status).unwrap(), "\"HIBERNATING\"");
    }

    #[test]
    fn words_survive_the_way_there_and_back() {
        for word in ["CURRENT", "OUTDATED", "INOPERABLE"] {
            let status = InstanceStatus::from(word);
            assert!(!matches!(status, InstanceStatus::Other(_)));
            assert_eq!(status.as_str(), word);
        }
    }
}
