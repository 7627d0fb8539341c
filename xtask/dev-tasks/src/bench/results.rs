//! The merged figures of all benchmarks.

use std::path::Path;

use benchmarks::Figure;
use serde::{Deserialize, Serialize};

use model_release::{Diagnostic, Failure};
use terminal::files;

/// The figures, and the machine that they were measured on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Results {
    pub(super) machine: Machine,
    /// The average number of processes that waited for a processor during the last minutes of the run:
    /// on a busy machine, durations say little, and CPU times are too high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) load_average: Option<f64>,
    pub(super) figures: Vec<Figure>,
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) processors: usize,
    pub(super) processor: String,
    pub(super) system: String,
}

impl Machine {
    fn this() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':')).map(|(_, model)| model.trim());
        let processor = model.unwrap_or(std::env::consts::ARCH).to_owned();
        Self { processors, processor, system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH) }
    }
}

/// That of five minutes; Linux only.
fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').nth(1)?.parse().ok()
}

impl Results {
    /// The lines that the benchmarks wrote.
    pub(super) fn read(lines: &Path) -> Result<Self, Failure> {
        let text = files::read_text(lines)?;
        let figure = |(index, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| {
                let message = format!("`{}`, line {}: this is not a figure: {error}", files::shown(lines), index + 1);
                Failure::from(
                    Diagnostic::error(message).with_hint("each line is a JSON document, as xtask/benchmarks/src/figure.rs describes it"),
                )
            })
        };
        let figures = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(figure).collect::<Result<_, _>>()?;
        Ok(Self { machine: Machine::this(), load_average: load_average(), figures })
    }

    /// The results of an earlier run on this machine: a run can measure some benchmarks only.
    pub(super) fn earlier(file: &Path) -> Self {
        let nothing = Self { machine: Machine::this(), load_average: None, figures: Vec::new() };
        let earlier: Option<Self> = std::fs::read_to_string(file).ok().and_then(|text| serde_json::from_str(&text).ok());
        earlier.filter(|earlier| earlier.machine == nothing.machine).unwrap_or(nothing)
    }

    /// Replaces the figures of the benchmarks that `newer` has.
    pub(super) fn with(mut self, newer: Self) -> Self {
        self.figures.retain(|figure| newer.figures.iter().all(|other| other.benchmark != figure.benchmark));
        self.figures.extend(newer.figures);
        self.load_average = newer.load_average;
        self.figures.sort_by(|a, b| a.benchmark.cmp(&b.benchmark));
        self
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data always serializes") + "\n"
    }
}
