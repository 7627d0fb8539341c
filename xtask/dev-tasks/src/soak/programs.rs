//! Suites that run the whole program: a fixed amount of work, and so only when they are named.

use std::time::Instant;

use crate::program::cargo;
use model_release::Failure;
use sandbox::test_log::TestLog;
use terminal::{Printer, Project};

/// A module of the end-to-end tests that does more when a variable says so.
pub(super) struct ProgramSuite {
    pub(super) name: &'static str,
    /// The names of its tests begin with this.
    module: &'static str,
    /// How much `test` does is the default.
    amount: (&'static str, &'static str),
}

pub(super) const PROGRAM_SUITES: [ProgramSuite; 2] = [
    ProgramSuite { name: "xtask/crashes", module: "crashes::", amount: ("KILLS", "125") },
    ProgramSuite { name: "xtask/faults", module: "fault_matrix::", amount: ("FAULT_CELLS", "1000000") },
];

impl ProgramSuite {
    /// Runs the suite; a line for the summary, and whether it passed.
    pub(super) fn run(&self, printer: Printer, project: &Project) -> Result<(String, bool), Failure> {
        printer.step("Soaking", self.name);
        let (start, mut log) = (Instant::now(), TestLog::default());
        let (name, value) = self.amount;
        let task = cargo(project)
            .args(["test", "--locked", "--package", "xtask", "--test", "end_to_end", "--no-fail-fast", "--", self.module])
            .env(name, value);
        let succeeds = task.follow(|line| log.read(line))?;
        let passed = succeeds && log.passed > 0;
        if !passed {
            printer.bad_step("FAILED", self.name);
        }
        Ok((format!("{}: {} tests passed, {} failed in {} s", self.name, log.passed, log.failures(), start.elapsed().as_secs()), passed))
    }
}
