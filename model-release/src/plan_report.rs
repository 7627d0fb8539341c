//! The plan of a rollout, as a document, as text and as Markdown.

mod assemble;
mod document;
mod markdown;
mod text;

pub use assemble::document;
pub use document::{PlanDocument, SetAction, TargetAction};
pub use markdown::markdown;
pub use text::text;
