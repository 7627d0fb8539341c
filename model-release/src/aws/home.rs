//! Reads what a build needs to know about the caller's account.

use super::{Session, listed};
use crate::Accounts;
use crate::diagnostic::Failure;
use crate::release_build::{BuildRequest, Home};

/// Resolves organizational units into accounts, and returns the caller's account and region.
pub async fn home(session: &Session, request: &mut BuildRequest) -> Result<Home, Failure> {
    for stage in &mut request.stages {
        stage.accounts = listed(session, &stage.accounts).await?;
    }
    // The caller's account is only needed if it is a target.
    let account =
        if request.stages.iter().any(|stage| stage.accounts == Accounts::Own) { Some(session.caller().await?.account) } else { None };
    Ok(Home { account, region: Some(session.region().clone()) })
}
