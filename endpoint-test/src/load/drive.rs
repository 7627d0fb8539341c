//! The load generator. In an open phase it never waits for a response before the next request.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Ended;
use super::failure;
use super::in_flight::InFlight;
use super::plan::{LoadPlan, MAX_LOAD, Phase, Traffic};
use super::rates;
use super::recent::Recent;
use super::recorder::{Done, MAX_LAG, Recorder, Tally};
use super::requests::{LoadRequests, Turn};
use super::schedule::Schedule;
use super::search::{Finder, RateSearch};
use super::stalls::Stalls;
use crate::clock::Clock;
use crate::event::Event;
use crate::interruption::Interruption;
use crate::report::RateStep;
use crate::target::{InvokeError, ModelResponse, Request, Target};

/// How often progress is reported.
const TICK: Duration = Duration::from_secs(1);
/// How long to wait for responses when a load ends early.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct LoadResults {
    pub(super) recorder: Recorder,
    /// The phases of the plan, and those of a search.
    pub(super) phases: Vec<Phase>,
    /// What the rates of a search showed.
    pub(super) rates: Vec<RateStep>,
    pub(super) ended: Option<Ended>,
    /// From the first request to the last response.
    pub(super) duration: Duration,
}

pub(super) async fn drive<'a, T: Target, C: Clock>(
    target: &'a T,
    plan: &'a LoadPlan,
    requests: &'a LoadRequests<'a>,
    interruption: &'a Interruption,
    clock: &'a C,
    looks: &'a AtomicU64,
    on_event: &'a mut impl FnMut(Event),
) -> LoadResults {
    on_event(Event::LoadStarted { planned: plan.planned(), duration: plan.duration() });
    let driver = Driver {
        invoke: move |request: Cow<'a, Request>| async move { target.invoke(&request).await },
        plan,
        requests,
        interruption,
        clock,
        epoch: clock.now(),
        recorder: Recorder::new(plan),
        in_flight: InFlight::default(),
        late_in_flight: 0,
        stalls: Stalls::new(looks),
        sent: 0,
        most: plan.most(target.kind()),
        recent: Recent::default(),
        ended: None,
        next_tick: TICK,
        on_event,
    };
    driver.run().await
}

/// A request that was sent.
#[derive(Debug, Clone, Copy)]
struct Sent {
    phase: usize,
    turn: Turn,
    /// Whether it was sent later than the limit for a generator that keeps pace.
    late: bool,
    intended: Duration,
    /// The number of the generator's last look before it began.
    look: u64,
    started: Duration,
}

type Invoked = Result<ModelResponse, InvokeError>;

struct Driver<'a, I, F, C, E> {
    /// Sends a request to the target.
    invoke: I,
    plan: &'a LoadPlan,
    requests: &'a LoadRequests<'a>,
    interruption: &'a Interruption,
    clock: &'a C,
    /// The start of the load.
    epoch: Duration,
    recorder: Recorder,
    in_flight: InFlight<F, Sent>,
    /// How many of those were sent late.
    late_in_flight: usize,
    stalls: Stalls<'a>,
    sent: u64,
    /// How many requests this target may get at most.
    most: u64,
    recent: Recent,
    ended: Option<Ended>,
    next_tick: Duration,
    on_event: &'a mut E,
}

/// What ended a wait.
#[expect(clippy::large_enum_variant, reason = "it is matched at once")]
enum Woken {
    Finished((Sent, Invoked)),
    Interrupted,
    Time,
}

impl<'a, I, F, C, E> Driver<'a, I, F, C, E>
where
    I: Fn(Cow<'a, Request>) -> F,
    F: Future<Output = Invoked>,
    C: Clock,
    E: FnMut(Event),
{
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
        let mut phases = plan.phases.clone();
        let rates = match &plan.search {
            Some(search) if self.ended.is_none() => self.search(search, &mut phases).await,
            _ => Vec::new(),
        };
        self.drain().await;
        LoadResults { duration: self.now(), recorder: self.recorder, phases, rates, ended: self.ended }
    }

    /// Holds one rate after another, each after the last response to the one before.
    async fn search(&mut self, search: &RateSearch, phases: &mut Vec<Phase>) -> Vec<RateStep> {
        let (plan, mut finder, mut found) = (self.plan, Finder::new(search), Vec::new());
        while let Some(rate) = finder.next_rate().filter(|_| self.ended.is_none()) {
            self.drain().await;
            if self.ended.is_some() {
                break;
            }
            self.recent = Recent::default();
            let (phase, index, start) = (search.phase(rate), phases.len(), self.now());
            self.recorder.phases.push(Tally { start, ..Tally::default() });
            phases.push(phase.clone());
            self.open(index, &phase, start, &mut Schedule::new(plan.arrivals)).await;
            let ended = self.ended;
            if matches!(ended, Some(Ended::Hopeless { .. })) {
                // Only this rate is hopeless.
                self.ended = None;
            }
            self.drain().await;
            let tally = &mut self.recorder.phases[index];
            tally.end = tally.end.max(start + phase.duration);
            let step = rates::step(plan, rate, tally, ended.or(self.ended));
            finder.record(rate, rates::shown(&step));
            found.push(step);
        }
        found
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
            if users_phase.may_send(self.now(), self.sent) {
                self.send(index, self.now());
            }
        }
        self.wait_until(users_phase.end, Some(users_phase)).await;
    }

    /// Lets requests finish until a time of the load, or until the load must end.
    async fn wait_until(&mut self, moment: Duration, users: Option<UsersPhase>) {
        let (clock, interruption) = (self.clock, self.interruption);
        let mut raised = pin!(interruption.raised());
        loop {
            let now = self.now();
            let until = moment.min(self.next_tick).min(self.in_flight.deadline());
            // One timer for all responses until then.
            let mut timer = pin!(tokio::task::unconstrained(clock.sleep(until.saturating_sub(now))));
            let mut now = now;
            loop {
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
                let begin = begin(self.requests, &self.stalls, clock, self.epoch);
                let woken = tokio::select! {
                    // Take finished responses before reading the clock: they came first. A generator
                    // that is late must take them too, or the requests that it sends to catch up
                    // pile up before any of them has begun.
                    biased;
                    done = self.in_flight.finished(begin) => Woken::Finished(done),
                    () = &mut raised => Woken::Interrupted,
                    // Yield once to the runtime, which delivers the responses.
                    () = tokio::task::yield_now(), if late => Woken::Time,
                    () = &mut timer, if !late => Woken::Time,
                };
                match woken {
                    Woken::Finished((sent, response)) => {
                        self.finish(sent, Some(response), users);
                        now = self.now();
                        // Another timer is needed if one of these came nearer.
                        if until <= now || until > self.in_flight.deadline() {
                            break;
                        }
                    }
                    Woken::Interrupted => {
                        self.ended = Some(Ended::Interrupted);
                        return;
                    }
                    Woken::Time => {
                        self.expire(users);
                        if late {
                            return;
                        }
                        break;
                    }
                }
            }
        }
    }

    /// Waits for the last responses; only for a moment if the load ended early.
    async fn drain(&mut self) {
        let clock = self.clock;
        let mut until = self.ended.is_some().then(|| self.now() + GRACE);
        while self.in_flight.len() > 0 {
            // Nothing is due any more, so that no stall can be noticed.
            self.stalls.look(self.now(), Duration::MAX);
            let end = until.unwrap_or(Duration::MAX);
            let pause = end.min(self.in_flight.deadline()).saturating_sub(self.now());
            let begin = begin(self.requests, &self.stalls, clock, self.epoch);
            let woken = tokio::select! {
                biased;
                done = self.in_flight.finished(begin) => Woken::Finished(done),
                () = self.interruption.raised(), if until.is_none() => Woken::Interrupted,
                () = tokio::task::unconstrained(clock.sleep(pause)), if pause < MAX_LOAD => Woken::Time,
            };
            match woken {
                Woken::Finished((sent, response)) => self.finish(sent, Some(response), None),
                Woken::Interrupted => {
                    until = Some(self.now() + GRACE);
                    if self.plan.search.is_some() {
                        self.ended = Some(Ended::Interrupted);
                    }
                }
                Woken::Time if self.now() >= end => break,
                Woken::Time => self.expire(None),
            }
        }
        self.tick(self.now());
    }

    fn send(&mut self, phase: usize, intended: Duration) {
        if self.sent >= self.most {
            self.ended = Some(Ended::TooMany(self.most));
            return;
        }
        let turn = self.requests.turn(self.sent);
        self.sent += 1;
        self.recorder.sent(phase, intended);
        let late = self.now().saturating_sub(intended) > MAX_LAG;
        self.late_in_flight += usize::from(late);
        let sent = Sent { phase, turn, late, intended, look: 0, started: Duration::ZERO };
        let deadline = self.now().saturating_add(self.requests.case(turn).timeout());
        self.in_flight.push(sent, deadline, (self.invoke)(self.requests.request(turn)));
    }

    /// Ends the requests that have had no response in time.
    fn expire(&mut self, users: Option<UsersPhase>) {
        for sent in self.in_flight.expired(self.now()) {
            self.finish(sent, None, users);
        }
    }

    /// Records the outcome of a request, `None` without a response in time. Its user sends the next.
    fn finish(&mut self, sent: Sent, response: Option<Invoked>, users: Option<UsersPhase>) {
        let ended = self.now();
        let Sent { phase, turn, late, intended, look, started } = sent;
        let (case, row) = (self.requests.case(turn), self.requests.row(turn));
        let failure = match response {
            Some(response) => failure::of_response(response, case, row.as_ref()),
            None => Some(failure::of_timeout(case)),
        };
        self.late_in_flight -= usize::from(late);
        self.recent.add(failure.as_ref().map(|failure| failure.kind));
        let proven = self.stalls.proven(look, started, ended);
        self.recorder.done(Done { phase, intended, started, ended, failure }, proven);
        if self.ended.is_none() {
            self.ended = self.plan.abort_above.and_then(|limit| self.recent.hopeless(limit));
        }
        if let Some(users) = users.filter(|users| self.ended.is_none() && users.may_send(self.now(), self.sent)) {
            self.send(users.index, self.now());
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

/// Records when a request begins; returns when it has to end.
fn begin<'a, C: Clock>(
    requests: &'a LoadRequests<'a>,
    stalls: &Stalls<'a>,
    clock: &'a C,
    epoch: Duration,
) -> impl FnMut(&mut Sent) -> Duration + use<'a, C> {
    let looks = stalls.looks();
    move |sent| {
        sent.look = looks.load(Ordering::Relaxed);
        sent.started = clock.now().saturating_sub(epoch);
        sent.started.saturating_add(requests.case(sent.turn).timeout())
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
    fn may_send(self, now: Duration, sent: u64) -> bool {
        now < self.end && self.most.is_none_or(|most| sent < most)
    }
}
