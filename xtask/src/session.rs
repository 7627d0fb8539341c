//! Opening a session with AWS, as the options say.

use std::path::Path;

use aws_config::AppName;
use model_release::aws::{Session, SessionSettings, TestAccess};
use model_release::{Diagnostic, Failure};

use crate::cli::{AwsCliOptions, RoleOptions, given};
use crate::files;

/// Loads the configuration as every AWS tool does: variables, profile, container or instance role. No call is made yet.
pub(crate) async fn open() -> Result<Session, Failure> {
    open_as(&AwsCliOptions::default()).await
}

/// As [`open`], with what the caller wants besides what the environment says.
pub(crate) async fn open_as(options: &AwsCliOptions) -> Result<Session, Failure> {
    let text = |value: &Option<String>| given(value.as_ref()).map(str::to_owned);
    // Whoever calls may name the program as they like (AWS_SDK_UA_APP_ID); CloudTrail shows it.
    let named = std::env::var_os("AWS_SDK_UA_APP_ID").is_some_and(|name| !name.is_empty());
    let own = AppName::new(concat!(env!("CARGO_PKG_NAME"), "-", env!("CARGO_PKG_VERSION"))).ok();
    let settings = SessionSettings {
        app_name: own.filter(|_| !named),
        region: text(&options.region),
        profile: text(&options.profile),
        endpoint_url: text(&options.endpoint_url),
        is_unsigned: options.no_sign_request,
        trusted_certificates: options.ca_bundle.as_deref().map(certificates).transpose()?,
        read_timeout: options.cli_read_timeout,
        connect_timeout: options.cli_connect_timeout,
    };
    settings.open().await?.ok_or_else(|| {
        Diagnostic::error("no AWS region is configured")
            .with_hint("set AWS_REGION, such as `export AWS_REGION=us-east-1`, or `region` in the AWS profile")
            .into()
    })
}

/// The certificates of a file.
fn certificates(path: &Path) -> Result<String, Diagnostic> {
    let text = files::read_text(path).map_err(|diagnostic| diagnostic.named("--ca-bundle"))?;
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return Ok(text);
    }
    Err(Diagnostic::error(format!("`{}` has no certificate", path.display())).named("--ca-bundle").with_hint("name a PEM file"))
}

/// How the sessions in the target accounts are opened, as the options say.
pub(crate) fn test_access(options: &RoleOptions) -> Result<TestAccess, Failure> {
    Ok(TestAccess { role: options.target_role()?, run: this_run() })
}

/// What tells this run from others: CodeBuild's own name for it, else the process. A session's name has 64 characters, of which the project
/// and the stage leave at least 33.
fn this_run() -> String {
    let build = std::env::var("CODEBUILD_BUILD_ID").ok().filter(|id| !id.is_empty());
    match build {
        Some(id) => id.rsplit(':').next().unwrap_or_default().replace('-', ""),
        None => std::process::id().to_string(),
    }
}
