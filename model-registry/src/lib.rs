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
//! assert_eq!(choice.passed_over[0].reason.to_string(), "pending approval");
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
//! ```
//!
//! # Concepts
//!
//! - A [`Registry`] lists a group's model packages, newest first, and describes one. [`snapshot::Snapshot`] is one from a file in the shape
//!   that the AWS CLI prints; `aws::SageMakerRegistry` is SageMaker's.
//! - [`select`] stops at the first acceptable package: one list request in the usual case, however large the group. The [`Choice`] says why
//!   this one, and what was passed over.
//! - [`release_policy`] is what a team demands of a package besides: its gates are held before the choice is made. Metrics are
//!   [`documents`] that the package names.
//! - [`event`] says what a change in the registry asks for; [`life_cycle`] writes back where a package is.
//! - [`list`] lists a group, and [`snapshot`] writes it into a file.
//! - [`sharing`] creates the group and lets other accounts read it, without touching what others wrote into its policy.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `aws` | yes | the module `aws`: the adapters to Amazon SageMaker and Amazon S3, and with them the AWS SDK |

#[cfg(feature = "aws")]
pub mod aws;
mod choice;
pub mod documents;
mod error;
pub mod event;
mod group;
pub mod life_cycle;
mod listing;
mod package;
mod problem;
mod registry;
pub mod release_policy;
mod s3_uri;
pub mod sharing;
pub mod snapshot;

pub use aws_names::{AccountId, InvalidName, ModelPackageArn, Region};
pub use choice::{Because, Choice, Found, Gates, ParseSelectionError, PassedOver, Reason, SelectError, Selection, select};
pub use error::{RegistryError, RegistryErrorKind};
pub use group::{GroupName, ModelPackageGroup, ParseGroupError};
pub use listing::{Listing, list};
pub use located_json::Place;
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
