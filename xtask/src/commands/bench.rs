//! `bench`: every benchmark of the workspace, with its set-up; names pick some of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::BenchOptions;
use crate::commands::developer::cargo;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::project::Project;
use model_release::{Diagnostic, Failure, FailureKind};

/// What is read of `cargo metadata`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
    metadata: Option<OwnMetadata>,
}

/// What a package says of its benchmarks: `[package.metadata.bench.NAME]`.
#[derive(Default, Deserialize)]
struct OwnMetadata {
    #[serde(default)]
    bench: BTreeMap<String, Settings>,
}

/// How a benchmark is compiled.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
struct Settings {
    /// Another profile than cargo's own for benchmarks. What talks to AWS measures how it waits, not how it computes: the profile of the
    /// tests will do, for which the SDK is compiled already.
    profile: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    #[serde(rename = "required-features", default)]
    required_features: Vec<String>,
}

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
        // Nothing but what the benchmark says it needs is compiled.
        let mut task = cargo(project).args([
            "bench",
            "--locked",
            "--no-default-features",
            "--package",
            &benchmark.package,
            "--bench",
            &benchmark.name,
        ]);
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

/// The search path with what benchmarks measure against in front: the AWS CLI, in the Python environment of the local AWS.
fn path_with_peers(printer: Printer, project: &Project) -> Result<std::ffi::OsString, Failure> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let peers: Option<PathBuf> = match super::stand_in::prepare(project) {
        Ok(environment) => Some(environment.join("bin")),
        Err(failure) => {
            for diagnostic in &failure.diagnostics {
                printer.diagnostic(&Diagnostic { level: model_release::Level::Warning, ..diagnostic.clone() });
            }
            printer.diagnostic(&Diagnostic::warning("NOTHING IS MEASURED BESIDE THE AWS CLI: its environment cannot be made here"));
            None
        }
    };
    std::env::join_paths(peers.iter().map(PathBuf::as_path).map(Path::to_owned).chain(std::env::split_paths(&own)))
        .map_err(|error| Diagnostic::error(format!("the search path cannot be extended: {error}")).into())
}

fn benchmarks(project: &Project) -> Result<Vec<Benchmark>, Failure> {
    let (succeeded, output) = cargo(project).args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--quiet"]).output()?;
    let metadata: Option<Metadata> = if succeeded { serde_json::from_str(&output).ok() } else { None };
    let Some(metadata) = metadata else {
        return Err(Diagnostic::error("cargo does not say what is in the workspace").detail(output.trim()).into());
    };
    let mut benchmarks: Vec<Benchmark> = metadata
        .packages
        .into_iter()
        .flat_map(|package| {
            let settings = package.metadata.unwrap_or_default().bench;
            let targets = package.targets.into_iter().filter(|target| target.kind.iter().any(|kind| kind == "bench"));
            targets.map(move |target| Benchmark {
                package: package.name.clone(),
                profile: settings.get(&target.name).and_then(|settings| settings.profile.clone()),
                name: target.name,
                features: target.required_features,
            })
        })
        .collect();
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
            Diagnostic::error(format!("no benchmark is called `{name}`")).with_hint(format!("there are: {}", known.join(", ")))
        })
        .collect();
    if !unknown.is_empty() {
        return Err(Failure::new(FailureKind::BadInput, unknown));
    }
    Ok(all.iter().filter(|benchmark| names.is_empty() || names.iter().any(|name| is(benchmark, name))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn benchmark(package: &str, name: &str) -> Benchmark {
        Benchmark { package: package.to_owned(), name: name.to_owned(), features: Vec::new(), profile: None }
    }

    #[test]
    fn benchmarks_are_chosen_by_their_names_or_their_packages() {
        let all = [benchmark("cfn-render", "packaging"), benchmark("endpoint-test", "load")];
        let names = |names: &[&str]| -> Vec<&str> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            chosen(&all, &names).unwrap().into_iter().map(|benchmark| benchmark.name.as_str()).collect()
        };
        assert_eq!(names(&[]), ["packaging", "load"]);
        assert_eq!(names(&["load"]), ["load"]);
        assert_eq!(names(&["cfn-render"]), ["packaging"]);
        let failure = chosen(&all, &["lod".to_owned()]).unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadInput);
    }
}
