//! The plan of a rollout, as a document, as text and as Markdown.

mod assemble;
mod document;
mod exact;
pub(crate) mod markdown;
mod text;
mod waves;

pub use assemble::document;
pub(crate) use document::Group;
pub use document::{ParameterChange, PlanDocument, Property, Resource, SetAction, Target, TargetAction};
pub use exact::{ExactDifference, ExactFailure, ExactResource, ExactTarget, exact_target};
pub use markdown::markdown;
pub use text::text;
pub(crate) use text::{overrides, packages_arrow, running_operation, same, summary};
