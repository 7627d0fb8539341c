//! Lists the accounts of organizational units.
//!
//! AWS Organizations lists only the direct children of a parent, at most twenty a page; a page can
//! be empty and still have a token. This module walks nested units. It skips suspended accounts and
//! the management account, to which stack sets do not deploy (AWS CloudFormation user guide,
//! "Service-managed permissions"; AWS Organizations API, ListAccountsForParent).

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::future::Future;
use std::str::FromStr;

use aws_names::{AccountId, InvalidName};

use crate::call_error::CallError;

/// The maximum depth below a root (AWS Organizations quotas), with a margin.
const DEEPEST: usize = 16;

/// The id of an organizational unit, or of a root: `ou-abcd-11111111`, `r-abcd`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(String);

/// An account of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The account id.
    pub account: AccountId,
    /// Whether a stack set can deploy to it. A suspended or closing account is not active.
    pub active: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items. A page can be empty even if more pages follow.
    pub items: Vec<T>,
    /// The token of the next page, if any.
    pub next_token: Option<String>,
}

/// The port to an organization, for its management account and delegated administrators.
pub trait Organization: Sync {
    /// The management account.
    fn management_account(&self) -> impl Future<Output = Result<AccountId, CallError>> + Send;

    /// One page of the accounts directly in a unit.
    fn accounts(&self, unit: &UnitId, token: Option<&str>) -> impl Future<Output = Result<Page<Member>, CallError>> + Send;

    /// One page of the units directly in a unit.
    fn units(&self, unit: &UnitId, token: Option<&str>) -> impl Future<Output = Result<Page<UnitId>, CallError>> + Send;
}

/// The active accounts in these units and in all units below them, without the management account.
pub async fn active_accounts<O: Organization>(organization: &O, units: &[UnitId]) -> Result<BTreeSet<AccountId>, CallError> {
    let mut accounts = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut pending: Vec<(UnitId, usize)> = units.iter().map(|unit| (unit.clone(), 0)).collect();
    while let Some((unit, depth)) = pending.pop() {
        // A unit that is named twice, or that is inside another named unit, is read once.
        if !seen.insert(unit.clone()) {
            continue;
        }
        if depth > DEEPEST {
            return Err(CallError::unusable(
                "ListOrganizationalUnitsForParent",
                format!("unit `{unit}` is nested deeper than AWS Organizations allows"),
            ));
        }
        let parent = &unit;
        let members =
            all_pages("ListAccountsForParent", |token| async move { organization.accounts(parent, token.as_deref()).await }).await?;
        accounts.extend(members.into_iter().filter(|member| member.active).map(|member| member.account));
        let children =
            all_pages("ListOrganizationalUnitsForParent", |token| async move { organization.units(parent, token.as_deref()).await })
                .await?;
        pending.extend(children.into_iter().map(|child| (child, depth + 1)));
    }
    // Skip the call if there are no accounts.
    if !accounts.is_empty() {
        accounts.remove(&organization.management_account().await?);
    }
    Ok(accounts)
}

/// How a list filters the accounts of units (`AccountFilterType` of deployment targets).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountFilter {
    /// The units' accounts that are in the list.
    Intersection,
    /// The units' accounts that are not in the list.
    Difference,
    /// The units' accounts and all accounts in the list.
    Union,
}

impl AccountFilter {
    /// The resulting accounts, from the units' accounts and the list.
    pub fn apply(self, members: &BTreeSet<AccountId>, listed: &BTreeSet<AccountId>) -> BTreeSet<AccountId> {
        match self {
            Self::Intersection => members & listed,
            Self::Difference => members - listed,
            Self::Union => members | listed,
        }
    }
}

/// The items of all pages. A repeated token is an error, because the list would not end.
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
                return Err(CallError::unusable(operation, "the list does not end: a page token was repeated"));
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
        let is_valid = match text.split('-').collect::<Vec<_>>()[..] {
            ["r", root] => word(root, 4..=32),
            ["ou", root, unit] => word(root, 4..=32) && word(unit, 8..=32),
            _ => false,
        };
        if is_valid {
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
