//! Divides the targets of a rollout into waves.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use aws_names::{AccountId, Region};

use crate::release::Targets;

/// How a rollout is divided into waves, such as `1,10%,rest`.
///
/// The sizes are separated by commas. A size is a number of accounts, a percentage of all accounts
/// (rounded up), account ids or regions joined by `+`, or `rest`. Each wave has all regions of its
/// accounts that no earlier wave has. The last size must be `rest`, so that no target is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveSpec(Vec<WaveSize>);

/// The size of one wave.
#[derive(Debug, Clone, PartialEq, Eq)]
enum WaveSize {
    Count(usize),
    Percent(usize),
    Accounts(BTreeSet<AccountId>),
    Regions(BTreeSet<Region>),
    Rest,
}

/// One wave of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wave {
    /// Its number, from 1.
    pub number: usize,
    /// Its size, as in the specification.
    pub size: String,
    /// Its targets; never empty.
    pub targets: Targets,
}

/// Why targets cannot be divided into waves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidWaves {
    /// What is wrong.
    pub message: String,
    /// How to fix it.
    pub hint: String,
}

impl InvalidWaves {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

const SIZES: &str = "a wave is a number of accounts, a percentage such as 10%, account ids or regions joined by `+`, or `rest`";

impl FromStr for WaveSpec {
    type Err = InvalidWaves;

    fn from_str(text: &str) -> Result<Self, InvalidWaves> {
        let sizes: Vec<WaveSize> = text.split(',').map(|size| size.trim().parse()).collect::<Result<_, _>>()?;
        let rest = sizes.iter().position(|size| *size == WaveSize::Rest);
        if rest != Some(sizes.len() - 1) {
            let message = if rest.is_some() { "`rest` is not the last wave" } else { "the last wave is not `rest`" };
            return Err(InvalidWaves::new(message, "end the waves with `rest`: it has all targets that no earlier wave has"));
        }
        Ok(Self(sizes))
    }
}

impl FromStr for WaveSize {
    type Err = InvalidWaves;

    fn from_str(text: &str) -> Result<Self, InvalidWaves> {
        let unknown = || InvalidWaves::new(format!("`{text}` is not a wave"), SIZES);
        if text == "rest" {
            return Ok(Self::Rest);
        }
        let positive = |digits: &str| digits.parse::<usize>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(digits) = text.strip_suffix('%') {
            let hint = "a percentage of the accounts is 1% to 100%";
            let percent = positive(digits.trim_end()).filter(|percent| (1..=100).contains(percent));
            return percent.map(Self::Percent).ok_or_else(|| InvalidWaves::new(format!("`{text}` is not a wave"), hint));
        }
        if text.len() < 12
            && let Some(count) = positive(text)
        {
            return if count > 0 { Ok(Self::Count(count)) } else { Err(InvalidWaves::new("a wave of 0 accounts is empty", SIZES)) };
        }
        let names: Vec<&str> = text.split('+').map(str::trim).collect();
        let accounts: Result<BTreeSet<AccountId>, _> = names.iter().map(|name| name.parse()).collect();
        let regions: Result<BTreeSet<Region>, _> = names.iter().map(|name| name.parse()).collect();
        match (accounts, regions) {
            (Ok(accounts), _) => Ok(Self::Accounts(accounts)),
            (_, Ok(regions)) => Ok(Self::Regions(regions)),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for WaveSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |names: Vec<&str>| names.join("+");
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Accounts(accounts) => f.write_str(&joined(accounts.iter().map(AccountId::as_str).collect())),
            Self::Regions(regions) => f.write_str(&joined(regions.iter().map(Region::as_str).collect())),
            Self::Rest => f.write_str("rest"),
        }
    }
}

impl fmt::Display for WaveSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    }
}

impl WaveSpec {
    /// Divides targets into waves: every target is in exactly one of them, and none is empty.
    ///
    /// Numbers and percentages select accounts in the order of their ids. What the earlier waves
    /// leave is always a combination of accounts and regions, and so is every wave.
    ///
    /// # Errors
    ///
    /// A wave has no target, or names an account or region that is not one or is in an earlier wave.
    pub fn waves(&self, targets: &Targets) -> Result<Vec<Wave>, InvalidWaves> {
        let mut left = targets.clone();
        let mut waves = Vec::with_capacity(self.0.len());
        for (index, size) in self.0.iter().enumerate() {
            let number = index + 1;
            let first = |count: usize| left.accounts.iter().take(count).cloned().collect::<BTreeSet<_>>();
            let all = targets.accounts.len();
            let selected = match size {
                WaveSize::Count(count) => Targets { accounts: first(*count), regions: left.regions.clone() },
                WaveSize::Percent(percent) => Targets { accounts: first((all * percent).div_ceil(100)), regions: left.regions.clone() },
                WaveSize::Accounts(accounts) => {
                    refuse_others("account", number, accounts, &targets.accounts, &left.accounts)?;
                    Targets { accounts: accounts.clone(), regions: left.regions.clone() }
                }
                WaveSize::Regions(regions) => {
                    refuse_others("region", number, regions, &targets.regions, &left.regions)?;
                    Targets { accounts: left.accounts.clone(), regions: regions.clone() }
                }
                WaveSize::Rest => left.clone(),
            };
            if selected.is_empty() {
                let message = format!("wave {number} (`{size}`) has no target: the earlier waves have all of them");
                return Err(InvalidWaves::new(message, "use fewer or smaller waves"));
            }
            if let WaveSize::Regions(regions) = size {
                left.regions.retain(|region| !regions.contains(region));
            } else {
                left.accounts.retain(|account| !selected.accounts.contains(account));
            }
            waves.push(Wave { number, size: size.to_string(), targets: selected });
        }
        Ok(waves)
    }
}

fn refuse_others<T: Ord + fmt::Display>(
    what: &str,
    number: usize,
    named: &BTreeSet<T>,
    all: &BTreeSet<T>,
    left: &BTreeSet<T>,
) -> Result<(), InvalidWaves> {
    if let Some(name) = named.iter().find(|name| !all.contains(name)) {
        let known = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(InvalidWaves::new(
            format!("wave {number} names the {what} `{name}`, which is not a target"),
            format!("the targets have the {what}s {known}"),
        ));
    }
    if let Some(name) = named.iter().find(|name| !left.contains(name)) {
        let message = format!("wave {number} names the {what} `{name}`, which an earlier wave has");
        return Err(InvalidWaves::new(message, format!("name a {what} in one wave, before numbers and percentages select it")));
    }
    Ok(())
}

impl Wave {
    /// A wave with all of these targets, for a rollout without waves.
    pub(crate) fn only(targets: &Targets) -> Self {
        Self { number: 1, size: "rest".to_owned(), targets: targets.clone() }
    }

    /// The waves limited to these targets. A wave that has none of them is omitted.
    pub fn within(waves: Vec<Self>, targets: &Targets) -> Vec<Self> {
        let limited = waves.into_iter().map(|wave| {
            let accounts = wave.targets.accounts.intersection(&targets.accounts).cloned().collect();
            let regions = wave.targets.regions.intersection(&targets.regions).cloned().collect();
            Self { targets: Targets { accounts, regions }, ..wave }
        });
        limited.filter(|wave| !wave.targets.is_empty()).collect()
    }
}
