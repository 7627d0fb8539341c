//! The release dossier: one page for the person who approves a release for production.
//!
//! [`Evidence`] has what is known about a release: test results, the plan, the model registry.
//! [`assemble`] makes a [`Dossier`] of it, in which each value is a [`Claim`] with its basis. What is
//! missing is not known, with the reason. [`html`], [`markdown`] and [`text`] are pure functions of
//! the document.

mod approval_summary;
mod assemble;
mod claim;
mod document;
mod evidence;
mod html;
mod json;
mod judgement;
mod markdown;
mod production;
mod text;
mod wording;

pub use approval_summary::{LONGEST_APPROVAL_SUMMARY, approval_summary};
pub use assemble::assemble;
pub use claim::{Basis, Claim};
pub use document::{
    ChangeGroup, Changes, Command, Comparison, Condition, ConditionState, Decision, Dossier, Gate, Latency, MetricComparison,
    OverrideChange, People, ReleaseFacts, Skipped, TestMetric, TestedTarget, Tests, Verdict,
};
pub use evidence::{Approval, DescribedPackage, Evidence, Found, RegistryFindings, Source};
pub use html::html;
pub use json::json;
pub use judgement::{Change, Judgement};
pub use markdown::markdown;
pub use text::text;
