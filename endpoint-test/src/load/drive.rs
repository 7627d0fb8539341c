//! The load generator. In an open phase it never waits for a response before the next request.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Ended;
use super::failure::{self, Failure, FailureKind};
use super::in_flight::InFlight;
use super::plan::{LoadPlan, MAX_REQUESTS, Phase, Traffic};
use super::recorder::{Done, MAX_LAG, Recorder};
use super::schedule::Schedule;
use super::stalls::Stalls;
use crate::clock::{Clock, in_time};
use crate::event::Event;
use crate::expect::Expectation;
use crate::format::display_duration;
use crate::interruption::Interruption;
use crate::rows::Row;
use crate::target::{Request, Target};

/// How often progress is reported.
const TICK: Duration = Duration::from_secs(1);
/// The number of last requests that decide whether a load is aborted.
const WINDOW: usize = 100;
/// The number of requests below which nothing is decided.
const MIN_REQUESTS: usize = 20;
/// How long to wait for responses when a load ends early.
const GRACE: Duration = Duration::from_secs(2);

/// One request of a load, and its expectation.
#[derive(Debug)]
pub(crate) struct LoadRequest<'a> {
    pub(crate) case: &'a str,
    pub(crate) request: Request,
    /// The row that is sent, for a case with rows.
    pub(crate) row: Option<Row>,
    pub(crate) expectation: &'a Expectation,
    /// Whether the response is checked. It is not if the case tolerates wrong rows.
    pub(crate) check: bool,
}

#[derive(Debug)]
pub(super) struct LoadResults {
    pub(super) recorder: Recorder,
    pub(super) ended: Option<Ended>,
    /// From the first request to the last response.
    pub(super) duration: Duration,
}

pub(super) async fn drive<T: Target, C: Clock>(
    target: &T,
    plan: &LoadPlan,
    requests: &[LoadRequest<'_>],
    interruption: &Interruption,
    clock: &C,
    on_event: &mut impl FnMut(Event),
) -> LoadResults {
    on_event(Event::LoadStarted { planned: plan.planned(), duration: plan.duration() });
    let looks = AtomicU64::new(0);
    let driver = Driver {
        target,
        plan,
        requests,
        interruption,
        clock,
        epoch: clock.now(),
        recorder: Recorder::new(plan),
        in_flight: InFlight::default(),
        late_in_flight: 0,
        stalls: Stalls::new(&looks),
        sent: 0,
        recent: VecDeque::with_capacity(WINDOW),
        ended: None,
        next_tick: TICK,
        on_event,
    };
    driver.run().await
}

struct Driver<'a, T, C, E> {
    target: &'a T,
    plan: &'a LoadPlan,
    requests: &'a [LoadRequest<'a>],
    interruption: &'a Interruption,
    clock: &'a C,
    /// The start of the load.
    epoch: Duration,
    recorder: Recorder,
    in_flight: InFlight<'a, Done>,
    /// How many of those were sent late.
    late_in_flight: usize,
    stalls: Stalls<'a>,
    sent: u64,
    /// How the last requests ended: `None` for a right response.
    recent: VecDeque<Option<FailureKind>>,
    ended: Option<Ended>,
    next_tick: Duration,
    on_event: &'a mut E,
}

impl<T: Target, C: Clock, E: FnMut(Event)> Driver<'_, T, C, E> {
    async fn run(mut self) -> LoadResults {
        let plan = self.plan;
        let mut schedule = Schedule::new(plan.arrivals);
        let mut start = Duration::ZERO;
        for (index, phase) in plan.phases.iter().enumerate() {
            if self.ended.is_some() {
                break;
            }
            self.recorder.phases[index].start = start;
            match phase.traffic {
                Traffic::Open { .. } => self.open(index, phase, start, &mut schedule).await,
                Traffic::Closed { users, requests } => self.closed(index, phase, start, users, requests).await,
            }
            schedule.finish(phase);
            // A phase of users that is limited by requests may end earlier than planned.
            let planned = start + phase.duration;
            start = if self.ended.is_some() || matches!(phase.traffic, Traffic::Closed { requests: Some(_), .. }) {
                self.now().min(planned)
            } else {
                planned
            };
            let tally = &mut self.recorder.phases[index];
            tally.end = tally.end.max(start);
        }
        self.drain().await;
        LoadResults { duration: self.now(), recorder: self.recorder, ended: self.ended }
    }

    /// Sends by the schedule, regardless of the outcome of other requests.
    async fn open(&mut self, index: usize, phase: &Phase, start: Duration, schedule: &mut Schedule) {
        while let Some(moment) = schedule.next(phase) {
            let intended = start + moment;
            self.wait_until(intended, None).await;
            if self.ended.is_some() {
                return;
            }
            if self.in_flight.len() >= self.plan.max_in_flight {
                // Would there have been room without the requests that the generator sent late?
                let own_fault = self.in_flight.len() - self.late_in_flight < self.plan.max_in_flight;
                self.recorder.dropped(index, intended, own_fault);
            } else {
                self.send(index, intended);
            }
        }
        self.wait_until(start + phase.duration, None).await;
    }

    /// Each user waits for a response before sending the next request.
    async fn closed(&mut self, index: usize, phase: &Phase, start: Duration, users: usize, requests: Option<u64>) {
        let users_phase = UsersPhase { index, end: start + phase.duration, most: requests.map(|requests| self.sent + requests) };
        for _ in 0..users {
            if users_phase.may_send(self) {
                self.send(index, self.now());
            }
        }
        self.wait_until(users_phase.end, Some(users_phase)).await;
    }

    /// Lets requests finish until a time of the load, or until the load must end.
    async fn wait_until(&mut self, moment: Duration, users: Option<UsersPhase>) {
        loop {
            let now = self.now();
            if now >= self.next_tick {
                self.tick(now);
            }
            let enough = users.is_some_and(|users| users.most.is_some_and(|most| self.sent >= most) && self.in_flight.len() == 0);
            if self.ended.is_some() || enough {
                return;
            }
            let late = now >= moment;
            if !late {
                self.stalls.look(now, moment.min(self.next_tick));
            }
            let pause = moment.min(self.next_tick).saturating_sub(now);
            tokio::select! {
                // Take finished responses before reading the clock: they came first. A generator
                // that is late must take them too, or the requests that it sends to catch up pile
                // up before any of them has begun.
                biased;
                done = self.in_flight.finished() => {
                    self.finish(done);
                    if let Some(users) = users.filter(|users| self.ended.is_none() && users.may_send(self)) {
                        self.send(users.index, self.now());
                    }
                }
                () = self.interruption.raised() => self.ended = Some(Ended::Interrupted),
                // Yield once to the runtime, which delivers the responses.
                () = tokio::task::yield_now(), if late => return,
                () = tokio::task::unconstrained(self.clock.sleep(pause)), if !late => {}
            }
        }
    }

    /// Waits for the last responses; only for a moment if the load ended early.
    async fn drain(&mut self) {
        let mut until = self.ended.is_some().then(|| self.now() + GRACE);
        while self.in_flight.len() > 0 {
            // Nothing is due any more, so that no stall can be noticed.
            self.stalls.look(self.now(), Duration::MAX);
            let pause = until.map(|until| until.saturating_sub(self.now()));
            tokio::select! {
                biased;
                done = self.in_flight.finished() => self.finish(done),
                () = self.interruption.raised(), if until.is_none() => until = Some(self.now() + GRACE),
                () = tokio::task::unconstrained(self.clock.sleep(pause.unwrap_or_default())), if pause.is_some() => break,
            }
        }
        self.tick(self.now());
    }

    fn send(&mut self, phase: usize, intended: Duration) {
        if self.sent >= MAX_REQUESTS {
            self.ended = Some(Ended::TooMany);
            return;
        }
        let turn = usize::try_from(self.sent % self.requests.len() as u64).unwrap_or_default();
        self.sent += 1;
        self.recorder.sent(phase, intended);
        let late = self.now().saturating_sub(intended) > MAX_LAG;
        self.late_in_flight += usize::from(late);
        let (target, clock, epoch, load_request) = (self.target, self.clock, self.epoch, &self.requests[turn]);
        let looks = self.stalls.looks();
        self.in_flight.push(async move {
            let look = looks.load(Ordering::Relaxed);
            let started = clock.now().saturating_sub(epoch);
            let response = in_time(target.invoke(&load_request.request), clock, load_request.request.timeout).await;
            let ended = clock.now().saturating_sub(epoch);
            let failure = match response {
                Some(response) => failure::of_response(
                    response,
                    load_request.expectation,
                    load_request.row.as_ref(),
                    load_request.case,
                    load_request.check,
                ),
                None => Some(Failure {
                    kind: FailureKind::Timeout,
                    code: None,
                    message: format!("no response within {}", display_duration(load_request.request.timeout)),
                    case: load_request.case.to_owned(),
                    request_id: None,
                }),
            };
            Done { phase, late, look, intended, started, ended, failure }
        });
    }

    fn finish(&mut self, done: Done) {
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        self.late_in_flight -= usize::from(done.late);
        self.recent.push_back(done.failure.as_ref().map(|failure| failure.kind));
        let proven = self.stalls.proven(done.look, done.started, done.ended);
        self.recorder.done(done, proven);
        let failed = self.recent.iter().flatten().count();
        let (of, proven) = (self.recent.len(), self.recent.iter().flatten().filter(|kind| kind.is_of_target()).count());
        #[expect(clippy::cast_precision_loss, reason = "a hundred at most")]
        let part = failed as f64 / of as f64;
        if self.ended.is_none() && of >= MIN_REQUESTS && self.plan.abort_above.is_some_and(|limit| part > limit) {
            self.ended = Some(Ended::Hopeless { failed, of, proven: proven * 2 > failed });
        }
    }

    fn tick(&mut self, now: Duration) {
        while self.next_tick <= now {
            self.next_tick += TICK;
        }
        let sum = |figure: fn(&super::recorder::Tally) -> u64| self.recorder.phases.iter().map(figure).sum();
        let (errors, dropped) = (sum(super::recorder::Tally::errors), sum(|tally| tally.dropped));
        let of = self.plan.duration();
        (self.on_event)(Event::LoadProgress { elapsed: now.min(of), of, sent: self.sent, errors, dropped });
    }

    fn now(&self) -> Duration {
        self.clock.now().saturating_sub(self.epoch)
    }
}

/// The limits of a closed phase.
#[derive(Debug, Clone, Copy)]
struct UsersPhase {
    index: usize,
    end: Duration,
    /// How many requests the whole load may have sent by then.
    most: Option<u64>,
}

impl UsersPhase {
    fn may_send<T: Target, C: Clock, E: FnMut(Event)>(&self, driver: &Driver<'_, T, C, E>) -> bool {
        driver.now() < self.end && self.most.is_none_or(|most| driver.sent < most)
    }
}
