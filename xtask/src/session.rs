//! Opens an AWS session with the named options.

use std::path::Path;
use std::sync::OnceLock;

use aws_config::AppName;
use model_release::aws::{Session, SessionSettings, TestAccess};
use model_release::{Diagnostic, Failure};

use command_line::{AwsCliOptions, RoleOptions, non_empty};
use terminal::files;

/// The session of this process, for the errors of its calls.
static OPENED: OnceLock<Session> = OnceLock::new();

/// Loads the configuration from AWS's default sources, without a call.
pub(crate) async fn open() -> Result<Session, Failure> {
    open_as(&AwsCliOptions::default()).await
}

/// As [`open`], with these options, which override the environment.
pub(crate) async fn open_as(options: &AwsCliOptions) -> Result<Session, Failure> {
    let text = |value: &Option<String>| non_empty(value.as_ref()).map(str::to_owned);
    // CloudTrail shows this name; the caller can set another one with AWS_SDK_UA_APP_ID.
    let named = std::env::var_os("AWS_SDK_UA_APP_ID").is_some_and(|name| !name.is_empty());
    let own = AppName::new(concat!(env!("CARGO_PKG_NAME"), "-", env!("CARGO_PKG_VERSION"))).ok();
    let settings = SessionSettings {
        app_name: own.filter(|_| !named),
        region: text(&options.region),
        credentials: credentials(non_empty(options.profile.as_ref())),
        profile: text(&options.profile),
        endpoint_url: text(&options.endpoint_url),
        is_unsigned: options.no_sign_request,
        trusted_certificates: options.ca_bundle.as_deref().map(certificates).transpose()?,
        read_timeout: options.cli_read_timeout,
        connect_timeout: options.cli_connect_timeout,
    };
    let session = settings.open().await?.ok_or_else(|| {
        let diagnostic = Diagnostic::error("no AWS region is configured");
        Failure::from(diagnostic.with_hint("set AWS_REGION, such as `export AWS_REGION=us-east-1`, or `region` in the AWS profile"))
    })?;
    // A later session of the process has the same credentials.
    let _ = OPENED.set(session.clone());
    Ok(session)
}

/// Where the SDK finds the credentials: its default sources, in their order.
fn credentials(profile: Option<&str>) -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let of_variable = |name: &str, what: &str| Some(format!("{what} `{}`", variable(name)?));
    let of_container = || variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").or_else(|| variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    None.or_else(|| Some(format!("profile `{}`", profile?)))
        .or_else(|| variable("AWS_ACCESS_KEY_ID").map(|_| "access key in AWS_ACCESS_KEY_ID".to_owned()))
        .or_else(|| of_variable("AWS_PROFILE", "profile"))
        .or_else(|| of_variable("AWS_ROLE_ARN", "role"))
        .or_else(|| of_container().map(|_| "role of this container, in CodeBuild the project's service role".to_owned()))
        .unwrap_or_else(|| "default profile or the role of this machine".to_owned())
}

/// Adds the account and region of this process's session to the errors of calls that lack them.
pub(crate) async fn locate(failure: &mut Failure) {
    if let Some(session) = OPENED.get() {
        session.locate(failure).await;
    }
}

/// As [`locate`], for findings that are not a failure of the command.
pub(crate) async fn locate_all(findings: &mut [Diagnostic]) {
    if let Some(session) = OPENED.get() {
        session.locate_all(findings).await;
    }
}

/// Reads a PEM file with certificates.
fn certificates(path: &Path) -> Result<String, Diagnostic> {
    let text = files::read_text(path).map_err(|diagnostic| diagnostic.named("--ca-bundle"))?;
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return Ok(text);
    }
    Err(Diagnostic::error(format!("`{}` has no certificate", path.display())).named("--ca-bundle").with_hint("name a PEM file"))
}

/// The role and the session name for the target accounts.
pub(crate) fn test_access(options: &RoleOptions) -> Result<TestAccess, Failure> {
    Ok(TestAccess { role: crate::requests::target_role(options)?, run: this_run() })
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
