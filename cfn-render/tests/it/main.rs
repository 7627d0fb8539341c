//! Tests of the public interface, with real files in temporary folders.

#![allow(clippy::format_collect, clippy::format_push_string, reason = "texts for tests are small, and read best so")]

mod aliases;
mod archives;
mod awkward_yaml;
#[path = "../support/cpu_time.rs"]
mod cpu_time;
mod escapes;
mod hostile;
mod includes;
#[path = "../support/invariants.rs"]
mod invariants;
mod laws;
mod loops;
mod nested;
mod packaging;
mod project;
mod property_table;
mod provenance;
mod resolving;
mod structure;
#[path = "../support/templates.rs"]
mod templates;
