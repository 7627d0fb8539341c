//! Sessions in the target accounts: one role assumed once an account, whatever the number of regions and questions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_names::{AccountId, Region};
use stack_rollout::SessionError;
use tokio::sync::OnceCell;

use super::{Caller, Session};
use crate::Release;
use crate::diagnostic::Failure;
use crate::manifest::StageTargets;

type Opened = Arc<OnceCell<Result<SdkConfig, String>>>;

/// The role that is assumed in each target account.
#[derive(Debug, Clone, Default)]
pub struct TargetRole {
    /// Its name, or an ARN; the stage's execution role when `None`.
    pub name: Option<String>,
    /// The external id that its trust policy asks for.
    pub external_id: Option<String>,
    /// Tags of the session, as STS takes them.
    pub tags: Vec<(String, String)>,
}

/// Opens sessions in target accounts, as one role.
#[derive(Debug)]
pub struct TargetSessions {
    session: Session,
    caller: OnceCell<Result<Caller, String>>,
    role: TargetRole,
    stage: StageTargets,
    session_name: String,
    /// By account and role.
    opened: Mutex<HashMap<(AccountId, String), Opened>>,
}

impl TargetSessions {
    /// For the targets of a stage, by the role that is given, else by the stage's own.
    pub fn new(session: &Session, release: &Release, stage: &StageTargets, role: &TargetRole, purpose: &str) -> Self {
        Self {
            session: session.clone(),
            caller: OnceCell::new(),
            role: role.clone(),
            stage: stage.clone(),
            session_name: format!("xtask-{}-{}-{purpose}", release.manifest.project.id, stage.env_type),
            opened: Mutex::default(),
        }
    }

    /// Who calls; asked once.
    pub async fn caller(&self) -> Result<&Caller, SessionError> {
        let asked = self.caller.get_or_init(|| async { self.session.caller().await.map_err(|failure| message(&failure)) }).await;
        asked.as_ref().map_err(SessionError::new)
    }

    /// A configuration for an account and region: the caller's own credentials in the caller's account, else the role's.
    pub async fn config(&self, account: &AccountId, region: &Region) -> Result<SdkConfig, SessionError> {
        let caller = self.caller().await?;
        if caller.account == *account {
            return Ok(self.session.in_region(region));
        }
        let role = self.role.name.clone().unwrap_or_else(|| self.stage.execution_role(account, region));
        let cell = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(opened.entry((account.clone(), role.clone())).or_default())
        };
        let opened = cell.get_or_init(|| self.open(caller, account, region, role)).await;
        let config = opened.as_ref().map_err(SessionError::new)?;
        Ok(config.clone().into_builder().region(aws_config::Region::new(region.to_string())).build())
    }

    async fn open(&self, caller: &Caller, account: &AccountId, region: &Region, role: String) -> Result<SdkConfig, String> {
        let request = endpoint_test::aws::SessionRequest {
            account: account.to_string(),
            region: region.to_string(),
            role,
            partition: caller.partition.clone(),
            session_name: self.session_name.clone(),
            external_id: self.role.external_id.clone(),
            tags: Vec::new(),
            endpoints: Vec::new(),
            async_output_locations: Vec::new(),
        };
        let config = endpoint_test::aws::session(&self.session.in_region(region), &request).await.map_err(|error| error.to_string())?;
        // The clients made from it would each assume the role again: they share these credentials, which last for an hour.
        let Some(provider) = config.credentials_provider() else { return Ok(config) };
        let credentials = provider.provide_credentials().await.map_err(|error| error.to_string())?;
        Ok(config.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build())
    }
}

fn message(failure: &Failure) -> String {
    failure.diagnostics.first().map(|diagnostic| diagnostic.message.clone()).unwrap_or_default()
}
