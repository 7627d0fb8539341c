//! Prints the figures of a benchmark, and appends them to the file that `BENCH_RESULTS` names.

use std::io::Write as _;
use std::path::PathBuf;

use crate::figure::{Figure, Verdict, number};

/// The figures of one benchmark.
#[derive(Debug)]
pub struct Report {
    benchmark: &'static str,
    file: Option<PathBuf>,
    missed: usize,
}

impl Report {
    /// The report of this benchmark.
    pub fn new(benchmark: &'static str) -> Self {
        Self { benchmark, file: std::env::var_os("BENCH_RESULTS").map(PathBuf::from), missed: 0 }
    }

    /// A figure of this benchmark, not yet reported.
    pub fn figure(&self, name: impl Into<String>, value: f64, unit: &str) -> Figure {
        Figure::new(self.benchmark, name, value, unit)
    }

    /// Prints a figure and appends it to the file.
    ///
    /// # Panics
    ///
    /// If the file cannot be written.
    pub fn add(&mut self, figure: &Figure) {
        let verdict = match figure.verdict() {
            Verdict::None => "",
            Verdict::Met => "met",
            Verdict::Missed => "MISSED",
            Verdict::NotCompared => "NOT COMPARED",
        };
        self.missed += usize::from(figure.verdict() == Verdict::Missed);
        let peer = figure.peer.as_ref().map(|peer| format!("; {} {}", peer.name, number(peer.value))).unwrap_or_default();
        let comparison = figure.comparison().map(|text| format!(", {text}")).unwrap_or_default();
        let goal = if figure.goal.is_some() { format!(" [{}]", figure.goal_in_words()) } else { String::new() };
        #[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
        {
            println!("{verdict:>12} {}: {} {}{peer}{comparison}{goal}", figure.name, number(figure.value), figure.unit);
        }
        let Some(file) = &self.file else { return };
        let line = serde_json::to_string(figure).expect("plain data") + "\n";
        let written = std::fs::OpenOptions::new().create(true).append(true).open(file).and_then(|mut file| file.write_all(line.as_bytes()));
        written.unwrap_or_else(|error| panic!("`{}` cannot be written: {error}", file.display()));
    }

    /// The exit code: 1 if a goal was missed, unless `cargo xtask bench` judges the figures.
    pub fn exit(&self) -> std::process::ExitCode {
        u8::from(self.missed > 0 && self.file.is_none()).into()
    }
}
