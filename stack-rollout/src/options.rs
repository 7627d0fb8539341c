//! How operations are run.

use std::time::Duration;

use crate::clock::SystemClock;
use crate::identifiers::OperationId;

/// How a rollout goes about its work.
#[derive(Debug, Clone)]
pub struct Options<C = SystemClock> {
    /// What the ids of operations begin with: a name for the release, such as a part of its checksum.
    ///
    /// Every run of one release gives the same. An operation that an earlier run started, and that still goes on, is then found and
    /// waited for; its ids tell it from those of other releases and of people.
    pub release_id: OperationId,
    /// How long the rollout waits in all. What runs on AWS then goes on there, and the record says so.
    pub deadline: Duration,
    /// How often it looks.
    pub poll: Poll,
    /// In how many failed targets the stack's events are read. Each costs a session there and at least one request.
    pub explain_at_most: usize,
    /// Waits, within the deadline, for operations of others to end, in place of refusing.
    pub wait_for_others: bool,
    /// The clock by which it waits: the machine's own, unless a test gives another.
    pub clock: C,
}

/// How often a rollout looks at a running operation.
///
/// The pause grows by half from `first` to `longest`, and each is shortened by up to a fifth at random, so that pipelines that
/// started together do not ask together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    /// The pause after the first look.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How many failures in a row are taken as passing, when AWS is limiting requests or cannot be reached.
    pub tolerated_failures: u32,
}

impl Default for Poll {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(15), tolerated_failures: 8 }
    }
}

impl Options {
    /// The usual way: an hour at most, fifty failures explained, and others are not waited for.
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
    /// With another clock, such as one that a test moves.
    pub fn with_clock<D>(self, clock: D) -> Options<D> {
        let Self { release_id, deadline, poll, explain_at_most, wait_for_others, clock: _ } = self;
        Options { release_id, deadline, poll, explain_at_most, wait_for_others, clock }
    }
}
