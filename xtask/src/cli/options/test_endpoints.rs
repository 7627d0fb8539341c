//! Options of `test-staging` and `test-prod`.

use std::path::PathBuf;

use clap::Args;

use super::{RecordOptions, ReleaseOptions, RoleOptions};

/// Options of `test-staging` and `test-prod`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct TestOptions {
    #[command(flatten)]
    pub(crate) release: ReleaseOptions,
    /// The stage's configuration in the release, by its file's name; the release says so itself when not given.
    #[arg(long, value_name = "NAME", env = "BUILD_CONFIG")]
    pub(crate) build_config: Option<String>,
    /// The tests [default: test/endpoint-tests.yaml; test-prod prefers test/smoke-tests.yaml if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) suite: Option<PathBuf>,
    /// Where the results go [default: target/test-results]
    #[arg(long, value_name = "DIR")]
    pub(crate) results_dir: Option<PathBuf>,
    /// The name of the results file.
    #[arg(long, value_name = "NAME", env = "TEST_RESULTS", default_value = "test-results")]
    pub(crate) test_results: String,
    #[command(flatten)]
    pub(crate) role: RoleOptions,
    #[command(flatten)]
    pub(crate) record: RecordOptions,
    /// Whether the tests may run programs of their own (`check: { command: … }`).
    #[arg(long, value_enum, value_name = "ALLOWED-OR-FORBIDDEN", env = "OWN_CHECKS", default_value_t, ignore_case = true)]
    pub(crate) own_checks: OwnChecks,
    /// The user id, and group id, that these programs run as, so that they cannot read the credentials of this process; needs root.
    #[arg(long, value_name = "UID", env = "OWN_CHECKS_UID", value_parser = clap::value_parser!(u32).range(1..i64::from(u32::MAX)))]
    pub(crate) own_checks_uid: Option<u32>,
    /// How many endpoints to test at once.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(crate) jobs: usize,
    /// Skip the load phase of the tests
    #[arg(long, conflicts_with_all = ["load_anyway", "load_on_production"])]
    pub(crate) no_load: bool,
    /// Run the load phase even if earlier checks failed
    #[arg(long)]
    pub(crate) load_anyway: bool,
    /// Run the load phase on the production endpoints of all accounts at once; test-prod skips it otherwise
    #[arg(long)]
    pub(crate) load_on_production: bool,
    /// How long to wait for an endpoint that is being created or updated, in seconds [default: 1800; for a container 60]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
    /// A value for `${NAME}` in the tests; without `=VALUE` that of the environment variable NAME. The stage's parameters have values
    /// already, and so has `StageName`.
    #[arg(long = "var", value_name = "NAME[=VALUE]")]
    pub(crate) variables: Vec<String>,
    /// Write golden files anew, from answers that pass everything else.
    #[arg(long)]
    pub(crate) update_golden: bool,
    /// Put the same questions to another endpoint too, and report where the answers differ: an endpoint's name in the same account and
    /// region, ACCOUNT/REGION/NAME, or the URL of a container.
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) compare_with: Option<String>,
    /// Take any difference for a failure, unless the tests' `compare` says how many may differ.
    #[arg(long, requires = "compare_with")]
    pub(crate) fail_on_difference: bool,
    /// The model package's sample payloads, a tar.gz file, in place of what the package's SamplePayloadUrl names.
    #[arg(long, value_name = "FILE")]
    pub(crate) sample_payloads: Option<PathBuf>,
    /// A model container on this machine in place of SageMaker endpoints, such as http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
}

/// Whether a suite may run programs of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum OwnChecks {
    /// It may.
    #[default]
    Allowed,
    /// A suite that has some is refused.
    Forbidden,
}
