//! Plans, rolls out and checks a CloudFormation stack set over accounts and regions, and says who failed and why.
//!
//! A stack set brings one template to many AWS accounts and regions. CloudFormation does the work; this crate finds out what there
//! is to do, starts the operations that do it, in their order, waits for them, and accounts for every target: what was done, and
//! where it failed, the resource that failed first, from the events of the stack in the target account. When everything is as it
//! should be, nothing is started. Nothing is deleted but
//! what [`prune`] is given by name.
//!
//! ```
//! use stack_rollout::{InstanceAction, Observed, Release, Targets, Template, plan};
//!
//! let targets = Targets::new(["222222222222".parse()?], ["us-east-1".parse()?]);
//! let release = Release::new("sagemaker-iris-p-abc123xyz-deploy-staging".parse()?, Template::inline("Resources: {}"), targets)
//!     .parameters([("EnvType", "staging")]);
//! // What there is: nothing yet. `observe` asks CloudFormation.
//! let plan = plan(&release, &Observed::default());
//! assert!(plan.problems.is_empty());
//! assert_eq!(plan.targets(InstanceAction::New).count(), 1);
//! # Ok::<(), stack_rollout::InvalidName>(())
//! ```
//!
//! # Concepts
//!
//! - A [`Release`] is the wanted state: template, parameters, and [`Targets`], which are accounts × regions.
//! - [`observe`] reads what there is, [`plan`] compares the two and asks no one: per target new, update, outdated, unchanged; and
//!   [orphans](InstanceAction::Orphan), which are in the set and not among the targets. They are shown and left alone.
//! - [`roll_out`] plans and does it: the set first, since new instances are created with what the set has. It tells [`Event`]s on
//!   the way and ends with a [`Rollout`], which serialises as `rollout.json`.
//! - [`template_changes`] tells what becomes of each resource of a stack, [`preflight`](preflight::preflight) asks every target whether a
//!   rollout could succeed there, [`prune`] takes instances out, [`detect_drift`] looks for stacks that were changed by hand.
//! - [`StackSets`] and [`Stacks`] are the ports: the management account's stack sets, and the stacks of one target. `aws` holds
//!   them on CloudFormation. A [`Clock`] is a port too: there is one poll loop, with a deadline and no fixed pause.
//!
//! # Several runs, and people, at one stack set
//!
//! CloudFormation runs one operation on a stack set at a time, and a rollout is several. Nothing is locked and nothing is stored: what
//! a run knows of others is CloudFormation's own list of operations, whose ids say which release each belongs to.
//!
//! - Right before each of its operations a run lists those of the set. One that creates or updates instances, is of another release, of
//!   a pipeline or of a person, and began after the run's own first one is newer: the run stops, with the problem `superseded` and the
//!   verdict [`Unfinished`](Verdict::Unfinished). It does so after its last operation, too, and then vouches for no target.
//! - The order of first operations decides which run is newer, and not the versions of what they roll out. To go back, start a new run of
//!   the older release.
//! - An operation that an earlier run of the same release has started is the run's own. So are those of another run of it at the same time:
//!   each waits for the other's and then finds out anew what is left to do.
//! - When anything else has changed since a run observed the set, it observes and plans again.
//! - Parameters that a person has set on single instances are read before every plan, one request for each instance, ten at a time.
//!   Those of instances that are no target of the release are left alone and not read.
//!
//! A window remains: another run can begin, and end, between the list and the operation that follows it, and then be overwritten. It is
//! the time of one request, plus the time by which `ListStackSetOperations` lags behind, since AWS calls it eventually consistent. CloudFormation
//! offers no condition for its requests by which it could be closed. The run that was overwritten stops as superseded if it
//! is still running; the one that did it stops before its next operation.
//!
//! # Features
//!
//! | feature | what |
//! |---|---|
//! | `aws` (default) | the adapters `aws::CloudFormationStackSets` and `aws::CloudFormationStacks`, and with them the AWS SDK |

mod bounded;
mod call_error;
mod clock;
mod debug;
mod drift;
mod error;
mod event;
mod identifiers;
mod operation_loop;
mod options;
pub mod organization;
mod plan;
pub mod preflight;
mod problem;
mod prune;
mod release;
mod roll_out;
mod rollout;
mod stack_sets;
mod stacks;
pub mod status;
mod template_change;
pub mod update_behaviour;

#[cfg(feature = "aws")]
pub mod aws;

pub use aws_names::{AccountId, InvalidName, Region};
pub use call_error::{CallError, CallErrorKind};
pub use clock::{Clock, SystemClock};
pub use drift::detect_drift;
pub use error::Error;
pub use event::Event;
pub use identifiers::{OperationId, StackSetName, Target};
pub use options::{Options, Poll};
pub use plan::{
    Difference, InstanceAction, Observed, OverrideChange, Plan, PlannedInstance, SetChange, observe, observe_without_overrides, orphans,
    plan,
};
pub use problem::{Place, Problem, Problems};
pub use prune::{PruneReport, PruneRequest, PrunedInstance, prune};
pub use release::{AutoDeployment, CallAs, ParameterOverride, Parameters, PermissionModel, Preferences, Release, Targets, Template};
pub use roll_out::{PlannedOperation, planned_operations, roll_out};
pub use rollout::{Counts, OperationRecord, Outcome, Rollout, TargetRecord, Verdict};
pub use stack_sets::{Instance, InstancesDeletion, InstancesOperation, Operation, OperationResult, SetUpdate, StackSet, StackSets};
pub use stacks::{EventPage, FailedResource, SessionError, StackEvent, Stacks, first_causes};
pub use template_change::{Effect, PropertyChange, ResourceChange, template_changes};

/// Compiles the example of the README.
#[cfg(all(doctest, feature = "aws"))]
#[doc = include_str!("../README.md")]
struct Readme;
