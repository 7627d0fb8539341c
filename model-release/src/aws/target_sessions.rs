//! Sessions in the targets of a stage.

use aws_config::SdkConfig;
use aws_names::{AccountId, Region};
use stack_rollout::SessionError;

use super::{AssumedRoles, Caller, Session};
use crate::Release;
use crate::manifest::StageTargets;

/// The role to assume in each target account.
#[derive(Debug, Clone, Default)]
pub struct TargetRole {
    /// The name or ARN; `None` means the stage's execution role.
    pub name: Option<String>,
    /// The external id that the trust policy requires.
    pub external_id: Option<String>,
    /// Session tags.
    pub tags: Vec<(String, String)>,
}

/// Opens sessions in target accounts with one role.
#[derive(Debug)]
pub struct TargetSessions {
    roles: AssumedRoles,
    name: Option<String>,
    stage: StageTargets,
}

impl TargetSessions {
    /// Sessions for the targets of a stage, with `role` or otherwise the stage's role.
    pub fn new(session: &Session, release: &Release, stage: &StageTargets, role: &TargetRole, purpose: &str) -> Self {
        let session_name = format!("xtask-{}-{}-{purpose}", release.manifest.project.id, stage.env_type);
        Self { roles: AssumedRoles::new(session, role, session_name), name: role.name.clone(), stage: stage.clone() }
    }

    /// The caller, read once.
    pub async fn caller(&self) -> Result<&Caller, SessionError> {
        self.roles.caller().await
    }

    /// The caller's credentials in the caller's account, otherwise those of the assumed role.
    pub async fn config(&self, account: &AccountId, region: &Region) -> Result<SdkConfig, SessionError> {
        let role = self.name.clone().unwrap_or_else(|| self.stage.execution_role(account, region));
        self.roles.config(account, region, &role).await
    }
}
