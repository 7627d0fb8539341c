//! Timeouts, checks and other options of a run.

use std::sync::Arc;
use std::time::Duration;

use crate::check::{CheckPrograms, CustomCheck};
use crate::interruption::Interruption;
use crate::replay::CapturedRequests;

/// Timeouts, checks and other options of a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// How long to wait for `InService` in total.
    pub wait: Duration,
    /// The pause between two polls of the status. It varies by up to a quarter, so that runs over
    /// many accounts do not poll at the same time.
    pub poll: Duration,
    /// The timeout of one `describe`.
    pub describe_timeout: Duration,
    /// The timeout of a case, unless the suite sets one.
    pub case_timeout: Duration,
    /// The same for an asynchronous endpoint: with the time in a queue and for an instance.
    pub asynchronous_case_timeout: Duration,
    /// The caller's own checks, which run on every response.
    pub checks: Vec<Arc<dyn CustomCheck>>,
    /// Where the suite's check programs run, and with which environment. If `None`, no program runs
    /// and each such check is an error: the suite may come from someone whom the caller does not
    /// trust.
    pub programs: Option<CheckPrograms>,
    /// Whether to update golden files: a response that passes everything else becomes the new
    /// content, returned as [`CaseReport::golden_update`](crate::CaseReport::golden_update).
    pub update_golden_files: bool,
    /// When to run the suite's load.
    #[cfg(feature = "load")]
    pub load: LoadMode,
    /// Whether a suite without cases passes if the checks pass. Otherwise it is empty.
    pub checks_suffice: bool,
    /// The captured requests to send again; `None` for none.
    pub replay: Option<CapturedRequests>,
    /// Interrupts the run, which then returns its results so far.
    pub interruption: Interruption,
}

/// When to run the suite's load.
#[cfg(feature = "load")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadMode {
    /// If everything before it passed: a load on a wrong model costs money and proves nothing.
    #[default]
    AfterSuccess,
    /// Even if something failed before.
    Anyway,
    /// Never, for this reason, which is in the report.
    Never(&'static str),
}

impl Default for RunOptions {
    /// Waits up to fifteen minutes and polls every ten seconds. The timeout of a case is 70
    /// seconds: AWS gives a container 60, and recommends ten more for the client. With an
    /// asynchronous endpoint it is fifteen minutes.
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
            replay: None,
            interruption: Interruption::default(),
        }
    }
}
