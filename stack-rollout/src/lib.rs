//! Plans, rolls out and checks CloudFormation stack sets across accounts and regions.
//!
//! A stack set deploys one template to many AWS accounts and regions. This crate compares the stack
//! set with a release, starts the operations that are needed, in order, and waits for them. It
//! reports the result of every target. For a failed target it reports the resource that failed
//! first, from the events of the stack. If the stack set already has the release, it starts no
//! operation. It deletes only instances that are named in a [`prune`] request.
//!
//! ```
//! use stack_rollout::{InstanceAction, Observed, Release, Targets, Template, plan};
//!
//! let targets = Targets::new(["222222222222".parse()?], ["us-east-1".parse()?]);
//! let release = Release::new("sagemaker-iris-p-abc123xyz-deploy-staging".parse()?, Template::inline("Resources: {}"), targets)
//!     .parameters([("EnvType", "staging")]);
//! // No stack set exists yet. `observe` reads the current state from CloudFormation.
//! let plan = plan(&release, &Observed::default());
//! assert!(plan.problems.is_empty());
//! assert_eq!(plan.targets(InstanceAction::New).count(), 1);
//! # Ok::<(), stack_rollout::InvalidName>(())
//! ```
//!
//! # Concepts
//!
//! - A [`Release`] is the desired state: template, parameters, [`Targets`] (accounts × regions).
//! - [`observe`] reads the current state. [`plan`] compares it with the release, without a call to
//!   AWS: each target is new, update, outdated or unchanged. [Orphans](InstanceAction::Orphan),
//!   instances that are not targets of the release, are reported and left unchanged.
//! - [`Reapply`] updates single instances again that CloudFormation regards as up to date.
//! - [`roll_out`] executes the plan. It updates the set first, because new instances are created
//!   from it. It emits [`Event`]s and returns a [`Rollout`] (`rollout.json`).
//! - [`roll_out_waves`] rolls out wave by wave. It emits the release before ([`ReleaseBefore`]), with
//!   which the next run can finish an interrupted roll-back.
//! - [`template_changes`] compares the resources of two templates. [`exact_changes`] reads those that
//!   CloudFormation computes, from a change set that it creates and deletes.
//!   [`preflight`](preflight::preflight) checks each target before a rollout. [`prune`] removes
//!   instances. [`detect_drift`] detects drift. [`stop`] stops running operations.
//! - [`StackSets`] and [`Stacks`] are the ports: the stack sets of the management account, and the
//!   stacks of one target. The module `aws` implements them with CloudFormation. [`Clock`] is a
//!   port, too. One poll loop waits for operations, with a deadline and increasing pauses.
//!
//! # Concurrent runs on one stack set
//!
//! CloudFormation runs one operation on a stack set at a time, and a rollout needs several. The
//! crate uses no lock and stores no state. It detects other runs in CloudFormation's list of
//! operations: the ids show which release an operation belongs to.
//!
//! - Before each operation, a run lists the operations of the set. An operation of another release,
//!   a pipeline or a person that creates or updates instances and started after the run's first
//!   operation is newer. The run then stops with the problem `superseded` and the verdict
//!   [`Unfinished`](Verdict::Unfinished). It also stops reporting targets as
//!   succeeded if a newer operation started after its last one.
//! - The order of the first operations decides which run is newer, not the version that is rolled
//!   out. To roll back, start a new run of the older release.
//! - Operations that an earlier or concurrent run of the same release has started count as the
//!   run's own. Concurrent runs of a release wait for each other's operations and then plan again.
//! - If anything else has changed since the run observed the set, it observes and plans again.
//! - Before every plan, the run reads the parameter overrides of the target instances: one request
//!   for each, at most ten concurrently. Other instances' overrides are not read or changed.
//!
//! A race remains: another run can start and finish an operation between the list and the next
//! operation, and is then overwritten. The window is the duration of one request plus the delay of
//! `ListStackSetOperations`, which AWS documents as eventually consistent. CloudFormation has no
//! conditional requests that could close it. If the overwritten run is still running, it stops as
//! superseded. The run that overwrote it stops before its next operation.
//!
//! # Features
//!
//! | feature | enables |
//! |---|---|
//! | `aws` (default) | the adapters in `aws`, which depend on the AWS SDK |

mod blocked_stack;
mod bounded;
mod call_error;
mod change_set;
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
mod release_before;
mod roll_out;
mod rollout;
mod stack_sets;
mod stacks;
pub mod status;
mod stop;
mod template_change;
pub mod update_behaviour;
mod waves;

#[cfg(feature = "aws")]
pub mod aws;

pub use aws_names::{AccountId, InvalidName, Region};
pub use blocked_stack::{BlockedStack, stack_status};
pub use call_error::{CallError, CallErrorKind};
pub use change_set::{
    ChangeDifference, ChangeSetError, ChangeSetPage, ChangeSets, ExactChange, NewChangeSet, change_differences, exact_changes,
};
pub use clock::{Clock, SystemClock};
pub use drift::detect_drift;
pub use error::Error;
pub use event::{Event, WaitReports};
pub use identifiers::{OperationId, StackSetName, Target};
pub use options::{Options, Poll};
pub use plan::{
    Difference, InstanceAction, Observed, OverrideChange, Plan, PlannedInstance, SetChange, observe, observe_without_overrides, orphans,
    plan,
};
pub use problem::{Place, Problem, Problems};
pub use prune::{PruneReport, PruneRequest, PrunedInstance, prune};
pub use release::{
    AutoDeployment, CallAs, ParameterOverride, Parameters, PermissionModel, Preferences, Reapply, Release, Targets, Template,
};
pub use release_before::ReleaseBefore;
pub use roll_out::{OnFailure, PlannedOperation, RolledOutWave, WaveCheck, Waves, planned_operations, roll_out, roll_out_waves};
pub use rollout::{Counts, OperationRecord, Orphan, Outcome, RollBackRecord, Rollout, TargetRecord, Verdict, WaveOutcome, WaveRecord};
pub use stack_sets::{Instance, InstancesDeletion, InstancesOperation, Operation, OperationResult, SetUpdate, StackSet, StackSets};
pub use stacks::{EventPage, FailedResource, SessionError, StackEvent, Stacks, first_causes};
pub use stop::{StopReport, StopScope, stop};
pub use template_change::{Effect, PropertyChange, ResourceChange, template_changes};
pub use waves::{InvalidWaves, Wave, WaveSpec};

/// Compiles the example in the README.
#[cfg(all(doctest, feature = "aws"))]
#[doc = include_str!("../README.md")]
struct Readme;
