//! Lists the accounts of organizational units with AWS Organizations.

use stack_rollout::aws::AwsOrganization;
use stack_rollout::organization::{UnitId, active_accounts};

use super::Session;
use crate::Accounts;
use crate::diagnostic::{Diagnostic, Failure};

/// Resolves organizational units into a list of accounts; other values are returned unchanged.
pub async fn listed(session: &Session, accounts: &Accounts) -> Result<Accounts, Failure> {
    let Accounts::Units(units, filter) = accounts else { return Ok(accounts.clone()) };
    let organization = AwsOrganization::from_config(session.config());
    let found = active_accounts(&organization, units).await.map_err(|error| {
        let hint = match error.code.as_deref() {
            Some("ParentNotFoundException") => {
                Some(format!("check the ids: this account's organization does not have all of these units: {}", names(units)))
            }
            Some("AccessDeniedException" | "AWSOrganizationsNotInUseException") => {
                Some("use the organization's management account or a delegated administrator, or set the accounts as a list".to_owned())
            }
            _ => error.hint(),
        };
        Failure::unreachable(Diagnostic::error(error.to_string()).in_aws(None::<&str>, error.region.as_ref()).with_hint_opt(hint))
    })?;
    let found = match filter {
        Some((filter, listed)) => filter.apply(&found, listed),
        None => found,
    };
    if found.is_empty() {
        return Err(Diagnostic::error(format!(
            "{} and the units below have no active account{}",
            names(units),
            if filter.is_some() { " that passes the account filter" } else { "" }
        ))
        .into());
    }
    Ok(Accounts::Listed(found.into_iter().collect()))
}

fn names(units: &[UnitId]) -> String {
    units.iter().map(UnitId::as_str).collect::<Vec<_>>().join(", ")
}
