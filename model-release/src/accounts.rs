//! The target accounts of a stage.

use std::collections::BTreeSet;

use aws_names::AccountId;
use stack_rollout::organization::{AccountFilter, UnitId};

/// How the accounts of a stage are specified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accounts {
    /// The caller's account (single-account mode).
    Own,
    /// A list of accounts.
    Listed(BTreeSet<AccountId>),
    /// All active accounts in organizational units, filtered by a list of accounts if there is one.
    /// Resolving them calls AWS Organizations.
    Units(Vec<UnitId>, Option<(AccountFilter, BTreeSet<AccountId>)>),
}
