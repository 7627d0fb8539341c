//! Builds, plans, deploys and tests releases of SageMaker models. It has no command line.
//!
//! A release is a folder with the packaged template, the parameters and accounts of each stage, and
//! the manifest with their checksums. [`release_build`] builds a release from an approved model
//! package; [`Release::open`] reads and verifies one. From a release come the rollout of the stack
//! set ([`RolloutRequest`]), the expected settings of endpoints ([`Expectations`]), the
//! requirements in targets ([`preflight`]), the changes of a rollout ([`plan_report`]) and the record
//! of its [`approval`].
//!
//! The crate does not print, read the environment or exit the process. Findings are data
//! ([`Diagnostic`]), and progress is reported as events.
//!
//! # Features
//!
//! | feature | enables |
//! |---|---|
//! | `aws` (default) | the adapters in `aws`, which depend on the AWS SDK |
//! | `signatures` (with `aws`) | verification of signed records |
//! | `schema` | JSON Schemas of the files |

pub mod approval;
pub mod approved_bytes;
pub mod blueprint;
pub mod configuration;
pub mod deploy;
pub mod dossier;
pub mod files;
pub mod fleet;
pub mod history;
pub mod manifest;
pub mod plan_report;
pub mod preflight;
pub mod problems;
pub mod records;
pub mod registry_errors;
pub mod release_build;

mod accounts;
mod baseline;
mod capacity;
pub mod captured;
pub mod champion;
mod deployed;
mod diagnostic;
mod doctor_report;
mod endpoint_reading;
mod endpoint_state;
mod endpoints;
mod expectations;
mod package_result;
mod plural;
mod recreate;
mod regional_package;
mod registry_listing;
mod release;
mod release_check;
mod release_text;
mod rollout_limits;
mod rollout_request;
mod selection;
mod serving;
mod stage;
mod stage_status;
mod stage_tests;
mod template_size;

#[cfg(feature = "aws")]
pub mod aws;

pub use accounts::Accounts;
pub use baseline::{BaselineAddress, BaselineTarget};
pub use capacity::CapacityChange;
pub use diagnostic::{Diagnostic, Failure, FailureKind, Level, Place, stop_on_errors};
pub use doctor_report::DoctorReport;
pub use endpoint_reading::read_targets;
pub use endpoint_state::{EndpointState, Health, TargetEndpoints, VariantCapacity};
pub use expectations::Expectations;
pub use package_result::{PackageResult, artifact_metadata};
pub use plural::plural;
pub use regional_package::regional_packages;
pub use registry_listing::RegistryListing;
pub use release::Release;
pub use release_check::{BytesCheck, StagingTests};
pub use release_text::release_text;
pub use rollout_request::{DEPLOYMENT_ATTEMPT, MODEL_PACKAGE, RolloutRequest, RolloutSettings};
pub use selection::{Event, PackageSelection, PolicyFile, RegistryAccess};
pub use serving::{not_updated, unread_endpoints};
pub use stage::{ParseStageError, Stage};
pub use stage_status::{FailedStack, LastOperation, StageStatus, TargetStatus, with_state};
pub use stage_tests::{StageTests, TestObserver, test_container};

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
