//! Parameters with other values in some of a stage's accounts or regions.

mod reader;

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, Region};

use crate::layer::{Layer, Setting};
use crate::problem::{Place, Problem, did_you_mean};

/// Parameters with other values in some accounts or regions: a stack set's parameter overrides.
///
/// If several overrides apply to one account and region, the more specific one wins: an account's
/// value replaces a region's, and one for an account and region together replaces both. Two equally
/// specific overrides of the same parameter are rejected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// The overrides, in the order of the file.
    pub entries: Vec<Override>,
    /// Findings about the file that do not prevent its use.
    pub notes: Vec<Problem>,
}

/// Some parameters in some accounts or regions.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The accounts, each with its place; if empty, every account of the stage.
    pub accounts: BTreeMap<String, Place>,
    /// The regions, each with its place; if empty, every region of the stage.
    pub regions: BTreeMap<String, Place>,
    /// The parameters by name.
    pub parameters: BTreeMap<String, Setting>,
}

/// The parameter overrides of a stack set's instances in one account or region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetOverride {
    /// Only in this account; if none, in every account.
    pub account: Option<AccountId>,
    /// Only in this region; if none, in every region.
    pub region: Option<Region>,
    /// The values by parameter name.
    pub parameters: BTreeMap<String, String>,
}

impl Overrides {
    /// The overrides for this account and region, as a layer above all others.
    pub fn layer(&self, account: &str, region: &str) -> Layer {
        let mut layer = Layer { notes: self.notes.clone(), ..Layer::default() };
        let mut entries: Vec<&Override> = self.entries.iter().filter(|entry| entry.applies(account, region)).collect();
        entries.sort_by_key(|entry| entry.weight());
        for entry in entries {
            layer.parameters.extend(entry.parameters.iter().map(|(name, setting)| (name.clone(), setting.clone())));
        }
        layer
    }

    /// Checks that every account and region in the file is a target of the stage.
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

    /// The overrides one by one, so that a later one replaces an earlier one: per region, per
    /// account, per account and region.
    pub fn by_target(&self) -> Vec<TargetOverride> {
        let mut found: BTreeMap<_, BTreeMap<String, String>> = BTreeMap::new();
        for entry in &self.entries {
            let texts = || entry.parameters.iter().filter_map(|(name, setting)| Some((name.clone(), setting.value.text()?.to_owned())));
            for (account, region) in entry.targets() {
                found.entry((entry.weight(), account, region)).or_default().extend(texts());
            }
        }
        // Both were parsed when the file was read, so every id is valid.
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

    /// How specific the override is.
    fn weight(&self) -> u8 {
        match (self.accounts.is_empty(), self.regions.is_empty()) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        }
    }

    /// Each combination of account and region that the override applies to.
    fn targets(&self) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
        let regions = || ids(&self.regions);
        ids(&self.accounts).flat_map(move |account| regions().map(move |region| (account, region)))
    }

    /// The number of these combinations.
    fn target_count(&self) -> usize {
        self.accounts.len().max(1).saturating_mul(self.regions.len().max(1))
    }
}

/// The ids, or a single `None` if there are no ids.
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
            Problem::error("not-a-target", format!("{what} `{id}` is not a target of the stage; {}", known()))
                .with_hint(
                    did_you_mean(id, targets.iter().copied()).unwrap_or_else(|| "remove it, or make it a target of the stage".to_owned()),
                )
                .at(place.clone())
        })
        .collect()
}
