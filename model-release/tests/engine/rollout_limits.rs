//! The limits that the release policy sets for rollouts to production: freezes, and the number of
//! accounts at once.

use std::time::{Duration, SystemTime};

use model_release::deploy::{DeployError, Deployment};
use model_release::manifest::{Freeze, ReleasePolicy, RolloutLimits, Tool};
use model_release::{Diagnostic, Failure, FailureKind, Release, Stage};
use serde_json::json;
use stack_rollout::status::{ConcurrencyMode, RegionConcurrency};
use stack_rollout::{OnFailure, Preferences, Targets, WaveOutcome};

use crate::fake::{Cloud, target};
use crate::project::*;
use crate::waves::{Watched, Waved};

/// A release whose policy has these limits. The clock of the deployments begins in 1970.
pub(crate) fn limited(version: u32, freezes: &[(&str, &str)], max_parallel_accounts: Option<u32>) -> Release {
    let freeze = |(from, to): &(&str, &str)| Freeze { from: (*from).to_owned(), to: (*to).to_owned(), reason: "holidays".to_owned() };
    let mut release = release(version);
    release.manifest.choice.release_policy = Some(ReleasePolicy {
        file: "release-policy.json".to_owned(),
        digest: "sha256:1".to_owned(),
        unknown_bytes: model_registry::release_policy::UnknownBytes::Allow,
        approval: None,
        rollout: RolloutLimits { freeze: freezes.iter().map(freeze).collect(), max_parallel_accounts },
    });
    release
}

fn deploy(cloud: &Cloud, release: &Release, stage: Stage, reason: Option<&str>) -> (Result<Deployment, DeployError>, Vec<String>) {
    let (fleet, on_failure) = (&Fleet::default(), OnFailure::RollBack);
    Waved { release, stage, fleet, on_failure, during_freeze: reason }.run(cloud, &Watched::default())
}

fn refused(deployed: Result<Deployment, DeployError>) -> Failure {
    match deployed {
        Err(DeployError::Failure(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn time(text: &str) -> SystemTime {
    let seconds = text.parse::<jiff::Timestamp>().unwrap().as_second();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
}

#[test]
fn a_frozen_production_is_not_deployed_and_staging_is() {
    let release = limited(2, &[("1969-12-31T00:00:00Z", "1970-01-02T00:00:00Z")], None);
    let cloud = Cloud::default();
    let failure = refused(deploy(&cloud, &release, Stage::Prod, None).0);
    assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::Failed, Some("frozen")));
    assert_eq!(failure.diagnostics[0].message, "production is frozen until 1970-01-02T00:00:00Z: holidays");
    assert!(failure.diagnostics[0].hint.as_ref().unwrap().contains("change `freeze` in `release-policy.json`"));
    assert!(cloud.state().calls.is_empty(), "nothing was called");
    assert_eq!(deploy(&cloud, &release, Stage::Staging, None).0.unwrap().failure(), None);
}

#[test]
fn a_freeze_that_begins_between_two_waves_stops_there_and_rolls_nothing_back() {
    // The bake time after the first wave is ten minutes.
    let release = limited(2, &[("1970-01-01T00:05:00Z", "1970-01-02T00:00:00Z")], None);
    let cloud = Cloud::default();
    deploy(&cloud, &limited(1, &[], None), Stage::Prod, None).0.unwrap();
    let (deployment, events) = deploy(&cloud, &release, Stage::Prod, None);
    let deployment = deployment.unwrap();
    assert_eq!((deployment.failure(), events.last().unwrap().as_str()), (Some(FailureKind::Failed), "endpoints"));
    let outcomes: Vec<_> = deployment.rollout.waves.iter().map(|wave| wave.outcome).collect();
    assert_eq!(outcomes, [WaveOutcome::Passed, WaveOutcome::Skipped]);
    assert!(deployment.rollout.rolled_back.is_none());
    assert_eq!(cloud.state().instances[&target(B, EAST)].1, 1, "the second wave is untouched");
    let findings = deployment.findings(&Targets::default());
    let has = |text: &str| findings.iter().any(|finding: &Diagnostic| finding.message.contains(text));
    assert!(has("wave 1 (`1`) passed, but the next one is not allowed, so no later one was started"), "{findings:#?}");
    assert!(findings.iter().any(|finding| finding.code == Some("frozen")), "{findings:#?}");
    // After the freeze, the same command continues with the second wave.
    let after = limited(2, &[("1969-01-01T00:00:00Z", "1969-01-02T00:00:00Z")], None);
    assert_eq!(deploy(&cloud, &after, Stage::Prod, None).0.unwrap().failure(), None);
}

#[test]
fn a_deployment_during_a_freeze_needs_a_reason_which_is_recorded() {
    let freezes = [("1969-12-31T00:00:00Z", "1970-01-01T00:05:00Z"), ("1970-01-01T00:04:00Z", "1970-01-02T00:00:00Z")];
    let (release, cloud) = (limited(2, &freezes, None), Cloud::default());
    let (deployment, events) = deploy(&cloud, &release, Stage::Prod, Some("the model is wrong"));
    let deployment = deployment.unwrap();
    assert_eq!(deployment.failure(), None);
    let frozen: Vec<_> = events.iter().filter(|event| event.contains("frozen")).collect();
    assert!(
        matches!(&frozen[..], [first, second] if first.contains("until 1970-01-01T") && second.contains("until 1970-01-02T")),
        "{events:?}"
    );
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    let record = deployment.record(&release, Stage::Prod, &tool).unwrap();
    let freeze = |index: usize| json!({ "from": freezes[index].0, "to": freezes[index].1, "reason": "holidays" });
    assert_eq!(record["during_freeze"], json!({ "reason": "the model is wrong", "freezes": [freeze(0), freeze(1)] }));
    // Without a freeze, there is nothing to record.
    let (deployment, events) = deploy(&cloud, &limited(3, &[], None), Stage::Prod, Some("the model is wrong"));
    let record = deployment.unwrap().record(&release, Stage::Prod, &tool).unwrap();
    assert!(record.get("during_freeze").is_none() && !events.iter().any(|event| event.contains("frozen")));
}

#[test]
fn a_freeze_has_its_beginning_and_not_its_end() {
    let release = limited(1, &[("2026-12-18T00:00:00Z", "2027-01-04T00:00:00Z")], None);
    for (now, is_frozen) in
        [("2026-12-17T23:59:59Z", false), ("2026-12-18T00:00:00Z", true), ("2027-01-03T23:59:59Z", true), ("2027-01-04T00:00:00Z", false)]
    {
        assert_eq!(release.check_freeze(Stage::Prod, time(now), None).is_err(), is_frozen, "{now}");
        assert!(release.check_freeze(Stage::Staging, time(now), None).is_ok());
    }
    // A freeze that cannot be read does not end.
    let broken = limited(1, &[("soon", "2027-01-04T00:00:00Z")], None);
    assert!(broken.check_freeze(Stage::Prod, time("2030-01-01T00:00:00Z"), None).is_err());
}

#[test]
fn a_rollout_to_production_operates_on_as_many_accounts_at_once_as_the_policy_permits() {
    let release = limited(1, &[], Some(2));
    let accounts = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"].map(|digit| digit.repeat(12).parse().unwrap());
    let targets = Targets::new(accounts, [EAST, WEST].map(|region| region.parse().unwrap()));
    let preferences = Preferences::default;
    let parallel = || Some(RegionConcurrency::Parallel);
    let soft = || Some(ConcurrencyMode::Soft);
    for (preferences, at_once) in [
        (preferences(), 1),
        (Preferences { max_concurrent_count: Some(5), ..preferences() }, 1),
        (Preferences { max_concurrent_count: Some(5), failure_tolerance_count: Some(1), ..preferences() }, 2),
        (Preferences { max_concurrent_count: Some(5), failure_tolerance_percentage: Some(29), ..preferences() }, 3),
        (Preferences { max_concurrent_count: Some(5), concurrency_mode: soft(), ..preferences() }, 5),
        (Preferences { max_concurrent_percentage: Some(5), concurrency_mode: soft(), ..preferences() }, 1),
        (Preferences { max_concurrent_percentage: Some(39), concurrency_mode: soft(), ..preferences() }, 3),
        (Preferences { max_concurrent_count: Some(99), concurrency_mode: soft(), ..preferences() }, 10),
        (Preferences { region_concurrency: parallel(), ..preferences() }, 2),
        (Preferences { max_concurrent_count: Some(4), concurrency_mode: soft(), region_concurrency: parallel(), ..preferences() }, 8),
    ] {
        assert_eq!(preferences.concurrent_accounts(&targets), at_once, "{preferences:?}");
        let check = |stage| release.check_parallel_accounts(stage, &preferences, [&targets]);
        assert!(check(Stage::Staging).is_ok());
        match check(Stage::Prod) {
            Ok(()) => assert!(at_once <= 2, "{preferences:?}"),
            Err(failure) => {
                assert!(at_once > 2, "{preferences:?}");
                let found = &failure.diagnostics[0];
                let message = format!("the rollout would operate on {at_once} production accounts at once; the release policy permits 2");
                assert_eq!((failure.kind, found.code), (FailureKind::Failed, Some("too-many-parallel-accounts")));
                assert_eq!((found.message.as_str(), found.subject.as_deref()), (message.as_str(), Some("2")));
            }
        }
    }
    // The largest wave counts.
    let all_at_once = Preferences { max_concurrent_percentage: Some(100), concurrency_mode: soft(), ..preferences() };
    let few = Targets::new(targets.accounts.iter().take(2).cloned(), targets.regions.iter().cloned());
    assert!(release.check_parallel_accounts(Stage::Prod, &all_at_once, [&few, &few]).is_ok());
    assert!(release.check_parallel_accounts(Stage::Prod, &all_at_once, [&few, &targets]).is_err());
}

#[test]
fn a_deployment_to_too_many_accounts_at_once_changes_nothing() {
    let (release, cloud) = (limited(1, &[], Some(1)), Cloud::default());
    let soft = Preferences { max_concurrent_count: Some(2), concurrency_mode: Some(ConcurrencyMode::Soft), ..Preferences::default() };
    let settings = model_release::RolloutSettings { preferences: soft, ..settings() };
    let rollout = model_release::RolloutRequest::new(&release, Stage::Prod, settings).unwrap();
    let options = rollout.options(Duration::from_mins(30)).with_clock(crate::fake::FakeClock::default());
    let request = model_release::deploy::DeployRequest {
        release: &release,
        stage: Stage::Prod,
        rollout: &rollout,
        options,
        waves: None,
        during_freeze: Some("a reason is not enough".to_owned()),
    };
    let deployed = block_on(model_release::deploy::deploy(
        &request,
        &cloud,
        |_, _| async { Ok(crate::fake::FakeStacks::default()) },
        NO_PREFLIGHT,
        async |_| Vec::new(),
        async |_| Ok(Vec::new()),
        &model_release::deploy::NoWaves,
        |_| {},
    ));
    assert_eq!(refused(deployed).diagnostics[0].code, Some("too-many-parallel-accounts"));
    assert!(cloud.state().calls.is_empty());
}
