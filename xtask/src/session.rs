//! Opens an AWS session: one configuration, one HTTP connection pool, explicit timeouts.

use std::time::Duration;

use aws_config::{AppName, BehaviorVersion, Region};
use model_release::aws::{Session, TestAccess};
use model_release::{Diagnostic, Failure};

use crate::cli::RoleOptions;

/// A container responds within 60 seconds; AWS advises a client timeout of 70 (`InvokeEndpoint`).
const READ_TIMEOUT: Duration = Duration::from_secs(70);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout of an operation, with retries.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(150);

/// Loads the configuration from AWS's default sources, without a call.
pub(crate) async fn open() -> Result<Session, Failure> {
    open_as(None, None).await
}

/// As [`open`], with the named region and profile.
pub(crate) async fn open_as(region: Option<&str>, profile: Option<&str>) -> Result<Session, Failure> {
    let timeouts = aws_config::timeout::TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(aws_smithy_http_client::tls::rustls_provider::CryptoMode::AwsLc))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).http_client(http_client);
    // CloudTrail shows this name; the caller can set another one with AWS_SDK_UA_APP_ID.
    let named = std::env::var_os("AWS_SDK_UA_APP_ID").is_some_and(|name| !name.is_empty());
    if let Ok(name) = AppName::new(concat!(env!("CARGO_PKG_NAME"), "-", env!("CARGO_PKG_VERSION")))
        && !named
    {
        loader = loader.app_name(name);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    Session::new(loader.load().await).ok_or_else(|| {
        Diagnostic::error("no AWS region is configured")
            .with_hint("set AWS_REGION, such as `export AWS_REGION=us-east-1`, or `region` in the AWS profile")
            .into()
    })
}

/// The role and the session name for the target accounts.
pub(crate) fn test_access(options: &RoleOptions) -> Result<TestAccess, Failure> {
    Ok(TestAccess { role: options.target_role()?, run: this_run() })
}

/// Identifies this run: CodeBuild's build id, else the process id. A session name has 64
/// characters, of which the project and the stage leave at least 33.
fn this_run() -> String {
    let build = std::env::var("CODEBUILD_BUILD_ID").ok().filter(|id| !id.is_empty());
    match build {
        Some(id) => id.rsplit(':').next().unwrap_or_default().replace('-', ""),
        None => std::process::id().to_string(),
    }
}
