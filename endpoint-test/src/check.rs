//! A team's own checks: in Rust by a trait, in any other language by a program.

pub(crate) mod command;
pub(crate) mod protocol;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

pub use self::command::CheckPrograms;
use crate::report::{CheckReport, TargetInfo};
use crate::rows::Row;
use crate::target::{Reply, Request};

/// A check of a team's own, made on every reply.
///
/// ```
/// use std::path::Path;
/// use std::sync::Arc;
///
/// use endpoint_test::{CustomCheck, Exchange, Finding, RunOptions};
///
/// /// Probabilities of one flower add up to one.
/// struct AddUp;
///
/// impl CustomCheck for AddUp {
///     fn name(&self) -> &str {
///         "add up"
///     }
///
///     fn check(&self, exchange: &Exchange<'_>) -> Finding {
///         let Ok(reply) = serde_json::from_slice::<serde_json::Value>(&exchange.reply.body) else { return Finding::NotApplicable };
///         let Some(scores) = reply["scores"].as_array() else { return Finding::NotApplicable };
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

    /// Looks at a reply and the request that it answers.
    fn check(&self, exchange: &Exchange<'_>) -> Finding;
}

/// A request and its reply, for a check of a team's own.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// The case's name.
    pub case: &'a str,
    /// The target that was asked.
    pub target: &'a TargetInfo,
    /// What was asked.
    pub request: &'a Request,
    /// What was answered.
    pub reply: &'a Reply,
    /// From sending the request to having the whole reply.
    pub latency: Duration,
    pub(crate) row: Option<&'a Row>,
}

/// What a check of a team's own found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The reply is as it should be.
    Passed,
    /// The reply is proven wrong, and how.
    Failed(String),
    /// It could not be found out, and why.
    Errored(String),
    /// The check has nothing to say of this reply.
    NotApplicable,
}

impl<'a> Exchange<'a> {
    /// The value of a column of the row that was asked, for a case with rows.
    pub fn column(&self, name: &str) -> Option<&'a str> {
        self.row?.column(name)
    }
}

/// Makes all checks on one exchange. A check that panics is an error: nothing is proven by it.
pub(crate) fn all(checks: &[Arc<dyn CustomCheck>], exchange: &Exchange<'_>) -> Vec<CheckReport> {
    let report = |check: &Arc<dyn CustomCheck>| match catch_unwind(AssertUnwindSafe(|| check.check(exchange))) {
        Ok(Finding::Passed) => Some(CheckReport::passed(check.name())),
        Ok(Finding::Failed(message)) => Some(CheckReport::failed(check.name(), message)),
        Ok(Finding::Errored(message)) => Some(CheckReport::errored(check.name(), message)),
        Ok(Finding::NotApplicable) => None,
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            Some(CheckReport::errored(check.name(), format!("the check broke off: {}", words.unwrap_or("it panicked"))))
        }
    };
    checks.iter().filter_map(report).collect()
}

/// The JSON Schema of what a check's program reads from its standard input.
#[cfg(feature = "schema")]
pub fn check_input_schema() -> serde_json::Value {
    schemars::schema_for!(protocol::CheckInput).to_value()
}

/// The JSON Schema of what a check's program writes to its standard output.
#[cfg(feature = "schema")]
pub fn check_output_schema() -> serde_json::Value {
    schemars::schema_for!(protocol::CheckOutput).to_value()
}

impl fmt::Debug for dyn CustomCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Check({})", self.name())
    }
}
