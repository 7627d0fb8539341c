//! The accounts of organizational units, as targets.
//!
//! AWS Organizations lists a parent's direct children only, twenty a page, and a page may be empty and still have a token; nested units
//! are walked, suspended accounts are left out, and so is the management account, to which no stack set deploys (AWS CloudFormation user guide,
//! "Service-managed permissions"; AWS Organizations API, ListAccountsForParent).

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::future::Future;
use std::str::FromStr;

use aws_names::{AccountId, InvalidName};

use crate::call_error::CallError;

/// How deep units can be below a root (AWS Organizations quotas), with room to spare: an answer that goes deeper is no organization.
const DEEPEST: usize = 16;

/// The id of an organizational unit, or of a root: `ou-abcd-11111111`, `r-abcd`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(String);

/// An account of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub account: AccountId,
    /// Whether it can be deployed to; a suspended or closing account cannot.
    pub active: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it; perhaps nothing, although more pages follow.
    pub items: Vec<T>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// The port to an organization. It answers to its management account and to delegated administrators.
pub trait Organization: Sync {
    /// The account that manages the organization.
    fn management_account(&self) -> impl Future<Output = Result<AccountId, CallError>> + Send;

    /// The accounts that are directly in a unit.
    fn accounts(&self, unit: &UnitId, token: Option<&str>) -> impl Future<Output = Result<Page<Member>, CallError>> + Send;

    /// The units that are directly in a unit.
    fn units(&self, unit: &UnitId, token: Option<&str>) -> impl Future<Output = Result<Page<UnitId>, CallError>> + Send;
}

/// The active accounts in these units and in all units below them, without the management account.
pub async fn active_accounts<O: Organization>(organization: &O, units: &[UnitId]) -> Result<BTreeSet<AccountId>, CallError> {
    let mut accounts = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut left: Vec<(UnitId, usize)> = units.iter().map(|unit| (unit.clone(), 0)).collect();
    while let Some((unit, depth)) = left.pop() {
        // A unit that was named twice, or that lies in another one that was named, is read once.
        if !seen.insert(unit.clone()) {
            continue;
        }
        if depth > DEEPEST {
            return Err(CallError::unusable("ListOrganizationalUnitsForParent", format!("unit `{unit}` lies deeper than any unit can")));
        }
        let parent = &unit;
        let members =
            all_pages("ListAccountsForParent", |token| async move { organization.accounts(parent, token.as_deref()).await }).await?;
        accounts.extend(members.into_iter().filter(|member| member.active).map(|member| member.account));
        let children =
            all_pages("ListOrganizationalUnitsForParent", |token| async move { organization.units(parent, token.as_deref()).await })
                .await?;
        left.extend(children.into_iter().map(|child| (child, depth + 1)));
    }
    // Only asked when it matters.
    if !accounts.is_empty() {
        accounts.remove(&organization.management_account().await?);
    }
    Ok(accounts)
}

/// How a list of accounts changes those of organizational units (`AccountFilterType` of CloudFormation's deployment targets).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountFilter {
    /// Only those of the units' accounts that are listed.
    Intersection,
    /// Only those that are not.
    Difference,
    /// The units' accounts and the listed ones, wherever they are.
    Union,
}

impl AccountFilter {
    /// The accounts that are meant, of the units' own and of those that are listed.
    pub fn apply(self, members: &BTreeSet<AccountId>, listed: &BTreeSet<AccountId>) -> BTreeSet<AccountId> {
        match self {
            Self::Intersection => members & listed,
            Self::Difference => members - listed,
            Self::Union => members | listed,
        }
    }
}

/// The items of all pages. A list whose tokens repeat does not end.
async fn all_pages<T, Fut>(operation: &'static str, page: impl Fn(Option<String>) -> Fut) -> Result<Vec<T>, CallError>
where
    Fut: Future<Output = Result<Page<T>, CallError>>,
{
    let (mut items, mut seen, mut token) = (Vec::new(), HashSet::new(), None);
    loop {
        let page = page(token).await?;
        items.extend(page.items);
        token = page.next_token;
        match &token {
            None => return Ok(items),
            Some(token) if !seen.insert(token.clone()) => {
                return Err(CallError::unusable(operation, "the list does not end: a page's token came twice"));
            }
            Some(_) => {}
        }
    }
}

impl UnitId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UnitId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |text: &str, length: std::ops::RangeInclusive<usize>| {
            length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let valid = match text.split('-').collect::<Vec<_>>()[..] {
            ["r", root] => word(root, 4..=32),
            ["ou", root, unit] => word(root, 4..=32) && word(unit, 8..=32),
            _ => false,
        };
        if valid {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidName { text: text.to_owned(), expected: "the id of an organizational unit (ou-abcd-11111111) or of a root (r-abcd)" })
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
