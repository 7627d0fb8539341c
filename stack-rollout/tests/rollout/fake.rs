//! A model of stack sets in memory, by what AWS documents: one operation at a time, each instance PENDING, then RUNNING, then
//! done; failures counted against the tolerance; an id that was seen starts nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use stack_rollout::status::{DetailedStatus, DriftStatus, InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::*;

/// What happens in a target when an operation comes there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Succeeds,
    Fails(&'static str),
    Suspended,
    NeverEnds,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) set: Option<StackSet>,
    /// Counts the set's versions, so that an instance can be told to have an old one.
    pub(crate) version: u32,
    pub(crate) instances: BTreeMap<Target, (Instance, u32)>,
    pub(crate) operations: Vec<Running>,
    pub(crate) fates: BTreeMap<Target, Fate>,
    /// The calls that were made, by name.
    pub(crate) calls: Vec<&'static str>,
    /// Errors that wait for the next calls of an operation.
    pub(crate) errors: BTreeMap<&'static str, VecDeque<CallError>>,
    /// Errors that come after the change was made: the answer is lost.
    pub(crate) lost_answers: BTreeMap<&'static str, VecDeque<CallError>>,
    /// An operation of someone else.
    pub(crate) foreign: Option<Operation>,
    /// Every call fails once before it succeeds.
    pub(crate) throttles_everything_once: bool,
    pub(crate) throttled: BTreeMap<&'static str, bool>,
    /// Ends operations as STOPPED at the next look.
    pub(crate) stops: bool,
    pub(crate) lists_no_results: bool,
    /// After so many looks at the list of operations, that of someone else has ended.
    pub(crate) foreign_looks: usize,
    /// What instances have for parameters of their own.
    pub(crate) overrides: BTreeMap<Target, Parameters>,
    /// Whether the stacks were to stay, for each deletion.
    pub(crate) retained: Vec<bool>,
    /// Stacks that were changed by hand.
    pub(crate) drifted: BTreeSet<Target>,
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
    CallError { request_id: Some("req-1".to_owned()), ..CallError::answered("Test", code, "as ordered by the test") }
}

impl Cloud {
    pub(crate) fn with(change: impl FnOnce(&mut State)) -> Self {
        let cloud = Self::default();
        change(&mut cloud.state());
        cloud
    }

    /// A cloud in which this happens to an operation that comes to the target.
    pub(crate) fn with_fate(target: Target, fate: Fate) -> Self {
        Self::with(|state| state.fates = [(target, fate)].into())
    }

    /// A cloud that answers the first calls of this name with these errors.
    pub(crate) fn with_errors(call: &'static str, errors: impl IntoIterator<Item = CallError>) -> Self {
        Self::with(|state| state.errors = [(call, errors.into_iter().collect())].into())
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn calls_that_change(&self) -> Vec<&'static str> {
        self.state().calls.iter().copied().filter(|call| !call.starts_with("Describe") && !call.starts_with("List")).collect()
    }

    fn enter(&self, call: &'static str) -> Result<std::sync::MutexGuard<'_, State>, CallError> {
        let mut state = self.state();
        state.calls.push(call);
        if let Some(error) = state.errors.get_mut(call).and_then(VecDeque::pop_front) {
            return Err(CallError { operation: call, ..error });
        }
        if state.throttles_everything_once && !std::mem::replace(state.throttled.entry(call).or_default(), true) {
            return Err(CallError::answered(call, "Throttling", "Rate exceeded"));
        }
        Ok(state)
    }
}

impl State {
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
            return Err(CallError::answered(call, "ValidationError", "the region order must name the operation's regions"));
        }
        let percentage = usize::from(preferences.failure_tolerance_percentage.unwrap_or(0));
        let tolerated = targets.len() * percentage / 100;
        let operation =
            Operation { id: id.clone(), action, status: OperationStatus::Running, status_reason: None, created_at: Some(1_000) };
        let pending = |target: &Target| {
            (target.clone(), OperationResult { target: target.clone(), status: DetailedStatus::Pending, status_reason: None })
        };
        let results = targets.iter().map(pending).collect();
        self.operations.push(Running { operation, targets, results, tolerated });
        match self.lost_answers.get_mut(call).and_then(VecDeque::pop_front) {
            Some(error) => Err(CallError { operation: call, ..error }),
            None => Ok(id.clone()),
        }
    }

    fn refuse(&self, call: &'static str, id: &OperationId) -> Result<(), CallError> {
        if self.operations.iter().any(|running| running.operation.id == *id) {
            return Err(CallError::answered(call, "OperationIdAlreadyExistsException", "the id is taken"));
        }
        let runs = |running: &Running| !running.operation.status.has_ended();
        if self.foreign.is_some() || self.operations.iter().any(runs) {
            return Err(CallError::answered(call, "OperationInProgressException", "Another Operation on StackSet is in progress"));
        }
        Ok(())
    }

    /// Goes on by one step: a pending instance runs, a running one ends.
    pub(crate) fn advance(&mut self) {
        let version = self.version;
        let stops = self.stops;
        let Some(current) = self.operations.iter_mut().find(|running| !running.operation.status.has_ended()) else { return };
        let mut failures = current.results.values().filter(|result| result.status == DetailedStatus::Failed).count();
        for target in &current.targets {
            let result = current.results.get_mut(target).unwrap();
            let fate = self.fates.get(target).unwrap_or(&Fate::Succeeds);
            let is_over = stops || failures > current.tolerated;
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
            if result.status == DetailedStatus::Succeeded {
                *entry =
                    (Instance { detailed_status: Some(DetailedStatus::Succeeded), ..instance(target, InstanceStatus::Current) }, version);
            }
        }
        let is_open = |result: &OperationResult| matches!(result.status, DetailedStatus::Pending | DetailedStatus::Running);
        if stops {
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

/// The set that CloudFormation has after a release.
pub(crate) fn set_of(release: &Release) -> StackSet {
    StackSet {
        description: release.marked_description(None),
        managed_execution: release.managed_execution,
        template_body: release.template.body.clone(),
        parameters: release.parameters.clone(),
        capabilities: Some(release.capabilities.clone()),
        tags: release.tags.clone(),
        permission_model: Some(release.permission_model.as_str().to_owned()),
        ..StackSet::default()
    }
}

impl StackSets for Cloud {
    async fn describe_stack_set(&self, _: &StackSetName) -> Result<Option<StackSet>, CallError> {
        Ok(self.enter("DescribeStackSet")?.set.clone())
    }

    async fn create_stack_set(&self, release: &Release, _: &OperationId) -> Result<(), CallError> {
        let mut state = self.enter("CreateStackSet")?;
        if state.set.is_some() {
            return Err(CallError::answered("CreateStackSet", "NameAlreadyExistsException", "the name is taken"));
        }
        state.set = Some(set_of(release));
        state.version = 1;
        match state.lost_answers.get_mut("CreateStackSet").and_then(VecDeque::pop_front) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    async fn update_stack_set(&self, update: SetUpdate<'_>) -> Result<OperationId, CallError> {
        let mut state = self.enter("UpdateStackSet")?;
        state.refuse("UpdateStackSet", update.operation_id)?;
        // Without a list of targets CloudFormation updates every instance there is.
        let targets: Vec<_> =
            if update.targets.is_empty() { state.instances.keys().cloned().collect() } else { update.targets.iter().collect() };
        if targets.iter().any(|target| !state.instances.contains_key(target)) {
            return Err(CallError::answered("UpdateStackSet", "StackInstanceNotFoundException", "no such instance"));
        }
        let description = update.release.marked_description(update.observed.description.as_deref());
        state.set = Some(StackSet { description, ..set_of(update.release) });
        state.version += 1;
        for (instance, _) in state.instances.values_mut() {
            instance.status = InstanceStatus::Outdated;
        }
        state.start("UpdateStackSet", update.operation_id, OperationAction::Update, targets, &update.preferences())
    }

    async fn create_stack_instances(&self, operation: InstancesOperation<'_>) -> Result<OperationId, CallError> {
        let mut state = self.enter("CreateStackInstances")?;
        state.refuse("CreateStackInstances", operation.operation_id)?;
        let targets: Vec<_> = operation.targets.iter().collect();
        if targets.iter().any(|target| state.instances.contains_key(target)) {
            return Err(CallError::answered("CreateStackInstances", "AlreadyExistsException", "an instance exists"));
        }
        for target in &targets {
            state.overrides.insert(target.clone(), operation.overrides.cloned().unwrap_or_default());
        }
        state.start("CreateStackInstances", operation.operation_id, OperationAction::Create, targets, &operation.preferences())
    }

    async fn update_stack_instances(&self, operation: InstancesOperation<'_>) -> Result<OperationId, CallError> {
        let mut state = self.enter("UpdateStackInstances")?;
        state.refuse("UpdateStackInstances", operation.operation_id)?;
        let targets: Vec<_> = operation.targets.iter().collect();
        if targets.iter().any(|target| !state.instances.contains_key(target)) {
            return Err(CallError::answered("UpdateStackInstances", "StackInstanceNotFoundException", "no such instance"));
        }
        if let Some(overrides) = operation.overrides {
            for target in &targets {
                state.overrides.insert(target.clone(), overrides.clone());
            }
        }
        state.start("UpdateStackInstances", operation.operation_id, OperationAction::Update, targets, &operation.preferences())
    }

    async fn list_stack_instances(&self, _: &StackSetName) -> Result<Vec<Instance>, CallError> {
        Ok(self.enter("ListStackInstances")?.instances.values().map(|(instance, _)| instance.clone()).collect())
    }

    async fn describe_operation(&self, _: &StackSetName, id: &OperationId) -> Result<Operation, CallError> {
        let mut state = self.enter("DescribeStackSetOperation")?;
        state.advance();
        let found = state.operations.iter().find(|running| running.operation.id == *id);
        found
            .map(|running| running.operation.clone())
            .ok_or_else(|| CallError::answered("DescribeStackSetOperation", "OperationNotFoundException", "no such operation"))
    }

    async fn list_operation_results(&self, _: &StackSetName, id: &OperationId) -> Result<Vec<OperationResult>, CallError> {
        let state = self.enter("ListStackSetOperationResults")?;
        let found = state.operations.iter().find(|running| running.operation.id == *id && !state.lists_no_results);
        Ok(found.map(|running| running.results.values().cloned().collect()).unwrap_or_default())
    }

    async fn list_operations(&self, _: &StackSetName) -> Result<Vec<Operation>, CallError> {
        let mut state = self.enter("ListStackSetOperations")?;
        if state.foreign_looks > 0 {
            state.foreign_looks -= 1;
            if state.foreign_looks == 0 {
                state.foreign = None;
            }
        }
        let ours = state.operations.iter().rev().map(|running| &running.operation);
        Ok(state.foreign.iter().chain(ours).cloned().collect())
    }

    async fn delete_stack_instances(&self, deletion: InstancesDeletion<'_>) -> Result<OperationId, CallError> {
        const CALL: &str = "DeleteStackInstances";
        let mut state = self.enter(CALL)?;
        state.refuse(CALL, deletion.operation_id)?;
        let targets: Vec<_> = deletion.targets.iter().collect();
        if targets.iter().any(|target| !state.instances.contains_key(target)) {
            return Err(CallError::answered(CALL, "StackInstanceNotFoundException", "no such instance"));
        }
        state.retained.push(deletion.retain_stacks);
        state.start(CALL, deletion.operation_id, OperationAction::Delete, targets, deletion.preferences)
    }

    async fn detect_drift(&self, _: &StackSetName, preferences: &Preferences, id: &OperationId) -> Result<OperationId, CallError> {
        const CALL: &str = "DetectStackSetDrift";
        let mut state = self.enter(CALL)?;
        state.refuse(CALL, id)?;
        let targets: Vec<_> = state.instances.keys().cloned().collect();
        state.start(CALL, id, OperationAction::DetectDrift, targets, preferences)
    }

    async fn instance_overrides(&self, _: &StackSetName, target: &Target) -> Result<Parameters, CallError> {
        let state = self.enter("DescribeStackInstance")?;
        Ok(state.overrides.get(target).cloned().unwrap_or_default())
    }
}

/// A clock on which sleeping takes no time.
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

    async fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

/// Stacks that tell the same pages of events, whichever stack is asked for.
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
    Release {
        stack_set: "iris-staging".parse().unwrap(),
        description: None,
        template: Template::inline("Resources: {}\n"),
        parameters: vec![("EnvType".to_owned(), "staging".to_owned())],
        capabilities: std::collections::BTreeSet::new(),
        tags: Vec::new(),
        permission_model: PermissionModel::SelfManaged { administration_role_arn: None, execution_role_name: None },
        targets: Targets::new(
            accounts.iter().map(|account| account.parse().unwrap()),
            regions.iter().map(|region| region.parse().unwrap()),
        ),
        preferences: Preferences::default(),
        overrides: Vec::new(),
        managed_execution: None,
    }
}

pub(crate) fn options() -> Options {
    static RUN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let run = RUN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Options::new(format!("run-{run}").parse().unwrap())
}

/// Rolls out with sessions that cannot be had: for rollouts in which no stack fails.
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
    block_on(roll_out(cloud, sessions, release, options, &FakeClock::default(), on_event))
}

pub(crate) fn block_on<T>(future: impl Future<Output = T> + Send) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// The outcome of every target, as text.
pub(crate) fn outcomes(rollout: &Rollout) -> Vec<String> {
    rollout.targets.iter().map(|record| format!("{} {}", record.target(), record.outcome)).collect()
}
