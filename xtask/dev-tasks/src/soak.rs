//! `soak`: runs the property tests with new seeds and many more cases than `test`, and all of what
//! `test` only samples.

mod programs;

use std::time::{Duration, Instant};

use programs::{PROGRAM_SUITES, ProgramSuite};

use super::options::SoakOptions;
use super::program::cargo;
use super::properties::{Suite, suites};
use super::test::new_seed;
use model_release::{Diagnostic, Failure, FailureKind};
use sandbox::test_log::TestLog;
use terminal::{Exit, Printer, Project};

/// Cases of the first round; each round doubles them, up to [`LONG_ROUND`].
const FIRST_ROUND: u64 = 256;
/// Rounds of this duration do not double: repeating a failure takes as long as its round.
const LONG_ROUND: Duration = Duration::from_mins(1);

pub(crate) fn run(printer: Printer, project: &Project, options: &SoakOptions) -> Result<Exit, Failure> {
    let (suites, programs) = chosen(suites(project)?, &options.suites)?;
    if options.list {
        for suite in &suites {
            Printer::out(&format!("{}\n", suite.name));
            for property in &suite.properties {
                Printer::out(&format!("    {property}\n"));
            }
        }
        for suite in &PROGRAM_SUITES {
            Printer::out(&format!("{} (only when it is named)\n", suite.name));
        }
        return Ok(Exit::Done);
    }
    let share = Duration::from_secs(options.minutes * 60) / u32::try_from(suites.len().max(1)).unwrap_or(u32::MAX);
    let mut seed = options.seed.unwrap_or_else(new_seed);
    let mut failed = Vec::new();
    let mut lines = Vec::new();
    for suite in &suites {
        printer.step("Soaking", format_args!("{} ({} properties)", suite.name, suite.properties.len()));
        let (start, mut cases, mut size) = (Instant::now(), 0, FIRST_ROUND);
        let is_done = |cases: u64| options.cases.map_or_else(|| cases > 0 && start.elapsed() >= share, |limit| cases >= limit);
        while !is_done(cases) {
            size = options.cases.map_or(size, |limit| size.min(limit - cases));
            let round = Instant::now();
            if let Some(problem) = failure(printer, project, suite, size, seed)? {
                printer.bad_step("FAILED", format_args!("{} with the seed {seed} and {size} cases: {problem}", suite.name));
                printer.line(format_args!("             cargo xtask soak {} --seed {seed} --cases {size}", suite.name));
                failed.push(suite.name.clone());
                break;
            }
            cases += size;
            seed += 1;
            size = if round.elapsed() < LONG_ROUND { size * 2 } else { size };
        }
        lines.push(format!("{}: {cases} cases of {} properties in {} s", suite.name, suite.properties.len(), start.elapsed().as_secs()));
    }
    for suite in programs {
        let (line, passed) = suite.run(printer, project, options.minutes)?;
        lines.push(line);
        failed.extend((!passed).then(|| suite.name.to_owned()));
    }
    printer.heading("Summary");
    for line in &lines {
        printer.line(line);
    }
    printer.line(format_args!("{} passed, {} failed", lines.len() - failed.len(), failed.len()));
    Ok(if failed.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Runs each property of the suite with this many cases; the problem if one failed.
fn failure(printer: Printer, project: &Project, suite: &Suite, cases: u64, seed: u64) -> Result<Option<String>, Failure> {
    let mut log = TestLog::default();
    let task = cargo(project)
        .args([
            "test",
            "--locked",
            "--quiet",
            "--no-fail-fast",
            "--package",
            suite.package,
            "--no-default-features",
            "--features",
            suite.features,
            "--lib",
            "--test",
            "*",
            "--",
        ])
        .args(&suite.properties)
        .env("PROPTEST_CASES", cases.to_string())
        .env("PROPTEST_RNG_SEED", seed.to_string());
    let (succeeds, output) = task.output()?;
    output.lines().for_each(|line| log.read(line));
    if succeeds && log.passed >= suite.properties.len() {
        return Ok(None);
    }
    printer.line(output);
    Ok(Some(if succeeds { format!("{} of {} properties ran", log.passed, suite.properties.len()) } else { "a property failed".to_owned() }))
}

/// The suites whose names contain one of the texts; without texts, all suites of properties.
fn chosen(all: Vec<Suite>, names: &[String]) -> Result<(Vec<Suite>, Vec<&'static ProgramSuite>), Failure> {
    let programs: Vec<_> = PROGRAM_SUITES.iter().filter(|suite| names.iter().any(|name| suite.name.contains(name.as_str()))).collect();
    let is_known = |name: &str| all.iter().any(|suite| suite.name.contains(name)) || programs.iter().any(|suite| suite.name.contains(name));
    let unknown: Vec<Diagnostic> = names
        .iter()
        .filter(|name| !is_known(name))
        .map(|name| Diagnostic::error(format!("no suite has `{name}` in its name")).with_hint("list them: `cargo xtask soak --list`"))
        .collect();
    if !unknown.is_empty() {
        return Err(Failure::new(FailureKind::BadInput, unknown));
    }
    let is_selected = |suite: &Suite| names.is_empty() || names.iter().any(|name| suite.name.contains(name.as_str()));
    Ok((all.into_iter().filter(is_selected).collect(), programs))
}

#[cfg(test)]
mod tests;
