//! Sessions with assumed roles: each role is assumed once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_names::{AccountId, Region};
use endpoint_test::aws::EndpointReader;
use endpoint_test::{TargetError, TargetErrorKind};
use stack_rollout::SessionError;
use tokio::sync::OnceCell;

use super::{Caller, Session, TargetRole};
use crate::diagnostic::Failure;

type Opened = Arc<OnceCell<Result<AssumedSession, SessionError>>>;

/// A session is opened again this long before it expires, so that the calls that use it still work.
const MARGIN: Duration = Duration::from_mins(10);

/// The readers of a session's endpoints, by region.
type Readers = Arc<Mutex<HashMap<Region, EndpointReader>>>;

#[derive(Debug, Clone)]
struct AssumedSession {
    config: SdkConfig,
    expiry: Option<SystemTime>,
    readers: Readers,
}

impl AssumedSession {
    fn new(config: SdkConfig, expiry: Option<SystemTime>) -> Self {
        Self { config, expiry, readers: Readers::default() }
    }

    fn in_region(&self, region: &Region) -> SdkConfig {
        self.config.clone().into_builder().region(aws_config::Region::new(region.to_string())).build()
    }

    fn expires_soon(&self, now: SystemTime) -> bool {
        self.expiry.is_some_and(|expiry| expiry < now + MARGIN)
    }
}

/// Opens sessions in other accounts.
#[derive(Debug)]
pub struct AssumedRoles {
    session: Session,
    caller: OnceCell<Result<Caller, SessionError>>,
    external_id: Option<String>,
    tags: Vec<(String, String)>,
    session_name: String,
    /// By account and role.
    opened: Mutex<HashMap<(AccountId, String), Opened>>,
    /// Of the caller's account.
    own_readers: Readers,
}

impl AssumedRoles {
    /// Sessions with this external id, these tags and this name.
    pub fn new(session: &Session, role: &TargetRole, session_name: String) -> Self {
        Self {
            session: session.clone(),
            caller: OnceCell::new(),
            external_id: role.external_id.clone(),
            tags: role.tags.clone(),
            session_name,
            opened: Mutex::default(),
            own_readers: Readers::default(),
        }
    }

    /// The caller, read once.
    pub async fn caller(&self) -> Result<&Caller, SessionError> {
        let caller = self
            .caller
            .get_or_init(|| async {
                match self.session.caller().await {
                    Ok(caller) => Ok(caller),
                    Err(failure) => Err(unknown(self.session.located(failure).await)),
                }
            })
            .await;
        caller.as_ref().map_err(Clone::clone)
    }

    /// The caller's credentials in the caller's account, otherwise those of the role there.
    pub async fn config(&self, account: &AccountId, region: &Region, role: &str) -> Result<SdkConfig, SessionError> {
        let assumed = self.assumed(account, region, role).await?;
        Ok(assumed.map_or_else(|| self.session.in_region(region), |session| session.in_region(region)))
    }

    /// As [`AssumedRoles::config`]: what reads endpoints there, with one client for each role and
    /// region.
    pub async fn endpoints(&self, account: &AccountId, region: &Region, role: &str) -> Result<EndpointReader, SessionError> {
        let assumed = self.assumed(account, region, role).await?;
        let readers = assumed.as_ref().map_or(&self.own_readers, |session| &session.readers);
        let config = || assumed.as_ref().map_or_else(|| self.session.in_region(region), |session| session.in_region(region));
        let mut known = readers.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.entry(region.clone()).or_insert_with(|| EndpointReader::from_config(&config())).clone())
    }

    /// The session of the role; `None` in the caller's account.
    async fn assumed(&self, account: &AccountId, region: &Region, role: &str) -> Result<Option<AssumedSession>, SessionError> {
        let caller = self.caller().await?;
        if caller.account == *account {
            return Ok(None);
        }
        let cell = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            let cell = opened.entry((account.clone(), role.to_owned())).or_default();
            // Alarms are watched for longer than a session lasts.
            let known = cell.get().and_then(|session| session.as_ref().ok());
            if known.is_some_and(|session| session.expires_soon(SystemTime::now())) {
                *cell = Opened::default();
            }
            Arc::clone(cell)
        };
        let opened = cell.get_or_init(|| self.open(caller, account, region, role)).await;
        opened.clone().map(Some)
    }

    async fn open(&self, caller: &Caller, account: &AccountId, region: &Region, role: &str) -> Result<AssumedSession, SessionError> {
        let request = endpoint_test::aws::SessionRequest {
            account: account.to_string(),
            region: region.to_string(),
            role: role.to_owned(),
            partition: caller.partition.clone(),
            session_name: self.session_name.clone(),
            external_id: self.external_id.clone(),
            tags: self.tags.clone(),
            endpoints: Vec::new(),
            async_output_locations: Vec::new(),
        };
        let config = endpoint_test::aws::session(&self.session.in_region(region), &request).await.map_err(|error| session_error(&error))?;
        // Share the credentials, valid for an hour: each client would assume the role again.
        let Some(provider) = config.credentials_provider() else { return Ok(AssumedSession::new(config, None)) };
        let credentials = provider.provide_credentials().await.map_err(|error| SessionError::new(error.to_string()))?;
        let expiry = credentials.expiry();
        let config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        Ok(AssumedSession::new(config, expiry))
    }
}

/// The caller's identity could not be read, which proves nothing about the role in the target.
fn unknown(failure: Failure) -> SessionError {
    let Some(diagnostic) = failure.diagnostics.into_iter().next() else { return SessionError::new("the caller is unknown") };
    let place = diagnostic.place.map(|place| place.to_string());
    let reason = std::iter::once(diagnostic.message).chain(diagnostic.details).chain(place).collect::<Vec<_>>().join(": ");
    SessionError::new(reason).with_hint_opt(diagnostic.hint)
}

/// Only AWS's own refusal of AssumeRole, and a role of another account, prove that the role is wrong.
fn session_error(error: &TargetError) -> SessionError {
    let is_refusal = match error.code.as_deref() {
        Some(code) => matches!(code, "AccessDenied" | "AccessDeniedException" | "NoSuchEntity" | "NoSuchEntityException"),
        // Found without a call.
        None => error.kind == TargetErrorKind::Refused,
    };
    SessionError { is_refusal, ..SessionError::new(error.to_string()) }.with_hint_opt(error.hint.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_opened_again_before_it_expires() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
        let expires_soon = |expiry| AssumedSession::new(SdkConfig::builder().build(), expiry).expires_soon(now);
        assert!(!expires_soon(None) && !expires_soon(Some(now + Duration::from_mins(50))));
        assert!(expires_soon(Some(now + Duration::from_mins(9))) && expires_soon(Some(now - Duration::from_mins(9))));
    }

    #[test]
    fn only_a_refusal_of_aws_proves_that_the_role_is_wrong() {
        let of_code =
            |code: &str| session_error(&TargetError::new(TargetErrorKind::AccessDenied, "").code(Some(code.to_owned()))).is_refusal;
        assert_eq!(["AccessDenied", "AccessDeniedException", "NoSuchEntity"].map(of_code), [true; 3]);
        let others = ["Throttling", "InternalFailure", "ExpiredTokenException", "RegionDisabledException", "ValidationError"];
        assert_eq!(others.map(of_code), [false; 5]);
        let without_code = |kind| session_error(&TargetError::new(kind, "")).is_refusal;
        // A proxy's 403 has no code of AWS.
        assert!(!without_code(TargetErrorKind::AccessDenied) && !without_code(TargetErrorKind::Network));
        assert!(without_code(TargetErrorKind::Refused), "a role of another account");
    }
}
