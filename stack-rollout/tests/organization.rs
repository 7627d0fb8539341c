//! The accounts of organizational units, in organizations of any shape.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use proptest::prelude::*;
use stack_rollout::organization::{Member, Organization, Page, UnitId, active_accounts};
use stack_rollout::{AccountId, CallError};

/// An organization in memory, with two items a page and an empty page before each list.
#[derive(Debug, Default)]
struct Memory {
    accounts: BTreeMap<String, Vec<(u32, bool)>>,
    units: BTreeMap<String, Vec<String>>,
}

const MANAGEMENT: u32 = 0;

fn account(number: u32) -> AccountId {
    format!("{number:012}").parse().unwrap()
}

fn unit(number: usize) -> String {
    format!("ou-root-{number:08}")
}

fn page<T: Clone>(all: &[T], token: Option<&str>) -> Page<T> {
    let Some(begin) = token.map(|token| token.parse::<usize>().unwrap()) else {
        return Page { items: Vec::new(), next_token: Some("0".to_owned()) };
    };
    let end = all.len().min(begin + 2);
    Page { items: all[begin..end].to_vec(), next_token: (end < all.len()).then(|| end.to_string()) }
}

impl Organization for Memory {
    fn management_account(&self) -> impl Future<Output = Result<AccountId, CallError>> + Send {
        std::future::ready(Ok(account(MANAGEMENT)))
    }

    fn accounts(&self, unit: &UnitId, token: Option<&str>) -> impl Future<Output = Result<Page<Member>, CallError>> + Send {
        let empty = Vec::new();
        let found = self.accounts.get(unit.as_str()).unwrap_or(&empty);
        let members: Vec<_> = found.iter().map(|(number, active)| Member { account: account(*number), active: *active }).collect();
        std::future::ready(Ok(page(&members, token)))
    }

    fn units(&self, unit: &UnitId, token: Option<&str>) -> impl Future<Output = Result<Page<UnitId>, CallError>> + Send {
        let empty = Vec::new();
        let children: Vec<_> = self.units.get(unit.as_str()).unwrap_or(&empty).iter().map(|id| id.parse().unwrap()).collect();
        std::future::ready(Ok(page(&children, token)))
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_active_account_below_the_units_is_a_target_once(
        // Each unit's parent has a lower number: a tree. Each account is in one unit.
        parents in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
        members in proptest::collection::vec((any::<proptest::sample::Index>(), any::<bool>()), 0..40),
        selected in any::<proptest::sample::Index>(),
    ) {
        let count = parents.len() + 1;
        let mut organization = Memory::default();
        let mut parent_of = BTreeMap::new();
        for (index, parent) in parents.iter().enumerate() {
            let (child, parent) = (index + 1, parent.index(index + 1));
            parent_of.insert(child, parent);
            organization.units.entry(unit(parent)).or_default().push(unit(child));
        }
        let top = selected.index(count);
        let below = |mut number: usize| loop {
            if number == top { break true }
            match parent_of.get(&number) { Some(parent) => number = *parent, None => break false }
        };
        let mut expected = BTreeSet::new();
        for (index, (unit_number, active)) in members.iter().enumerate() {
            let (number, unit_number) = (u32::try_from(index).unwrap(), unit_number.index(count));
            organization.accounts.entry(unit(unit_number)).or_default().push((number, *active));
            if *active && below(unit_number) && number != MANAGEMENT {
                expected.insert(account(number));
            }
        }
        // A unit that is named twice is read once.
        let units = [unit(top).parse().unwrap(), unit(top).parse().unwrap()];
        prop_assert_eq!(block_on(active_accounts(&organization, &units)).unwrap(), expected);
    }
}

#[test]
fn a_list_that_does_not_end_is_an_error() {
    struct Endless;
    impl Organization for Endless {
        async fn management_account(&self) -> Result<AccountId, CallError> {
            Ok(account(MANAGEMENT))
        }
        async fn accounts(&self, _: &UnitId, _: Option<&str>) -> Result<Page<Member>, CallError> {
            Ok(Page { items: Vec::new(), next_token: Some("again".to_owned()) })
        }
        async fn units(&self, unit: &UnitId, _: Option<&str>) -> Result<Page<UnitId>, CallError> {
            Ok(Page { items: vec![unit.clone()], next_token: None })
        }
    }
    let error = block_on(active_accounts(&Endless, &["r-abcd".parse().unwrap()])).unwrap_err();
    assert!(error.to_string().contains("was repeated"), "{error}");
}

#[test]
fn ids_of_units_and_roots_are_validated() {
    for id in ["r-abcd", "ou-abcd-11111111", "ou-examplerootid111-exampleouid111"] {
        assert!(id.parse::<UnitId>().is_ok(), "{id}");
    }
    for text in ["", "ou-abcd", "ou-abcd-1", "222222222222", "r-AB", "ou-abcd-11111111-x"] {
        assert!(text.parse::<UnitId>().is_err(), "{text}");
    }
}
