//! placeholder
#[cfg(feature = "aws")]
pub mod aws;
mod clock;
pub mod container;
mod expect;
mod problem;
pub mod report;
mod run;
pub mod suite;
mod target;

pub use clock::{Clock, SystemClock};
pub use container::ContainerTarget;
pub use problem::{Place, Problem};
pub use report::{CaseReport, Check, Counts, Outcome, Report, TargetInfo, TargetReport, Tool, Verdict};
pub use run::{Event, Expected, Options, run, run_with_clock};
pub use suite::{Case, Suite, SuiteErrors};
pub use target::{
    Description, EndpointStatus, InvokeError, LARGE_BODY, MAX_BODY, ModelFailure, Reply, Request, Target, TargetError, TargetErrorKind,
    TargetKind, Variant,
};
