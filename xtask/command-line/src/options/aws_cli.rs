//! The global options of the AWS CLI, for `package`, which replaces an AWS CLI command.

use std::path::PathBuf;

use clap::Args;

/// The global options of the AWS CLI. Those without an effect here are accepted, so that command lines
/// stay valid.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the AWS CLI")]
#[command(next_help_heading = super::SESSION)]
pub struct AwsCliOptions {
    /// Use this AWS region
    #[arg(long, value_name = "REGION", env = "AWS_REGION")]
    pub region: Option<String>,
    /// Use this AWS profile
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Send the requests to this URL instead of the AWS endpoint
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Send unsigned requests, without credentials
    #[arg(long)]
    pub no_sign_request: bool,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_bundle: Option<PathBuf>,
    /// Wait at most this long for a response; 0 waits forever
    #[arg(long, value_name = "SECONDS")]
    pub cli_read_timeout: Option<u64>,
    /// Wait at most this long for a connection; 0 waits forever
    #[arg(long, value_name = "SECONDS")]
    pub cli_connect_timeout: Option<u64>,
    /// Print the log of the AWS SDK, as -vv does
    #[arg(long, alias = "v2-debug")]
    pub debug: bool,
    #[arg(long, hide = true)]
    output: Option<String>,
    #[arg(long, hide = true)]
    query: Option<String>,
    #[arg(long, hide = true)]
    cli_binary_format: Option<String>,
    #[arg(long, hide = true)]
    no_verify_ssl: bool,
    #[arg(long, hide = true)]
    no_paginate: bool,
    #[arg(long, hide = true)]
    no_cli_pager: bool,
    #[arg(long, hide = true)]
    cli_auto_prompt: bool,
    #[arg(long, hide = true)]
    no_cli_auto_prompt: bool,
    #[arg(long, hide = true)]
    cli_error_format: Option<String>,
}

impl AwsCliOptions {
    /// The options on the command line without an effect here, each with the reason.
    pub fn ignored(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let template = "the result is a template; use --use-json for JSON, --format json for a report";
        let terminal = "this program has no pager and no prompt";
        [
            (self.output.is_some(), "--output", template),
            (self.query.is_some(), "--query", template),
            (self.cli_binary_format.is_some(), "--cli-binary-format", "no option has binary data"),
            (self.no_verify_ssl, "--no-verify-ssl", "certificates are always verified; add a private CA with --ca-bundle"),
            (self.no_paginate, "--no-paginate", "no request is paginated"),
            (self.no_cli_pager, "--no-cli-pager", terminal),
            (self.cli_auto_prompt, "--cli-auto-prompt", terminal),
            (self.no_cli_auto_prompt, "--no-cli-auto-prompt", terminal),
            (self.cli_error_format.is_some(), "--cli-error-format", "errors are text, or JSON with --format json"),
        ]
        .into_iter()
        .filter_map(|(is_set, option, reason)| is_set.then_some((option, reason)))
    }
}
