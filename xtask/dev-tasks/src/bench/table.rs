//! The figures as tables, in the terminal and in the documentation.

use std::fmt::Write as _;

use benchmarks::{Figure, Verdict, number};

use super::results::Results;
use model_release::{Diagnostic, Failure};
use terminal::{Project, files};

/// The columns of a figure.
fn row(figure: &Figure) -> [String; 5] {
    let value = format!("{} {}", number(figure.value), figure.unit);
    let peer = figure.peer.as_ref().map(|peer| format!("{}: {}", peer.name, number(peer.value))).unwrap_or_default();
    let goal = match figure.verdict() {
        Verdict::None => String::new(),
        Verdict::Met => format!("{}: met", figure.goal_in_words()),
        Verdict::Missed => format!("{}: MISSED", figure.goal_in_words()),
        Verdict::NotCompared => format!("{}: not compared", figure.goal_in_words()),
    };
    [figure.name.clone(), value, peer, figure.comparison().unwrap_or_default(), goal]
}

const HEADINGS: [&str; 5] = ["what", "measured", "compared with", "", "goal"];

/// The figures of each benchmark.
fn groups(results: &Results) -> impl Iterator<Item = (&str, &[Figure])> {
    results.figures.chunk_by(|a, b| a.benchmark == b.benchmark).map(|figures| (&*figures[0].benchmark, figures))
}

/// A table with aligned columns.
pub(super) fn text(results: &Results) -> String {
    let mut text = String::new();
    for (benchmark, figures) in groups(results) {
        let rows: Vec<_> = figures.iter().map(row).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 5] = std::array::from_fn(width);
        let _ = writeln!(text, "\n{benchmark}");
        for row in &rows {
            let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
        }
    }
    text
}

/// A table for each benchmark.
pub(super) fn markdown(results: &Results) -> String {
    let machine = &results.machine;
    let load = results.load_average.map(|load| format!(", load average {}", number(load))).unwrap_or_default();
    let mut text = format!("{} processors ({}), {}{load}.\n", machine.processors, machine.processor, machine.system);
    for (benchmark, figures) in groups(results) {
        let _ = write!(text, "\n### `{benchmark}`\n\n| {} |\n|{}\n", HEADINGS.join(" | "), "---|".repeat(HEADINGS.len()));
        for figure in figures {
            let _ = writeln!(text, "| {} |", row(figure).join(" | "));
        }
    }
    text
}

/// The README's sentence: CPU time and memory of a build, and CPU time of packaging.
fn highlights(results: &Results) -> Option<String> {
    let find = |benchmark: &str, name: &str| {
        results.figures.iter().find(|figure| figure.benchmark == benchmark && figure.name == name && figure.peer.is_some())
    };
    let less = |what: &str, figure: &Figure| {
        let peer = figure.peer.as_ref()?;
        Some(format!("{} {what} ({} {} against {})", figure.comparison()?, number(figure.value), figure.unit, number(peer.value)))
    };
    let cpu = less("CPU time", find("build", "CPU time: 1000 versions, 0 ms")?)?;
    let memory = less("memory", find("build", "peak memory: 1000 versions, 0 ms")?)?;
    let package = less("CPU time", find("package", "CPU time of the process: 1 MB")?)?;
    Some(wrapped(&format!(
        "A build needs {cpu} and {memory} than the same work with boto3 and the AWS CLI; packaging a template of 1 MB needs {package} than \
         the AWS CLI. [All figures](docs/performance.md)."
    )))
}

/// Wraps a paragraph at 100 columns.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > 100 {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.join("\n")
}

const BEGIN: &str = "<!-- figures of: `cargo xtask bench --write` -->\n";
const END: &str = "<!-- end of figures -->\n";

/// A document with this block of figures.
pub(super) fn with_block(document: &str, block: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}\n{END}{after}", block.trim_end()))
}

/// What a document's block has.
pub(super) fn block_of(name: &str, results: &Results) -> Result<String, Failure> {
    if name != README {
        return Ok(format!("\n{}\n", markdown(results).trim_end()));
    }
    let missing = || Diagnostic::error("the README's figures were not measured").with_hint("run `cargo xtask bench --write build package`");
    highlights(results).ok_or_else(|| missing().into())
}

const README: &str = "README.md";
/// The documents with figures.
pub(super) const DOCUMENTS: [&str; 2] = ["docs/performance.md", README];
/// The figures that they are made from.
pub(super) const FIGURES: &str = "docs/performance.json";

/// Writes the figures into the documents.
pub(super) fn write(project: &Project, results: &Results) -> Result<(), Failure> {
    let mut set = files::FileSet::default();
    set.add(project.root.join(FIGURES), results.json());
    for name in DOCUMENTS {
        let path = project.root.join(name);
        let document = with_block(&files::read_text(&path)?, &block_of(name, results)?);
        let document = document.ok_or_else(|| Failure::from(Diagnostic::error(format!("`{name}` has no line `{}`", BEGIN.trim()))))?;
        set.add(path, document);
    }
    set.write()
}
