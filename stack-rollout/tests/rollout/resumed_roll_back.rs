//! Roll-backs that are killed, and finished by the next run.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use stack_rollout::status::{InstanceStatus, OperationAction};
use stack_rollout::*;

use crate::fake::*;
use crate::waved::{deployed, foreign, has, keep, no_sessions, options_of, passing, version, waved, waves};

/// Rolls version 2 out in waves of which the second one fails, until it is killed after this number
/// of polls. Returns whether it ended before.
fn killed(cloud: &Cloud, polls: usize) -> bool {
    let (release, options) = (version(2), options_of(2).with_clock(FakeClock::default()));
    let waves = waves(&release);
    let before = cloud.state().release_before.clone();
    let plan = Waves { waves: &waves, on_failure: OnFailure::RollBack, release_before: before.as_ref() };
    let check = async |wave: RolledOutWave<'_>| {
        yield_now().await;
        second_fails(wave)
    };
    let mut run = pin!(roll_out_waves(cloud, no_sessions, &release, plan, &options, check, |event| keep(cloud, event)));
    (0..polls).any(|_| run.as_mut().poll(&mut Context::from_waker(Waker::noop())) != Poll::Pending)
}

fn second_fails(wave: RolledOutWave<'_>) -> WaveCheck {
    if wave.wave.number == 2 { WaveCheck::Failed("the tests failed".to_owned()) } else { WaveCheck::Passed }
}

/// The number of the wave whose roll-back has begun and has not ended.
fn rolling_back(cloud: &Cloud) -> Option<usize> {
    cloud.state().release_before.as_ref().and_then(ReleaseBefore::rolling_back)
}

#[test]
fn after_a_kill_at_any_moment_the_same_command_puts_the_failed_wave_back() {
    let mut killed_in_roll_back = 0;
    for polls in 0.. {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        let has_ended = killed(&cloud, polls);
        if has_ended {
            assert!(killed_in_roll_back > 30, "{killed_in_roll_back} kills were in the roll-back");
            assert_eq!((deployed(&cloud), rolling_back(&cloud)), (has([2, 1, 1, 1]), None));
            return;
        }
        let is_rolling_back = rolling_back(&cloud).is_some();
        killed_in_roll_back += usize::from(is_rolling_back);
        let mut checked = Vec::new();
        let rollout = waved(&cloud, 2, OnFailure::RollBack, |wave| {
            checked.push(wave.wave.number);
            second_fails(wave)
        })
        .unwrap();
        assert_eq!(checked.is_empty(), is_rolling_back, "{polls}: a roll-back that has begun is finished, and no wave starts");
        assert_eq!(deployed(&cloud), has([2, 1, 1, 1]), "{polls} {rollout:#?}");
        let back = rollout.rolled_back.as_ref().unwrap();
        assert_eq!((back.wave, back.verdict, rollout.verdict()), (2, Verdict::Succeeded, Verdict::Failed), "{polls} {rollout:#?}");
        assert_eq!((rollout.counts.targets, rollout.counts.rolled_back), (8, 2), "{polls} {rollout:#?}");
        let state = cloud.state();
        assert_eq!((&state.set.as_ref().unwrap().parameters, &state.release_before), (&version(1).parameters, &None), "{polls}");
        for region in ["us-east-1", "eu-west-1"] {
            assert_eq!(state.instances[&target("333333333333", region)].0.status, InstanceStatus::Current, "{polls}");
        }
    }
}

#[test]
fn a_roll_back_that_is_killed_again_and_again_is_finished() {
    let cloud = Cloud::default();
    passing(&cloud, 1);
    let mut runs = 0;
    while !killed(&cloud, 40) {
        runs += 1;
        assert!(runs < 200, "the runs make no progress");
    }
    assert!(runs > 3, "{runs} kills");
    assert_eq!((deployed(&cloud), rolling_back(&cloud)), (has([2, 1, 1, 1]), None));
    assert_eq!(passing(&cloud, 2).verdict(), Verdict::Succeeded, "then the release can be tried again");
    assert_eq!(deployed(&cloud), has([2; 4]));
}

/// A cloud in which the roll-back of the second wave was killed before its first operation.
fn interrupted() -> Cloud {
    for polls in 0.. {
        let cloud = Cloud::default();
        passing(&cloud, 1);
        assert!(!killed(&cloud, polls));
        if rolling_back(&cloud).is_some() {
            return cloud;
        }
    }
    unreachable!("one of the polls is in the roll-back")
}

#[test]
fn without_a_roll_back_the_release_is_continued_and_a_later_failure_can_still_be_rolled_back() {
    let cloud = interrupted();
    let last_fails = |wave: RolledOutWave<'_>| if wave.is_last { WaveCheck::Failed("no".to_owned()) } else { WaveCheck::Passed };
    waved(&cloud, 2, OnFailure::Stop, last_fails).unwrap();
    assert_eq!((deployed(&cloud), rolling_back(&cloud)), (has([2; 4]), None));
    let rollout = waved(&cloud, 2, OnFailure::RollBack, last_fails).unwrap();
    assert_eq!(rollout.rolled_back.as_ref().map(|back| (back.wave, back.verdict)), Some((3, Verdict::Succeeded)), "{rollout:#?}");
    assert_eq!(deployed(&cloud), has([2, 2, 1, 1]));
}

#[test]
fn a_roll_back_is_not_finished_after_another_release() {
    // Another release was rolled out since, also one that was rolled out and replaced elsewhere.
    for again in [false, true] {
        let cloud = interrupted();
        let kept = cloud.state().release_before.clone();
        passing(&cloud, 3);
        if again {
            passing(&cloud, 2);
        }
        cloud.state().release_before = kept;
        let rollout = waved(&cloud, 2, OnFailure::RollBack, |_| WaveCheck::Passed).unwrap();
        assert_eq!((rollout.verdict(), rollout.rolled_back.is_some()), (Verdict::Succeeded, false), "{rollout:#?}");
        assert_eq!(deployed(&cloud), has([2; 4]));
    }
    let cloud = interrupted();
    let id = "someone-else";
    cloud.state().add_foreign(0, Operation { action: OperationAction::Update, ..foreign(id) });
    let rollout = waved(&cloud, 2, OnFailure::RollBack, second_fails).unwrap();
    assert!(rollout.rolled_back.is_none(), "what the other caller may have changed stays: {rollout:#?}");
    assert!(rollout.problems.iter().any(|problem| problem.code == "not-rolled-back"), "{rollout:#?}");
}

#[test]
fn a_roll_back_that_failed_is_tried_again() {
    let cloud = interrupted();
    let broken = target("333333333333", "eu-west-1");
    cloud.state().fates.insert(broken.clone(), Fate::Fails("UPDATE_ROLLBACK_FAILED"));
    let rollout = waved(&cloud, 2, OnFailure::RollBack, second_fails).unwrap();
    assert_eq!(rollout.rolled_back.as_ref().map(|back| back.verdict), Some(Verdict::Failed), "{rollout:#?}");
    let outcome = |rollout: &Rollout| rollout.targets.iter().find(|record| record.target() == broken).map(|record| record.outcome);
    assert_eq!((outcome(&rollout), rolling_back(&cloud)), (Some(Outcome::Failed), Some(2)));
    cloud.state().fates.clear();
    let rollout = waved(&cloud, 2, OnFailure::RollBack, second_fails).unwrap();
    assert_eq!((outcome(&rollout), rolling_back(&cloud)), (Some(Outcome::RolledBack), None));
    assert_eq!(deployed(&cloud), has([2, 1, 1, 1]));
}

#[test]
fn a_kept_release_is_the_same_after_it_was_stored() {
    let cloud = interrupted();
    let kept = cloud.state().release_before.clone().unwrap();
    let read: ReleaseBefore = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
    assert_eq!(read, kept);
    assert_eq!(kept.parameter(&target("333333333333", "eu-west-1"), "EnvType"), Some("west 1"));
    assert_eq!(kept.parameter(&target("333333333333", "us-east-1"), "EnvType"), Some("version 1"));
    assert_eq!(kept.parameter(&target("555555555555", "us-east-1"), "EnvType"), None, "its wave has not begun");
}
