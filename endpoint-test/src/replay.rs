//! Yesterday's traffic: captured requests, sent again to the tested target.
//!
//! [`records`] reads SageMaker's data capture as a stream, [`redact`] removes what must not leave the
//! process, and [`sample`] keeps what the figures need: so many records as there are, the memory is
//! the same.

mod capture;
mod records;
mod redact;
mod sample;
mod source;

use std::time::Duration;

pub(crate) use self::capture::{Capture, CapturedBody};
pub(crate) use self::records::{Records, Unusable};
pub(crate) use self::redact::{RedactedAt, Redaction, Redactions};
pub(crate) use self::sample::{ClassCounts, Reservoir};
pub use self::source::CapturedRequests;
pub(crate) use self::source::OfVariant;
use crate::expect::limit::Limit;
use crate::expect::metrics::Source;

/// How captured requests are replayed, and what must hold: the section `replay` of a suite.
#[derive(Debug, Clone)]
pub(crate) struct ReplaySettings {
    /// Where the captured requests are: a folder beside the suite, or an S3 URI.
    pub(crate) from: Option<String>,
    /// The most requests.
    pub(crate) requests: u64,
    /// The most requests in a second.
    pub(crate) per_second: f64,
    /// Requests at the same time.
    pub(crate) at_once: usize,
    /// The shadow variant whose captured responses are compared with those of production. Then nothing
    /// is sent.
    pub(crate) shadow: Option<String>,
    pub(crate) redactions: Redactions,
    /// The score, or the class, in each response.
    pub(crate) score: Option<Source>,
    /// The part of the responses that may differ from the captured ones.
    pub(crate) at_most: Option<Limit>,
    /// The largest population stability index.
    pub(crate) psi: Option<DriftLimit>,
    /// The largest distance of the scores' distributions.
    pub(crate) ks: Option<DriftLimit>,
    /// Whether `at_most` is reported and decides nothing.
    pub(crate) observe: bool,
}

/// A limit of a measure of drift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DriftLimit {
    pub(crate) at_most: f64,
    pub(crate) observe: bool,
}

impl Default for ReplaySettings {
    fn default() -> Self {
        Self {
            from: None,
            requests: 10_000,
            per_second: 20.0,
            at_once: 4,
            shadow: None,
            redactions: Redactions::default(),
            score: None,
            at_most: None,
            psi: None,
            ks: None,
            observe: false,
        }
    }
}

impl ReplaySettings {
    /// The time between the beginnings of two requests.
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.per_second)
    }
}
