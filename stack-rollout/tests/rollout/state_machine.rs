//! Random event sequences: releases, added and removed accounts, kills, changes by hand, and every
//! documented error of every call, against the model of stack sets in `fake.rs`.

use std::collections::BTreeSet;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use stack_rollout::status::{InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::*;

use crate::fake::*;
use crate::records::{check, check_failures, check_reapply, check_record, check_reverted};
use crate::stopping_clock::StoppingClock;
use crate::waved_steps::{Waved, check_waves, waved};

const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// The parameter that changes to update an instance again.
pub(crate) const ATTEMPT: &str = "Attempt";

/// The calls of a rollout, and the errors that the API documents for stack sets and for all AWS
/// APIs.
const CALLS: [&str; 10] = [
    "DescribeStackSet",
    "CreateStackSet",
    "UpdateStackSet",
    "CreateStackInstances",
    "UpdateStackInstances",
    "ListStackInstances",
    "DescribeStackSetOperation",
    "ListStackSetOperationResults",
    "ListStackSetOperations",
    "DescribeStackInstance",
];
const ERRORS: [&str; 14] = [
    "InvalidOperationException",
    "LimitExceededException",
    "NameAlreadyExistsException",
    "OperationIdAlreadyExistsException",
    "OperationInProgressException",
    "OperationNotFoundException",
    "StackInstanceNotFoundException",
    "StackSetNotFoundException",
    "StaleRequestException",
    "AccessDenied",
    "ExpiredToken",
    "Throttling",
    "InternalFailure",
    "ValidationError",
];

/// The desired release, and the environment.
#[derive(Debug, Clone)]
pub(crate) struct Desired {
    version: u32,
    accounts: BTreeSet<usize>,
    /// The parameter override of the second region.
    own: Option<u32>,
    pub(crate) foreign: bool,
    failing: BTreeSet<(usize, usize)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A new release.
    Release,
    /// The accounts of the release.
    Accounts(BTreeSet<usize>),
    Own(Option<u32>),
    /// A foreign operation starts or ends.
    Foreign(bool),
    /// Operations in this target fail, or succeed again.
    Fails(usize, usize, bool),
    /// Running operations continue.
    Continue,
    /// A rollout that is killed at a pause.
    Killed(usize),
    /// A rollout that is killed after this number of polls: also between a request, its effect and
    /// its response.
    KilledAt(usize),
    /// A person sets or removes the override of one instance.
    ByHand(usize, usize, Option<u32>),
    /// Two concurrent rollouts.
    Together(Together),
    /// A rollout with an error: the call, the error, the number of times, and whether the change
    /// was made anyway.
    Troubled(&'static str, &'static str, usize, bool),
    Rollout,
    /// SageMaker rolls back an endpoint, which CloudFormation does not see.
    RolledBack(usize, usize),
    /// A rollout that updates one instance again.
    Reapply(usize, usize),
    /// The same, killed after this number of polls.
    ReapplyKilledAt(usize, usize, usize),
    /// All orphans are removed.
    Prune,
    /// The running operations are stopped.
    Stop,
    /// A rollout in waves.
    Waved(Waved),
}

/// Two rollouts that run alternately: from a request to its effect, then to the response, and so
/// on.
#[derive(Debug, Clone)]
pub(crate) struct Together {
    /// The release of the other rollout; this one has the desired release.
    pub(crate) other: Other,
    /// Which of them waits for other operations.
    pub(crate) waits: (bool, bool),
    /// The change by a person, on their turn.
    pub(crate) by_hand: Option<(usize, usize, Option<u32>)>,
    /// The error of both, as in [`Step::Troubled`].
    pub(crate) trouble: Option<(&'static str, &'static str, usize, bool)>,
    /// The turns and their lengths. Afterwards they alternate.
    pub(crate) schedule: Vec<(Turn, usize)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Other {
    Same,
    Newer,
    Accounts(BTreeSet<usize>),
    Own(Option<u32>),
    /// The same release, which updates one instance again.
    Reapply(usize, usize),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    This,
    Other,
    Person,
    /// A person stops the running operation.
    Stop,
    Aws,
    /// The other rollout is killed.
    Kill,
}

fn accounts() -> impl Strategy<Value = BTreeSet<usize>> {
    prop::collection::btree_set(0..ACCOUNTS.len(), 1..=3)
}

fn own() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(0..3_u32)
}

fn place() -> impl Strategy<Value = (usize, usize)> {
    (0..ACCOUNTS.len(), 0..REGIONS.len())
}

fn trouble() -> impl Strategy<Value = (&'static str, &'static str, usize, bool)> {
    (prop::sample::select(&CALLS[..]), prop::sample::select(&ERRORS[..]), 1..12_usize, any::<bool>())
}

fn together() -> impl Strategy<Value = Together> {
    let other = prop_oneof![
        1 => Just(Other::Same),
        3 => Just(Other::Newer),
        2 => accounts().prop_map(Other::Accounts),
        2 => own().prop_map(Other::Own),
        1 => place().prop_map(|(account, region)| Other::Reapply(account, region)),
    ];
    let turn = prop_oneof![
        8 => Just(Turn::This),
        8 => Just(Turn::Other),
        1 => Just(Turn::Person),
        1 => Just(Turn::Stop),
        3 => Just(Turn::Aws),
        1 => Just(Turn::Kill),
    ];
    let by_hand = prop::option::of((0..ACCOUNTS.len(), 0..REGIONS.len(), own()));
    // Half of the turns are short, to interrupt everywhere, and some are long enough for an
    // operation or rollout.
    let turns = prop::collection::vec((turn, prop_oneof![4 => 1..8_usize, 3 => 8..60_usize, 1 => Just(1_000)]), 1..40);
    let waits = any::<(bool, bool)>();
    (other, waits, by_hand, prop::option::weighted(0.2, trouble()), turns).prop_map(|(other, waits, by_hand, trouble, schedule)| Together {
        other,
        waits,
        by_hand,
        trouble,
        schedule,
    })
}

struct Model;

impl ReferenceStateMachine for Model {
    type State = Desired;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Desired> {
        Just(Desired::first()).boxed()
    }

    fn transitions(_: &Desired) -> BoxedStrategy<Step> {
        prop_oneof![
            2 => Just(Step::Release),
            2 => accounts().prop_map(Step::Accounts),
            1 => own().prop_map(Step::Own),
            1 => any::<bool>().prop_map(Step::Foreign),
            1 => (0..ACCOUNTS.len(), 0..REGIONS.len(), any::<bool>()).prop_map(|(account, region, fails)| Step::Fails(account, region, fails)),
            1 => Just(Step::Continue),
            2 => (0..4_usize).prop_map(Step::Killed),
            2 => (0..150_usize).prop_map(Step::KilledAt),
            2 => (0..ACCOUNTS.len(), 0..REGIONS.len(), own()).prop_map(|(account, region, own)| Step::ByHand(account, region, own)),
            4 => trouble().prop_map(|(call, error, times, lost)| Step::Troubled(call, error, times, lost)),
            4 => Just(Step::Rollout),
            2 => place().prop_map(|(account, region)| Step::RolledBack(account, region)),
            3 => place().prop_map(|(account, region)| Step::Reapply(account, region)),
            1 => (place(), 0..150_usize).prop_map(|((account, region), waits)| Step::ReapplyKilledAt(account, region, waits)),
            4 => together().prop_map(Step::Together),
            1 => Just(Step::Prune),
            1 => Just(Step::Stop),
            4 => waved(everywhere()).prop_map(Step::Waved),
        ]
        .boxed()
    }

    fn apply(mut state: Desired, step: &Step) -> Desired {
        match step {
            Step::Release => state.version += 1,
            Step::Accounts(accounts) => state.accounts.clone_from(accounts),
            Step::Own(own) => state.own = *own,
            Step::Foreign(begins) => state.foreign = *begins,
            Step::Fails(account, region, true) => drop(state.failing.insert((*account, *region))),
            Step::Fails(account, region, false) => drop(state.failing.remove(&(*account, *region))),
            Step::Continue
            | Step::Killed(_)
            | Step::KilledAt(_)
            | Step::ByHand(..)
            | Step::Together(_)
            | Step::Troubled(..)
            | Step::Rollout
            | Step::RolledBack(..)
            | Step::Reapply(..)
            | Step::ReapplyKilledAt(..)
            | Step::Stop
            | Step::Waved(_)
            | Step::Prune => {}
        }
        state
    }
}

impl Desired {
    fn first() -> Self {
        Self { version: 1, accounts: [0].into(), own: None, foreign: false, failing: BTreeSet::new() }
    }

    pub(crate) fn release(&self) -> Release {
        let accounts: Vec<_> = self.accounts.iter().map(|account| ACCOUNTS[*account]).collect();
        let mut release = release(&accounts, &REGIONS);
        release.parameters = vec![("EnvType".to_owned(), format!("version {}", self.version)), (ATTEMPT.to_owned(), String::new())];
        release.reapply = Some(Reapply { parameter: ATTEMPT.to_owned(), attempt: String::new(), targets: BTreeSet::new() });
        release.overrides = self
            .own
            .map(|own| ParameterOverride {
                account: None,
                region: Some(REGIONS[1].parse().unwrap()),
                parameters: [("EnvType".to_owned(), format!("own {own}"))].into(),
            })
            .into_iter()
            .collect();
        release
    }

    pub(crate) fn has_failing(&self) -> bool {
        !self.failing.is_empty()
    }

    /// The release, with an attempt to update this instance again.
    pub(crate) fn reapplied(&self, cloud: &Cloud, target: &Target) -> Release {
        let attempt = cloud.state().operations.len().to_string();
        self.release().reapply(Some(Reapply { parameter: ATTEMPT.to_owned(), attempt, targets: [target.clone()].into() }))
    }

    /// The same for every run of one release.
    pub(crate) fn options(&self) -> Options {
        let accounts: String = self.accounts.iter().map(ToString::to_string).collect();
        let own = self.own.map_or_else(|| "none".to_owned(), |own| own.to_string());
        Options { deadline: Duration::from_hours(2), ..Options::new(format!("release-{}x{accounts}x{own}", self.version).parse().unwrap()) }
    }
}

struct Aws(Cloud);

impl StateMachineTest for Aws {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Desired) -> Self {
        Self(Cloud::default())
    }

    fn apply(this: Self, desired: &Desired, step: Step) -> Self {
        let cloud = &this.0;
        cloud.state().fates = desired
            .failing
            .iter()
            .map(|(account, region)| (target(ACCOUNTS[*account], REGIONS[*region]), Fate::Fails("no capacity")))
            .collect();
        cloud.state().foreign = desired.foreign.then(|| Operation {
            id: "someone-else".parse().unwrap(),
            action: OperationAction::Update,
            status: OperationStatus::Running,
            status_reason: None,
            created_at: None,
        });
        let before = instances_of(cloud);
        match step {
            Step::Continue => advance_all(cloud),
            Step::Killed(pauses) => {
                let (release, options) = (desired.release(), desired.options().with_clock(StoppingClock::after(pauses)));
                let _ = options.clock.kills(pin!(roll_out(cloud, sessions, &release, &options, |_| {})));
            }
            Step::KilledAt(waits) => {
                run_and_kill(cloud, &desired.release(), desired.options(), waits);
            }
            Step::ReapplyKilledAt(account, region, waits) => {
                let place = target(ACCOUNTS[account], REGIONS[region]);
                run_and_kill(cloud, &desired.reapplied(cloud, &place), desired.options(), waits);
            }
            Step::RolledBack(account, region) => {
                let place = target(ACCOUNTS[account], REGIONS[region]);
                let mut state = cloud.state();
                if state.instances.get(&place).is_some_and(|(instance, _)| instance.status == InstanceStatus::Current) {
                    state.reverted.insert(place);
                }
            }
            Step::Reapply(account, region) => check_reapply(cloud, desired, &target(ACCOUNTS[account], REGIONS[region])),
            Step::ByHand(account, region, own) => {
                cloud.state().override_by_hand(&target(ACCOUNTS[account], REGIONS[region]), by_hand(own));
                advance_all(cloud);
            }
            Step::Together(together) => run_together(cloud, desired, &together),
            Step::Troubled(call, code, times, lost) => {
                inject_errors(cloud, call, code, times, lost);
                check(cloud, desired, &desired.release(), false);
                cloud.state().errors.clear();
                cloud.state().lost_responses.clear();
            }
            Step::Rollout => {
                let reverted = cloud.state().reverted.clone();
                if let Some(rollout) = check(cloud, desired, &desired.release(), true) {
                    check_reverted(cloud, &rollout, &reverted);
                }
            }
            Step::Waved(waved) => check_waves(cloud, desired, &waved),
            Step::Stop => {
                let options = desired.options().with_clock(FakeClock::default());
                let stopped = block_on(stop(cloud, &desired.release().stack_set, StopScope::Every, &options, |_| {}));
                // The foreign operation cannot be stopped here.
                assert!(desired.foreign || stopped.unwrap().has_ended());
                assert!(cloud.state().operations.iter().all(|running| running.operation.status.has_ended()));
            }
            Step::Prune => {
                let release = desired.release();
                let instances = before.iter().filter(|target| !release.targets.contains(target)).cloned().collect();
                let request = PruneRequest {
                    stack_set: release.stack_set.clone(),
                    permission_model: release.permission_model.clone(),
                    instances,
                    release_targets: release.targets.clone(),
                    include_targets: false,
                    retain_stacks: false,
                    preferences: Preferences::default(),
                };
                let pruned = block_on(prune(cloud, &request, &desired.options().with_clock(FakeClock::default()), |_| {}));
                if let Ok(pruned) = pruned {
                    let left = instances_of(cloud);
                    for instance in &pruned.instances {
                        let place = target(instance.account_id.as_str(), instance.region.as_str());
                        assert_eq!(instance.removed, !left.contains(&place));
                    }
                }
                let left = instances_of(cloud);
                assert!(before.iter().all(|target| left.contains(target) || !release.targets.contains(target)), "a target was pruned");
                return this;
            }
            _ => {}
        }
        assert!(before.is_subset(&instances_of(cloud)), "only prune deletes");
        this
    }

    fn check_invariants(this: &Self, _: &Desired) {
        let state = this.0.state();
        let running = state.operations.iter().filter(|running| !running.operation.status.has_ended()).count();
        assert!(running <= 1, "two operations at once");
        let ids: BTreeSet<_> = state.operations.iter().map(|running| &running.operation.id).collect();
        assert_eq!(ids.len(), state.operations.len());
    }
}

fn everywhere() -> Vec<Target> {
    ACCOUNTS.iter().flat_map(|account| REGIONS.iter().map(|region| target(account, region))).collect()
}

pub(crate) async fn sessions(_: AccountId, _: Region) -> Result<FakeStacks, SessionError> {
    Ok(FakeStacks::default())
}

/// Polls a rollout this many times.
fn run_and_kill(cloud: &Cloud, release: &Release, options: Options, polls: usize) {
    let options = options.with_clock(FakeClock::default());
    let mut run = pin!(roll_out(cloud, sessions, release, &options, |_| {}));
    let mut poll = || run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
    let _ = (0..polls).all(|_| poll());
}

fn by_hand(own: Option<u32>) -> Parameters {
    own.map(|own| ("EnvType".to_owned(), format!("own {own}"))).into_iter().collect()
}

fn inject_errors(cloud: &Cloud, call: &'static str, code: &str, times: usize, lost: bool) {
    let errors = std::iter::repeat_with(|| error(code)).take(times).collect();
    let mut state = cloud.state();
    if lost {
        state.lost_responses.insert(call, errors);
    } else {
        state.errors.insert(call, errors);
    }
}

/// Runs two rollouts by the schedule, and checks their records against the state that they could
/// have snapshot.
fn run_together(cloud: &Cloud, desired: &Desired, together: &Together) {
    let mut other = desired.clone();
    match &together.other {
        Other::Same | Other::Reapply(..) => {}
        Other::Newer => other.version += 1,
        Other::Accounts(accounts) => other.accounts.clone_from(accounts),
        Other::Own(own) => other.own = *own,
    }
    let place = match together.other {
        Other::Reapply(account, region) => Some(target(ACCOUNTS[account], REGIONS[region])),
        _ => None,
    };
    let place = place.filter(|place| desired.release().targets.contains(place));
    let releases = [desired.release(), place.map_or_else(|| other.release(), |place| desired.reapplied(cloud, &place))];
    let options = [
        Options { wait_for_others: together.waits.0, ..desired.options() }.with_clock(FakeClock::default()),
        Options { wait_for_others: together.waits.1, ..other.options() }.with_clock(FakeClock::default()),
    ];
    let watched = options.iter().map(|options| Watched::new(options.release_id.clone())).collect();
    cloud.state().watch = Some(Watch { turn: 0, runs: watched });
    if let Some((call, code, times, lost)) = together.trouble {
        inject_errors(cloud, call, code, times, lost);
    }
    let run = |index: usize| {
        let found = move |event| {
            if let Event::Resumed { operation } = event {
                let mut state = cloud.state();
                let place = state.operations.iter().position(|running| running.operation.id == operation.id);
                if let (Some(watch), Some(place)) = (&mut state.watch, place) {
                    watch.runs[index].first.get_or_insert(place);
                }
            }
        };
        Some(Box::pin(roll_out(cloud, sessions, &releases[index], &options[index], found)))
    };
    let mut runs = [run(0), run(1)];
    let mut go_on = |turn: Turn| match turn {
        Turn::Person => {
            if let Some((account, region, own)) = together.by_hand {
                cloud.state().override_by_hand(&target(ACCOUNTS[account], REGIONS[region]), by_hand(own));
            }
            true
        }
        Turn::Stop => {
            let mut state = cloud.state();
            if let Some(running) = state.operations.iter_mut().find(|running| !running.operation.status.has_ended()) {
                running.operation.status = OperationStatus::Stopping;
            }
            true
        }
        Turn::Aws => {
            cloud.state().advance();
            true
        }
        Turn::Kill => {
            runs[1] = None;
            true
        }
        Turn::This | Turn::Other => {
            let index = usize::from(matches!(turn, Turn::Other));
            let Some(run) = &mut runs[index] else { return false };
            cloud.state().watch.as_mut().unwrap().turn = index;
            let polled = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let mut state = cloud.state();
            state.watch.as_mut().unwrap().turn = usize::MAX;
            let Poll::Ready(ended) = polled else { return true };
            let watched = &state.watch.as_ref().unwrap().runs[index];
            match ended {
                Ok(rollout) => {
                    check_record(&rollout, &releases[index], &watched.snapshot);
                    check_failures(&rollout, &state.operations);
                }
                Err(error) => assert!(!watched.has_started || together.trouble.is_some(), "an error after an operation: {error}"),
            }
            drop(state);
            runs[index] = None;
            false
        }
    };
    for (turn, times) in &together.schedule {
        // The turns of a run end with it; other turns have one step.
        let times = if matches!(turn, Turn::This | Turn::Other) { *times } else { 1 };
        let _ = (0..times).all(|_| go_on(*turn));
    }
    let advance_all = |_: &usize| [Turn::This, Turn::Other, Turn::Aws].map(&mut go_on)[..2].contains(&true);
    assert!((0..100_000).take_while(advance_all).count() < 100_000, "a rollout did not end");
    let mut state = cloud.state();
    state.watch = None;
    state.errors.clear();
    state.lost_responses.clear();
}

fn instances_of(cloud: &Cloud) -> BTreeSet<Target> {
    cloud.state().instances.keys().cloned().collect()
}

fn advance_all(cloud: &Cloud) {
    for _ in 0..20 {
        cloud.state().advance();
    }
}

/// Runs these steps, from the first release in one account, with the checks of the property test.
pub(crate) fn run_steps(steps: impl IntoIterator<Item = Step>) {
    let mut desired = Desired::first();
    let mut aws = Aws::init_test(&desired);
    for step in steps {
        desired = Model::apply(desired, &step);
        aws = <Aws as StateMachineTest>::apply(aws, &desired, step);
        Aws::check_invariants(&aws, &desired);
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_are_correct_and_an_undisturbed_rollout_succeeds(sequential 1..24 => Aws);
}
