//! The enumerations of the AWS APIs, with unknown values kept as text.

use std::fmt;

use serde::{Serialize, Serializer};

/// The reason of a failure if CloudFormation has none.
pub const NO_REASON: &str = "CloudFormation gave no reason";

/// An enum of an AWS API. Other values are kept, because a new value must not abort a rollout.
macro_rules! aws_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $value:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// Any other value.
            Other(String),
        }

        impl $name {
            /// The value as AWS spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Other(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$variant,)+
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

aws_enum! {
    /// Whether a stack instance is up to date with its stack set.
    InstanceStatus {
        /// The stack has the set's current template and parameters.
        Current = "CURRENT",
        /// Not up to date: an operation failed, was stopped, or did not include the instance.
        Outdated = "OUTDATED",
        /// A deletion failed. CloudFormation skips the instance in every later update.
        Inoperable = "INOPERABLE",
    }
}

aws_enum! {
    /// The result of the last operation for a stack instance.
    DetailedStatus {
        /// Not started.
        Pending = "PENDING",
        /// In progress.
        Running = "RUNNING",
        /// Finished.
        Succeeded = "SUCCEEDED",
        /// Failed; the stack may have been rolled back.
        Failed = "FAILED",
        /// Cancelled, because the operation was stopped or exceeded its failure tolerance.
        Cancelled = "CANCELLED",
        /// A deletion failed; the instance is not usable.
        Inoperable = "INOPERABLE",
        /// Skipped, because the account is suspended.
        SkippedSuspendedAccount = "SKIPPED_SUSPENDED_ACCOUNT",
        /// The stack could not be imported.
        FailedImport = "FAILED_IMPORT",
    }
}

aws_enum! {
    /// The status of an operation on a stack set.
    OperationStatus {
        /// Waiting for another operation (managed execution, or service-managed permissions).
        Queued = "QUEUED",
        /// In progress.
        Running = "RUNNING",
        /// Finished within the failure tolerance.
        Succeeded = "SUCCEEDED",
        /// Finished with more failures than the failure tolerance.
        Failed = "FAILED",
        /// Stopping after a stop request.
        Stopping = "STOPPING",
        /// Stopped by a stop request.
        Stopped = "STOPPED",
    }
}

aws_enum! {
    /// The action of an operation on a stack set.
    OperationAction {
        /// Creates stack instances.
        Create = "CREATE",
        /// Updates the set or its instances.
        Update = "UPDATE",
        /// Deletes stack instances.
        Delete = "DELETE",
        /// Detects drift.
        DetectDrift = "DETECT_DRIFT",
    }
}

aws_enum! {
    /// The result of the last drift detection for a stack.
    DriftStatus {
        /// The stack differs from its template and parameters.
        Drifted = "DRIFTED",
        /// The stack does not differ.
        InSync = "IN_SYNC",
        /// The result is unknown.
        Unknown = "UNKNOWN",
        /// Drift was never detected.
        NotChecked = "NOT_CHECKED",
    }
}

aws_enum! {
    /// Whether an operation deploys to several regions at once.
    RegionConcurrency {
        /// One region after the other.
        Sequential = "SEQUENTIAL",
        /// All regions at once.
        Parallel = "PARALLEL",
    }
}

aws_enum! {
    /// How concurrency changes after failures.
    ConcurrencyMode {
        /// Reduced after each failure so that the failure tolerance is never exceeded.
        Strict = "STRICT_FAILURE_TOLERANCE",
        /// Unchanged, so more accounts than the failure tolerance can fail.
        Soft = "SOFT_FAILURE_TOLERANCE",
    }
}

aws_enum! {
    /// A capability that a template needs and the caller must acknowledge.
    Capability {
        /// Creates IAM resources.
        Iam = "CAPABILITY_IAM",
        /// Creates IAM resources with custom names.
        NamedIam = "CAPABILITY_NAMED_IAM",
        /// Uses macros or nested stacks.
        AutoExpand = "CAPABILITY_AUTO_EXPAND",
    }
}

aws_enum! {
    /// The status of a model package.
    ModelPackageStatus {
        /// The package can be deployed.
        Completed = "Completed",
    }
}

aws_enum! {
    /// The approval status of a model package.
    ModelApprovalStatus {
        /// The package is approved.
        Approved = "Approved",
    }
}

aws_enum! {
    /// The state of a KMS key.
    KeyState {
        /// The key can be used.
        Enabled = "Enabled",
    }
}

impl OperationStatus {
    /// Whether the operation has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Stopped)
    }
}

impl DetailedStatus {
    /// Whether the operation failed for the instance.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed | Self::FailedImport | Self::Inoperable)
    }

    /// The usual reason if the operation ended before it reached the instance, or skipped it.
    pub fn reason_not_reached(&self) -> Option<&'static str> {
        match self {
            Self::Cancelled => Some("the operation was stopped, or exceeded its failure tolerance"),
            Self::SkippedSuspendedAccount => Some("the account is suspended"),
            _ => None,
        }
    }

    /// Whether the operation has ended for the instance.
    pub fn has_ended(&self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Other(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_value_is_kept_and_is_not_an_end() {
        let status = OperationStatus::from("HIBERNATING");
        assert_eq!(status.to_string(), "HIBERNATING");
        assert!(!status.has_ended());
        assert_eq!(serde_json::to_string(&status).unwrap(), "\"HIBERNATING\"");
    }

    #[test]
    fn values_round_trip() {
        for value in ["CURRENT", "OUTDATED", "INOPERABLE"] {
            let status = InstanceStatus::from(value);
            assert!(!matches!(status, InstanceStatus::Other(_)));
            assert_eq!(status.as_str(), value);
        }
    }
}
