//! `bench`: runs the benchmarks of the workspace, with their set-up, and compares their figures with
//! the goals.

mod results;
mod table;

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::options::BenchOptions;
use super::program::{cargo, packages};
use benchmarks::Verdict;
use model_release::{Diagnostic, Failure, FailureKind};
use results::Results;
use terminal::{Exit, Printer, Project, files};

/// A benchmark of the workspace.
#[derive(Debug, PartialEq, Eq)]
struct Benchmark {
    package: String,
    name: String,
    features: Vec<String>,
}

pub(crate) fn run(printer: Printer, project: &Project, options: &BenchOptions) -> Result<Exit, Failure> {
    let all = benchmarks(project)?;
    let chosen = chosen(&all, &options.names)?;
    if options.list {
        let lines: Vec<String> = chosen.iter().map(|benchmark| format!("{} ({})", benchmark.name, benchmark.package)).collect();
        Printer::out(&format!("{}\n", lines.join("\n")));
        return Ok(Exit::Done);
    }
    let path = path_with_peers(printer, project)?;
    let folder = project.target("bench");
    let lines = folder.join("figures.jsonl");
    // An empty file: the benchmarks append to it.
    files::write(&lines, b"")?;
    let program = match &options.binary {
        Some(binary) if binary.is_file() => Some(absolute(binary)),
        Some(binary) => return Err(Diagnostic::error(format!("there is no program `{}`", binary.display())).named("--binary").into()),
        None if chosen.iter().any(|benchmark| benchmark.package == WHOLE_PROGRAM) => Some(build(printer, project)?),
        None => None,
    };
    let mut exit = Exit::Done;
    for benchmark in &chosen {
        printer.step("Measuring", format!("{} ({})", benchmark.name, benchmark.package));
        // Compiles only the features that the benchmark requires.
        let mut task = cargo(project).args(["bench", "--locked", "--no-default-features"]);
        task = task.args(["--package", &benchmark.package, "--bench", &benchmark.name]);
        if !benchmark.features.is_empty() {
            task = task.args(["--features", &benchmark.features.join(",")]);
        }
        if let Some(program) = &program {
            task = task.env("BENCH_PROGRAM", program);
        }
        task = task.env("BENCH_RESULTS", absolute(&lines)).env("PATH", &path);
        if !task.arg("--").args(&options.arguments).succeeds()? {
            printer.diagnostic(&Diagnostic::error(format!("the benchmark `{}` failed", benchmark.name)));
            exit = exit.worst(Exit::Failed);
        }
    }
    let file = folder.join("results.json");
    let results = Results::earlier(&file).with(Results::read(&lines)?);
    files::write(&file, results.json().as_bytes())?;
    files::write(&folder.join("results.md"), table::markdown(&results).as_bytes())?;
    printer.result(&results, table::text(&results));
    printer.step("Written", files::shown(&file));
    if options.write {
        table::write(project, &results)?;
    }
    let names: Vec<_> = chosen.iter().map(|benchmark| &*benchmark.name).collect();
    let missed = check(&results, &names);
    for diagnostic in &missed {
        printer.diagnostic(diagnostic);
    }
    let is_failure = options.check && missed.iter().any(|diagnostic| diagnostic.level == model_release::Level::Error);
    Ok(if is_failure { exit.worst(Exit::Failed) } else { exit })
}

/// The package whose benchmarks measure the whole program.
const WHOLE_PROGRAM: &str = "benchmarks";

/// Each missed goal of these benchmarks, with what repeats it; a goal that was not compared is a
/// warning.
fn check(results: &Results, names: &[&str]) -> Vec<Diagnostic> {
    let figures = results.figures.iter().filter(|figure| names.contains(&&*figure.benchmark));
    figures
        .filter_map(|figure| {
            let goal = figure.goal_in_words();
            let diagnostic = match figure.verdict() {
                Verdict::Missed => {
                    let compared = figure.comparison().map(|comparison| format!(", {comparison}")).unwrap_or_default();
                    let value = format!("{} {}{compared}", benchmarks::number(figure.value), figure.unit);
                    Diagnostic::error(format!("{}: {}: {value}; the goal is {goal}", figure.benchmark, figure.name))
                }
                Verdict::NotCompared => {
                    Diagnostic::warning(format!("NOT COMPARED: {}: {}; the goal is {goal}", figure.benchmark, figure.name))
                }
                Verdict::None | Verdict::Met => return None,
            };
            Some(diagnostic.with_hint(format!("measure it again: `cargo xtask bench {}`", figure.benchmark)))
        })
        .collect()
}

/// The shipped program of these sources, linked for this machine only.
fn build(printer: Printer, project: &Project) -> Result<PathBuf, Failure> {
    printer.step("Building", "the program (profile `dist`; the AWS SDK takes some minutes)");
    let build = cargo(project).args(["build", "--locked", "--profile", "dist", "--package", "xtask"]);
    if !build.args(["--no-default-features", "--features", "aws"]).succeeds()? {
        return Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error("the program could not be built")]));
    }
    Ok(absolute(&project.target("dist").join(format!("xtask{}", std::env::consts::EXE_SUFFIX))))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The search path, preceded by the stand-in's Python, with boto3 and the AWS CLI, which benchmarks
/// compare with.
fn path_with_peers(printer: Printer, project: &Project) -> Result<std::ffi::OsString, Failure> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let peers: Option<PathBuf> = match super::stand_in::prepare(project) {
        Ok(environment) => Some(environment.join("bin")),
        Err(failure) => {
            for diagnostic in &failure.diagnostics {
                printer.diagnostic(&Diagnostic { level: model_release::Level::Warning, ..diagnostic.clone() });
            }
            printer.diagnostic(&Diagnostic::warning("NO COMPARISON WITH PYTHON: its environment cannot be created on this machine"));
            None
        }
    };
    std::env::join_paths(peers.into_iter().chain(std::env::split_paths(&own)))
        .map_err(|error| Diagnostic::error(format!("the search path cannot be extended: {error}")).into())
}

/// The benchmarks that `cargo metadata` names.
fn benchmarks(project: &Project) -> Result<Vec<Benchmark>, Failure> {
    let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let mut benchmarks = Vec::new();
    for package in packages(project)? {
        for target in list(&package["targets"]).iter().filter(|target| list(&target["kind"]).contains(&"bench".into())) {
            benchmarks.push(Benchmark {
                package: text(&package["name"]),
                name: text(&target["name"]),
                features: list(&target["required-features"]).iter().map(text).collect(),
            });
        }
    }
    benchmarks.sort_by(|a, b| (&a.package, &a.name).cmp(&(&b.package, &b.name)));
    Ok(benchmarks)
}

fn chosen<'a>(all: &'a [Benchmark], names: &[String]) -> Result<Vec<&'a Benchmark>, Failure> {
    let is = |benchmark: &Benchmark, name: &str| benchmark.name == name || benchmark.package == name;
    let unknown: Vec<Diagnostic> = names
        .iter()
        .filter(|name| !all.iter().any(|benchmark| is(benchmark, name)))
        .map(|name| {
            let known: Vec<&str> = all.iter().map(|benchmark| benchmark.name.as_str()).collect();
            Diagnostic::error(format!("there is no benchmark `{name}`")).with_hint(format!("the benchmarks are {}", known.join(", ")))
        })
        .collect();
    if !unknown.is_empty() {
        return Err(Failure::new(FailureKind::BadInput, unknown));
    }
    Ok(all.iter().filter(|benchmark| names.is_empty() || names.iter().any(|name| is(benchmark, name))).collect())
}

#[cfg(test)]
mod tests;
