//! Rollouts in waves.

use std::cmp::Ordering;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use stack_rollout::status::{InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::*;

use crate::fake::*;

const ACCOUNTS: [&str; 4] = ["222222222222", "333333333333", "444444444444", "555555555555"];
const EAST: &str = "us-east-1";
const WEST: &str = "eu-west-1";

/// A version of the release. The second region has an override.
pub(crate) fn version(number: u32) -> Release {
    let mut release = release(&ACCOUNTS, &[EAST, WEST]);
    release.parameters = vec![("EnvType".to_owned(), format!("version {number}"))];
    release.overrides = vec![ParameterOverride {
        account: None,
        region: Some(WEST.parse().unwrap()),
        parameters: [("EnvType".to_owned(), format!("west {number}"))].into(),
    }];
    release
}

pub(crate) fn options_of(number: u32) -> Options {
    Options::new(format!("release-{number}").parse().unwrap())
}

pub(crate) fn waves(release: &Release) -> Vec<Wave> {
    "1,1,rest".parse::<WaveSpec>().unwrap().waves(&release.targets).unwrap()
}

pub(crate) async fn no_sessions(_: AccountId, _: Region) -> Result<FakeStacks, SessionError> {
    Err(SessionError::new("no session in this test"))
}

pub(crate) fn foreign(id: &str) -> Operation {
    Operation {
        id: id.parse().unwrap(),
        action: OperationAction::Update,
        status: OperationStatus::Succeeded,
        status_reason: None,
        created_at: Some(2_000),
    }
}

/// Rolls a version out in the waves `1,1,rest`, with these checks.
pub(crate) fn waved(
    cloud: &Cloud,
    number: u32,
    on_failure: OnFailure,
    mut check: impl FnMut(RolledOutWave<'_>) -> WaveCheck,
) -> Result<Rollout, Error> {
    let (release, options) = (version(number), options_of(number).with_clock(FakeClock::default()));
    let waves = waves(&release);
    let before = cloud.state().release_before.clone();
    let plan = Waves { waves: &waves, on_failure, release_before: before.as_ref() };
    let run = roll_out_waves(cloud, no_sessions, &release, plan, &options, async |wave| check(wave), |event| keep(cloud, event));
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run)
}

/// Keeps what the next run needs for a roll-back, as the caller has to.
pub(crate) fn keep(cloud: &Cloud, event: Event) {
    if let Event::ReleaseBefore(before) = event {
        cloud.state().release_before = before.map(|before| *before);
    }
}

pub(crate) fn passing(cloud: &Cloud, number: u32) -> Rollout {
    waved(cloud, number, OnFailure::Stop, |_| WaveCheck::Passed).unwrap()
}

/// The value of the parameter that each stack has, by account: those of both regions.
pub(crate) fn deployed(cloud: &Cloud) -> Vec<String> {
    let state = cloud.state();
    let of = |account: &str, region: &str| {
        let place = target(account, region);
        let own = state.applied.get(&place).and_then(|own| own.get("EnvType"));
        own.or_else(|| state.deployed.get(&place)?.get("EnvType")).cloned().unwrap_or_default()
    };
    ACCOUNTS.iter().map(|account| format!("{}, {}", of(account, EAST), of(account, WEST))).collect()
}

pub(crate) fn has(versions: [u32; 4]) -> Vec<String> {
    versions.iter().map(|number| format!("version {number}, west {number}")).collect()
}

fn wave_outcomes(rollout: &Rollout) -> Vec<WaveOutcome> {
    rollout.waves.iter().map(|wave| wave.outcome).collect()
}

use WaveOutcome::{Failed, Passed, Skipped, Unfinished};

#[test]
fn each_wave_starts_after_the_one_before_has_passed() {
    let cloud = Cloud::default();
    for number in [1, 2] {
        let mut seen = Vec::new();
        let rollout = waved(&cloud, number, OnFailure::Stop, |wave| {
            assert!(!wave.has_passed_before);
            seen.push((wave.wave.number, wave.is_last, deployed(&cloud)));
            WaveCheck::Passed
        })
        .unwrap();
        assert_eq!((rollout.verdict(), wave_outcomes(&rollout)), (Verdict::Succeeded, vec![Passed; 3]), "{rollout:#?}");
        assert_eq!((rollout.counts.succeeded, rollout.orphans.len()), (8, 0));
        assert_eq!(deployed(&cloud), has([number; 4]));
        let (old, new) = (if number == 1 { ", ".to_owned() } else { has([1; 4])[0].clone() }, &has([number; 4])[0]);
        let expected: Vec<_> = (1..=3)
            .map(|wave| (wave, wave == 3, [1, 2, 3, 3].iter().map(|of| if *of <= wave { new.clone() } else { old.clone() }).collect()))
            .collect();
        assert_eq!(seen, expected);
    }
    let again = passing(&cloud, 2);
    assert!(again.nothing_to_do && again.verdict() == Verdict::Succeeded, "{again:#?}");
}

#[test]
fn a_failed_wave_touches_no_further_account() {
    for failing in 1..=3 {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        let mut checked = Vec::new();
        let rollout = waved(&cloud, 2, OnFailure::Stop, |wave| {
            checked.push(wave.wave.number);
            if wave.wave.number == failing { WaveCheck::Failed("the tests failed".to_owned()) } else { WaveCheck::Passed }
        })
        .unwrap();
        assert_eq!(checked, (1..=failing).collect::<Vec<_>>());
        let of = |wave| if wave <= failing { 2 } else { 1 };
        assert_eq!(deployed(&cloud), has([of(1), of(2), of(3), of(3)]));
        let outcomes: Vec<_> = (1..=3)
            .map(|wave| match wave.cmp(&failing) {
                Ordering::Less => Passed,
                Ordering::Equal => Failed,
                Ordering::Greater => Skipped,
            })
            .collect();
        assert_eq!((rollout.verdict(), wave_outcomes(&rollout)), (Verdict::Failed, outcomes));
        assert_eq!(rollout.waves[failing - 1].reason.as_deref(), Some("the tests failed"));
        assert!(rollout.rolled_back.is_none());
        let skipped = rollout.targets.iter().filter(|record| record.outcome == Outcome::Skipped);
        assert!(skipped.clone().all(|record| record.reason == Some(format!("not started: wave {failing} failed"))), "{rollout:#?}");
        assert_eq!(skipped.count(), [6, 4, 0][failing - 1]);
        // Once it is fixed, the same release continues.
        assert_eq!(passing(&cloud, 2).verdict(), Verdict::Succeeded);
        assert_eq!(deployed(&cloud), has([2; 4]));
    }
}

#[test]
fn a_target_that_cannot_be_updated_fails_its_wave_and_the_checks_are_not_run() {
    for (index, checks) in [(0, 0), (1, 1), (3, 2)] {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        cloud.state().fates.insert(target(ACCOUNTS[index], WEST), Fate::Fails("no capacity"));
        let mut checked = 0;
        let rollout = waved(&cloud, 2, OnFailure::Stop, |_| {
            checked += 1;
            WaveCheck::Passed
        })
        .unwrap();
        assert_eq!((checked, rollout.verdict()), (checks, Verdict::Failed));
        let outcome = [Failed, Skipped, Skipped];
        assert_eq!(wave_outcomes(&rollout)[checks..], outcome[..3 - checks]);
        assert!(rollout.targets.iter().any(|record| record.reason.as_deref() == Some("no capacity")));
    }
}

#[test]
fn an_unknown_result_stops_the_rollout_and_is_not_a_failure() {
    let cloud = Cloud::default();
    passing(&cloud, 1);
    let unknown = |_: RolledOutWave<'_>| WaveCheck::Unknown("the alarms could not be read".to_owned());
    let rollout = waved(&cloud, 2, OnFailure::RollBack, unknown).unwrap();
    assert_eq!((rollout.verdict(), wave_outcomes(&rollout)), (Verdict::Unfinished, vec![Unfinished; 3]));
    assert_eq!(deployed(&cloud), has([2, 1, 1, 1]), "nothing is rolled back without a failure");
    let last = |wave: RolledOutWave<'_>| if wave.is_last { unknown(wave) } else { WaveCheck::Passed };
    assert_eq!(waved(&cloud, 2, OnFailure::Stop, last).unwrap().verdict(), Verdict::Unfinished);
}

/// Runs until killed after this number of polls. Returns whether it ended before.
fn killed(cloud: &Cloud, number: u32, polls: usize, passed: &Mutex<Vec<usize>>) -> bool {
    let (release, options) = (version(number), options_of(number).with_clock(FakeClock::default()));
    let waves = waves(&release);
    let check = async |wave: RolledOutWave<'_>| {
        yield_now().await;
        passed.lock().unwrap().push(wave.wave.number);
        WaveCheck::Passed
    };
    let plan = Waves { waves: &waves, on_failure: OnFailure::Stop, release_before: None };
    let mut run = pin!(roll_out_waves(cloud, no_sessions, &release, plan, &options, check, |_| {}));
    (0..polls).any(|_| run.as_mut().poll(&mut Context::from_waker(Waker::noop())) != Poll::Pending)
}

#[test]
fn after_a_kill_at_any_moment_the_waves_are_checked_again_and_the_rest_follows() {
    for polls in 0.. {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        let has_ended = killed(&cloud, 2, polls, &Mutex::default());
        let mut checked = Vec::new();
        let rollout = waved(&cloud, 2, OnFailure::Stop, |wave| {
            let later: Vec<_> = deployed(&cloud)[wave.wave.number..].to_vec();
            // The kill was before or after the start of the next wave.
            assert!(!wave.has_passed_before || later.iter().any(|deployed| deployed.contains('2')), "{polls}: {later:?}");
            checked.push(wave.wave.number);
            WaveCheck::Passed
        })
        .unwrap();
        assert_eq!((rollout.verdict(), checked), (Verdict::Succeeded, vec![1, 2, 3]), "{polls} {rollout:#?}");
        assert_eq!(deployed(&cloud), has([2; 4]));
        let ids: Vec<_> = cloud.state().operations.iter().map(|running| running.operation.id.clone()).collect();
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
        if has_ended {
            assert!(polls > 100, "{polls} polls are a whole rollout");
            return;
        }
    }
}

#[test]
fn a_wave_has_passed_before_if_a_later_one_has_begun() {
    let cloud = Cloud::default();
    passing(&cloud, 1);
    let failing = |wave: RolledOutWave<'_>| if wave.wave.number == 2 { WaveCheck::Failed("no".to_owned()) } else { WaveCheck::Passed };
    waved(&cloud, 2, OnFailure::Stop, failing).unwrap();
    let mut before = Vec::new();
    waved(&cloud, 2, OnFailure::Stop, |wave| {
        before.push(wave.has_passed_before);
        WaveCheck::Passed
    })
    .unwrap();
    assert_eq!(before, [true, false, false], "wave 2 failed, and is checked as if it were new");
}

#[test]
fn an_operation_of_another_caller_between_waves_ends_the_rollout() {
    for is_resumed in [false, true] {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        if is_resumed {
            waved(&cloud, 2, OnFailure::Stop, |_| WaveCheck::Failed("no".to_owned())).unwrap();
        }
        let rollout = waved(&cloud, 2, OnFailure::RollBack, |_| {
            cloud.state().add_foreign(0, foreign("someone-else"));
            WaveCheck::Passed
        })
        .unwrap();
        assert_eq!(
            (rollout.verdict(), wave_outcomes(&rollout)),
            (Verdict::Unfinished, vec![Passed, Unfinished, Unfinished]),
            "{rollout:#?}"
        );
        assert!(rollout.problems.iter().any(|problem| problem.code == "superseded"), "{rollout:#?}");
        assert_eq!(deployed(&cloud), has([2, 1, 1, 1]));
    }
}

#[test]
fn operations_that_change_no_instance_do_not_end_the_rollout() {
    let cloud = Cloud::default();
    passing(&cloud, 1);
    let rollout = waved(&cloud, 2, OnFailure::Stop, |wave| {
        let id = format!("drift-{}", wave.wave.number);
        cloud.state().add_foreign(0, Operation { action: OperationAction::DetectDrift, ..foreign(&id) });
        WaveCheck::Passed
    });
    assert_eq!(rollout.unwrap().verdict(), Verdict::Succeeded);
}

#[test]
fn a_stack_set_that_changed_without_a_listed_operation_is_not_updated_by_a_later_wave() {
    let cloud = Cloud::default();
    passing(&cloud, 1);
    let rollout = waved(&cloud, 2, OnFailure::Stop, |_| {
        cloud.state().set.as_mut().unwrap().parameters[0].1 = "another release".to_owned();
        WaveCheck::Passed
    })
    .unwrap();
    assert_eq!(wave_outcomes(&rollout), [Passed, Unfinished, Unfinished], "{rollout:#?}");
    let problem = rollout.problems.iter().find(|problem| problem.code == "not-finished").unwrap();
    assert!(problem.message.contains("changed by another caller between two waves") && problem.hint.is_some(), "{problem:?}");
    assert_eq!(deployed(&cloud), has([2, 1, 1, 1]));
}

#[test]
fn a_call_that_fails_in_a_later_wave_ends_with_a_record() {
    for call in ["DescribeStackSet", "ListStackInstances", "ListStackSetOperations", "DescribeStackInstance", "UpdateStackInstances"] {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        let rollout = waved(&cloud, 2, OnFailure::RollBack, |_| {
            cloud.state().errors.insert(call, [error("ExpiredToken")].into());
            WaveCheck::Passed
        })
        .unwrap();
        assert_eq!(wave_outcomes(&rollout), [Passed, Unfinished, Unfinished], "{call} {rollout:#?}");
        assert_eq!((rollout.counts.targets, rollout.counts.succeeded, rollout.counts.unfinished), (8, 2, 6), "{call}");
        assert_eq!(deployed(&cloud), has([2, 1, 1, 1]), "{call}");
    }
}

#[test]
fn each_wave_has_the_whole_deadline() {
    let cloud = Cloud::default();
    let (release, mut options) = (version(1), options_of(1).with_clock(FakeClock::default()));
    options.deadline = Duration::from_mins(10);
    let waves = waves(&release);
    let plan = Waves { waves: &waves, on_failure: OnFailure::Stop, release_before: None };
    let check = async |_: RolledOutWave<'_>| {
        options.clock.sleep(Duration::from_mins(9)).await;
        WaveCheck::Passed
    };
    let run = roll_out_waves(&cloud, no_sessions, &release, plan, &options, check, |_| {});
    let rollout = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run).unwrap();
    assert_eq!(rollout.verdict(), Verdict::Succeeded, "{rollout:#?}");
}

#[test]
fn a_hidden_parameter_does_not_update_the_stack_set_once_per_wave() {
    let cloud = Cloud::default();
    cloud.state().hides_parameters = true;
    passing(&cloud, 1);
    let before = cloud.calls_that_change().len();
    assert_eq!(passing(&cloud, 2).verdict(), Verdict::Succeeded);
    let updates = cloud.calls_that_change()[before..].iter().filter(|call| **call == "UpdateStackSet").count();
    assert_eq!(updates, 1);
    assert!(cloud.state().instances.values().all(|(instance, _)| instance.status == InstanceStatus::Current));
}

#[test]
fn a_failed_wave_goes_back_and_nothing_else_does() {
    for failing in 1..=3 {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        let rollout = waved(&cloud, 2, OnFailure::RollBack, |wave| {
            if wave.wave.number == failing { WaveCheck::Failed("the tests failed".to_owned()) } else { WaveCheck::Passed }
        })
        .unwrap();
        let of = |wave| if wave < failing { 2 } else { 1 };
        assert_eq!(deployed(&cloud), has([of(1), of(2), of(3), of(3)]), "{rollout:#?}");
        let back = rollout.rolled_back.as_ref().unwrap();
        assert_eq!((back.wave, back.verdict, back.targets.len()), (failing, Verdict::Succeeded, [2, 2, 4][failing - 1]), "{back:#?}");
        assert_eq!((rollout.verdict(), rollout.waves[failing - 1].outcome), (Verdict::Failed, Failed));
        let outcomes =
            |outcome| rollout.targets.iter().filter(|record| record.outcome == outcome).map(TargetRecord::target).collect::<Vec<_>>();
        assert_eq!(outcomes(Outcome::RolledBack), back.targets.iter().map(TargetRecord::target).collect::<Vec<_>>());
        assert_eq!((rollout.counts.rolled_back, rollout.counts.succeeded), (back.targets.len(), 2 * (failing - 1)));
        let back: Vec<Target> = back.targets.iter().map(TargetRecord::target).collect();
        let state = cloud.state();
        assert!(back.iter().all(|target| state.instances[target].0.status == InstanceStatus::Current));
        assert_eq!(state.set.as_ref().unwrap().parameters, version(1).parameters);
        drop(state);
        assert_eq!(passing(&cloud, 2).verdict(), Verdict::Succeeded, "the release can be tried again");
        assert_eq!(deployed(&cloud), has([2; 4]));
    }
}

#[test]
fn a_wave_whose_operation_failed_goes_back_too_and_what_cannot_is_reported() {
    let cloud = Cloud::default();
    passing(&cloud, 1);
    let broken = target(ACCOUNTS[1], WEST);
    cloud.state().fates.insert(broken.clone(), Fate::Fails("UPDATE_ROLLBACK_FAILED"));
    let rollout = waved(&cloud, 2, OnFailure::RollBack, |_| WaveCheck::Passed).unwrap();
    let back = rollout.rolled_back.as_ref().unwrap();
    assert_eq!((back.wave, back.verdict), (2, Verdict::Failed), "{back:#?}");
    let failed: Vec<_> = back.targets.iter().filter(|record| record.outcome == Outcome::Failed).collect();
    assert_eq!((failed.len(), failed[0].target()), (1, broken));
    assert_eq!(failed[0].reason.as_deref(), Some("UPDATE_ROLLBACK_FAILED"));
    assert_eq!(deployed(&cloud), has([2, 1, 1, 1]));
}

/// Why a wave that failed was not rolled back.
fn not_rolled_back(rollout: &Rollout) -> &str {
    assert!(rollout.rolled_back.is_none() && rollout.verdict() == Verdict::Failed, "{rollout:#?}");
    let problem = rollout.problems.iter().find(|problem| problem.code == "not-rolled-back").unwrap();
    assert!(problem.hint.is_some());
    &problem.message
}

#[test]
fn a_wave_is_not_rolled_back_if_the_release_before_is_not_known() {
    let failing = |_: RolledOutWave<'_>| WaveCheck::Failed("no".to_owned());
    // The first release of all.
    let cloud = Cloud::default();
    let rollout = waved(&cloud, 1, OnFailure::RollBack, failing).unwrap();
    assert!(not_rolled_back(&rollout).contains("had no release before"));
    assert_eq!(cloud.state().instances.len(), 2, "nothing is deleted");
    // An earlier run has changed the stack set.
    let cloud = Cloud::default();
    passing(&cloud, 1);
    waved(&cloud, 2, OnFailure::Stop, failing).unwrap();
    cloud.state().release_before = None;
    let rollout = waved(&cloud, 2, OnFailure::RollBack, failing).unwrap();
    assert!(not_rolled_back(&rollout).contains("an earlier run of this release"), "{rollout:#?}");
    assert_eq!(deployed(&cloud), has([2, 1, 1, 1]));
    // A hidden value.
    let cloud = Cloud::default();
    cloud.state().hides_parameters = true;
    passing(&cloud, 1);
    let rollout = waved(&cloud, 2, OnFailure::RollBack, failing).unwrap();
    assert!(not_rolled_back(&rollout).contains("`EnvType` (NoEcho)"), "{rollout:#?}");
}

#[test]
fn a_wave_that_was_stopped_is_not_rolled_back() {
    let cloud = Cloud::default();
    passing(&cloud, 1);
    cloud.state().stops = true;
    let rollout = waved(&cloud, 2, OnFailure::RollBack, |_| WaveCheck::Passed).unwrap();
    assert!(not_rolled_back(&rollout).contains("stopped by another caller"), "{rollout:#?}");
}

#[test]
fn after_an_operation_of_another_caller_a_failed_wave_is_not_rolled_back() {
    let cloud = Cloud::default();
    passing(&cloud, 1);
    let rollout = waved(&cloud, 2, OnFailure::RollBack, |_| {
        cloud.state().add_foreign(0, foreign("someone-else"));
        WaveCheck::Failed("no".to_owned())
    })
    .unwrap();
    let back = rollout.rolled_back.as_ref().unwrap();
    assert_eq!((back.verdict, rollout.verdict()), (Verdict::Unfinished, Verdict::Failed), "{back:#?}");
    assert_eq!(deployed(&cloud), has([2, 1, 1, 1]), "what the other caller may have changed stays");
}

#[test]
fn a_roll_back_whose_call_fails_is_not_reported_as_a_success() {
    for call in ["DescribeStackSet", "ListStackSetOperations", "UpdateStackSet", "DescribeStackInstance"] {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        let rollout = waved(&cloud, 2, OnFailure::RollBack, |_| {
            cloud.state().errors.insert(call, [error("AccessDenied")].into());
            WaveCheck::Failed("no".to_owned())
        })
        .unwrap();
        let back = rollout.rolled_back.as_ref().unwrap();
        assert_eq!(back.verdict, Verdict::Unfinished, "{call} {back:#?}");
        assert_eq!(deployed(&cloud), has([2, 1, 1, 1]), "{call}");
    }
}
