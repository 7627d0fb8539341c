//! Options of `test-staging` and `test-prod`.

use std::path::PathBuf;

use clap::Args;

use super::{HistoryPlaceOptions, RecordOptions, ReleaseOptions, RoleOptions, SignatureOptions, SigningOptions};

/// Options of `test-staging` and `test-prod`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct TestOptions {
    #[command(flatten)]
    pub release: ReleaseOptions,
    #[command(flatten)]
    pub signatures: SignatureOptions,
    /// Fail if the stage's configuration has another name
    #[arg(long, value_name = "NAME", env = "BUILD_CONFIG", help_heading = super::RELEASE)]
    pub build_config: Option<String>,
    #[command(flatten)]
    pub role: RoleOptions,
    /// Only the endpoints in these accounts of the stage, comma-separated
    #[arg(long, value_name = "ACCOUNTS", env = "TEST_ACCOUNTS", help_heading = super::TESTS)]
    pub accounts: Option<String>,
    /// After passed tests, watch the endpoints' alarms this long
    #[arg(long, value_name = "MINUTES", env = "BAKE_MINUTES", value_parser = clap::value_parser!(u32).range(0..=1440), help_heading = super::TESTS)]
    pub bake: Option<u32>,
    /// Read the tests from this file [default: test/endpoint-tests.yaml; test-prod: test/smoke-tests.yaml if it exists]
    #[arg(long, value_name = "FILE", help_heading = super::TESTS)]
    pub suite: Option<PathBuf>,
    /// Run only this case, without load: a partial run does not count for production; repeatable
    #[arg(long = "case", value_name = "NAME", conflicts_with_all = ["load_anyway", "load_on_production", "record", "sign_with"], help_heading = super::TESTS)]
    pub cases: Vec<String>,
    /// List the cases and send nothing
    #[arg(long, help_heading = super::TESTS)]
    pub list: bool,
    /// Print how many rows each limit with a confidence needs, and send nothing
    #[arg(long, conflicts_with = "list", help_heading = super::TESTS)]
    pub check: bool,
    /// Set ${NAME} in the tests, by default from the environment; repeatable
    #[arg(long = "var", value_name = "NAME[=VALUE]", help_heading = super::TESTS)]
    pub variables: Vec<String>,
    /// Read sample payloads from a tar.gz file [default: the model package's SamplePayloadUrl]
    #[arg(long, value_name = "FILE", help_heading = super::TESTS)]
    pub sample_payloads: Option<PathBuf>,
    /// Test a model container instead of endpoints, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL", help_heading = super::TESTS)]
    pub endpoint_url: Option<String>,
    /// Wait this long for an endpoint to be in service [default: 1800; 60 with --endpoint-url]
    #[arg(long, value_name = "SECONDS", help_heading = super::TESTS)]
    pub wait: Option<u64>,
    /// Test this many endpoints at once
    #[arg(long, value_name = "N", default_value_t = 64, help_heading = super::TESTS)]
    pub jobs: usize,
    /// Allow or forbid tests that run programs (check: { command: … })
    #[arg(
        long,
        value_enum,
        value_name = "ALLOWED-OR-FORBIDDEN",
        env = "OWN_CHECKS",
        default_value_t,
        ignore_case = true,
        help_heading = super::TESTS
    )]
    pub own_checks: OwnChecks,
    /// Run these programs with this user and group id; needs root
    #[arg(long, value_name = "UID", env = "OWN_CHECKS_UID", value_parser = clap::value_parser!(u32).range(1..i64::from(u32::MAX)), help_heading = super::TESTS)]
    pub own_checks_uid: Option<u32>,
    /// Write golden files from responses that pass everything else
    #[arg(long, help_heading = super::TESTS)]
    pub update_golden: bool,
    /// Skip the load phase
    #[arg(long, conflicts_with_all = ["load_anyway", "load_on_production"], help_heading = super::LOAD)]
    pub no_load: bool,
    /// Run the load phase even if earlier checks failed
    #[arg(long, help_heading = super::LOAD)]
    pub load_anyway: bool,
    /// Run the load phase of test-prod, on all production endpoints at once
    #[arg(long, help_heading = super::LOAD)]
    pub load_on_production: bool,
    /// Compare with another endpoint: production, variant/NAME, NAME, ACCOUNT/REGION/NAME or the URL of a container
    #[arg(long, value_name = "ENDPOINT", env = "COMPARE_WITH", help_heading = super::COMPARISON)]
    pub compare_with: Option<String>,
    /// Compare with stored results where that endpoint cannot be invoked [default: champion-results.json of the build]
    #[arg(long, value_name = "FILE", env = "CHAMPION_RESULTS", help_heading = super::COMPARISON)]
    pub champion_results: Option<String>,
    /// Fail if any response differs, unless the tests' `compare` sets a limit
    #[arg(long, requires = "compare_with", help_heading = super::COMPARISON)]
    pub fail_on_difference: bool,
    /// Also send these captured requests: a folder with the files of data capture, or an S3 URI
    #[arg(long, value_name = "FOLDER-OR-S3-URI", env = "REPLAY", help_heading = super::COMPARISON)]
    pub replay: Option<String>,
    /// Write the results to this folder [default: target/test-results]
    #[arg(long, value_name = "DIR", help_heading = super::OUTPUT)]
    pub results_dir: Option<PathBuf>,
    /// Write the results to NAME.json
    #[arg(long, value_name = "NAME", env = "TEST_RESULTS", default_value = "test-results", help_heading = super::OUTPUT)]
    pub test_results: String,
    #[command(flatten)]
    pub record: RecordOptions,
    #[command(flatten)]
    pub signing: SigningOptions,
    #[command(flatten)]
    pub history: HistoryPlaceOptions,
}

/// Whether a suite is allowed to run programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OwnChecks {
    #[default]
    Allowed,
    Forbidden,
}
