//! Suites that run the whole program or the fuzzer: only when they are named.

use std::time::Instant;

use crate::dist::same_binary_from_two_folders;
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
    /// The tests of a test program whose names contain a text. They do all of what `test` only
    /// samples if a variable has this value.
    Tests { package: &'static str, program: &'static str, filter: &'static str, variable: &'static str, value: Value },
    /// Every fuzz target.
    Fuzz,
    /// Two builds of one commit in two folders.
    Reproducible,
}

enum Value {
    Fixed(&'static str),
    /// The minutes of the run.
    Minutes,
}

pub(super) const PROGRAM_SUITES: [ProgramSuite; 7] = [
    ProgramSuite { name: "dist/reproducible", work: Work::Reproducible },
    ProgramSuite {
        name: "endpoint-test/comparisons",
        work: Work::Tests {
            package: "endpoint-test",
            program: LIBRARY,
            filter: "equal_models",
            variable: "COMPARISONS",
            value: Value::Fixed("10000"),
        },
    },
    ProgramSuite { name: "fuzz", work: Work::Fuzz },
    ProgramSuite {
        name: "model-release/endurance",
        work: Work::Tests { package: "model-release", program: "endurance", filter: "", variable: "BUILDS", value: Value::Fixed("10000") },
    },
    ProgramSuite { name: "xtask/crashes", work: end_to_end("crashes::", "KILLS", Value::Fixed("125")) },
    ProgramSuite { name: "xtask/endurance", work: end_to_end("endurance::", "ENDURANCE_MINUTES", Value::Minutes) },
    ProgramSuite { name: "xtask/faults", work: end_to_end("fault_matrix::", "FAULT_CELLS", Value::Fixed("1000000")) },
];

/// The tests in the library itself, optimized: they compute, and start no program.
const LIBRARY: &str = "";

const fn end_to_end(module: &'static str, variable: &'static str, value: Value) -> Work {
    Work::Tests { package: "xtask", program: "end_to_end", filter: module, variable, value }
}

impl ProgramSuite {
    /// Runs the suite, the fuzzer and the load for this many minutes; a line for the summary, and
    /// whether it passed.
    pub(super) fn run(&self, printer: Printer, project: &Project, minutes: u64) -> Result<(String, bool), Failure> {
        printer.step("Soaking", self.name);
        let start = Instant::now();
        let (what, passed) = match &self.work {
            Work::Tests { package, program, filter, variable, value } => {
                let value = match value {
                    Value::Fixed(value) => (*value).to_owned(),
                    Value::Minutes => minutes.to_string(),
                };
                let mut log = TestLog::default();
                let task = cargo(project)
                    .args(["test", "--locked", "--package", package, "--no-fail-fast"])
                    .args(if *program == LIBRARY { ["--lib", "--release"] } else { ["--test", *program] })
                    // A library alone has other features, and the AWS SDK would be compiled again.
                    .args((*package != "xtask").then_some("--no-default-features"))
                    .args(["--", "--show-output", filter])
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
            Work::Reproducible => {
                let [first, second] = same_binary_from_two_folders(project)?;
                (format!("{first} and {second} from two folders"), first == second)
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
