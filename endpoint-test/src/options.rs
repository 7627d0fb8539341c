//! How patient a run is, and what it does besides asking.

use std::sync::Arc;
use std::time::Duration;

use crate::check::{CheckPrograms, CustomCheck};
use crate::interruption::Interruption;

/// How patient a run is, and what it does besides asking.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// How long to wait for `InService` in all.
    pub wait: Duration,
    /// The time between two looks at the status; each is spread by a quarter either way, so that runs over many
    /// accounts do not knock all at once.
    pub poll: Duration,
    /// How long one `describe` may take.
    pub describe_timeout: Duration,
    /// How long a case waits for its reply, unless the suite says otherwise.
    pub case_timeout: Duration,
    /// The same for an asynchronous endpoint, where a request waits in a queue and for an instance, too.
    pub asynchronous_case_timeout: Duration,
    /// The caller's own checks, made on every reply.
    pub checks: Vec<Arc<dyn CustomCheck>>,
    /// Where the programs of the suite's own checks run, and what they find in their environment. Without it none is run, and
    /// each such check is an error: a suite is often somebody else's.
    pub programs: Option<CheckPrograms>,
    /// Whether golden files are to be written anew: a reply that passes everything else is then taken for good, and handed
    /// back as [`CaseReport::golden_update`](crate::CaseReport::golden_update).
    pub update_golden_files: bool,
    /// Whether the suite's load is put on the target.
    #[cfg(feature = "load")]
    pub load: LoadMode,
    /// Whether the checks alone are a test: a suite without cases then passes when they do. Otherwise nothing was tested.
    pub checks_suffice: bool,
    /// Raised by whoever wants the run to end with what it has found until then.
    pub interruption: Interruption,
}

/// Whether the suite's load is put on a target.
#[cfg(feature = "load")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadMode {
    /// When nothing failed before: a load on a model that is wrong costs money and proves nothing.
    #[default]
    AfterSuccess,
    /// Whatever failed before.
    Anyway,
    /// Not at all, for this reason, which the report gives.
    Never(&'static str),
}

impl Default for RunOptions {
    /// Waits up to fifteen minutes, looking every ten seconds. A case waits 70 seconds: AWS gives a container 60, and
    /// advises ten more at the client's side; an asynchronous endpoint takes up to fifteen minutes, unless a request says otherwise.
    fn default() -> Self {
        Self {
            wait: Duration::from_mins(15),
            poll: Duration::from_secs(10),
            describe_timeout: Duration::from_mins(1),
            case_timeout: Duration::from_secs(70),
            asynchronous_case_timeout: Duration::from_mins(15),
            checks: Vec::new(),
            programs: None,
            update_golden_files: false,
            #[cfg(feature = "load")]
            load: LoadMode::default(),
            checks_suffice: false,
            interruption: Interruption::default(),
        }
    }
}
