//! Plans, rolls out and checks a CloudFormation stack set over accounts and regions.

mod call_error;
mod clock;
mod error;
mod identifiers;
mod plan;
mod problem;
mod release;
mod roll_out;
mod rollout;
mod stack_sets;
mod stacks;
pub mod status;

#[cfg(feature = "aws")]
pub mod aws;

pub use call_error::{CallError, CallErrorKind};
pub use clock::{Clock, SystemClock};
pub use error::Error;
pub use identifiers::{AccountId, InvalidIdentifier, OperationId, Region, StackSetName, Target};
pub use plan::{Difference, InstanceAction, Observed, Plan, PlannedInstance, SetChange, observe, orphans, plan};
pub use problem::{Place, Problem, Problems};
pub use release::{AutoDeployment, CallAs, PermissionModel, Preferences, Release, Targets, Template};
pub use roll_out::{Event, Options, Poll, roll_out};
pub use rollout::{Counts, OperationRecord, Outcome, Rollout, TargetRecord, Verdict};
pub use stack_sets::{Instance, InstancesOperation, Operation, OperationResult, SetUpdate, StackSet, StackSets};
pub use stacks::{EventPage, FailedResource, SessionError, StackEvent, Stacks, first_causes};
