//! The status of a fleet: what every stack set of every project deploys, what its endpoints serve,
//! and which model packages and releases wait.
//!
//! The projects are found by their stack sets, so that no release is needed: [`StageIdentity`] is
//! read from a stack set's tags and parameters, and [`FleetSelection`] selects. [`FleetStatus`] is
//! assembled from what was read, without a call.

mod document;
mod html;
mod identity;
mod selection;
mod stack_names;
mod text;
mod unread;
mod waiting;

pub use document::{FleetCounts, FleetReading, FleetStage, FleetStatus, ProjectStatus, StageReading, TargetReading};
pub use identity::StageIdentity;
pub use selection::FleetSelection;
pub use stack_names::StackNames;
pub use unread::{Unread, UnreadReason};
pub use waiting::{GroupReading, Waiting, WaitingKind};
