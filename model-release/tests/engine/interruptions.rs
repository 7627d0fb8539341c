//! Signals during a deployment.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model_release::deploy::{DeployEvent, DeployRequest, NoWaves, deploy};
use model_release::manifest::Tool;
use model_release::{FailureKind, Stage, StageTests, read_targets};

use crate::fake::{Cloud, FakeClock, FakeStacks, Fate, target};
use crate::project::*;

#[test]
fn a_signal_after_a_failed_rollout_ends_the_reading_and_there_is_a_record() {
    let cloud = Cloud::with_fate(target(B, EAST), Fate::Fails("no capacity"));
    let release = release(1);
    let rollout = request(&release);
    let options = rollout.options(Duration::from_mins(30)).with_clock(FakeClock::default());
    let deployment =
        DeployRequest { release: &release, stage: Stage::Staging, rollout: &rollout, options, waves: None, during_freeze: None };
    let (names, has_rolled_out) = (["iris".to_owned()], AtomicBool::new(false));
    // No endpoint responds, and the signal is received while they are read.
    let read = async |targets| {
        let signal = async {
            if !has_rolled_out.load(Ordering::Relaxed) {
                pending::<()>().await;
            }
        };
        read_targets(&names, targets, |_, _| pending(), signal).await
    };
    let stacks = |_, _| async { Ok(FakeStacks::default()) };
    let identity = async |_: StageTests| Ok(Vec::new());
    let on_event = |event| {
        if matches!(event, DeployEvent::RolledOut) {
            has_rolled_out.store(true, Ordering::Relaxed);
        }
    };
    let deployed = block_on(deploy(&deployment, &cloud, stacks, NO_PREFLIGHT, read, identity, &NoWaves, on_event)).unwrap();
    assert_eq!(deployed.failure(), Some(FailureKind::Failed));
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    let record = deployed.record(&release, Stage::Staging, &tool).unwrap();
    assert_eq!(record["verdict"], "failed");
    let reasons: Vec<_> = record["serving"].as_array().unwrap().iter().map(|target| &target["endpoints"][0]["reason"]).collect();
    assert_eq!(reasons, ["reading it was interrupted"; 2]);
}
