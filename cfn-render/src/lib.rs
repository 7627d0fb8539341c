//! Packages a CloudFormation template without changing anything else in it

#[cfg(feature = "aws")]
pub mod aws;

mod artifact;
mod declarations;
mod error;
mod json_pointer;
mod package;
mod problem;
mod pseudo_parameters;
mod resolve;
mod span;
pub mod store;
mod structure;
mod substitution;
mod template;
mod tree;

pub use artifact::Artifact;
pub use error::{Error, ErrorKind};
pub use package::{PackageOptions, PackagePlan, Packaged, Upload};
pub use problem::{Place, Problem, Severity};
pub use pseudo_parameters::PseudoParameters;
pub use resolve::resources_of_type;
pub use span::Span;
pub use store::{ArtifactStore, Location, StoreError};
pub use template::Template;
