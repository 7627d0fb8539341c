//! Options for running operations.

use std::time::Duration;

use crate::identifiers::OperationId;
use clock::SystemClock;

/// Options of a rollout.
#[derive(Debug, Clone)]
pub struct Options<C = SystemClock> {
    /// The prefix of operation ids: a name for the release, such as a part of its checksum.
    ///
    /// All runs of one release must use the same id. By the prefix a run finds and resumes the
    /// operations of earlier runs, and distinguishes them from those of other releases and of
    /// people.
    pub release_id: OperationId,
    /// The maximum total wait. Then a running operation continues in AWS, as the record reports.
    pub deadline: Duration,
    /// How often the rollout polls.
    pub poll: Poll,
    /// The maximum number of failed targets whose stack events are read, each with a session.
    pub explain_at_most: usize,
    /// Whether to wait for operations of others, within the deadline, instead of an error.
    pub wait_for_others: bool,
    /// The clock: the system clock, unless a test sets another one.
    pub clock: C,
}

/// How often a rollout polls a running operation.
///
/// The pause grows by half each time, from `first` to `longest`. Each pause is shortened by up to a
/// fifth at random, so that pipelines that started together do not poll at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    /// The pause after the first poll.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// The number of tolerated consecutive transient failures. A failure that ends a minute or more
    /// after the first one is an error in any case.
    pub tolerated_failures: u32,
}

impl Default for Poll {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(15), tolerated_failures: 8 }
    }
}

impl Options {
    /// The defaults: one hour, at most fifty failures explained, no waiting for others.
    pub fn new(release_id: OperationId) -> Self {
        Self {
            release_id,
            deadline: Duration::from_hours(1),
            poll: Poll::default(),
            explain_at_most: 50,
            wait_for_others: false,
            clock: SystemClock::new(),
        }
    }
}

impl<C> Options<C> {
    /// Replaces the clock, for tests.
    pub fn with_clock<D>(self, clock: D) -> Options<D> {
        let Self { release_id, deadline, poll, explain_at_most, wait_for_others, clock: _ } = self;
        Options { release_id, deadline, poll, explain_at_most, wait_for_others, clock }
    }
}
