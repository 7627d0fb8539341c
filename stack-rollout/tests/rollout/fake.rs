//! An in-memory model of stack sets, as AWS documents them: one operation at a time; each instance
//! is PENDING, then RUNNING, then finished; failures count against the tolerance; a known operation
//! id starts nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use stack_rollout::status::{DetailedStatus, DriftStatus, InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::*;

#[path = "fake/stack_sets.rs"]
mod stack_sets;

/// What happens when an operation reaches a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Succeeds,
    Fails(&'static str),
    Suspended,
    NeverEnds,
}

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub(crate) struct State {
    pub(crate) set: Option<StackSet>,
    /// The version of the set, to detect instances with an older one.
    pub(crate) version: u32,
    pub(crate) instances: BTreeMap<Target, (Instance, u32)>,
    pub(crate) operations: Vec<Running>,
    pub(crate) fates: BTreeMap<Target, Fate>,
    /// The names of the calls.
    pub(crate) calls: Vec<&'static str>,
    /// Errors of the next calls of an operation.
    pub(crate) errors: BTreeMap<&'static str, VecDeque<CallError>>,
    /// Errors that are returned although the change was made.
    pub(crate) lost_responses: BTreeMap<&'static str, VecDeque<CallError>>,
    /// An operation that does not belong to the release.
    pub(crate) foreign: Option<Operation>,
    /// Whether every call is throttled once before it succeeds.
    pub(crate) throttles_everything_once: bool,
    pub(crate) throttled: BTreeMap<&'static str, bool>,
    /// Whether operations end as STOPPED at the next poll.
    pub(crate) stops: bool,
    pub(crate) lists_no_results: bool,
    /// The number of lists of operations until the foreign operation has ended.
    pub(crate) foreign_lists: usize,
    /// The parameter overrides of the instances.
    pub(crate) overrides: BTreeMap<Target, Parameters>,
    /// Whether the stacks were retained, for each deletion.
    pub(crate) retained: Vec<bool>,
    /// Stacks that were changed outside CloudFormation.
    pub(crate) drifted: BTreeSet<Target>,
    /// The parameter overrides of the stacks, from the last operation that succeeded.
    pub(crate) applied: BTreeMap<Target, Parameters>,
    /// Targets whose endpoint SageMaker rolled back after an update, which CloudFormation cannot see.
    pub(crate) reverted: BTreeSet<Target>,
    /// The stack set's parameters in each stack, without its overrides.
    pub(crate) deployed: BTreeMap<Target, Parameters>,
    /// Whether the values of the parameters are shown as `****`.
    pub(crate) hides_parameters: bool,
    /// The number of newest operations that the list does not show yet.
    pub(crate) list_lags: usize,
    pub(crate) watch: Option<Watch>,
    /// What the runs in waves keep for a roll-back.
    pub(crate) release_before: Option<ReleaseBefore>,
}

#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) operation: Operation,
    pub(crate) targets: Vec<Target>,
    pub(crate) results: BTreeMap<Target, OperationResult>,
    tolerated: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Cloud(pub(crate) Mutex<State>);

pub(crate) fn error(code: &str) -> CallError {
    CallError { request_id: Some("req-1".to_owned()), ..CallError::error_response("Test", code, "injected by the test") }
}

impl Cloud {
    pub(crate) fn with(change: impl FnOnce(&mut State)) -> Self {
        let cloud = Self::default();
        change(&mut cloud.state());
        cloud
    }

    /// A cloud with this fate for operations that reach the target.
    pub(crate) fn with_fate(target: Target, fate: Fate) -> Self {
        Self::with(|state| state.fates = [(target, fate)].into())
    }

    /// A cloud that returns these errors for the first calls with this name.
    pub(crate) fn with_errors(call: &'static str, errors: impl IntoIterator<Item = CallError>) -> Self {
        Self::with(|state| state.errors = [(call, errors.into_iter().collect())].into())
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn calls_that_change(&self) -> Vec<&'static str> {
        self.state().calls.iter().copied().filter(|call| !call.starts_with("Describe") && !call.starts_with("List")).collect()
    }

    /// Makes a call. Other tasks can run before its effect, and again before its response.
    async fn call<T>(&self, call: &'static str, effect: impl FnOnce(&mut State) -> Result<T, CallError> + Send) -> Result<T, CallError> {
        yield_now().await;
        let response = {
            let mut state = self.state();
            let response = state.record_call(call).and_then(|()| effect(&mut state));
            state.watched(call);
            response
        };
        yield_now().await;
        response
    }
}

/// Yields to other tasks.
pub(crate) async fn yield_now() {
    let mut has_yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The state that is tracked for concurrent runs.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// The index of the active run.
    pub(crate) turn: usize,
    pub(crate) runs: Vec<Watched>,
}

/// The state that is tracked for one run.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) release: OperationId,
    /// The index of its first operation, started or resumed, among all operations.
    pub(crate) first: Option<usize>,
    pub(crate) has_started: bool,
    /// The number of operations when it last listed them.
    listed: usize,
    last_call: &'static str,
    /// The state at its last call.
    pub(crate) snapshot: Snapshot,
}

/// The state of the set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) version: u32,
    /// Each instance's status, and its stack's version and overrides.
    pub(crate) instances: BTreeMap<Target, (InstanceStatus, u32, Parameters)>,
}

impl Watched {
    pub(crate) fn new(release: OperationId) -> Self {
        Self { release, first: None, has_started: false, listed: 0, last_call: "", snapshot: Snapshot::default() }
    }
}

impl State {
    fn record_call(&mut self, call: &'static str) -> Result<(), CallError> {
        self.calls.push(call);
        if let Some(error) = self.errors.get_mut(call).and_then(VecDeque::pop_front) {
            return Err(CallError { operation: call, ..error });
        }
        if self.throttles_everything_once && !std::mem::replace(self.throttled.entry(call).or_default(), true) {
            return Err(CallError::error_response(call, "Throttling", "Rate exceeded"));
        }
        Ok(())
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let instance = |(target, (instance, version)): (&Target, &(Instance, u32))| {
            (target.clone(), (instance.status.clone(), *version, self.applied.get(target).cloned().unwrap_or_default()))
        };
        Snapshot {
            parameters: self.set.as_ref().map(|set| set.parameters.clone()).unwrap_or_default(),
            version: self.version,
            instances: self.instances.iter().map(instance).collect(),
        }
    }

    fn watched(&mut self, call: &'static str) {
        let (snapshot, listed) = (self.snapshot(), self.operations.len());
        let Some(watch) = &mut self.watch else { return };
        let Some(run) = watch.runs.get_mut(watch.turn) else { return };
        run.last_call = call;
        run.snapshot = snapshot;
        if call == "ListStackSetOperations" {
            run.listed = listed;
        }
    }

    /// Checks that a run starts an operation only if the operations that it could have seen
    /// permit it.
    fn watch_start(&mut self, call: &'static str) {
        let place = self.operations.len();
        let Some(watch) = &mut self.watch else { return };
        let Some(run) = watch.runs.get_mut(watch.turn) else { return };
        assert_eq!(run.last_call, "ListStackSetOperations", "{call} is sent without listing the operations right before it");
        if let Some(first) = run.first {
            let newer = self.operations[first + 1..run.listed.max(first + 1)].iter().find(|running| {
                !running.operation.id.is_step_of(&run.release)
                    && !matches!(running.operation.action, OperationAction::Delete | OperationAction::DetectDrift)
            });
            assert!(newer.is_none(), "{call} of {} after {newer:?}", run.release);
        }
        run.first.get_or_insert(place);
        run.has_started = true;
    }

    /// Adds an ended foreign operation, before the newest `before` operations.
    pub(crate) fn add_foreign(&mut self, before: usize, operation: Operation) {
        let place = self.operations.len() - before;
        self.operations.insert(place, Running { operation, targets: Vec::new(), results: BTreeMap::new(), tolerated: 0 });
    }

    /// A person sets or removes the overrides of one instance.
    pub(crate) fn override_by_hand(&mut self, target: &Target, parameters: Parameters) {
        let id = format!("by-hand-{}", self.operations.len()).parse().unwrap();
        if !self.instances.contains_key(target) || self.refuse("UpdateStackInstances", &id).is_err() {
            return;
        }
        self.overrides.insert(target.clone(), parameters);
        let watch = self.watch.take();
        let lost = std::mem::take(&mut self.lost_responses);
        self.start("UpdateStackInstances", &id, OperationAction::Update, vec![target.clone()], &Preferences::default()).unwrap();
        (self.watch, self.lost_responses) = (watch, lost);
    }

    fn start(
        &mut self,
        call: &'static str,
        id: &OperationId,
        action: OperationAction,
        targets: Vec<Target>,
        preferences: &Preferences,
    ) -> Result<OperationId, CallError> {
        let regions: BTreeSet<_> = targets.iter().map(|target| &target.region).collect();
        let order: BTreeSet<_> = preferences.region_order.iter().collect();
        if !order.is_empty() && order != regions {
            return Err(CallError::error_response(call, "ValidationError", "the region order must list the operation's regions"));
        }
        self.watch_start(call);
        let percentage = usize::from(preferences.failure_tolerance_percentage.unwrap_or(0));
        let tolerated = targets.len() * percentage / 100;
        let operation =
            Operation { id: id.clone(), action, status: OperationStatus::Running, status_reason: None, created_at: Some(1_000) };
        let pending = |target: &Target| {
            (target.clone(), OperationResult { target: target.clone(), status: DetailedStatus::Pending, status_reason: None })
        };
        let results = targets.iter().map(pending).collect();
        self.operations.push(Running { operation, targets, results, tolerated });
        match self.lost_responses.get_mut(call).and_then(VecDeque::pop_front) {
            Some(error) => Err(CallError { operation: call, ..error }),
            None => Ok(id.clone()),
        }
    }

    fn must_exist(&self, call: &'static str, targets: &[Target]) -> Result<(), CallError> {
        if targets.iter().all(|target| self.instances.contains_key(target)) {
            return Ok(());
        }
        Err(CallError::error_response(call, "StackInstanceNotFoundException", "no such instance"))
    }

    fn refuse(&self, call: &'static str, id: &OperationId) -> Result<(), CallError> {
        if self.operations.iter().any(|running| running.operation.id == *id) {
            return Err(CallError::error_response(call, "OperationIdAlreadyExistsException", "the id exists"));
        }
        let runs = |running: &Running| !running.operation.status.has_ended();
        if self.foreign.is_some() || self.operations.iter().any(runs) {
            return Err(CallError::error_response(call, "OperationInProgressException", "Another Operation on StackSet is in progress"));
        }
        Ok(())
    }

    /// Advances the running operation by one step: pending instances run, running ones end.
    pub(crate) fn advance(&mut self) {
        let version = self.version;
        let stops = self.stops;
        // The oldest one: a queued operation waits for it.
        let Some(current) = self.operations.iter_mut().find(|running| !running.operation.status.has_ended()) else { return };
        let is_stopping = current.operation.status == OperationStatus::Stopping;
        let mut failures = current.results.values().filter(|result| result.status == DetailedStatus::Failed).count();
        for target in &current.targets {
            let result = current.results.get_mut(target).unwrap();
            let fate = self.fates.get(target).unwrap_or(&Fate::Succeeds);
            let is_over = stops || is_stopping || failures > current.tolerated;
            result.status = match (&result.status, fate) {
                (DetailedStatus::Pending, _) if is_over => DetailedStatus::Cancelled,
                (DetailedStatus::Running, Fate::NeverEnds) if stops => DetailedStatus::Cancelled,
                (DetailedStatus::Pending, _) => DetailedStatus::Running,
                (DetailedStatus::Running, Fate::Succeeds) => DetailedStatus::Succeeded,
                (DetailedStatus::Running, Fate::Suspended) => DetailedStatus::SkippedSuspendedAccount,
                (DetailedStatus::Running, Fate::Fails(reason)) => {
                    failures += 1;
                    result.status_reason = Some((*reason).to_owned());
                    DetailedStatus::Failed
                }
                (status, _) => status.clone(),
            };
            let action = &current.operation.action;
            if *action == OperationAction::Delete && result.status == DetailedStatus::Succeeded {
                self.instances.remove(target);
                self.overrides.remove(target);
                self.applied.remove(target);
                continue;
            }
            if *action == OperationAction::DetectDrift {
                if let (Some((instance, _)), DetailedStatus::Succeeded) = (self.instances.get_mut(target), &result.status) {
                    let drifted = self.drifted.contains(target);
                    instance.drift = Some(if drifted { DriftStatus::Drifted } else { DriftStatus::InSync });
                }
                continue;
            }
            let entry = self.instances.entry(target.clone()).or_insert_with(|| (instance(target, InstanceStatus::Outdated), 0));
            entry.0.detailed_status = Some(result.status.clone());
            entry.0.status_reason.clone_from(&result.status_reason);
            if matches!(result.status, DetailedStatus::Failed | DetailedStatus::Cancelled) {
                entry.0.status = InstanceStatus::Outdated;
            }
            if result.status == DetailedStatus::Succeeded {
                // Without a change of the stack's template or parameters, CloudFormation does nothing.
                if entry.1 != version || self.applied.get(target) != Some(&self.overrides.get(target).cloned().unwrap_or_default()) {
                    self.reverted.remove(target);
                }
                self.applied.insert(target.clone(), self.overrides.get(target).cloned().unwrap_or_default());
                let of_set = self.set.iter().flat_map(|set| set.parameters.clone());
                self.deployed.insert(target.clone(), of_set.collect());
                *entry =
                    (Instance { detailed_status: Some(DetailedStatus::Succeeded), ..instance(target, InstanceStatus::Current) }, version);
            }
        }
        let is_open = |result: &OperationResult| matches!(result.status, DetailedStatus::Pending | DetailedStatus::Running);
        if stops || is_stopping && !current.results.values().any(is_open) {
            current.operation.status = OperationStatus::Stopped;
        } else if !current.results.values().any(is_open) {
            current.operation.status = if failures > current.tolerated { OperationStatus::Failed } else { OperationStatus::Succeeded };
        }
    }
}

pub(crate) fn instance(target: &Target, status: InstanceStatus) -> Instance {
    let stack_id = format!("arn:aws:cloudformation:{}:{}:stack/StackSet-iris/1", target.region, target.account);
    Instance {
        target: target.clone(),
        status,
        detailed_status: None,
        status_reason: None,
        stack_id: Some(stack_id),
        drift: None,
        overrides: None,
    }
}

/// The set after a release.
pub(crate) fn set_of(release: &Release) -> StackSet {
    StackSet {
        description: release.description.clone(),
        managed_execution: release.managed_execution,
        template_body: release.template.body.clone(),
        parameters: release.parameters.clone(),
        capabilities: Some(release.capabilities.clone()),
        tags: release.tags.clone(),
        permission_model: Some(release.permission_model.as_str().to_owned()),
        ..StackSet::default()
    }
}

/// A clock whose sleeps take no time.
#[derive(Debug, Default)]
pub(crate) struct FakeClock(Mutex<Duration>);

impl FakeClock {
    pub(crate) fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
        yield_now().await;
    }
}

/// Stacks that return the same pages of events for every stack.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeStacks(pub(crate) Vec<Vec<StackEvent>>);

impl Stacks for FakeStacks {
    async fn stack_events(&self, _: &str, token: Option<&str>) -> Result<EventPage, CallError> {
        let page: usize = token.map_or(0, |token| token.parse().unwrap());
        let next_token = (page + 1 < self.0.len()).then(|| (page + 1).to_string());
        Ok(EventPage { events: self.0.get(page).cloned().unwrap_or_default(), next_token })
    }
}

pub(crate) fn target(account: &str, region: &str) -> Target {
    Target::new(account.parse().unwrap(), region.parse().unwrap())
}

pub(crate) fn release(accounts: &[&str], regions: &[&str]) -> Release {
    let targets =
        Targets::new(accounts.iter().map(|account| account.parse().unwrap()), regions.iter().map(|region| region.parse().unwrap()));
    Release::new("iris-staging".parse().unwrap(), Template::inline("Resources: {}\n"), targets).parameters([("EnvType", "staging")])
}

pub(crate) fn options() -> Options {
    static RUN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let run = RUN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Options::new(format!("run-{run}").parse().unwrap())
}

/// Rolls out without sessions, for rollouts in which no stack fails.
pub(crate) fn rolled_out(cloud: &Cloud, release: &Release) -> Result<Rollout, Error> {
    rolled_out_with(cloud, release, &options(), |_| {})
}

pub(crate) fn rolled_out_with(
    cloud: &Cloud,
    release: &Release,
    options: &Options,
    on_event: impl FnMut(Event) + Send,
) -> Result<Rollout, Error> {
    let sessions = |_, _| async { Err::<FakeStacks, _>(SessionError::new("no session in this test")) };
    block_on(roll_out(cloud, sessions, release, &options.clone().with_clock(FakeClock::default()), on_event))
}

pub(crate) fn block_on<T>(future: impl Future<Output = T> + Send) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// The outcome of every target, as text.
pub(crate) fn outcomes(rollout: &Rollout) -> Vec<String> {
    rollout.targets.iter().map(|record| format!("{} {}", record.target(), record.outcome)).collect()
}
