//! Notices when the generator itself stood still, to separate its delay from the target's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::recorder::MAX_LAG;

/// The moments at which the generator looked for responses, and the stalls between them.
///
/// During a stall the generator notices no response, and perhaps sends nothing. A request that
/// began in one may have been sent at its end, and a response that was noticed at its end may have
/// come at its beginning.
#[derive(Debug)]
pub(super) struct Stalls<'a> {
    /// How often the generator looked in time.
    looks: &'a AtomicU64,
    /// When it last looked in time.
    looked: Duration,
    /// When it has to look next.
    due: Duration,
    found: Vec<Stall>,
}

#[derive(Debug, Clone, Copy)]
struct Stall {
    /// The number of the look before it.
    look: u64,
    start: Duration,
    end: Duration,
}

impl<'a> Stalls<'a> {
    pub(super) fn new(looks: &'a AtomicU64) -> Self {
        Self { looks, looked: Duration::ZERO, due: Duration::ZERO, found: Vec::new() }
    }

    /// The number of looks, which a request records when it begins.
    pub(super) fn looks(&self) -> &'a AtomicU64 {
        self.looks
    }

    /// Records that nothing is overdue now, and that the generator has to look again at `due`.
    pub(super) fn look(&mut self, now: Duration, due: Duration) {
        self.notice(now);
        self.due = due;
    }

    /// The part of a service time that is the target's for certain. The request began at `started`,
    /// after the look with this number, and its response has just been noticed, at `ended`.
    pub(super) fn proven(&mut self, look: u64, started: Duration, ended: Duration) -> Duration {
        self.notice(ended);
        // A late generator that notices a response looks for all.
        self.due = self.due.max(ended);
        let began_in = self.found.binary_search_by_key(&look, |stall| stall.look);
        let sent = began_in.map_or(started, |index| self.found[index].end.max(started));
        // After a stall it takes a moment to notice all responses that came in it.
        let came_in = self.found.last().filter(|stall| ended <= stall.end + MAX_LAG && look <= stall.look);
        came_in.map_or(ended, |stall| stall.start).saturating_sub(sent)
    }

    /// Records that the generator runs now, after a stall or not.
    fn notice(&mut self, now: Duration) {
        let look = self.looks.load(Ordering::Relaxed);
        if now <= self.due.saturating_add(MAX_LAG) {
            self.looks.store(look + 1, Ordering::Relaxed);
            self.looked = now;
        } else if let Some(stall) = self.found.last_mut().filter(|stall| stall.look == look) {
            stall.end = now;
        } else {
            self.found.push(Stall { look, start: self.looked, end: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_whole_service_time_of_a_punctual_generator_is_proven() {
        let looks = AtomicU64::new(0);
        let mut stalls = Stalls::new(&looks);
        stalls.look(ms(0), ms(50));
        assert_eq!(stalls.proven(1, ms(0), ms(70)), ms(70));
    }

    #[test]
    fn a_stall_in_which_the_request_began_is_not_proven() {
        let looks = AtomicU64::new(0);
        let mut stalls = Stalls::new(&looks);
        stalls.look(ms(0), ms(50));
        stalls.look(ms(400), ms(450));
        assert_eq!(stalls.proven(1, ms(0), ms(430)), ms(30));
        // Another one began after the stall.
        assert_eq!(stalls.proven(2, ms(400), ms(430)), ms(30));
    }

    #[test]
    fn a_stall_in_which_the_response_came_is_not_proven_and_one_before_it_is() {
        let looks = AtomicU64::new(0);
        let mut stalls = Stalls::new(&looks);
        stalls.look(ms(0), ms(50));
        stalls.look(ms(50), ms(100));
        stalls.look(ms(100), ms(150));
        // These requests wait through a stall, and the looks after it do not find their responses.
        stalls.look(ms(400), ms(450));
        stalls.look(ms(450), ms(500));
        // Their responses are noticed 400 ms late, one after the other.
        assert_eq!(stalls.proven(1, ms(0), ms(900)), ms(450));
        assert_eq!(stalls.proven(2, ms(50), ms(905)), ms(400));
        assert_eq!(stalls.proven(2, ms(50), ms(921)), ms(871));
    }

    #[test]
    fn a_late_generator_that_notices_responses_did_not_stand_still() {
        let looks = AtomicU64::new(0);
        let mut stalls = Stalls::new(&looks);
        stalls.look(ms(0), ms(50));
        for ended in [60, 80, 100, 120, 140] {
            assert_eq!(stalls.proven(1, ms(0), ms(ended)), ms(ended));
        }
        // Then nothing for 21 ms: the response may have come at the beginning of this time.
        assert_eq!(stalls.proven(1, ms(0), ms(161)), ms(140));
    }
}
