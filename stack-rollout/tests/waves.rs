//! How targets are divided into waves.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stack_rollout::{Target, Targets, Wave, WaveSpec};

fn account(number: usize) -> String {
    format!("{:012}", 222_222_222_000_usize + number)
}

const REGIONS: [&str; 3] = ["ap-south-1", "eu-west-1", "us-east-1"];

fn targets(accounts: usize, regions: usize) -> Targets {
    Targets::new((0..accounts).map(|number| account(number).parse().unwrap()), REGIONS[..regions].iter().map(|name| name.parse().unwrap()))
}

fn waves(spec: &str, targets: &Targets) -> Result<Vec<Wave>, String> {
    let described = |error: stack_rollout::InvalidWaves| format!("{error}; {}", error.hint);
    spec.parse::<WaveSpec>().map_err(described)?.waves(targets).map_err(described)
}

/// The number of accounts and regions of each wave.
fn sizes(spec: &str, targets: &Targets) -> Vec<(usize, usize)> {
    waves(spec, targets).unwrap().iter().map(|wave| (wave.targets.accounts.len(), wave.targets.regions.len())).collect()
}

#[test]
fn a_wave_is_a_number_a_percentage_names_or_the_rest() {
    let twelve = targets(12, 2);
    assert_eq!(sizes("1,10%,rest", &twelve), [(1, 2), (2, 2), (9, 2)], "percentages round up");
    assert_eq!(sizes("rest", &twelve), [(12, 2)]);
    assert_eq!(sizes(" 1 , 50 % , rest ", &twelve), [(1, 2), (6, 2), (5, 2)]);
    let named = format!("{}+{},1,rest", account(5), account(7));
    let found = waves(&named, &twelve).unwrap();
    let first: Vec<_> = found[0].targets.accounts.iter().map(ToString::to_string).collect();
    assert_eq!((first, found[0].size.as_str()), (vec![account(5), account(7)], &*format!("{}+{}", account(5), account(7))));
    assert_eq!(found[1].targets.accounts.first().unwrap().as_str(), account(0), "in the order of their ids");
    // After a region, the other waves have the remaining regions.
    assert_eq!(sizes("eu-west-1,1,rest", &twelve), [(12, 1), (1, 1), (11, 1)]);
    assert_eq!(sizes(&format!("{},eu-west-1,rest", account(2)), &targets(3, 3)), [(1, 3), (2, 1), (2, 2)]);
}

#[test]
fn waves_that_cannot_be_meant_are_refused_with_the_reason() {
    let three = targets(3, 2);
    let refused = |spec: &str| waves(spec, &three).unwrap_err();
    for (spec, message) in [
        ("", "`` is not a wave; a wave is a number of accounts"),
        ("1,,rest", "`` is not a wave"),
        ("0,rest", "a wave of 0 accounts is empty"),
        ("0%,rest", "`0%` is not a wave; a percentage of the accounts is 1% to 100%"),
        ("101%,rest", "`101%` is not a wave"),
        ("-1,rest", "`-1` is not a wave"),
        ("+1,rest", "`+1` is not a wave"),
        ("1.5%,rest", "`1.5%` is not a wave"),
        ("first,rest", "`first` is not a wave"),
        ("99999999999999999999%,rest", "is not a wave"),
        ("222222222000+eu-west-1,rest", "`222222222000+eu-west-1` is not a wave"),
        ("1,10%", "the last wave is not `rest`"),
        ("rest,1", "`rest` is not the last wave"),
        ("rest,rest", "`rest` is not the last wave"),
        ("3,rest", "wave 2 (`rest`) has no target"),
        ("100%,1,rest", "wave 2 (`1`) has no target"),
        ("ap-south-1+eu-west-1,rest", "wave 2 (`rest`) has no target"),
        ("999999999999,rest", "wave 1 names the account `999999999999`, which is not a target; the targets have the accounts 222222222000"),
        ("us-east-1,rest", "wave 1 names the region `us-east-1`, which is not a target"),
        ("1,222222222000,rest", "wave 2 names the account `222222222000`, which an earlier wave has"),
        ("eu-west-1,eu-west-1,rest", "wave 2 names the region `eu-west-1`, which an earlier wave has"),
    ] {
        assert!(refused(spec).contains(message), "{spec}: {}", refused(spec));
    }
}

#[test]
fn limited_waves_keep_their_number_and_empty_ones_are_omitted() {
    let all = waves("1,1,rest", &targets(4, 2)).unwrap();
    let only = Targets::new([account(0), account(3)].map(|name| name.parse().unwrap()), [REGIONS[0].parse().unwrap()]);
    let limited = Wave::within(all, &only);
    assert_eq!(limited.iter().map(|wave| wave.number).collect::<Vec<_>>(), [1, 3]);
    assert!(limited.iter().all(|wave| wave.targets.len() == 1));
}

fn spec() -> impl Strategy<Value = String> {
    let size = prop_oneof![
        (1..6_usize).prop_map(|count| count.to_string()),
        (1..=100_usize).prop_map(|percent| format!("{percent}%")),
        prop::collection::btree_set(0..12_usize, 1..3).prop_map(|named| named.into_iter().map(account).collect::<Vec<_>>().join("+")),
        prop::sample::subsequence(REGIONS.to_vec(), 1..=2).prop_map(|named| named.join("+")),
    ];
    prop::collection::vec(size, 0..5).prop_map(|mut sizes| {
        sizes.push("rest".to_owned());
        sizes.join(",")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_target_is_in_exactly_one_wave_and_no_wave_is_empty(spec in spec(), accounts in 1..12_usize, regions in 1..=3_usize) {
        let all = targets(accounts, regions);
        let Ok(found) = waves(&spec, &all) else { return Ok(()) };
        let mut times: BTreeMap<Target, usize> = BTreeMap::new();
        for wave in &found {
            prop_assert!(!wave.targets.is_empty(), "{wave:?}");
            wave.targets.iter().for_each(|target| *times.entry(target).or_default() += 1);
        }
        prop_assert_eq!(times.keys().cloned().collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
        prop_assert!(times.values().all(|times| *times == 1), "{times:?}");
        prop_assert_eq!(found.iter().map(|wave| wave.number).collect::<Vec<_>>(), (1..=found.len()).collect::<Vec<_>>());
        prop_assert_eq!(&waves(&spec, &all).unwrap(), &found, "the same targets have the same waves");
    }

    #[test]
    fn a_specification_is_read_as_it_is_displayed(spec in spec()) {
        let read: WaveSpec = spec.parse().unwrap();
        prop_assert_eq!(read.to_string().parse::<WaveSpec>().unwrap(), read);
    }

    #[test]
    fn a_percentage_has_at_least_that_share_of_the_accounts(percent in 1..=100_usize, accounts in 1..200_usize) {
        let all = targets(accounts, 1);
        let Ok(found) = waves(&format!("{percent}%,rest"), &all) else {
            prop_assert!((percent * accounts).div_ceil(100) == accounts);
            return Ok(());
        };
        let first = found[0].targets.accounts.len();
        prop_assert!(first * 100 >= percent * accounts && (first - 1) * 100 < percent * accounts, "{first}");
    }
}
