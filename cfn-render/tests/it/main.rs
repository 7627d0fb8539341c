//! The crate from outside, over real files in temporary folders.

#![allow(clippy::format_collect, clippy::format_push_string, reason = "texts for tests are small, and read best so")]

mod aliases;
mod archives;
mod awkward_yaml;
mod hostile;
mod includes;
mod laws;
mod nested;
mod packaging;
mod project;
mod property_table;
mod resolving;
mod structure;
