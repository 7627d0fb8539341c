//! The selection of benchmarks, their figures and goals, and the documents.

use super::*;
use ::benchmarks::{Figure, Of};

fn benchmark(package: &str, name: &str) -> Benchmark {
    Benchmark { package: package.to_owned(), name: name.to_owned(), features: Vec::new() }
}

#[test]
fn benchmarks_are_selected_by_name_or_package() {
    let all = [benchmark("benchmarks", "package"), benchmark("endpoint-test", "load")];
    let names = |names: &[&str]| -> Vec<&str> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        chosen(&all, &names).unwrap().into_iter().map(|benchmark| benchmark.name.as_str()).collect()
    };
    assert_eq!(names(&[]), ["package", "load"]);
    assert_eq!(names(&["load"]), ["load"]);
    assert_eq!(names(&["benchmarks"]), ["package"]);
    let failure = chosen(&all, &["lod".to_owned()]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadInput);
}

/// Results from lines as the benchmarks write them.
fn results(figures: &[Figure]) -> Results {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.jsonl");
    let lines: String = figures.iter().map(|figure| serde_json::to_string(figure).unwrap() + "\n").collect();
    std::fs::write(&file, lines).unwrap();
    Results::read(&file).unwrap()
}

fn figures() -> [Figure; 4] {
    [
        Figure::new("build", "CPU time: 1000 versions, 0 ms", 0.0125, "CPU s").beside("Python", 1.25).at_least(60.0, Of::Saving),
        Figure::new("build", "peak memory: 1000 versions, 0 ms", 16.0, "MiB").beside("Python", 64.0),
        Figure::new("package", "CPU time of the process: 1 MB", 0.05, "CPU s").beside("AWS CLI", 2.5).at_least(60.0, Of::Saving),
        Figure::new("load", "rate", 1.0, "1/s").at_least(0.75, Of::Ratio),
    ]
}

#[test]
fn a_missed_goal_is_an_error_with_value_goal_and_command_and_a_missing_peer_is_a_warning() {
    let results = results(&figures());
    let found = check(&results, &["build", "package", "load"]);
    assert_eq!(found.len(), 2, "{found:?}");
    let load = found.iter().find(|found| found.message.contains("load")).unwrap();
    assert_eq!(load.level, model_release::Level::Warning);
    assert_eq!(load.message, "NOT COMPARED: load: rate; the goal is at least 0.75 times its peer");
    let package = found.iter().find(|found| found.level == model_release::Level::Error).unwrap();
    assert_eq!(
        package.message,
        "package: CPU time of the process: 1 MB: 0.05 CPU s, 50 times less; the goal is at least 60 times less than AWS CLI"
    );
    assert_eq!(package.hint.as_deref(), Some("measure it again: `cargo xtask bench package`"));
    assert_eq!(check(&results, &["build"]), [], "only the benchmarks of this run are checked");
}

#[test]
fn a_run_of_one_benchmark_keeps_the_figures_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.json");
    assert_eq!(Results::earlier(&file).figures, []);
    std::fs::write(&file, results(&figures()).json()).unwrap();
    let newer = Figure::new("build", "CPU time", 1.0, "CPU s");
    let merged = Results::earlier(&file).with(results(std::slice::from_ref(&newer)));
    let names: Vec<_> = merged.figures.iter().map(|figure| (&*figure.benchmark, &*figure.name)).collect();
    assert_eq!(names, [("build", "CPU time"), ("load", "rate"), ("package", "CPU time of the process: 1 MB")]);
    std::fs::write(&file, results(&figures()).json().replace("\"processors\": ", "\"processors\": 9")).unwrap();
    assert_eq!(Results::earlier(&file).figures, [], "another machine's figures are not merged");
}

#[test]
fn a_line_that_is_no_figure_is_an_error_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.jsonl");
    std::fs::write(&file, "\n{\"benchmark\":\"load\"}\n").unwrap();
    let failure = Results::read(&file).unwrap_err();
    assert!(failure.diagnostics[0].message.contains("line 2: this is not a figure: missing field `name`"), "{failure:?}");
}

#[test]
fn the_documents_have_the_figures_of_the_committed_results() {
    let project = Project { root: Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned() };
    let read = |name: &str| std::fs::read_to_string(project.root.join(name)).unwrap();
    let committed: Results = serde_json::from_str(&read(table::FIGURES)).unwrap();
    for name in table::DOCUMENTS {
        let document = read(name);
        let made = table::with_block(&document, &table::block_of(name, &committed).unwrap()).unwrap();
        assert_eq!(document, made, "{name} differs from {}: run `cargo xtask bench --write`", table::FIGURES);
    }
}

#[test]
fn the_readme_names_three_figures_with_their_ratios() {
    let block = table::block_of("README.md", &results(&figures())).unwrap();
    assert_eq!(
        block.replace('\n', " "),
        "A build needs 100 times less CPU time (0.0125 CPU s against 1.25) and 4 times less memory (16 MiB against 64) than the same work \
         with boto3 and the AWS CLI; packaging a template of 1 MB needs 50 times less CPU time (0.05 CPU s against 2.5) than the AWS CLI. \
         [All figures](docs/performance.md)."
    );
    assert!(block.lines().all(|line| line.chars().count() <= 100));
    assert!(table::block_of("README.md", &results(&figures()[3..])).is_err());
    assert!(table::with_block("no markers", "").is_none());
}

#[test]
fn a_table_has_a_row_for_each_figure() {
    let results = results(&figures());
    let markdown = table::markdown(&results);
    let row = "| CPU time: 1000 versions, 0 ms | 0.0125 CPU s | Python: 1.25 | 100 times less | at least 60 times less than Python: met |";
    assert!(markdown.contains(row), "{markdown}");
    assert!(table::text(&results).contains("at least 60 times less than AWS CLI: MISSED"));
}
