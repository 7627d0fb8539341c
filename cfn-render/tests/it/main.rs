//! The crate from outside, over real files in temporary folders.

mod awkward_yaml;
mod hostile;
mod laws;
mod nested;
mod packaging;
mod project;
mod property_table;
mod resolving;
mod structure;
