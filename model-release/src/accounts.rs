//! The target accounts of a stage, as they are wanted.

use std::collections::BTreeSet;

use aws_names::AccountId;
use stack_rollout::organization::{AccountFilter, UnitId};

/// The accounts of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accounts {
    /// The caller's own account (single-account mode).
    Own,
    /// These.
    Listed(BTreeSet<AccountId>),
    /// All active ones in these organizational units, filtered by a list of accounts where one is given: AWS Organizations has to be called.
    Units(Vec<UnitId>, Option<(AccountFilter, BTreeSet<AccountId>)>),
}
