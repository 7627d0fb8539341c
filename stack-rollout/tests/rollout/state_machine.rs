//! Any course of events: releases, accounts that come and go, kills, people who work on the set, and every documented error at every
//! call, against the model of stack sets in `fake.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use stack_rollout::status::{InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::*;

use crate::fake::*;

const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// The calls of a rollout, and the errors that the API documents for stack sets (and those of every AWS API).
const CALLS: [&str; 9] = [
    "DescribeStackSet",
    "CreateStackSet",
    "UpdateStackSet",
    "CreateStackInstances",
    "UpdateStackInstances",
    "ListStackInstances",
    "DescribeStackSetOperation",
    "ListStackSetOperationResults",
    "ListStackSetOperations",
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

/// What is wanted, and what the world is like.
#[derive(Debug, Clone)]
struct Wanted {
    version: u32,
    accounts: BTreeSet<usize>,
    /// What the second region has for a parameter of its own.
    own: Option<u32>,
    foreign: bool,
    failing: BTreeSet<(usize, usize)>,
}

#[derive(Debug, Clone)]
enum Step {
    /// A new release.
    Release,
    /// The accounts of the release.
    Accounts(BTreeSet<usize>),
    Own(Option<u32>),
    /// Someone else begins to work on the set, or ends.
    Foreign(bool),
    /// What comes to this target fails, or succeeds again.
    Fails(usize, usize, bool),
    /// Operations that nobody waits for go on.
    AwsGoesOn,
    /// A rollout that is killed at a pause.
    Killed(usize),
    /// A rollout whose calls meet an error: which call, which error, how often, and whether the change was made all the same.
    Troubled(&'static str, &'static str, usize, bool),
    Rollout,
    /// All orphans are taken out.
    Prune,
}

struct Model;

impl ReferenceStateMachine for Model {
    type State = Wanted;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Wanted> {
        Just(Wanted { version: 1, accounts: [0].into(), own: None, foreign: false, failing: BTreeSet::new() }).boxed()
    }

    fn transitions(_: &Wanted) -> BoxedStrategy<Step> {
        prop_oneof![
            2 => Just(Step::Release),
            2 => prop::collection::btree_set(0..ACCOUNTS.len(), 1..=3).prop_map(Step::Accounts),
            1 => prop::option::of(0..3_u32).prop_map(Step::Own),
            1 => any::<bool>().prop_map(Step::Foreign),
            1 => (0..ACCOUNTS.len(), 0..REGIONS.len(), any::<bool>()).prop_map(|(account, region, fails)| Step::Fails(account, region, fails)),
            1 => Just(Step::AwsGoesOn),
            2 => (0..4_usize).prop_map(Step::Killed),
            4 => (prop::sample::select(&CALLS[..]), prop::sample::select(&ERRORS[..]), 1..12_usize, any::<bool>())
                .prop_map(|(call, error, times, lost)| Step::Troubled(call, error, times, lost)),
            4 => Just(Step::Rollout),
            1 => Just(Step::Prune),
        ]
        .boxed()
    }

    fn apply(mut state: Wanted, step: &Step) -> Wanted {
        match step {
            Step::Release => state.version += 1,
            Step::Accounts(accounts) => state.accounts.clone_from(accounts),
            Step::Own(own) => state.own = *own,
            Step::Foreign(begins) => state.foreign = *begins,
            Step::Fails(account, region, true) => drop(state.failing.insert((*account, *region))),
            Step::Fails(account, region, false) => drop(state.failing.remove(&(*account, *region))),
            Step::AwsGoesOn | Step::Killed(_) | Step::Troubled(..) | Step::Rollout | Step::Prune => {}
        }
        state
    }
}

impl Wanted {
    fn release(&self) -> Release {
        let accounts: Vec<_> = self.accounts.iter().map(|account| ACCOUNTS[*account]).collect();
        let mut release = release(&accounts, &REGIONS);
        release.parameters = vec![("EnvType".to_owned(), format!("version {}", self.version))];
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

    /// The same for every run of one release.
    fn options(&self) -> Options {
        let accounts: String = self.accounts.iter().map(ToString::to_string).collect();
        let own = self.own.map_or_else(|| "none".to_owned(), |own| own.to_string());
        Options { deadline: Duration::from_hours(2), ..Options::new(format!("release-{}x{accounts}x{own}", self.version).parse().unwrap()) }
    }
}

/// A clock that lets some pauses pass and then stands still, as a killed program does.
struct Mortal {
    pauses: AtomicUsize,
    clock: FakeClock,
}

impl Clock for Mortal {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        if self.pauses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
            std::future::pending::<()>().await;
        }
        self.clock.sleep(duration).await;
    }
}

struct Aws(Cloud);

impl StateMachineTest for Aws {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Wanted) -> Self {
        Self(Cloud::default())
    }

    fn apply(this: Self, wanted: &Wanted, step: Step) -> Self {
        let cloud = &this.0;
        cloud.state().fates = wanted
            .failing
            .iter()
            .map(|(account, region)| (target(ACCOUNTS[*account], REGIONS[*region]), Fate::Fails("no capacity")))
            .collect();
        cloud.state().foreign = wanted.foreign.then(|| Operation {
            id: "someone-else".parse().unwrap(),
            action: OperationAction::Update,
            status: OperationStatus::Running,
            status_reason: None,
            created_at: None,
        });
        let before = places(cloud);
        match step {
            Step::AwsGoesOn => goes_on(cloud),
            Step::Killed(pauses) => {
                let clock = Mortal { pauses: AtomicUsize::new(pauses), clock: FakeClock::default() };
                let (release, options) = (wanted.release(), wanted.options());
                let sessions = |_, _| async { Ok(FakeStacks::default()) };
                let run = pin!(roll_out(cloud, sessions, &release, &options, &clock, |_| {}));
                let _ = run.poll(&mut Context::from_waker(Waker::noop()));
            }
            Step::Troubled(call, code, times, lost) => {
                let errors = std::iter::repeat_with(|| error(code)).take(times).collect();
                if lost {
                    cloud.state().lost_answers.insert(call, errors);
                } else {
                    cloud.state().errors.insert(call, errors);
                }
                check(cloud, wanted, false);
                cloud.state().errors.clear();
                cloud.state().lost_answers.clear();
            }
            Step::Rollout => check(cloud, wanted, true),
            Step::Prune => {
                let release = wanted.release();
                let instances = before.iter().filter(|target| !release.targets.contains(target)).cloned().collect();
                let request = Prune {
                    stack_set: release.stack_set.clone(),
                    permission_model: release.permission_model.clone(),
                    instances,
                    release_targets: release.targets.clone(),
                    even_targets: false,
                    retain_stacks: false,
                    preferences: Preferences::default(),
                };
                let pruned = block_on(prune(cloud, &request, &wanted.options(), &FakeClock::default(), |_| {}));
                if let Ok(pruned) = pruned {
                    let left = places(cloud);
                    for instance in &pruned.instances {
                        let place = target(instance.account_id.as_str(), instance.region.as_str());
                        assert_eq!(instance.removed, !left.contains(&place));
                    }
                }
                let left = places(cloud);
                assert!(before.iter().all(|target| left.contains(target) || !release.targets.contains(target)), "a target was pruned");
                return this;
            }
            _ => {}
        }
        assert!(before.is_subset(&places(cloud)), "nothing but prune deletes");
        this
    }

    fn check_invariants(this: &Self, _: &Wanted) {
        let state = this.0.state();
        let running = state.operations.iter().filter(|running| !running.operation.status.has_ended()).count();
        assert!(running <= 1, "two operations at once");
        let ids: BTreeSet<_> = state.operations.iter().map(|running| &running.operation.id).collect();
        assert_eq!(ids.len(), state.operations.len());
    }
}

fn places(cloud: &Cloud) -> BTreeSet<Target> {
    cloud.state().instances.keys().cloned().collect()
}

fn goes_on(cloud: &Cloud) {
    for _ in 0..20 {
        cloud.state().advance();
    }
}

/// Rolls out and holds what is told against what is there. `is_calm`: no call meets an error.
fn check(cloud: &Cloud, wanted: &Wanted, is_calm: bool) {
    let (release, options) = (wanted.release(), wanted.options());
    let (other_runs, held) = {
        let state = cloud.state();
        let running = state.operations.iter().find(|running| !running.operation.status.has_ended());
        let other = running.is_some_and(|running| !running.operation.id.is_step_of(&options.release_id));
        // A set that is there is looked at; one that is not cannot be held by anybody.
        (other, state.set.is_some() && (other || state.foreign.is_some()))
    };
    let orphans: BTreeMap<_, _> = {
        let state = cloud.state();
        let orphans = state.instances.iter().filter(|(target, _)| !release.targets.contains(target));
        orphans.map(|(target, (_, version))| (target.clone(), *version)).collect()
    };
    let changes = cloud.calls_that_change().len();
    let result = rolled_out_with(cloud, &release, &options, |_| {});
    if held && is_calm {
        assert!(matches!(result, Err(Error::OperationInProgress { .. })), "{result:?}");
        assert_eq!(cloud.calls_that_change().len(), changes, "nothing is changed while someone else is at work");
        return;
    }
    {
        let state = cloud.state();
        for (target, version) in orphans {
            assert!(other_runs || state.instances[&target].1 == version, "an orphan keeps what it has");
        }
    }
    let rollout = match result {
        Ok(rollout) => rollout,
        Err(error) => {
            assert!(!is_calm || wanted.foreign, "{error}");
            return;
        }
    };
    let state = cloud.state();
    let recorded: Vec<_> = rollout.targets.iter().map(TargetRecord::target).collect();
    assert_eq!(recorded, release.targets.iter().collect::<Vec<_>>(), "every target is accounted for");
    for record in &rollout.targets {
        let is_right = matches!(record.outcome, Outcome::Succeeded | Outcome::Unchanged);
        assert_eq!(record.reason.is_some(), !is_right);
        if is_right {
            let target = record.target();
            let (instance, version) = &state.instances[&target];
            assert_eq!((&instance.status, *version), (&InstanceStatus::Current, state.version), "{target} is not what is claimed");
            assert_eq!(state.set.as_ref().unwrap().parameters, release.parameters);
            assert_eq!(state.overrides.get(&target).cloned().unwrap_or_default(), release.overrides_of(&target), "{target}");
        }
    }
    let fails = release.targets.iter().any(|target| state.fates.contains_key(&target));
    if is_calm && !fails && !wanted.foreign {
        // An operation that had failed before, and was only found, is told and not tried again in the same run.
        let found_failed = rollout.operations.iter().any(|operation| operation.resumed && operation.status != OperationStatus::Succeeded);
        assert!(rollout.verdict() == Verdict::Succeeded || found_failed, "{rollout:#?}");
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_rollout_tells_the_truth_and_ends_right_once_it_is_left_in_peace(sequential 1..24 => Aws);
}
