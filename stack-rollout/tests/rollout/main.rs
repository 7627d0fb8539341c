//! Rollouts against a model of CloudFormation's stack sets, with a simulated clock.

mod change_sets;
mod counterexamples;
mod explained;
mod fake;
mod laws;
mod operations;
mod overrides;
mod plans;
mod pruning;
mod reapplied;
mod records;
mod release;
mod resumed;
mod resumed_roll_back;
mod state_machine;
mod stopped;
mod stopping_clock;
mod superseded;
mod trouble;
mod twelve_accounts;
mod waved;
mod waved_steps;
