//! What a build needs to know of the caller's own account.

use super::{Session, listed};
use crate::Accounts;
use crate::build::{BuildRequest, Home};
use crate::diagnostic::Failure;

/// Resolves the organizational units of the request into accounts, and finds out where the build runs.
pub async fn home(session: &Session, request: &mut BuildRequest) -> Result<Home, Failure> {
    for stage in &mut request.stages {
        stage.accounts = listed(session, &stage.accounts).await?;
    }
    // Who calls only matters where the caller's account is the target.
    let account =
        if request.stages.iter().any(|stage| stage.accounts == Accounts::Own) { Some(session.caller().await?.account) } else { None };
    Ok(Home { account, region: Some(session.region().clone()) })
}
