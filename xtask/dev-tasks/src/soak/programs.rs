//! Suites that run the whole program or the fuzzer: only when they are named.

use std::time::Instant;

use crate::program::{Task, cargo};
use model_release::{Diagnostic, Failure};
use sandbox::test_log::TestLog;
use terminal::{Printer, Project};

/// A suite that is not one of properties.
pub(super) struct ProgramSuite {
    pub(super) name: &'static str,
    work: Work,
}

enum Work {
    /// The end-to-end tests of a module, which do all of what `test` only samples if a variable has
    /// this value.
    Tests { module: &'static str, variable: &'static str, value: &'static str },
    /// Every fuzz target.
    Fuzz,
}

pub(super) const PROGRAM_SUITES: [ProgramSuite; 3] = [
    ProgramSuite { name: "fuzz", work: Work::Fuzz },
    ProgramSuite { name: "xtask/crashes", work: Work::Tests { module: "crashes::", variable: "KILLS", value: "125" } },
    ProgramSuite { name: "xtask/faults", work: Work::Tests { module: "fault_matrix::", variable: "FAULT_CELLS", value: "1000000" } },
];

impl ProgramSuite {
    /// Runs the suite, the fuzzer for this many minutes; a line for the summary, and whether it passed.
    pub(super) fn run(&self, printer: Printer, project: &Project, minutes: u64) -> Result<(String, bool), Failure> {
        printer.step("Soaking", self.name);
        let start = Instant::now();
        let (what, passed) = match &self.work {
            Work::Tests { module, variable, value } => {
                let mut log = TestLog::default();
                let task = cargo(project)
                    .args(["test", "--locked", "--package", "xtask", "--test", "end_to_end", "--no-fail-fast", "--", module])
                    .env(variable, value);
                let succeeds = task.follow(|line| log.read(line))?;
                (format!("{} tests passed, {} failed", log.passed, log.failures()), succeeds && log.passed > 0)
            }
            Work::Fuzz => {
                let targets = fuzz_targets(project)?;
                let seconds = (minutes * 60 / targets).max(1);
                let task = Task::new("sh").folder(&project.root).args(["fuzz/run.sh", &seconds.to_string()]);
                (format!("{targets} targets of {seconds} s each"), task.succeeds()?)
            }
        };
        if !passed {
            printer.bad_step("FAILED", self.name);
        }
        Ok((format!("{}: {what} in {} s", self.name, start.elapsed().as_secs()), passed))
    }
}

fn fuzz_targets(project: &Project) -> Result<u64, Failure> {
    let folder = project.root.join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| Diagnostic::error(format!("the fuzz targets cannot be listed: {error}")).file(&folder))?;
    Ok(entries.count() as u64)
}
