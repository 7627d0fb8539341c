//! The start of the program: `--help` and `--version`.

use std::process::ExitCode;

use benchmarks::aws::{Aws, Contents};
use benchmarks::scene::{Scene, program};
use benchmarks::{Meter, Of, Report, alternating};

const MOST_SECONDS: f64 = 0.003;
const ROUNDS: usize = 41;

fn main() -> ExitCode {
    let mut report = Report::new("start_up");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let aws = Aws::start(Contents::default()).expect("a free port");
    let scene = Scene::new(folder.path(), &aws);
    let meter = Meter::start(folder.path()).expect("python3 starts");
    let [help, version, nothing] = ["--help", "--version", ""].map(|arguments| match arguments {
        "" => scene.process("true", ""),
        arguments => scene.process(&program(), arguments),
    });
    // The meter's own part: to start a process that does nothing.
    let [help, version, nothing] =
        alternating(ROUNDS, [&mut || meter.run(&help), &mut || meter.run(&version), &mut || meter.run(&nothing)]);
    for (name, usage) in [("--help", help), ("--version", version)] {
        let figure = report.figure(format!("{name}, CPU time"), usage.cpu, "CPU s").beside("true", nothing.cpu);
        report.add(&figure.at_most(MOST_SECONDS, Of::Value));
        report.add(&report.figure(format!("{name}, duration"), usage.wall, "s").beside("true", nothing.wall));
    }
    report.exit()
}
