//! A team's own checks: in Rust as a trait, in any other language as a program.

pub(crate) mod command;
pub(crate) mod protocol;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

pub use self::command::CheckPrograms;
use crate::report::{CheckReport, TargetInfo};
use crate::rows::Row;
use crate::target::{ModelResponse, Request};

/// A team's own check, which runs on every response.
///
/// ```
/// use std::path::Path;
/// use std::sync::Arc;
///
/// use endpoint_test::{CustomCheck, Exchange, Finding, RunOptions};
///
/// /// The scores of one flower add up to 1.
/// struct AddUp;
///
/// impl CustomCheck for AddUp {
///     fn name(&self) -> &str {
///         "add up"
///     }
///
///     fn check(&self, exchange: &Exchange<'_>) -> Finding {
///         let Ok(response) = serde_json::from_slice::<serde_json::Value>(&exchange.response.body) else { return Finding::NotApplicable };
///         let Some(scores) = response["scores"].as_array() else { return Finding::NotApplicable };
///         let sum: f64 = scores.iter().filter_map(serde_json::Value::as_f64).sum();
///         if (sum - 1.0).abs() < 1e-6 { Finding::Passed } else { Finding::Failed(format!("the scores add up to {sum}")) }
///     }
/// }
///
/// let options = RunOptions { checks: vec![Arc::new(AddUp)], ..RunOptions::default() };
/// # let _ = (options, Path::new(""));
/// ```
pub trait CustomCheck: Send + Sync {
    /// The check's name in reports.
    fn name(&self) -> &str;

    /// Checks a response together with its request.
    fn check(&self, exchange: &Exchange<'_>) -> Finding;
}

/// A request and its response, for a team's own check.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// The case's name.
    pub case: &'a str,
    /// The target that was invoked.
    pub target: &'a TargetInfo,
    /// The request.
    pub request: &'a Request,
    /// The response.
    pub response: &'a ModelResponse,
    /// From sending the request to receiving the whole response.
    pub latency: Duration,
    pub(crate) row: Option<&'a Row>,
}

/// The result of a team's own check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The response is right.
    Passed,
    /// The response is proven wrong, and why.
    Failed(String),
    /// The check could not be completed, and why.
    Errored(String),
    /// The check does not apply to this response.
    NotApplicable,
}

impl<'a> Exchange<'a> {
    /// The value of a column of the row that was sent, for a case with rows.
    pub fn column(&self, name: &str) -> Option<&'a str> {
        self.row?.column(name)
    }
}

/// Runs all checks on one exchange. A check that panics is an error: it proves nothing.
pub(crate) fn all(checks: &[Arc<dyn CustomCheck>], exchange: &Exchange<'_>) -> Vec<CheckReport> {
    let report = |check: &Arc<dyn CustomCheck>| match catch_unwind(AssertUnwindSafe(|| check.check(exchange))) {
        Ok(Finding::Passed) => Some(CheckReport::passed(check.name())),
        Ok(Finding::Failed(message)) => Some(CheckReport::failed(check.name(), message)),
        Ok(Finding::Errored(message)) => Some(CheckReport::errored(check.name(), message)),
        Ok(Finding::NotApplicable) => None,
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            Some(CheckReport::errored(check.name(), format!("the check panicked: {}", words.unwrap_or("no message"))))
        }
    };
    checks.iter().filter_map(report).collect()
}

/// The JSON Schema of what a check program reads from standard input.
#[cfg(feature = "schema")]
pub fn check_input_schema() -> serde_json::Value {
    schemars::schema_for!(protocol::CheckInput).to_value()
}

/// The JSON Schema of what a check program writes to standard output.
#[cfg(feature = "schema")]
pub fn check_output_schema() -> serde_json::Value {
    schemars::schema_for!(protocol::CheckOutput).to_value()
}

impl fmt::Debug for dyn CustomCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Check({})", self.name())
    }
}
