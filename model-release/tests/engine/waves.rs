//! Deployments in waves: what must pass before the next wave starts.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use endpoint_test::Suite;
use model_release::deploy::{AlarmStates, DeployError, DeployEvent, DeployRequest, DeployWaves, Deployment, WaveChecks, deploy};
use model_release::manifest::Tool;
use model_release::{Diagnostic, Failure, FailureKind, Health, Release, RolloutRequest, Stage, StageTests};
use serde_json::json;
use stack_rollout::{Instance, OnFailure, Target, Verdict, WaveOutcome, WaveSpec};

use crate::fake::{Cloud, FakeClock, FakeStacks, Fate, target};
use crate::project::*;

/// Alarms and gates with these results, in order; then nothing is wrong.
#[derive(Default)]
pub(crate) struct Watched {
    alarms: Mutex<VecDeque<AlarmStates>>,
    gates: Mutex<VecDeque<Failure>>,
    /// The stacks whose alarms were read, and the number of calls of the gates.
    read: Mutex<(Vec<Target>, usize)>,
}

impl Watched {
    fn alarms(states: impl IntoIterator<Item = AlarmStates>) -> Self {
        Self { alarms: Mutex::new(states.into_iter().collect()), ..Self::default() }
    }

    fn counts(&self) -> (usize, usize) {
        let read = self.read.lock().unwrap();
        (read.0.len(), read.1)
    }
}

impl WaveChecks for Watched {
    async fn alarms(&self, stacks: Vec<Instance>) -> Vec<(Target, AlarmStates)> {
        let mut states = Vec::new();
        for Instance { target, stack_id, .. } in stacks {
            assert!(stack_id.is_some());
            self.read.lock().unwrap().0.push(target.clone());
            states.push((target, self.alarms.lock().unwrap().pop_front().unwrap_or_else(|| Ok(alarm("OK")))));
        }
        states
    }

    async fn gates(&self) -> Result<(), Failure> {
        self.read.lock().unwrap().1 += 1;
        self.gates.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }
}

fn alarm(state: &str) -> Vec<(String, String)> {
    vec![("iris-errors".to_owned(), state.to_owned())]
}

/// Deploys a version in the waves `1,rest` with a bake time of ten minutes.
fn waved(cloud: &Cloud, version: u32, fleet: &Fleet, on_failure: OnFailure, checks: &Watched) -> (Deployment, Vec<String>) {
    let rollout = Waved { release: &release(version), stage: Stage::Staging, fleet, on_failure, during_freeze: None };
    let (deployed, events) = rollout.run(cloud, checks);
    (deployed.unwrap(), events)
}

/// A deployment in the waves `1,rest` with a bake time of ten minutes.
pub(crate) struct Waved<'a> {
    pub(crate) release: &'a Release,
    pub(crate) stage: Stage,
    pub(crate) fleet: &'a Fleet,
    pub(crate) on_failure: OnFailure,
    pub(crate) during_freeze: Option<&'a str>,
}

impl Waved<'_> {
    pub(crate) fn run(&self, cloud: &Cloud, checks: &Watched) -> (Result<Deployment, DeployError>, Vec<String>) {
        let Self { release, stage, fleet, on_failure, during_freeze } = *self;
        let rollout = RolloutRequest::new(release, stage, settings()).unwrap();
        let suite =
            Suite::parse("version: 1\ncases:\n  - { name: it, payload: { csv: '1' } }\n", std::path::Path::new("tests.yaml")).unwrap();
        let waves = DeployWaves {
            waves: "1,rest".parse::<WaveSpec>().unwrap().waves(&rollout.all_targets).unwrap(),
            bake: Some(Duration::from_mins(10)),
            on_failure,
            release_before: None,
            suite,
            suite_info: None,
            programs: None,
        };
        let options = rollout.options(Duration::from_mins(30)).with_clock(FakeClock::default());
        let during_freeze = during_freeze.map(str::to_owned);
        let deployment = DeployRequest { release, stage, rollout: &rollout, options, waves: Some(waves), during_freeze };
        let events = Mutex::new(Vec::new());
        let on_event = |event| match event {
            DeployEvent::CheckingWave(number) => events.lock().unwrap().push(format!("tests of {number}")),
            DeployEvent::Baking { wave, time } => events.lock().unwrap().push(format!("alarms of {wave} for {} s", time.as_secs())),
            DeployEvent::ReadingEndpoints => events.lock().unwrap().push("endpoints".to_owned()),
            DeployEvent::Warning(warning) => events.lock().unwrap().push(warning.message),
            DeployEvent::CheckingIdentity => panic!("the waves have been tested"),
            _ => {}
        };
        let stacks = |_, _| async { Ok(FakeStacks::default()) };
        let identity = async |tests: StageTests| {
            assert_eq!(tests.suite.cases().len(), 1, "the suite is run, not only the identity checks");
            fleet.identity(cloud, &tests)
        };
        let read = async |targets| fleet.read(cloud, targets);
        let deployed = block_on(deploy(&deployment, cloud, stacks, NO_PREFLIGHT, read, identity, checks, on_event));
        (deployed, events.into_inner().unwrap())
    }
}

/// The messages of all findings, with their details.
fn findings(deployment: &Deployment) -> String {
    let findings = deployment.findings(&request(&release(1)).all_targets);
    findings
        .iter()
        .map(|finding| format!("{}: {}", finding.message, finding.details.join(", ")))
        .fold(String::new(), |text, line| text + &line + "\n")
}

#[test]
fn each_wave_is_tested_and_watched_before_the_next_one_starts() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let checks = Watched::default();
    let (deployment, events) = waved(&cloud, 2, &Fleet::default(), OnFailure::Stop, &checks);
    assert_eq!(deployment.failure(), None, "{deployment:#?}");
    assert_eq!(events, ["tests of 1", "alarms of 1 for 600 s", "tests of 2"]);
    assert_eq!(checks.counts(), (11, 1), "at the beginning and after each minute; nothing follows the last wave");
    assert!(checks.read.lock().unwrap().0.iter().all(|read| *read == target(A, EAST)));
    assert_eq!(deployment.summary(), "iris-staging: 2 targets, 2 rolled out; 2 of 2 endpoints serve the release");
    let record = deployment.record(&release(2), Stage::Staging, &Tool { name: "test".to_owned(), version: "1".to_owned() }).unwrap();
    let wave = json!({ "number": 1, "size": "1", "accounts": [A], "regions": [EAST], "outcome": "passed", "reason": null });
    assert_eq!((&record["waves"][0], record["waves"].as_array().unwrap().len()), (&wave, 2));
    assert_eq!(record["identity"].as_array().unwrap().len(), 2);
    // Once more: everything is tested again, and the alarms are read once.
    let checks = Watched::default();
    let (deployment, events) = waved(&cloud, 2, &Fleet::default(), OnFailure::Stop, &checks);
    assert!(deployment.failure().is_none() && deployment.rollout.nothing_to_do);
    assert_eq!((events, checks.counts()), (["tests of 1", "alarms of 1 for 0 s", "tests of 2"].map(str::to_owned).to_vec(), (1, 1)));
}

#[test]
fn an_alarm_during_the_bake_time_fails_the_wave() {
    for minutes in [0, 3, 10] {
        let cloud = Cloud::default();
        deployed(&cloud, &release(1));
        let checks = Watched::alarms((0..minutes).map(|_| Ok(alarm("INSUFFICIENT_DATA"))).chain([Ok(alarm("ALARM"))]));
        let (deployment, events) = waved(&cloud, 2, &Fleet::default(), OnFailure::Stop, &checks);
        assert_eq!((deployment.failure(), checks.counts()), (Some(FailureKind::Failed), (minutes + 1, 0)));
        assert_eq!(events.last().unwrap(), "endpoints");
        let findings = findings(&deployment);
        assert!(
            findings.contains(
                "wave 1 (`1`) failed, so no later one was started: 1 alarm in the state ALARM: `iris-errors` in 222222222222/us-east-1"
            ),
            "{findings}"
        );
        assert_eq!(cloud.state().instances[&target(B, EAST)].1, 1, "the other account is untouched");
        assert_eq!(
            deployment.serving_lines(),
            ["222222222222/us-east-1/iris serves version 2", "333333333333/us-east-1/iris serves version 1"]
        );
    }
}

#[test]
fn alarms_that_cannot_be_read_stop_the_rollout_with_an_unknown_result() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let denied = Err("`DescribeAlarms` failed: AccessDenied".into());
    let checks = Watched::alarms([Ok(alarm("OK")), denied]);
    let (deployment, _) = waved(&cloud, 2, &Fleet::default(), OnFailure::RollBack, &checks);
    assert_eq!((deployment.failure(), deployment.rollout.verdict()), (Some(FailureKind::Unreachable), Verdict::Unfinished));
    let findings = findings(&deployment);
    assert!(
        findings.contains("wave 1 (`1`) is not known to have passed")
            && findings.contains("222222222222/us-east-1: `DescribeAlarms` failed"),
        "{findings}"
    );
    assert!(deployment.rollout.rolled_back.is_none());
}

#[test]
fn a_gate_that_no_longer_passes_stops_the_rollout() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let checks = Watched::default();
    let rejected = Diagnostic::error("the model package is no longer approved");
    checks.gates.lock().unwrap().push_back(Failure::new(FailureKind::Failed, vec![rejected]));
    let (deployment, _) = waved(&cloud, 2, &Fleet::default(), OnFailure::RollBack, &checks);
    // The wave has passed: only the next one is not allowed, and nothing is rolled back.
    let (wave, later) = (&deployment.rollout.waves[0], &deployment.rollout.waves[1]);
    assert_eq!((wave.outcome, later.outcome), (WaveOutcome::Passed, WaveOutcome::Skipped));
    assert!(deployment.rollout.rolled_back.is_none() && deployment.failure() == Some(FailureKind::Failed));
    assert!(findings(&deployment).contains("no longer allowed: the model package is no longer approved"));
    assert_eq!(cloud.state().instances[&target(B, EAST)].1, 1);
}

#[test]
fn a_failed_test_rolls_the_wave_back_and_what_every_account_serves_is_read() {
    for (failing, serves) in [(A, [1, 1]), (B, [2, 1])] {
        let cloud = Cloud::default();
        deployed(&cloud, &release(1));
        // SageMaker rolls the endpoint back by itself: the stack is current, and serves the old version.
        let fleet = Fleet { reverted: [target(failing, EAST)].into(), ..Fleet::default() };
        let (deployment, _) = waved(&cloud, 2, &fleet, OnFailure::RollBack, &Watched::default());
        assert_eq!(deployment.failure(), Some(FailureKind::Failed));
        let back = deployment.rollout.rolled_back.as_ref().unwrap();
        assert_eq!((back.verdict, back.targets.len()), (Verdict::Succeeded, 1));
        let lines = [A, B].iter().zip(serves).map(|(account, version)| format!("{account}/us-east-1/iris serves version {version}"));
        assert_eq!(deployment.serving_lines(), lines.collect::<Vec<_>>());
        let findings = findings(&deployment);
        assert!(findings.contains("the tests of 1 of 1 endpoint failed") && !findings.contains("was not rolled back"), "{findings}");
        let endpoints = deployment.serving.iter().flat_map(|target| &target.endpoints);
        let health: Vec<_> = endpoints.map(|endpoint| endpoint.health).collect();
        // Wave 1 has the release, or the one before again. Wave 2 was rolled back, or was not reached.
        let expected = if failing == A { [Health::Ok, Health::Differs] } else { [Health::Ok, Health::Ok] };
        assert_eq!(health, expected);
        assert!(deployment.summary().contains("1 rolled back"), "{}", deployment.summary());
    }
}

#[test]
fn an_unreachable_endpoint_is_not_a_failure_of_the_wave() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let fleet = Fleet { unreachable: [target(A, EAST)].into(), ..Fleet::default() };
    let (deployment, _) = waved(&cloud, 2, &fleet, OnFailure::RollBack, &Watched::default());
    assert_eq!((deployment.failure(), deployment.rollout.verdict()), (Some(FailureKind::Unreachable), Verdict::Unfinished));
    assert!(deployment.rollout.rolled_back.is_none() && findings(&deployment).contains("1 of 1 endpoint could not be tested"));
}

#[test]
fn a_target_that_was_not_rolled_back_is_reported_with_the_reason() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    cloud.state().fates.insert(target(A, EAST), Fate::Fails("UPDATE_ROLLBACK_FAILED"));
    let (deployment, events) = waved(&cloud, 2, &Fleet::default(), OnFailure::RollBack, &Watched::default());
    assert_eq!((deployment.failure(), events), (Some(FailureKind::Failed), vec!["endpoints".to_owned()]));
    assert!(
        findings(&deployment).contains("it was not rolled back to the release before: UPDATE_ROLLBACK_FAILED"),
        "{}",
        findings(&deployment)
    );
}
