//! Scenes of rollouts in waves to 12 accounts in two regions.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::time::Duration;

use stack_rollout::status::{InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::*;

use crate::fake::{Cloud, FakeClock, Fate, release, target, yield_now};
use crate::waved::{foreign, keep, no_sessions, options_of};

const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// The first account, a quarter of them, and the rest: 1, 3 and 8 accounts.
const WAVES: &str = "1,25%,rest";

fn accounts() -> Vec<String> {
    (1..=12).map(|number| format!("{:012}", 100_000_000_000_u64 + number)).collect()
}

/// The wave of an account, from 1.
fn wave_of(account: usize) -> usize {
    match account {
        0 => 1,
        1..=3 => 2,
        _ => 3,
    }
}

fn version(number: u32) -> Release {
    let accounts = accounts();
    let mut release = release(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), &REGIONS);
    release.parameters = vec![("EnvType".to_owned(), format!("version {number}"))];
    release
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

struct Scene<'a> {
    cloud: &'a Cloud,
    options: Options<FakeClock>,
    on_failure: OnFailure,
}

impl<'a> Scene<'a> {
    /// Version 1 is everywhere.
    fn new(cloud: &'a Cloud, on_failure: OnFailure) -> Self {
        let options = options_of(1).with_clock(FakeClock::default());
        let release = version(1);
        let first = roll_out(cloud, no_sessions, &release, &options, |_| {});
        assert_eq!(block_on(first).unwrap().verdict(), Verdict::Succeeded);
        Self { cloud, options: options_of(2).with_clock(FakeClock::default()), on_failure }
    }

    /// Rolls version 2 out in waves.
    async fn roll_out(&self, check: impl AsyncFnMut(RolledOutWave<'_>) -> WaveCheck, on_event: impl Fn(&Event) + Sync) -> Rollout {
        let release = version(2);
        let waves = WAVES.parse::<WaveSpec>().unwrap().waves(&release.targets).unwrap();
        assert_eq!(waves.iter().map(|wave| wave.targets.len()).collect::<Vec<_>>(), [2, 6, 16]);
        let before = self.cloud.state().release_before.clone();
        let plan = Waves { waves: &waves, on_failure: self.on_failure, release_before: before.as_ref() };
        let on_event = |event| {
            on_event(&event);
            keep(self.cloud, event);
        };
        roll_out_waves(self.cloud, no_sessions, &release, plan, &self.options, check, on_event).await.unwrap()
    }

    /// Checks the version of each wave: that of both stacks of each of its accounts.
    fn assert_has(&self, versions: [u32; 3], what: &str) {
        let state = self.cloud.state();
        for (index, account) in accounts().iter().enumerate() {
            for region in REGIONS {
                let place = target(account, region);
                let expected = format!("version {}", versions[wave_of(index) - 1]);
                assert_eq!(state.deployed[&place].get("EnvType"), Some(&expected), "{what}: {place}");
            }
        }
    }
}

fn passes(_: &RolledOutWave<'_>) -> WaveCheck {
    WaveCheck::Passed
}

fn fails_in(number: usize) -> impl Fn(&RolledOutWave<'_>) -> WaveCheck {
    move |wave| if wave.wave.number == number { WaveCheck::Failed("the tests failed".to_owned()) } else { WaveCheck::Passed }
}

/// The versions of the waves if those up to this one have version 2.
fn up_to(wave: usize) -> [u32; 3] {
    [1, 2, 3].map(|number| if number <= wave { 2 } else { 1 })
}

#[test]
fn a_failure_in_each_wave_touches_no_later_account() {
    for failing in 1..=3 {
        for on_failure in [OnFailure::Stop, OnFailure::RollBack] {
            let cloud = Cloud::default();
            let scene = Scene::new(&cloud, on_failure);
            let check = fails_in(failing);
            let rollout = block_on(scene.roll_out(async |wave| check(&wave), |_| {}));
            let left = if on_failure == OnFailure::RollBack { failing - 1 } else { failing };
            scene.assert_has(up_to(left), &format!("{failing} {on_failure:?}"));
            assert_eq!((rollout.verdict(), rollout.counts.targets), (Verdict::Failed, 24));
            let of_wave = [2, 6, 16];
            let later: usize = of_wave[failing..].iter().sum();
            let back = if on_failure == OnFailure::RollBack { of_wave[failing - 1] } else { 0 };
            assert_eq!((rollout.counts.skipped, rollout.counts.rolled_back), (later, back), "{rollout:#?}");
        }
    }
}

#[test]
fn a_stack_that_fails_in_each_wave_ends_the_rollout_there() {
    for (account, failing) in [(0, 1), (2, 2), (9, 3)] {
        let cloud = Cloud::default();
        let scene = Scene::new(&cloud, OnFailure::Stop);
        let broken = target(&accounts()[account], REGIONS[0]);
        cloud.state().fates.insert(broken.clone(), Fate::Fails("no capacity"));
        let rollout = block_on(scene.roll_out(async |wave| passes(&wave), |_| {}));
        assert_eq!(rollout.verdict(), Verdict::Failed);
        let outcomes: Vec<_> = rollout.waves.iter().map(|wave| wave.outcome).collect();
        assert_eq!(outcomes[failing - 1], WaveOutcome::Failed, "{outcomes:?}");
        assert!(outcomes[..failing - 1].iter().all(|outcome| *outcome == WaveOutcome::Passed));
        assert!(outcomes[failing..].iter().all(|outcome| *outcome == WaveOutcome::Skipped));
        let state = cloud.state();
        for (index, account) in accounts().iter().enumerate().filter(|(index, _)| wave_of(*index) > failing) {
            let version = &state.deployed[&target(account, REGIONS[1])]["EnvType"];
            assert_eq!(version, "version 1", "account {index} is in a later wave");
        }
        drop(state);
        // Once the cause is fixed, the same command does the rest.
        cloud.state().fates.clear();
        assert_eq!(block_on(scene.roll_out(async |wave| passes(&wave), |_| {})).verdict(), Verdict::Succeeded);
        scene.assert_has([2; 3], "after the fix");
    }
}

#[test]
fn after_a_kill_in_each_wave_the_same_command_does_the_rest() {
    for killed in 1..=3 {
        // While the operation of the wave is running, and while its endpoints are tested.
        for in_operation in [true, false] {
            let cloud = Cloud::default();
            let scene = Scene::new(&cloud, OnFailure::RollBack);
            let (wave, reached) = (Mutex::new(0), Mutex::new(false));
            let on_event = |event: &Event| match event {
                Event::WaveStarted { wave: started, .. } => *wave.lock().unwrap() = started.number,
                Event::OperationStarted { .. } if in_operation && *wave.lock().unwrap() == killed => *reached.lock().unwrap() = true,
                _ => {}
            };
            let check = async |rolled_out: RolledOutWave<'_>| {
                *reached.lock().unwrap() |= !in_operation && rolled_out.wave.number == killed;
                yield_now().await;
                WaveCheck::Passed
            };
            {
                let mut run = pin!(scene.roll_out(check, on_event));
                while !*reached.lock().unwrap() {
                    assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                }
            }
            let is_later = |place: &Target| {
                let index = accounts().iter().position(|account| account == place.account.as_str()).unwrap();
                wave_of(index) > killed
            };
            let state = cloud.state();
            assert!(state.deployed.iter().filter(|(place, _)| is_later(place)).all(|(_, has)| has["EnvType"] == "version 1"));
            drop(state);
            let mut checked = Vec::new();
            let rollout = block_on(scene.roll_out(
                async |wave| {
                    checked.push(wave.wave.number);
                    WaveCheck::Passed
                },
                |_| {},
            ));
            assert_eq!((rollout.verdict(), checked), (Verdict::Succeeded, vec![1, 2, 3]), "{killed}: {rollout:#?}");
            scene.assert_has([2; 3], &format!("killed in wave {killed}"));
        }
    }
}

#[test]
fn an_alarm_during_the_bake_time_of_each_wave_ends_the_rollout() {
    for alarming in 1..=3 {
        let cloud = Cloud::default();
        let scene = Scene::new(&cloud, OnFailure::RollBack);
        // The alarm is raised after 12 of 30 minutes.
        let check = async |rolled_out: RolledOutWave<'_>| {
            for minute in 0..30 {
                if (minute, rolled_out.wave.number) == (12, alarming) {
                    return WaveCheck::Failed("1 alarm in the state ALARM".to_owned());
                }
                scene.options.clock.sleep(Duration::from_mins(1)).await;
            }
            WaveCheck::Passed
        };
        let rollout = block_on(scene.roll_out(check, |_| {}));
        assert_eq!(rollout.waves[alarming - 1].reason.as_deref(), Some("1 alarm in the state ALARM"));
        assert_eq!(rollout.rolled_back.as_ref().map(|back| (back.wave, back.verdict)), Some((alarming, Verdict::Succeeded)));
        scene.assert_has(up_to(alarming - 1), &format!("alarm in wave {alarming}"));
    }
}

#[test]
fn an_operation_of_another_caller_between_two_waves_is_not_overwritten() {
    for after in 1..=2 {
        let cloud = Cloud::default();
        let scene = Scene::new(&cloud, OnFailure::RollBack);
        let check = async |rolled_out: RolledOutWave<'_>| {
            if rolled_out.wave.number == after {
                let id = "someone-else";
                let operation = Operation { action: OperationAction::Update, status: OperationStatus::Succeeded, ..foreign(id) };
                cloud.state().add_foreign(0, operation);
            }
            WaveCheck::Passed
        };
        let rollout = block_on(scene.roll_out(check, |_| {}));
        assert_eq!(rollout.verdict(), Verdict::Unfinished);
        assert!(rollout.problems.iter().any(|problem| problem.code == "superseded"), "{rollout:#?}");
        assert!(rollout.rolled_back.is_none());
        scene.assert_has(up_to(after), &format!("another caller after wave {after}"));
    }
}

#[test]
fn a_target_that_rolled_back_by_itself_fails_its_wave_and_the_whole_wave_goes_back() {
    for (account, failing) in [(0, 1), (3, 2), (11, 3)] {
        let cloud = Cloud::default();
        let scene = Scene::new(&cloud, OnFailure::RollBack);
        let reverted = target(&accounts()[account], REGIONS[1]);
        // SageMaker rolls the endpoint back. CloudFormation reports the stack as current.
        let check = async |rolled_out: RolledOutWave<'_>| {
            if rolled_out.wave.number == failing {
                cloud.state().reverted.insert(reverted.clone());
            }
            let state = cloud.state();
            assert!(rolled_out.instances.iter().all(|instance| instance.status == InstanceStatus::Current));
            match rolled_out.wave.targets.iter().find(|target| state.reverted.contains(target)) {
                Some(target) => WaveCheck::Failed(format!("{target} serves version 1")),
                None => WaveCheck::Passed,
            }
        };
        let rollout = block_on(scene.roll_out(check, |_| {}));
        assert_eq!(rollout.waves[failing - 1].reason.as_ref(), Some(&format!("{reverted} serves version 1")));
        scene.assert_has(up_to(failing - 1), &format!("{reverted} rolled back by itself"));
        let back: BTreeSet<_> = rollout.rolled_back.iter().flat_map(|back| &back.targets).map(TargetRecord::target).collect();
        assert!(back.contains(&reverted) && back.len() == [2, 6, 16][failing - 1]);
    }
}

/// The requests of a rollout in the waves `1,10%,rest`, and how many of them start an operation.
fn cost(accounts: usize) -> (usize, usize) {
    let accounts: Vec<_> = (0..accounts).map(|number| format!("{:012}", 100_000_000_000 + number)).collect();
    let named: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let of = |number: u32| {
        let mut release = release(&named, &REGIONS[..1]);
        release.parameters = vec![("EnvType".to_owned(), format!("version {number}"))];
        release
    };
    let cloud = Cloud::default();
    let (release, options) = (of(1), options_of(1).with_clock(FakeClock::default()));
    let first = roll_out(&cloud, no_sessions, &release, &options, |_| {});
    assert_eq!(block_on(first).unwrap().verdict(), Verdict::Succeeded);
    cloud.state().calls.clear();
    let (release, options) = (of(2), options_of(2).with_clock(FakeClock::default()));
    let waves = "1,10%,rest".parse::<WaveSpec>().unwrap().waves(&release.targets).unwrap();
    let plan = Waves { waves: &waves, on_failure: OnFailure::Stop, release_before: None };
    let run = roll_out_waves(&cloud, no_sessions, &release, plan, &options, async |_| WaveCheck::Passed, |_| {});
    assert_eq!(block_on(run).unwrap().verdict(), Verdict::Succeeded);
    let state = cloud.state();
    let changing = state.calls.iter().filter(|call| !call.starts_with("Describe") && !call.starts_with("List")).count();
    (state.calls.len(), changing)
}

#[test]
fn the_requests_of_two_hundred_accounts_are_those_that_the_guide_states() {
    let (requests, operations) = cost(200);
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/production-in-waves.md")).unwrap();
    let row = format!("| 200 | {requests} | {operations} |");
    assert!(guide.contains(&row), "docs/production-in-waves.md must have the row:\n{row}");
}
