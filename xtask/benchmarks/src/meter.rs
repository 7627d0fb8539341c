//! CPU time, peak memory and duration of a process.

use std::cell::RefCell;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::{Deserialize, Serialize};

/// A process to measure.
#[derive(Debug, Clone, Serialize)]
pub struct Process {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Its working directory.
    pub folder: PathBuf,
    /// All of its environment variables.
    pub variables: std::collections::BTreeMap<String, String>,
}

/// What a process used. Several are added up.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Usage {
    /// The duration in seconds.
    pub wall: f64,
    /// The CPU time in seconds, with that of its own child processes.
    pub cpu: f64,
    /// The peak of the resident memory in MiB, at least 10.
    pub peak_mib: f64,
}

#[derive(Debug, Deserialize)]
struct Response {
    code: i32,
    #[serde(flatten)]
    usage: Usage,
}

/// Measures processes, one at a time.
#[derive(Debug)]
pub struct Meter {
    child: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
    /// The output of the last process.
    output: PathBuf,
}

impl Meter {
    /// Starts the meter, which needs Python 3.9 or newer. `folder` gets a file with the output of the
    /// last process.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let mut command = Command::new("python3");
        command.args(["-E", "-S", "-s", "-c", include_str!("meter.py")]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the meter has no pipes"));
        };
        Ok(Self { child, pipes: RefCell::new((input, BufReader::new(output))), output: folder.join("output-of-the-last-process") })
    }

    /// Runs a process that must succeed; its usage.
    ///
    /// # Panics
    ///
    /// If it fails, with the end of its output.
    pub fn run(&self, process: &Process) -> Usage {
        let mut request = serde_json::to_value(process).expect("plain data");
        request["output"] = self.output.to_string_lossy().into();
        let (input, output) = &mut *self.pipes.borrow_mut();
        let mut line = String::new();
        let sent = writeln!(input, "{request}").and_then(|()| input.flush());
        sent.and_then(|()| output.read_line(&mut line)).expect("the meter runs");
        let Response { code, usage } = serde_json::from_str(&line).expect("the meter responds");
        assert!(code == 0, "{:?} ended with {code}:\n{}", process.command, self.output());
        usage
    }

    /// The output of the last process, both streams.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    /// One process after the other.
    fn add(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, cpu: self.cpu + other.cpu, peak_mib: self.peak_mib.max(other.peak_mib) }
    }
}

impl Usage {
    /// The median of each figure by itself.
    pub fn median(runs: &[Self]) -> Self {
        let middle = |value: fn(&Self) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            let half = values.len() / 2;
            if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
        };
        Self { wall: middle(|usage| usage.wall), cpu: middle(|usage| usage.cpu), peak_mib: middle(|usage| usage.peak_mib) }
    }
}

/// Runs the alternatives in turn, each `rounds` times after one run that is not counted, so that a
/// busy machine affects all of them; the medians.
pub fn alternating<const N: usize>(rounds: usize, mut alternatives: [&mut dyn FnMut() -> Usage; N]) -> [Usage; N] {
    let mut runs: [Vec<Usage>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=rounds {
        for (alternative, runs) in alternatives.iter_mut().zip(&mut runs) {
            let usage = alternative();
            if round > 0 {
                runs.push(usage);
            }
        }
    }
    runs.map(|runs| Usage::median(&runs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(cpu: f64) -> Usage {
        Usage { wall: 2.0 * cpu, cpu, peak_mib: 10.0 - cpu }
    }

    #[test]
    fn alternatives_take_turns_and_the_first_round_is_not_counted() {
        let order = RefCell::new(String::new());
        let (mut first, mut second) = (vec![1.0, 4.0, 2.0, 100.0], vec![5.0, 5.0, 5.0, 0.0]);
        let [a, b] = alternating(
            3,
            [
                &mut || {
                    order.borrow_mut().push('a');
                    usage(first.pop().unwrap())
                },
                &mut || {
                    order.borrow_mut().push('b');
                    usage(second.pop().unwrap())
                },
            ],
        );
        assert_eq!(order.into_inner(), "abababab");
        assert_eq!((a, b), (usage(2.0), usage(5.0)));
        assert_eq!(Usage::median(&[usage(1.0), usage(2.0)]), usage(1.5));
    }

    #[test]
    fn one_process_after_the_other_adds_up_and_the_larger_peak_counts() {
        assert_eq!(usage(1.0) + usage(2.0), Usage { wall: 6.0, cpu: 3.0, peak_mib: 9.0 });
    }

    #[cfg(unix)]
    #[test]
    fn a_process_is_measured_in_its_folder_and_a_failure_shows_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let meter = Meter::start(folder.path()).unwrap();
        let process = |script: &str| Process {
            command: ["sh", "-c", script].map(str::to_owned).to_vec(),
            folder: folder.path().to_owned(),
            variables: [("PATH".to_owned(), std::env::var("PATH").unwrap()), ("NAME".to_owned(), "value".to_owned())].into(),
        };
        let used = meter.run(&process("echo $NAME; pwd; env | wc -l; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"));
        assert!(used.cpu > 0.0 && used.wall > 0.0 && used.peak_mib > 0.5, "{used:?}");
        let output = meter.output();
        assert!(output.starts_with("value\n") && output.contains(folder.path().file_name().unwrap().to_str().unwrap()), "{output}");
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| meter.run(&process("echo why >&2; exit 3"))));
        let message = *failed.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("ended with 3") && message.contains("why"), "{message}");
        let missing = Process { command: vec!["no-such-program".to_owned()], ..process("") };
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| meter.run(&missing)));
        assert!(failed.unwrap_err().downcast::<String>().unwrap().contains("ended with 127"));
    }
}
