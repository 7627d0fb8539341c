//! Options of `lint`.

use clap::{Args, ValueEnum};

/// Options of `lint`.
#[derive(Debug, Args)]
pub struct LintOptions {
    /// Run only these checks
    #[arg(value_enum, value_name = "CHECK")]
    pub checks: Vec<LintCheck>,
}

/// A group of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LintCheck {
    // Format, lints and documentation of the Rust code.
    Code,
    // Bans, licences, sources and advisories of dependencies.
    Dependencies,
    // The published crates: metadata, packaging, each feature, the minimum version of Rust.
    Crates,
    // The CloudFormation templates: cfn-lint, and the rules of pipeline/guard.
    Templates,
    // The instructions of six operations of the libraries, counted by valgrind.
    Instructions,
}
