//! `bench`: runs the benchmarks of the workspace, with their set-up.

use std::path::PathBuf;

use serde_json::Value as Json;

use super::options::BenchOptions;
use super::program::{cargo, packages};
use model_release::{Diagnostic, Failure, FailureKind};
use terminal::{Exit, Printer, Project};

/// A benchmark of the workspace.
#[derive(Debug, PartialEq, Eq)]
struct Benchmark {
    package: String,
    name: String,
    features: Vec<String>,
    profile: Option<String>,
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
    let mut exit = Exit::Done;
    for benchmark in chosen {
        printer.step("Measuring", format!("{} ({})", benchmark.name, benchmark.package));
        // Compiles only the features that the benchmark requires.
        let mut task = cargo(project).args(["bench", "--locked", "--no-default-features"]);
        task = task.args(["--package", &benchmark.package, "--bench", &benchmark.name]);
        if let Some(profile) = &benchmark.profile {
            task = task.args(["--profile", profile]);
        }
        if !benchmark.features.is_empty() {
            task = task.args(["--features", &benchmark.features.join(",")]);
        }
        if !task.env("PATH", &path).arg("--").args(&options.arguments).succeeds()? {
            printer.diagnostic(&Diagnostic::error(format!("the benchmark `{}` failed", benchmark.name)));
            exit = exit.worst(Exit::Failed);
        }
    }
    Ok(exit)
}

/// The search path, preceded by the stand-in's AWS CLI, which some benchmarks compare with.
fn path_with_peers(printer: Printer, project: &Project) -> Result<std::ffi::OsString, Failure> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let peers: Option<PathBuf> = match super::stand_in::prepare(project) {
        Ok(environment) => Some(environment.join("bin")),
        Err(failure) => {
            for diagnostic in &failure.diagnostics {
                printer.diagnostic(&Diagnostic { level: model_release::Level::Warning, ..diagnostic.clone() });
            }
            printer.diagnostic(&Diagnostic::warning("NO COMPARISON WITH THE AWS CLI: its environment cannot be created on this machine"));
            None
        }
    };
    std::env::join_paths(peers.into_iter().chain(std::env::split_paths(&own)))
        .map_err(|error| Diagnostic::error(format!("the search path cannot be extended: {error}")).into())
}

/// The benchmarks that `cargo metadata` names. `[package.metadata.bench.NAME]` can set a profile:
/// benchmarks that call AWS measure waiting, not computing, and use the tests' compiled SDK.
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
                profile: package["metadata"]["bench"][text(&target["name"])]["profile"].as_str().map(str::to_owned),
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
