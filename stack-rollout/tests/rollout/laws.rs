//! Properties of plans and rollouts for any targets, instances and fates.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use stack_rollout::status::InstanceStatus;
use stack_rollout::{InstanceAction, Observed, Outcome, Target, Targets, Verdict, observe, plan};

use crate::fake::*;

const ACCOUNTS: [&str; 4] = ["111111111111", "222222222222", "333333333333", "444444444444"];
const REGIONS: [&str; 3] = ["ap-south-1", "eu-west-1", "us-east-1"];

fn targets() -> impl Strategy<Value = Targets> {
    let accounts = prop::sample::subsequence(ACCOUNTS.to_vec(), 1..=4);
    let regions = prop::sample::subsequence(REGIONS.to_vec(), 1..=3);
    (accounts, regions).prop_map(|(accounts, regions)| {
        Targets::new(accounts.iter().map(|account| account.parse().unwrap()), regions.iter().map(|region| region.parse().unwrap()))
    })
}

fn everywhere() -> Vec<Target> {
    ACCOUNTS.iter().flat_map(|account| REGIONS.iter().map(|region| target(account, region))).collect()
}

/// Instances in any targets, order and state except INOPERABLE.
fn instances() -> impl Strategy<Value = BTreeMap<Target, InstanceStatus>> {
    let status = prop::sample::select(vec![InstanceStatus::Current, InstanceStatus::Outdated]);
    prop::collection::btree_map(prop::sample::select(everywhere()), status, 0..=12)
}

fn fates() -> impl Strategy<Value = BTreeMap<Target, Fate>> {
    let fate = prop::sample::select(vec![Fate::Succeeds, Fate::Fails("no capacity"), Fate::Suspended]);
    prop::collection::btree_map(prop::sample::select(everywhere()), fate, 0..=6)
}

/// A cloud with these instances of a release. If `differs`, its parameters differ from the
/// release's.
fn cloud_with(present: &BTreeMap<Target, InstanceStatus>, set_exists: bool, differs: bool) -> Cloud {
    let mut old = release(&[ACCOUNTS[0]], &[REGIONS[0]]);
    if differs {
        old.parameters = vec![("EnvType".to_owned(), "old".to_owned())];
    }
    Cloud::with(|state| {
        if set_exists {
            state.set = Some(set_of(&old));
            state.version = 1;
            state.instances = present.iter().map(|(target, status)| (target.clone(), (instance(target, status.clone()), 1))).collect();
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_names_every_target_once_and_orphans_are_never_targets(targets in targets(), present in instances(), differs: bool) {
        let mut wanted = release(&[ACCOUNTS[0]], &[REGIONS[0]]);
        let mut set = set_of(&wanted);
        if differs {
            set.template_body.clear();
        }
        wanted.targets = targets;
        let listed = present.iter().map(|(target, status)| instance(target, status.clone())).collect();
        let plan = plan(&wanted, &Observed { stack_set: Some(set), instances: listed });
        let (orphans, planned): (Vec<_>, Vec<_>) = plan.instances.iter().partition(|instance| instance.action == InstanceAction::Orphan);
        let planned: Vec<_> = planned.iter().map(|instance| instance.target.clone()).collect();
        prop_assert_eq!(planned, wanted.targets.iter().collect::<Vec<_>>());
        let orphans: BTreeSet<_> = orphans.iter().map(|instance| &instance.target).collect();
        prop_assert_eq!(orphans, present.keys().filter(|target| !wanted.targets.contains(target)).collect::<BTreeSet<_>>());
        prop_assert_eq!(plan.is_nothing_to_do(), !differs && wanted.targets.iter().all(|target| present.get(&target) == Some(&InstanceStatus::Current)));
    }

    #[test]
    fn after_a_successful_rollout_nothing_is_left_to_do(
        targets in targets(), present in instances(), set_exists: bool, differs: bool, ordered: bool,
    ) {
        let cloud = cloud_with(&present, set_exists, differs);
        let mut wanted = release(&[ACCOUNTS[0]], &[REGIONS[0]]);
        wanted.targets = targets;
        if ordered {
            wanted.preferences.region_order = wanted.targets.regions.iter().rev().cloned().collect();
        }
        let rollout = rolled_out(&cloud, &wanted).unwrap();
        prop_assert_eq!(rollout.verdict(), Verdict::Succeeded);
        let version = cloud.state().version;
        for target in wanted.targets.iter() {
            prop_assert_eq!(cloud.state().instances[&target].1, version, "{}", target);
        }
        let after = plan(&wanted, &block_on(observe(&cloud, &wanted)).unwrap());
        prop_assert!(after.is_nothing_to_do(), "{after:?}");
        prop_assert!(rolled_out(&cloud, &wanted).unwrap().nothing_to_do);
    }

    #[test]
    fn every_target_is_in_the_record_and_success_is_only_reported_for_the_release(
        targets in targets(), present in instances(), fates in fates(), tolerance in 0_u8..=100, differs: bool,
    ) {
        let cloud = cloud_with(&present, true, differs);
        cloud.state().fates = fates;
        let orphans: Vec<_> = present.keys().filter(|target| !targets.contains(target)).cloned().collect();
        let mut wanted = release(&[ACCOUNTS[0]], &[REGIONS[0]]);
        wanted.targets = targets;
        wanted.preferences.failure_tolerance_percentage = Some(tolerance);
        let rollout = rolled_out(&cloud, &wanted).unwrap();
        let recorded: Vec<_> = rollout.targets.iter().map(stack_rollout::TargetRecord::target).collect();
        prop_assert_eq!(recorded, wanted.targets.iter().collect::<Vec<_>>());
        let state = cloud.state();
        let matches_release = state.set.as_ref().is_some_and(|set| set.parameters == wanted.parameters);
        for record in &rollout.targets {
            let is_up_to_date = matches!(record.outcome, Outcome::Succeeded | Outcome::Unchanged);
            if is_up_to_date {
                let (instance, version) = &state.instances[&record.target()];
                prop_assert!(matches_release);
                prop_assert_eq!((&instance.status, *version), (&InstanceStatus::Current, state.version));
            }
            prop_assert_eq!(record.reason.is_some(), !is_up_to_date, "exactly the targets that are not up to date have a reason");
        }
        prop_assert_eq!(rollout.verdict() == Verdict::Succeeded, rollout.counts.succeeded + rollout.counts.unchanged == rollout.counts.targets);
        for orphan in orphans {
            prop_assert_eq!(state.instances[&orphan].1, 1, "an orphan keeps its version");
        }
    }
}
