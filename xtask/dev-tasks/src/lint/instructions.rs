//! The instructions of six operations of the libraries, counted by valgrind: noise, a busy machine
//! and another processor do not change them.
//!
//! The counts are those of the program's own code without the C library, whose version and choice
//! of routines differ from machine to machine. They depend on the version of rustc, which the
//! committed file names: with another version nothing is checked, and the counts are printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Lint;
use crate::program::{Task, cargo};
use model_release::{Diagnostic, Failure};
use terminal::{Project, files};

const FILE: &str = "xtask/dev-tasks/src/lint/instructions.json";
/// An operation fails with more than this share above the committed count.
const TOLERANCE: f64 = 0.02;
/// The repetitions of the second count.
const REPETITIONS: u64 = 6;

/// The committed counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    /// The compiler and its target.
    rustc: String,
    /// The instructions of each operation.
    instructions: BTreeMap<String, u64>,
}

impl Lint {
    /// Counts the instructions, and compares them with the committed ones.
    pub(super) fn instructions(&mut self, project: &Project) -> Result<(), Failure> {
        self.printer.step("Checking", "instructions of six operations");
        if !Task::new("valgrind").arg("--version").quietly_succeeds() {
            self.printer.diagnostic(
                &Diagnostic::warning("NOT CHECKED: the instructions of six operations: valgrind is not installed")
                    .with_hint("install it (Debian and Ubuntu: `sudo apt-get install valgrind`); CI counts them in any case"),
            );
            return Ok(());
        }
        let committed: Counts = serde_json::from_str(&files::read_text(&project.root.join(FILE))?)
            .map_err(|error| Diagnostic::error(format!("`{FILE}` has no counts: {error}")))?;
        let counted = count(project, committed.instructions.keys())?;
        if std::env::var_os("UPDATE_INSTRUCTIONS").is_some() {
            let json = serde_json::to_string_pretty(&counted).expect("plain data always serializes") + "\n";
            return files::write(&project.root.join(FILE), json.as_bytes());
        }
        for diagnostic in compared(&committed, &counted) {
            if diagnostic.level == model_release::Level::Error {
                self.exit = self.exit.worst(terminal::Exit::Failed);
            }
            self.printer.diagnostic(&diagnostic);
        }
        Ok(())
    }
}

/// What the counts show. Another compiler's counts are not compared.
fn compared(committed: &Counts, counted: &Counts) -> Vec<Diagnostic> {
    let update = "if it is intended: `UPDATE_INSTRUCTIONS=1 cargo xtask lint instructions`";
    if committed.rustc != counted.rustc {
        let message =
            format!("NOT CHECKED: the instructions of six operations: `{FILE}` is of {}, and this is {}", committed.rustc, counted.rustc);
        let counts = counted.instructions.iter().map(|(name, count)| format!("{count:>12} {name}"));
        return vec![counts.fold(Diagnostic::warning(message), Diagnostic::detail).with_hint(update)];
    }
    let mut found = Vec::new();
    for (name, count) in &counted.instructions {
        let Some(before) = committed.instructions.get(name) else { continue };
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let change = *count as f64 / *before as f64 - 1.0;
        let message = format!("`{name}` needs {count} instructions instead of {before} ({:+.1} %)", change * 100.0);
        if change > TOLERANCE {
            let why = format!("find the cause with `valgrind --tool=callgrind`; {update}");
            found.push(Diagnostic::error(format!("{message}, more than {} % above", TOLERANCE * 100.0)).with_hint(why));
        } else if change < -TOLERANCE {
            found.push(
                Diagnostic::new(model_release::Level::Note, message)
                    .with_hint("commit the gain: `UPDATE_INSTRUCTIONS=1 cargo xtask lint instructions`"),
            );
        }
    }
    found
}

/// Builds the operations without the AWS SDK, and counts each.
fn count<'a>(project: &Project, names: impl Iterator<Item = &'a String>) -> Result<Counts, Failure> {
    let (_, version) = Task::new("rustc").folder(&project.root).args(["--version", "--verbose"]).output()?;
    let program = program(project)?;
    let folder = tempfile::tempdir().map_err(|error| Diagnostic::error(format!("there is no temporary folder: {error}")))?;
    let mut instructions = BTreeMap::new();
    for name in names {
        let run = |repetitions: u64| -> Result<u64, Failure> {
            let output = folder.path().join("callgrind.out");
            let task = Task::new("valgrind")
                .args(["--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no"])
                .arg(format!("--callgrind-out-file={}", output.display()));
            let (succeeds, printed) = task.arg(&program).arg(name).arg(repetitions.to_string()).output()?;
            if !succeeds {
                return Err(Diagnostic::error(format!("the operation `{name}` failed under valgrind")).detail(printed.trim()).into());
            }
            Ok(own_instructions(&files::read_text(&output)?, &program))
        };
        let once = run(1)?;
        instructions.insert(name.clone(), run(REPETITIONS)?.saturating_sub(once) / (REPETITIONS - 1));
    }
    Ok(Counts { rustc: compiler(&version), instructions })
}

/// The version and the target of `rustc --version --verbose`.
fn compiler(version: &str) -> String {
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    format!("{} for {host}", version.lines().next().unwrap_or_default())
}

/// The path of the compiled program `operations`.
fn program(project: &Project) -> Result<PathBuf, Failure> {
    let build = cargo(project).args(["build", "--release", "--locked", "--quiet", "--package", "operations"]);
    let (succeeds, output) = build.args(["--message-format", "json-render-diagnostics"]).output()?;
    let mut messages = output.lines().rev().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let program = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program
        .filter(|_| succeeds)
        .ok_or_else(|| Diagnostic::error("the program `operations` could not be built").detail(output.trim()).into())
}

/// The instructions in a file of callgrind that the program's own code executed. A line is `ob=` with
/// an object's path, `calls=`, after which the next line has the cost of the called function, or the
/// cost of a line of code: its number and the instructions.
fn own_instructions(profile: &str, program: &Path) -> u64 {
    let program = program.to_string_lossy();
    let (mut is_own, mut is_called, mut sum) = (false, false, 0);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_own = object == program;
        } else if line.starts_with("calls=") {
            is_called = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let cost = line.split_once(' ').and_then(|(_, cost)| cost.trim().parse::<u64>().ok()).unwrap_or(0);
            sum += if is_own && !is_called { cost } else { 0 };
            is_called = false;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use model_release::Level;

    fn counts(rustc: &str, count: u64) -> Counts {
        Counts { rustc: rustc.to_owned(), instructions: [("plan".to_owned(), count)].into() }
    }

    #[test]
    fn three_percent_more_fail_and_one_percent_does_not() {
        let committed = counts("rustc 1", 1_000_000);
        assert_eq!(compared(&committed, &counts("rustc 1", 1_000_000)), []);
        assert_eq!(compared(&committed, &counts("rustc 1", 1_010_000)), []);
        let [slower] = &compared(&committed, &counts("rustc 1", 1_030_000))[..] else { panic!("one finding") };
        assert_eq!(slower.level, Level::Error);
        assert_eq!(slower.message, "`plan` needs 1030000 instructions instead of 1000000 (+3.0 %), more than 2 % above");
        let [faster] = &compared(&committed, &counts("rustc 1", 900_000))[..] else { panic!("one finding") };
        assert_eq!((faster.level, &*faster.message), (Level::Note, "`plan` needs 900000 instructions instead of 1000000 (-10.0 %)"));
    }

    #[test]
    fn counts_of_another_compiler_are_printed_and_not_compared() {
        let found = compared(&counts("rustc 1", 1), &counts("rustc 2", 1_000_000));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].level, Level::Warning);
        assert!(found[0].message.starts_with("NOT CHECKED") && found[0].details[0].ends_with("1000000 plan"), "{found:?}");
        assert_eq!(
            compiler("rustc 1.94.1 (abc 2026-01-01)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n"),
            "rustc 1.94.1 (abc 2026-01-01) for x86_64-unknown-linux-gnu"
        );
    }

    #[test]
    fn only_the_programs_own_instructions_count_and_no_called_function_twice() {
        let profile = "version: 1\nevents: Ir\n\nob=/target/operations\nfl=???\nfn=plan\n1 100\n2 20\ncfn=inner\ncob=/lib/libc.so.6\ncalls=3 9\n2 5000\n\
                       3 7\n\nob=/lib/libc.so.6\nfn=memcpy\n9 5000\n\nob=/target/operations\nfn=inner\n9 1\n\ntotals: 5128\n";
        assert_eq!(own_instructions(profile, Path::new("/target/operations")), 128);
        assert_eq!(own_instructions(profile, Path::new("/target/other")), 0);
    }

    #[test]
    fn the_committed_counts_are_those_of_six_operations() {
        let committed: Counts = serde_json::from_str(include_str!("instructions.json")).unwrap();
        assert_eq!(committed.instructions.len(), 6);
        assert!(committed.instructions.values().all(|count| *count > 100_000), "{committed:?}");
    }
}
