//! Parameters of single accounts and regions, such as the model package of a region.

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

fn in_force(cloud: &Cloud, place: &Target) -> Option<String> {
    cloud.state().overrides.get(place).and_then(|parameters| parameters.get("EnvType").cloned())
}

#[test]
fn each_region_gets_its_own_parameters_with_its_instances() {
    let cloud = Cloud::default();
    let rollout = rolled_out(&cloud, &with_region(release(&[A, B], &[EAST, WEST]), WEST, "west-1")).unwrap();
    assert_eq!(rollout.counts.succeeded, 4);
    for account in [A, B] {
        assert_eq!(in_force(&cloud, &target(account, WEST)).as_deref(), Some("west-1"));
        assert_eq!(in_force(&cloud, &target(account, EAST)), None);
    }
    assert_eq!(cloud.calls_that_change(), ["CreateStackSet", "CreateStackInstances", "CreateStackInstances"]);
}

#[test]
fn the_same_release_again_starts_nothing_and_another_value_updates_only_where_it_holds() {
    let cloud = Cloud::default();
    let first = with_region(release(&[A, B], &[EAST, WEST]), WEST, "west-1");
    rolled_out(&cloud, &first).unwrap();
    assert!(rolled_out(&cloud, &first).unwrap().nothing_to_do);
    let before = cloud.calls_that_change().len();
    let rollout = rolled_out(&cloud, &with_region(first, WEST, "west-2")).unwrap();
    assert_eq!(cloud.calls_that_change()[before..], ["UpdateStackInstances"]);
    assert_eq!(rollout.counts.unchanged, 2);
    assert_eq!(in_force(&cloud, &target(B, WEST)).as_deref(), Some("west-2"));
}

#[test]
fn a_new_release_updates_the_set_through_the_others_and_each_target_once() {
    let cloud = Cloud::default();
    let mut next = with_region(release(&[A, B], &[EAST, WEST]), WEST, "west-1");
    rolled_out(&cloud, &next).unwrap();
    next = with_region(next, WEST, "west-2");
    next.parameters[0].1 = "other".to_owned();
    let before = cloud.state().operations.len();
    rolled_out(&cloud, &next).unwrap();
    let worked_on: Vec<_> = cloud.state().operations[before..].iter().flat_map(|operation| operation.targets.clone()).collect();
    assert_eq!(worked_on.len(), 4, "{worked_on:?}");
    assert!(cloud.state().instances.values().all(|(_, version)| *version == 2));
    assert_eq!(in_force(&cloud, &target(A, WEST)).as_deref(), Some("west-2"));
}

#[test]
fn when_every_target_changes_its_own_parameters_the_set_is_updated_through_one_of_them_and_all_end_right() {
    let cloud = Cloud::default();
    let mut next = with_region(release(&[A, B], &[WEST]), WEST, "west-1");
    rolled_out(&cloud, &next).unwrap();
    next = with_region(next, WEST, "west-2");
    next.template.body.push_str("Outputs: {}\n");
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(rollout.counts.succeeded, 2);
    assert!(cloud.state().instances.values().all(|(_, version)| *version == 2));
    assert_eq!([A, B].map(|account| in_force(&cloud, &target(account, WEST)).unwrap()), ["west-2", "west-2"]);
}

#[test]
fn a_release_without_own_parameters_takes_those_away_that_an_earlier_one_gave() {
    let cloud = Cloud::default();
    let plain = release(&[A], &[EAST, WEST]);
    rolled_out(&cloud, &with_region(plain.clone(), WEST, "west-1")).unwrap();
    let rollout = rolled_out(&cloud, &plain).unwrap();
    assert_eq!(rollout.verdict(), Verdict::Succeeded);
    assert_eq!(in_force(&cloud, &target(A, WEST)), None);
    assert!(rolled_out(&cloud, &plain).unwrap().nothing_to_do);
}

#[test]
fn a_run_that_ends_before_the_own_parameters_are_taken_away_leaves_that_to_the_next() {
    let cloud = Cloud::default();
    let plain = release(&[A], &[EAST, WEST]);
    rolled_out(&cloud, &with_region(plain.clone(), WEST, "west-1")).unwrap();
    let error = CallError::error_response("DescribeStackSetOperation", "InvalidOperationException", "not now");
    cloud.state().errors.insert("DescribeStackSetOperation", [error].into());
    let interrupted = rolled_out(&cloud, &plain);
    assert!(interrupted.is_err() || interrupted.unwrap().verdict() != Verdict::Succeeded);
    (0..20).for_each(|_| cloud.state().advance());
    let rollout = rolled_out(&cloud, &plain).unwrap();
    assert_eq!((rollout.verdict(), in_force(&cloud, &target(A, WEST))), (Verdict::Succeeded, None));
}

#[test]
fn an_override_that_a_person_has_set_is_found_and_reset() {
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
    assert_eq!(in_force(&cloud, &by_hand), None);
    assert!(rolled_out(&cloud, &plain).unwrap().nothing_to_do);
}

#[test]
fn instances_of_no_target_are_not_asked_for_their_own_parameters_and_those_that_were_read_are_not_asked_again() {
    let cloud = Cloud::default();
    rolled_out(&cloud, &release(&[A, B], &[EAST, WEST])).unwrap();
    let asked = || cloud.state().calls.iter().filter(|call| **call == "DescribeStackInstance").count();
    assert_eq!(asked(), 0, "what this run has created itself is known");
    let plain = release(&[A], &[EAST, WEST]);
    cloud.state().errors.insert("DescribeStackInstance", [error("Throttling")].into());
    assert!(rolled_out(&cloud, &plain).unwrap().nothing_to_do);
    assert_eq!(asked(), 3, "one that failed, and each of the two");
}

#[test]
fn a_value_that_is_hidden_makes_no_update() {
    let cloud = Cloud::default();
    let secret = with_region(release(&[A], &[WEST]), WEST, "secret");
    rolled_out(&cloud, &secret).unwrap();
    cloud.state().overrides.insert(target(A, WEST), [("EnvType".to_owned(), "****".to_owned())].into());
    let rollout = rolled_out(&cloud, &secret).unwrap();
    assert!(rollout.nothing_to_do);
}

#[test]
fn what_the_release_does_not_have_cannot_be_overridden_and_a_later_override_wins() {
    let mut wrong = with_region(release(&[A], &[WEST]), WEST, "x");
    wrong.overrides[0].parameters.insert("Nothing".to_owned(), "y".to_owned());
    let codes: Vec<_> = wrong.problems().iter().map(|problem| problem.code).collect();
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
fn no_value_of_an_override_is_in_a_plan_that_is_written_out() {
    let secret = with_region(release(&[A], &[WEST]), WEST, "hunter2");
    let plan = plan(&secret, &Observed::default());
    let text = serde_json::to_string(&plan).unwrap();
    assert!(!text.contains("hunter2") && text.contains(r#""overrides":["EnvType"]"#), "{text}");
}
