//! The program as its users run it: real command lines, real files, and a local AWS behind them.

mod aws_cli;
mod bad_input;
mod build;
mod buildspecs;
mod cloud;
mod code_pipeline;
mod config;
mod demo;
mod deploy;
mod events;
mod gates;
mod least_privilege;
mod organization;
mod package;
mod pipeline;
mod plan;
mod project;
mod record;
mod regions;
mod registry;
mod rollout;
mod schemas;
mod setup;
mod test_staging;
mod tour;
mod unpatched;
