//! What a release of a SageMaker model is, and everything that is done with one, without a command line.
//!
//! A release is a folder of files: the packaged template, each stage's parameters and accounts, and the manifest, which holds the checksum of
//! each. [`build`] makes one from an approved model package; [`Release::open`] reads one that is whole. From it come the stack set's rollout
//! ([`RolloutRequest`]), what each endpoint must be ([`Expectations`]), what a rollout needs in each target ([`preflight`]) and what it would
//! change ([`plan_report`]).
//!
//! Nothing here prints, reads the environment or ends the process. Findings are data ([`Diagnostic`]); progress is events.
//!
//! # Features
//!
//! | feature | what |
//! |---|---|
//! | `aws` (default) | the adapters in `aws`, and with them the AWS SDK |
//! | `schema` | JSON Schemas of the files |

pub mod blueprint;
pub mod build;
pub mod configuration;
pub mod deploy;
pub mod files;
pub mod manifest;
pub mod plan_report;
pub mod preflight;
pub mod problems;
pub mod registry_errors;

mod accounts;
mod baseline;
mod diagnostic;
mod doctor_report;
mod endpoints;
mod expectations;
mod package_result;
mod plural;
mod regional_package;
mod registry_listing;
mod release;
mod release_text;
mod rollout_request;
mod selection;
mod stage;
mod stage_status;
mod stage_tests;

#[cfg(feature = "aws")]
pub mod aws;

pub use accounts::Accounts;
pub use baseline::{BaselineAddress, BaselineTarget};
pub use diagnostic::{Diagnostic, Failure, FailureKind, Level, Place, stop_on_errors};
pub use doctor_report::DoctorReport;
pub use expectations::Expectations;
pub use package_result::{PackageResult, artifact_metadata};
pub use plural::plural;
pub use regional_package::regional_package;
pub use registry_listing::RegistryListing;
pub use release::Release;
pub use release_text::release_text;
pub use rollout_request::{RolloutRequest, RolloutSettings};
pub use selection::{Event, PackageSelection, PolicyFile, RegistryAccess};
pub use stage::{ParseStageError, Stage};
pub use stage_status::{EndpointState, Health, LastOperation, StageStatus, TargetStatus};
pub use stage_tests::{StageTests, TestObserver, test_container};

/// The README's example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
