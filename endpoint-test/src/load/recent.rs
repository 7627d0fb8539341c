//! Whether a load is hopeless, by its last requests.

use std::collections::VecDeque;

use super::Ended;
use super::failure::FailureKind;

/// The number of last requests that decide whether a load is aborted.
const WINDOW: usize = 100;
/// The number of requests below which nothing is decided.
const MIN_REQUESTS: usize = 20;

/// How the last requests ended.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// `None` for a right response.
    outcomes: VecDeque<Option<FailureKind>>,
    failed: usize,
    /// How many of the failures are the target's.
    proven: usize,
}

impl Recent {
    pub(super) fn add(&mut self, outcome: Option<FailureKind>) {
        if self.outcomes.len() == WINDOW
            && let Some(Some(kind)) = self.outcomes.pop_front()
        {
            self.failed -= 1;
            self.proven -= usize::from(kind.is_of_target());
        }
        if let Some(kind) = outcome {
            self.failed += 1;
            self.proven += usize::from(kind.is_of_target());
        }
        self.outcomes.push_back(outcome);
    }

    /// The end of the load, if a larger part than `limit` failed.
    pub(super) fn hopeless(&self, limit: f64) -> Option<Ended> {
        let of = self.outcomes.len();
        #[expect(clippy::cast_precision_loss, reason = "a hundred at most")]
        let part = self.failed as f64 / of as f64;
        (of >= MIN_REQUESTS && part > limit).then_some(Ended::Hopeless { failed: self.failed, of, proven: self.proven * 2 > self.failed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_hundred_requests_count() {
        let mut recent = Recent::default();
        let mut add = |count: usize, outcome| {
            (0..count).for_each(|_| recent.add(outcome));
            recent.hopeless(0.5)
        };
        assert_eq!(add(19, Some(FailureKind::Network)), None);
        assert_eq!(add(1, Some(FailureKind::Network)), Some(Ended::Hopeless { failed: 20, of: 20, proven: false }));
        assert_eq!(add(100, None), None);
        assert_eq!(add(50, Some(FailureKind::Timeout)), None);
        assert_eq!(add(1, Some(FailureKind::Network)), Some(Ended::Hopeless { failed: 51, of: 100, proven: true }));
        assert_eq!(add(100, Some(FailureKind::Refused)), Some(Ended::Hopeless { failed: 100, of: 100, proven: false }));
    }
}
