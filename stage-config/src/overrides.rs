//! Parameters that are others in some of a stage's accounts or regions.

mod reader;

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, Region};

use crate::layer::{Layer, Setting};
use crate::problem::{Place, Problem, did_you_mean};

/// Parameters that are others in some accounts or regions: what a stack set calls parameter overrides.
///
/// Where several overrides meet in one account and region, the one that says more of the target wins: a region's value is replaced by
/// an account's, and that by the one of an account and region together. Two that say as much about the same parameter are refused.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// The overrides, in the order of the file.
    pub entries: Vec<Override>,
    /// Findings about the file that do not stop it from being used.
    pub notes: Vec<Problem>,
}

/// Some parameters, in some accounts or regions.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The accounts, each with its place; every account of the stage when empty.
    pub accounts: BTreeMap<String, Place>,
    /// The regions, each with its place; every region of the stage when empty.
    pub regions: BTreeMap<String, Place>,
    /// The parameters by name.
    pub parameters: BTreeMap<String, Setting>,
}

/// The parameters that a stack set's instances of one account or region are given in place of the stack set's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetOverride {
    /// Only in this account; in every one when none.
    pub account: Option<AccountId>,
    /// Only in this region; in every one when none.
    pub region: Option<Region>,
    /// The values by the parameters' names.
    pub parameters: BTreeMap<String, String>,
}

impl Overrides {
    /// The parameters that are others in this account and region, as a layer over all others.
    pub fn layer(&self, account: &str, region: &str) -> Layer {
        let mut layer = Layer { notes: self.notes.clone(), ..Layer::default() };
        let mut entries: Vec<&Override> = self.entries.iter().filter(|entry| entry.applies(account, region)).collect();
        entries.sort_by_key(|entry| entry.weight());
        for entry in entries {
            layer.parameters.extend(entry.parameters.iter().map(|(name, setting)| (name.clone(), setting.clone())));
        }
        layer
    }

    /// Whether each account and region that is named is a target of the stage.
    pub fn check_targets<'a>(
        &self,
        accounts: impl IntoIterator<Item = &'a str>,
        regions: impl IntoIterator<Item = &'a str>,
    ) -> Vec<Problem> {
        let (accounts, regions): (BTreeSet<&str>, BTreeSet<&str>) = (accounts.into_iter().collect(), regions.into_iter().collect());
        let mut problems = Vec::new();
        for entry in &self.entries {
            problems.extend(strangers("account", &entry.accounts, &accounts));
            problems.extend(strangers("region", &entry.regions, &regions));
        }
        problems
    }

    /// The overrides one by one, so that a later one wins over an earlier one: for each region, for each account, for both together.
    pub fn by_target(&self) -> Vec<TargetOverride> {
        let mut found: BTreeMap<_, BTreeMap<String, String>> = BTreeMap::new();
        for entry in &self.entries {
            let texts = || entry.parameters.iter().filter_map(|(name, setting)| Some((name.clone(), setting.value.text()?.to_owned())));
            for (account, region) in entry.targets() {
                found.entry((entry.weight(), account, region)).or_default().extend(texts());
            }
        }
        // Both were read as such: a text that is none is no target.
        found
            .into_iter()
            .map(|((_, account, region), parameters)| TargetOverride {
                account: account.and_then(|id| id.parse().ok()),
                region: region.and_then(|id| id.parse().ok()),
                parameters,
            })
            .collect()
    }
}

impl Override {
    fn applies(&self, account: &str, region: &str) -> bool {
        (self.accounts.is_empty() || self.accounts.contains_key(account)) && (self.regions.is_empty() || self.regions.contains_key(region))
    }

    /// How much the override says of its target.
    fn weight(&self) -> u8 {
        match (self.accounts.is_empty(), self.regions.is_empty()) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        }
    }

    /// Each account and region that the override names, both as far as it names them.
    fn targets(&self) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
        let regions = || ids(&self.regions);
        ids(&self.accounts).flat_map(move |account| regions().map(move |region| (account, region)))
    }

    /// How many there are of them.
    fn target_count(&self) -> usize {
        self.accounts.len().max(1).saturating_mul(self.regions.len().max(1))
    }
}

/// The ids, or once none when there are none.
fn ids(named: &BTreeMap<String, Place>) -> impl Iterator<Item = Option<&str>> {
    let all = named.is_empty().then_some(None);
    named.keys().map(|id| Some(id.as_str())).chain(all)
}

fn strangers(what: &str, named: &BTreeMap<String, Place>, targets: &BTreeSet<&str>) -> Vec<Problem> {
    let known = || match targets.len() {
        0..=10 => format!("its targets are {}", targets.iter().copied().collect::<Vec<_>>().join(", ")),
        count => format!("it has {count} {what}s"),
    };
    named
        .iter()
        .filter(|(id, _)| !targets.contains(id.as_str()))
        .map(|(id, place)| {
            Problem::error("not-a-target", format!("{what} `{id}` is no target of the stage; {}", known()))
                .with_hint(
                    did_you_mean(id, targets.iter().copied()).unwrap_or_else(|| "remove it, or make it a target of the stage".to_owned()),
                )
                .at(place.clone())
        })
        .collect()
}
