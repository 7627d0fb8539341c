//! Chooses the model package to deploy from the Amazon SageMaker Model Registry, and explains the choice.
//!
//! ```
//! use model_registry::{Gates, Selection, select, snapshot::Snapshot};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // What `aws sagemaker list-model-packages` prints; `aws::SageMakerRegistry` is the registry of an account.
//! let registry = Snapshot::parse(
//!     r#"{ "ModelPackageSummaryList": [
//!         { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/14", "CreationTime": "2026-01-02T00:00:00Z",
//!           "ModelPackageStatus": "Completed", "ModelApprovalStatus": "PendingManualApproval" },
//!         { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13", "CreationTime": "2026-01-01T00:00:00Z",
//!           "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved" } ] }"#,
//! )?;
//!
//! let choice = select(&registry, &"iris".parse()?, &Selection::LatestApproved, &Gates::default()).await?;
//! assert_eq!(choice.package.version, Some(13));
//! assert_eq!(choice.skipped[0].reason.to_string(), "pending approval");
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
//! ```
//!
//! # Concepts
//!
//! - A [`Registry`] lists a group's model packages, newest first, and describes them.
//!   [`snapshot::Snapshot`] reads a file in the format that the AWS CLI prints;
//!   `aws::SageMakerRegistry` calls SageMaker.
//! - [`select`] stops at the first acceptable package: usually one list request, however large the
//!   group. The [`Choice`] says why this package was chosen, and why newer ones were skipped.
//! - [`release_policy`] is what a team requires in addition: its gates are checked before a package
//!   is chosen. Metrics are [`documents`] that the package refers to.
//! - [`event`] decides what a change in the registry requires. [`life_cycle`] records where a
//!   package is deployed.
//! - [`list`] lists a group, and [`snapshot`] writes it to a file.
//! - [`sharing`] creates the group and lets other accounts read it, without changing other
//!   statements of its policy.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `aws` | yes | the module `aws`: the adapters to Amazon SageMaker and Amazon S3; compiles the AWS SDK |

#[cfg(feature = "aws")]
pub mod aws;
mod choice;
mod debug;
pub mod documents;
mod error;
pub mod event;
mod group;
pub mod life_cycle;
mod listing;
mod metric_values;
mod package;
mod problem;
mod registry;
pub mod release_policy;
mod s3_uri;
pub mod sharing;
pub mod snapshot;

pub use aws_names::{AccountId, InvalidName, ModelPackageArn, Region};
pub use choice::{Candidates, Choice, ChoiceReason, Gates, ParseSelectionError, Reason, SelectError, Selection, SkippedPackage, select};
pub use error::{LIST_ALL, RegistryError, RegistryErrorKind};
pub use group::{GroupName, ModelPackageGroup, ParseGroupError};
pub use listing::{Listing, list};
pub use located_json::Place;
pub use metric_values::{Metric, registered_metrics};
pub use package::{
    ApprovalStatus, Detail, MetricDocument, MetricSource, ModelPackage, PackageStatus, PackageSummary, Person, RegistrationType,
};
pub use problem::{Problem, Problems};
pub use registry::{PackageQuery, Page, Registry};
pub use release_policy::ReleasePolicy;
pub use s3_uri::{ParseS3UriError, S3Uri};

/// The README's example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
