//! [`Organization`] on AWS Organizations.

use aws_names::AccountId;
use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::Account;

use super::convert::missing;
use super::failure::failed;
use crate::call_error::CallError;
use crate::organization::{Member, Organization, Page, UnitId};

/// The maximum page size of AWS Organizations.
const PAGE: i32 = 20;

/// The organization that the client's account belongs to.
#[derive(Debug, Clone)]
pub struct AwsOrganization {
    client: Client,
}

impl AwsOrganization {
    /// The organization of this configuration's account.
    pub fn from_config(config: &aws_types::SdkConfig) -> Self {
        Self::new(Client::new(config))
    }

    /// The organization of the client's account.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Organization for AwsOrganization {
    async fn management_account(&self) -> Result<AccountId, CallError> {
        const OPERATION: &str = "DescribeOrganization";
        let response = self.client.describe_organization().send().await.map_err(failed(OPERATION))?;
        let account = response.organization.and_then(|organization| organization.master_account_id).unwrap_or_default();
        account.parse().map_err(|_| CallError::unusable(OPERATION, format!("the management account id `{account}` is invalid")))
    }

    async fn accounts(&self, unit: &UnitId, token: Option<&str>) -> Result<Page<Member>, CallError> {
        const OPERATION: &str = "ListAccountsForParent";
        let request =
            self.client.list_accounts_for_parent().parent_id(unit.as_str()).max_results(PAGE).set_next_token(token.map(str::to_owned));
        let response = request.send().await.map_err(failed(OPERATION))?;
        Ok(Page {
            items: response
                .accounts
                .ok_or_else(|| missing(OPERATION, "Accounts"))?
                .iter()
                .map(|account| member(OPERATION, account))
                .collect::<Result<_, _>>()?,
            next_token: response.next_token.filter(|token| !token.is_empty()),
        })
    }

    async fn units(&self, unit: &UnitId, token: Option<&str>) -> Result<Page<UnitId>, CallError> {
        const OPERATION: &str = "ListOrganizationalUnitsForParent";
        let request = self
            .client
            .list_organizational_units_for_parent()
            .parent_id(unit.as_str())
            .max_results(PAGE)
            .set_next_token(token.map(str::to_owned));
        let response = request.send().await.map_err(failed(OPERATION))?;
        let units = response.organizational_units.ok_or_else(|| missing(OPERATION, "OrganizationalUnits"))?;
        let ids = units.into_iter().map(|unit| unit.id.unwrap_or_default());
        Ok(Page {
            items: ids
                .map(|id| id.parse().map_err(|_| CallError::unusable(OPERATION, format!("the organizational unit id `{id}` is invalid"))))
                .collect::<Result<_, _>>()?,
            next_token: response.next_token.filter(|token| !token.is_empty()),
        })
    }
}

/// `State` replaces `Status`, which AWS is retiring. `Status` is used when `State` is missing.
fn member(operation: &'static str, account: &Account) -> Result<Member, CallError> {
    let id = account.id().unwrap_or_default();
    let status = account
        .state()
        .map(aws_sdk_organizations::types::AccountState::as_str)
        .or_else(|| account.status().map(aws_sdk_organizations::types::AccountStatus::as_str));
    Ok(Member {
        account: id.parse().map_err(|_| CallError::unusable(operation, format!("the account id `{id}` is invalid")))?,
        active: status == Some("ACTIVE"),
    })
}
