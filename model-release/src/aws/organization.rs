//! The accounts of organizational units, asked of AWS Organizations.

use stack_rollout::aws::AwsOrganization;
use stack_rollout::organization::{UnitId, active_accounts};

use super::Session;
use crate::Accounts;
use crate::diagnostic::{Diagnostic, Failure};

/// The accounts as a list: units are resolved, all else stays as it is.
pub async fn listed(session: &Session, accounts: &Accounts) -> Result<Accounts, Failure> {
    let Accounts::Units(units, filter) = accounts else { return Ok(accounts.clone()) };
    let organization = AwsOrganization::from_config(session.config());
    let found = active_accounts(&organization, units).await.map_err(|error| {
        let hint = match error.code.as_deref() {
            Some("ParentNotFoundException") => {
                Some(format!("no unit of this account's organization has one of these ids: {}", names(units)))
            }
            Some("AccessDeniedException" | "AWSOrganizationsNotInUseException") => Some(
                "only the organization's management account and its delegated administrators can list it; or give the accounts as a list"
                    .to_owned(),
            ),
            _ => error.hint(),
        };
        Failure::unreachable(Diagnostic::error(error.to_string()).with_hint_opt(hint))
    })?;
    let found = match filter {
        Some((filter, listed)) => filter.apply(&found, listed),
        None => found,
    };
    if found.is_empty() {
        return Err(Diagnostic::error(format!(
            "there is no active account in {} or below{}",
            names(units),
            if filter.is_some() { " that the list of accounts leaves" } else { "" }
        ))
        .into());
    }
    Ok(Accounts::Listed(found.into_iter().collect()))
}

fn names(units: &[UnitId]) -> String {
    units.iter().map(UnitId::as_str).collect::<Vec<_>>().join(", ")
}
