//! End-to-end tests: real command lines, real files, and a local AWS.

mod api_models;
mod asynchronous;
mod aws_cli;
mod bad_input;
mod build;
mod buildspecs;
#[path = "../permissions/calls.rs"]
mod calls;
mod cloud;
mod code_pipeline;
mod config;
mod demo;
mod deploy;
mod doctor;
mod documented_output;
mod endpoint_shapes;
mod endpoint_tests;
mod events;
mod gates;
mod github_actions;
mod least_privilege;
mod model_servers;
mod organization;
mod own_buildspecs;
mod package;
mod pipeline;
mod plan;
mod preflight;
mod printed_commands;
mod production;
mod project;
mod record;
mod regions;
mod registry;
mod release_checks;
mod resolving;
#[path = "../permissions/roles.rs"]
mod roles;
mod rollout;
mod scale;
mod schemas;
mod setup;
mod template_choices;
mod test_staging;
mod tour;
mod unpatched;
