//! Parameter overrides for accounts and regions, such as the model package of a region.

use stack_rollout::*;

use crate::fake::*;

const A: &str = "222222222222";
const B: &str = "333333333333";
const EAST: &str = "us-east-1";
const WEST: &str = "eu-west-1";

fn with_region(mut release: Release, region: &str, value: &str) -> Release {
    release.overrides = vec![ParameterOverride {
        account: None,
        region: Some(region.parse().unwrap()),
        parameters: [("EnvType".to_owned(), value.to_owned())].into(),
    }];
    release
}

fn override_in(cloud: &Cloud, target: &Target) -> Option<String> {
    cloud.state().overrides.get(target).and_then(|parameters| parameters.get("EnvType").cloned())
}

#[test]
fn each_region_gets_its_own_parameters_with_its_instances() {
    let cloud = Cloud::default();
    let rollout = rolled_out(&cloud, &with_region(release(&[A, B], &[EAST, WEST]), WEST, "west-1")).unwrap();
    assert_eq!(rollout.counts.succeeded, 4);
    for account in [A, B] {
        assert_eq!(override_in(&cloud, &target(account, WEST)).as_deref(), Some("west-1"));
        assert_eq!(override_in(&cloud, &target(account, EAST)), None);
    }
    assert_eq!(cloud.calls_that_change(), ["CreateStackSet", "CreateStackInstances", "CreateStackInstances"]);
}

#[test]
fn regions_that_cannot_be_deployed_in_parallel_are_a_problem_in_the_record() {
    let codes = |release: &Release| {
        let rollout = rolled_out(&Cloud::default(), release).unwrap();
        rollout.problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let mut split = with_region(release(&[A, B], &[EAST, WEST]), WEST, "west-1");
    assert!(codes(&split).is_empty(), "nobody asked for it");
    split.preferences.region_concurrency = Some(status::RegionConcurrency::Parallel);
    assert_eq!(codes(&split), ["regions-not-parallel"]);
    let together = split.overrides(Vec::new());
    assert!(codes(&together).is_empty(), "one operation has both regions");
}

#[test]
fn the_same_release_starts_nothing_and_another_override_updates_only_its_targets() {
    let cloud = Cloud::default();
    let first = with_region(release(&[A, B], &[EAST, WEST]), WEST, "west-1");
    rolled_out(&cloud, &first).unwrap();
    assert!(rolled_out(&cloud, &first).unwrap().nothing_to_do);
    let before = cloud.calls_that_change().len();
    let rollout = rolled_out(&cloud, &with_region(first, WEST, "west-2")).unwrap();
    assert_eq!(cloud.calls_that_change()[before..], ["UpdateStackInstances"]);
    assert_eq!(rollout.counts.unchanged, 2);
    assert_eq!(override_in(&cloud, &target(B, WEST)).as_deref(), Some("west-2"));
}

#[test]
fn a_new_release_updates_the_set_with_the_other_targets_and_each_target_once() {
    let cloud = Cloud::default();
    let mut next = with_region(release(&[A, B], &[EAST, WEST]), WEST, "west-1");
    rolled_out(&cloud, &next).unwrap();
    next = with_region(next, WEST, "west-2");
    next.parameters[0].1 = "other".to_owned();
    let before = cloud.state().operations.len();
    rolled_out(&cloud, &next).unwrap();
    let updated: Vec<_> = cloud.state().operations[before..].iter().flat_map(|operation| operation.targets.clone()).collect();
    assert_eq!(updated.len(), 4, "{updated:?}");
    assert!(cloud.state().instances.values().all(|(_, version)| *version == 2));
    assert_eq!(override_in(&cloud, &target(A, WEST)).as_deref(), Some("west-2"));
}

#[test]
fn if_the_overrides_of_all_targets_change_the_set_is_updated_with_one_of_them_and_all_are_up_to_date() {
    let cloud = Cloud::default();
    let mut next = with_region(release(&[A, B], &[WEST]), WEST, "west-1");
    rolled_out(&cloud, &next).unwrap();
    next = with_region(next, WEST, "west-2");
    next.template.body.push_str("Outputs: {}\n");
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(rollout.counts.succeeded, 2);
    assert!(cloud.state().instances.values().all(|(_, version)| *version == 2));
    assert_eq!([A, B].map(|account| override_in(&cloud, &target(account, WEST)).unwrap()), ["west-2", "west-2"]);
}

#[test]
fn a_release_without_overrides_removes_those_of_an_earlier_release() {
    let cloud = Cloud::default();
    let plain = release(&[A], &[EAST, WEST]);
    rolled_out(&cloud, &with_region(plain.clone(), WEST, "west-1")).unwrap();
    let rollout = rolled_out(&cloud, &plain).unwrap();
    assert_eq!(rollout.verdict(), Verdict::Succeeded);
    assert_eq!(override_in(&cloud, &target(A, WEST)), None);
    assert!(rolled_out(&cloud, &plain).unwrap().nothing_to_do);
}

#[test]
fn if_a_run_ends_before_it_removes_overrides_the_next_run_removes_them() {
    let cloud = Cloud::default();
    let plain = release(&[A], &[EAST, WEST]);
    rolled_out(&cloud, &with_region(plain.clone(), WEST, "west-1")).unwrap();
    let error = CallError::error_response("DescribeStackSetOperation", "InvalidOperationException", "not now");
    cloud.state().errors.insert("DescribeStackSetOperation", [error].into());
    let interrupted = rolled_out(&cloud, &plain);
    assert!(interrupted.is_err() || interrupted.unwrap().verdict() != Verdict::Succeeded);
    (0..20).for_each(|_| cloud.state().advance());
    let rollout = rolled_out(&cloud, &plain).unwrap();
    assert_eq!((rollout.verdict(), override_in(&cloud, &target(A, WEST))), (Verdict::Succeeded, None));
}

#[test]
fn an_override_that_was_set_by_hand_is_found_and_reset() {
    let cloud = Cloud::default();
    let plain = release(&[A, B], &[EAST, WEST]);
    rolled_out(&cloud, &plain).unwrap();
    let by_hand = target(A, WEST);
    cloud.state().override_by_hand(&by_hand, [("EnvType".to_owned(), "by hand".to_owned())].into());
    (0..9).for_each(|_| cloud.state().advance());

    let planned = plan(&plain, &block_on(observe(&cloud, &plain)).unwrap());
    assert_eq!(planned.targets(InstanceAction::Update).collect::<Vec<_>>(), [&by_hand]);
    let before = cloud.calls_that_change().len();
    let rollout = rolled_out(&cloud, &plain).unwrap();
    assert_eq!((rollout.verdict(), rollout.counts.succeeded, rollout.counts.unchanged), (Verdict::Succeeded, 1, 3));
    assert_eq!(cloud.calls_that_change()[before..], ["UpdateStackInstances"]);
    assert_eq!(override_in(&cloud, &by_hand), None);
    assert!(rolled_out(&cloud, &plain).unwrap().nothing_to_do);
}

#[test]
fn overrides_of_other_instances_are_not_read_and_overrides_that_were_read_are_not_read_again() {
    let cloud = Cloud::default();
    rolled_out(&cloud, &release(&[A, B], &[EAST, WEST])).unwrap();
    let reads = || cloud.state().calls.iter().filter(|call| **call == "DescribeStackInstance").count();
    assert_eq!(reads(), 0, "overrides of new instances are known");
    let plain = release(&[A], &[EAST, WEST]);
    cloud.state().errors.insert("DescribeStackInstance", [error("Throttling")].into());
    assert!(rolled_out(&cloud, &plain).unwrap().nothing_to_do);
    assert_eq!(reads(), 3, "one failed call, and one for each of the two");
}

#[test]
fn a_hidden_value_causes_no_update() {
    let cloud = Cloud::default();
    let secret = with_region(release(&[A], &[WEST]), WEST, "secret");
    rolled_out(&cloud, &secret).unwrap();
    cloud.state().overrides.insert(target(A, WEST), [("EnvType".to_owned(), "****".to_owned())].into());
    let rollout = rolled_out(&cloud, &secret).unwrap();
    assert!(rollout.nothing_to_do);
}

#[test]
fn only_parameters_of_the_release_can_be_overridden_and_a_later_override_wins() {
    let mut invalid = with_region(release(&[A], &[WEST]), WEST, "x");
    invalid.overrides[0].parameters.insert("Nothing".to_owned(), "y".to_owned());
    let codes: Vec<_> = invalid.problems().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["override-unknown"]);

    let mut both = with_region(release(&[A], &[WEST]), WEST, "region");
    both.overrides.push(ParameterOverride {
        account: Some(A.parse().unwrap()),
        region: None,
        parameters: [("EnvType".to_owned(), "account".to_owned())].into(),
    });
    assert_eq!(both.overrides_of(&target(A, WEST))["EnvType"], "account");
    assert_eq!(both.overrides_of(&target(B, WEST))["EnvType"], "region");
    assert!(both.overrides_of(&target(B, EAST)).is_empty());
}

#[test]
fn a_serialized_plan_contains_no_override_values() {
    let secret = with_region(release(&[A], &[WEST]), WEST, "hunter2");
    let plan = plan(&secret, &Observed::default());
    let text = serde_json::to_string(&plan).unwrap();
    assert!(!text.contains("hunter2") && text.contains(r#""overrides":["EnvType"]"#), "{text}");
}
