//! Rollouts in waves in the property test: what must hold in any state, and after any interruption.

use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use stack_rollout::status::InstanceStatus;
use stack_rollout::*;

use crate::fake::*;
use crate::state_machine::{Desired, sessions};

/// The waves of the property test. Some cannot be made of some accounts.
const SPECS: [&str; 5] = ["rest", "1,rest", "1,1,rest", "50%,rest", "us-east-1,1,rest"];

/// A rollout in waves, and what disturbs it.
#[derive(Debug, Clone)]
pub(crate) struct Waved {
    spec: usize,
    /// The wave whose checks fail.
    fails: Option<usize>,
    rolls_back: bool,
    /// The number of polls until it is killed.
    killed_at: Option<usize>,
    /// A person changes an instance during the checks of this wave.
    by_hand: Option<(usize, Target)>,
}

pub(crate) fn waved(targets: Vec<Target>) -> impl Strategy<Value = Waved> {
    let fails = prop::option::weighted(0.3, 1..4_usize);
    let killed_at = prop::option::weighted(0.4, 0..300_usize);
    let by_hand = prop::option::weighted(0.2, (1..4_usize, prop::sample::select(targets)));
    (0..SPECS.len(), fails, any::<bool>(), killed_at, by_hand).prop_map(|(spec, fails, rolls_back, killed_at, by_hand)| Waved {
        spec,
        fails,
        rolls_back,
        killed_at,
        by_hand,
    })
}

/// Rolls the desired release out in waves. A later wave never begins before the earlier one has
/// passed, and after a change by another caller none begins.
pub(crate) fn check_waves(cloud: &Cloud, desired: &Desired, scene: &Waved) {
    let (release, options) = (desired.release(), desired.options().with_clock(FakeClock::default()));
    let Ok(waves) = SPECS[scene.spec].parse::<WaveSpec>().unwrap().waves(&release.targets) else { return };
    let first = cloud.state().operations.len();
    let kept = cloud.state().release_before.clone();
    let started = Mutex::new(false);
    // The number of operations when each wave had passed, and when another caller changed something.
    let passed: Mutex<Vec<usize>> = Mutex::default();
    let disturbed: Mutex<Option<usize>> = Mutex::default();
    let check = async |rolled_out: RolledOutWave<'_>| {
        yield_now().await;
        let wave = rolled_out.wave;
        for target in wave.targets.iter() {
            let state = cloud.state();
            let (instance, version) = &state.instances[&target];
            assert_eq!(
                (&instance.status, *version),
                (&InstanceStatus::Current, state.version),
                "wave {} does not have the release",
                wave.number
            );
            assert_eq!(state.set.as_ref().unwrap().parameters, release.parameters);
        }
        if let Some((number, target)) = &scene.by_hand
            && *number == wave.number
            && cloud.state().instances.contains_key(target)
        {
            let place = cloud.state().operations.len();
            cloud.state().override_by_hand(target, Parameters::new());
            if cloud.state().operations.len() > place {
                *disturbed.lock().unwrap() = Some(place);
                (0..20).for_each(|_| cloud.state().advance());
            }
        }
        yield_now().await;
        if scene.fails == Some(wave.number) {
            return WaveCheck::Failed("the tests failed".to_owned());
        }
        passed.lock().unwrap().push(cloud.state().operations.len());
        WaveCheck::Passed
    };
    let plan = Waves {
        waves: &waves,
        on_failure: if scene.rolls_back { OnFailure::RollBack } else { OnFailure::Stop },
        release_before: kept.as_ref(),
    };
    let keep = |event| match event {
        Event::WaveStarted { .. } => *started.lock().unwrap() = true,
        Event::ReleaseBefore(before) => cloud.state().release_before = before.map(|before| *before),
        _ => {}
    };
    let mut run = pin!(roll_out_waves(cloud, sessions, &release, plan, &options, check, keep));
    let mut ended = None;
    for _ in 0..scene.killed_at.unwrap_or(100_000) {
        if let Poll::Ready(rollout) = run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            ended = Some(rollout);
            break;
        }
    }
    assert!(ended.is_some() || scene.killed_at.is_some(), "a rollout did not end");
    let (passed, disturbed) = (passed.lock().unwrap().clone(), *disturbed.lock().unwrap());
    let state = cloud.state();
    let own = |(index, running): &(usize, &Running)| *index >= first && running.operation.id.is_step_of(&options.release_id);
    // An earlier run was killed while it rolled a wave back: this one finishes that, or starts anew.
    let finished = kept.as_ref().and_then(ReleaseBefore::rolling_back).filter(|_| scene.rolls_back && !*started.lock().unwrap());
    for (index, running) in state.operations.iter().enumerate().filter(own) {
        if let Some(number) = finished {
            let wave = &waves[number - 1];
            assert!(running.targets.iter().all(|target| wave.targets.contains(target)), "another wave than {number}: {running:?}");
            continue;
        }
        assert!(disturbed.is_none_or(|place| index < place), "an operation after one of another caller: {running:?}");
        let wave = waves.iter().position(|wave| running.targets.iter().all(|target| wave.targets.contains(target)));
        let wave = wave.unwrap_or_else(|| panic!("an operation of several waves: {running:?}"));
        assert!(wave == 0 || passed.get(wave - 1).is_some_and(|place| *place <= index), "wave {} began early: {running:?}", wave + 1);
    }
    drop(state);
    if let (Some(number), Some(Ok(rollout))) = (finished, &ended) {
        check_finished(cloud, rollout, number, kept.as_ref().unwrap());
    } else if let Some(Ok(rollout)) = ended {
        check_record(desired, scene, &rollout, &release);
        let is_undisturbed = disturbed.is_none() && scene.fails.is_none_or(|fails| fails > waves.len());
        if is_undisturbed && !desired.foreign && !desired.has_failing() {
            assert_eq!(rollout.verdict(), Verdict::Succeeded, "{rollout:#?}");
        }
    }
}

/// After the end of a roll-back that an earlier run had begun, no target of its wave has the new
/// release, and none is reported to have it.
fn check_finished(cloud: &Cloud, rollout: &Rollout, number: usize, before: &ReleaseBefore) {
    let of_wave = &rollout.waves[number - 1];
    assert_eq!((rollout.verdict(), of_wave.number, &of_wave.outcome), (Verdict::Failed, number, &WaveOutcome::Failed), "{rollout:#?}");
    assert!(rollout.waves.iter().all(|wave| wave.outcome != WaveOutcome::Passed));
    assert!(rollout.targets.iter().all(|record| !matches!(record.outcome, Outcome::Succeeded | Outcome::Unchanged)), "{rollout:#?}");
    let state = cloud.state();
    for record in rollout.targets.iter().filter(|record| record.outcome == Outcome::RolledBack) {
        let target = record.target();
        let own = state.overrides.get(&target).and_then(|own| own.get("EnvType"));
        let has = own.or_else(|| state.deployed[&target].get("EnvType")).map(String::as_str);
        assert_eq!(has, before.parameter(&target, "EnvType"), "{target}");
    }
    let is_back = rollout.rolled_back.as_ref().is_some_and(|back| back.verdict == Verdict::Succeeded);
    assert_eq!(state.release_before.is_none(), is_back, "it is kept until every target is back");
}

fn check_record(desired: &Desired, scene: &Waved, rollout: &Rollout, release: &Release) {
    let recorded: Vec<_> = rollout.targets.iter().map(TargetRecord::target).collect();
    assert_eq!(recorded, release.targets.iter().collect::<Vec<_>>(), "every target is in the record, once");
    let is_passed = |wave: &&WaveRecord| wave.outcome == WaveOutcome::Passed;
    let passed = rollout.waves.iter().take_while(is_passed).count();
    assert_eq!(rollout.waves.iter().filter(is_passed).count(), passed, "no wave passes after one that did not");
    assert_eq!(rollout.verdict() == Verdict::Succeeded, passed == rollout.waves.len(), "{rollout:#?}");
    for wave in &rollout.waves {
        assert_eq!(wave.reason.is_some(), wave.outcome != WaveOutcome::Passed);
    }
    assert!(rollout.rolled_back.is_none() || scene.rolls_back && (scene.fails.is_some() || desired.has_failing()));
    for record in &rollout.targets {
        assert_eq!(record.reason.is_some(), !matches!(record.outcome, Outcome::Succeeded | Outcome::Unchanged), "{record:?}");
    }
}
