//! Options of a rollout in waves.

use std::path::PathBuf;

use clap::Args;

/// The waves of a rollout, and what must pass between them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = super::WAVES)]
pub struct WaveOptions {
    /// Roll out in these waves, such as 1,10%,rest [default: `waves` of the stage file, else all at once]
    #[arg(long, value_name = "WAVES")]
    pub waves: Option<String>,
    /// Watch the endpoints' alarms this long between waves [default: `bake_minutes` of the stage file, else not]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(0..=1440))]
    pub bake: Option<u32>,
    /// Leave a failed wave as it is, or roll it back to the release before
    #[arg(long, value_enum, value_name = "ACTION", default_value_t)]
    pub on_failure: OnFailure,
    /// Read the tests of each wave from this file [default: that of test-staging or test-prod]
    #[arg(long, value_name = "FILE")]
    pub suite: Option<PathBuf>,
    /// Set ${NAME} in the tests, by default from the environment; repeatable
    #[arg(long = "var", value_name = "NAME[=VALUE]")]
    pub variables: Vec<String>,
}

/// What to do if a wave fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OnFailure {
    // No later wave starts.
    #[default]
    Stop,
    // And the failed one gets the release before again.
    RollBack,
}
