//! What every benchmark of the workspace reports, and how the benchmarks of the whole program
//! measure it.
//!
//! A benchmark appends a line of JSON for each [`Figure`] to the file that the variable
//! `BENCH_RESULTS` names. `cargo xtask bench` sets it, merges the lines and checks the goals.
//!
//! - [`Figure`]: a value, what it is compared with, and its goal.
//! - [`Report`]: prints figures and appends them to the file.
//! - [`Meter`]: CPU time, peak memory and duration of a process.
//! - [`aws`]: a simulated AWS on loopback.
//! - [`scene`]: a project's folder and variables.

pub mod aws;
mod figure;
mod meter;
mod report;
pub mod scene;
mod template;

pub use figure::{Figure, Goal, Of, Peer, Verdict, number};
pub use meter::{Meter, Process, Usage, alternating};
pub use report::Report;
pub use template::{template, tree};
