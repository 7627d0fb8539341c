//! Removing instances, and drift detection.

use stack_rollout::status::DriftStatus;
use stack_rollout::*;

use crate::fake::*;

const A: &str = "222222222222";
const B: &str = "333333333333";
const C: &str = "444444444444";
const EAST: &str = "us-east-1";
const WEST: &str = "eu-west-1";

/// A set with three accounts in two regions; the release has only the first account.
fn with_orphans() -> (Cloud, Release) {
    let cloud = Cloud::default();
    let mut release = release(&[A, B, C], &[EAST, WEST]);
    rolled_out(&cloud, &release).unwrap();
    release.targets = Targets::new([A.parse().unwrap()], [EAST.parse().unwrap(), WEST.parse().unwrap()]);
    (cloud, release)
}

fn request(release: &Release, instances: &[(&str, &str)]) -> PruneRequest {
    PruneRequest {
        stack_set: release.stack_set.clone(),
        permission_model: release.permission_model.clone(),
        instances: instances.iter().map(|(account, region)| target(account, region)).collect(),
        release_targets: release.targets.clone(),
        include_targets: false,
        retain_stacks: false,
        preferences: Preferences::default(),
    }
}

fn pruned(cloud: &Cloud, request: &PruneRequest) -> Result<PruneReport, Error> {
    block_on(prune(cloud, request, &options().with_clock(FakeClock::default()), |_| {}))
}

fn present(cloud: &Cloud) -> Vec<String> {
    cloud.state().instances.keys().map(ToString::to_string).collect()
}

#[test]
fn exactly_the_named_instances_are_removed_even_if_they_do_not_form_a_rectangle() {
    let (cloud, release) = with_orphans();
    let report = pruned(&cloud, &request(&release, &[(B, EAST), (B, WEST), (C, WEST)])).unwrap();
    assert_eq!(report.verdict, Verdict::Succeeded);
    assert!(report.instances.iter().all(|instance| instance.removed));
    assert_eq!(present(&cloud), ["222222222222/eu-west-1", "222222222222/us-east-1", "444444444444/us-east-1"]);
    assert_eq!(cloud.state().retained, [false, false]);
}

#[test]
fn a_target_of_the_release_and_a_missing_instance_are_errors_and_nothing_is_removed() {
    let (cloud, release) = with_orphans();
    let error = pruned(&cloud, &request(&release, &[(A, EAST), (B, EAST), ("555555555555", EAST)])).unwrap_err();
    let Error::Release { problems, .. } = &error else { panic!("{error}") };
    let codes: Vec<_> = problems.0.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["not-an-orphan", "no-such-instance"]);
    assert_eq!(present(&cloud).len(), 6);
    let mut with_targets = request(&release, &[(A, EAST)]);
    with_targets.include_targets = true;
    with_targets.retain_stacks = true;
    assert_eq!(pruned(&cloud, &with_targets).unwrap().verdict, Verdict::Succeeded);
    assert_eq!((present(&cloud).len(), cloud.state().retained.clone()), (5, vec![true]));
}

#[test]
fn an_instance_that_cannot_be_deleted_has_a_reason() {
    let (cloud, release) = with_orphans();
    cloud.state().fates.insert(target(B, EAST), Fate::Fails("role cannot be assumed"));
    let report = pruned(&cloud, &request(&release, &[(B, EAST)])).unwrap();
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.instances[0].reason.as_deref(), Some("role cannot be assumed"));
}

#[test]
fn drift_is_detected_once_although_no_response_arrives() {
    let (cloud, release) = with_orphans();
    let lost = std::iter::repeat_with(|| CallError::unreachable("DetectStackSetDrift", "connection reset")).take(99);
    cloud.state().lost_responses.insert("DetectStackSetDrift", lost.collect());
    let before = cloud.state().operations.len();
    let options = options().with_clock(FakeClock::default());
    let found = block_on(detect_drift(&cloud, &release.stack_set, &Preferences::default(), &options, |_| {}));
    assert_eq!(found.unwrap().0.len(), 1);
    assert_eq!(cloud.state().operations.len(), before + 1);
}

#[test]
fn an_operation_detects_drift_and_the_instances_report_it() {
    let (cloud, release) = with_orphans();
    cloud.state().drifted.insert(target(A, EAST));
    let found =
        block_on(detect_drift(&cloud, &release.stack_set, &Preferences::default(), &options().with_clock(FakeClock::default()), |_| {}));
    let (operations, problems) = found.unwrap();
    assert_eq!((operations[0].status.as_str(), problems), ("SUCCEEDED", Vec::new()));
    let plan = plan(&release, &block_on(observe(&cloud, &release)).unwrap());
    let drifted: Vec<_> =
        plan.instances.iter().filter(|instance| instance.has_drifted()).map(|planned| planned.target.to_string()).collect();
    assert_eq!(drifted, ["222222222222/us-east-1"]);
    assert_eq!(plan.instances[0].observed.as_ref().unwrap().drift, Some(DriftStatus::InSync));
    assert!(plan.is_nothing_to_do(), "drift is reported, and a rollout does not fix it");
}
