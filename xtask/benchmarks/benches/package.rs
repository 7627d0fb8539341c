//! `package`: the whole process beside the AWS CLI's, and the library beside the bare parse.
//!
//! The library's part is everything from reading the template's file to the packaged text in memory,
//! including the checks for problems and the verification of the result; uploads go to a folder.

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use benchmarks::aws::{Aws, Contents};
use benchmarks::scene::{Scene, program};
use benchmarks::{Meter, Of, Report, Usage, alternating, template, tree};
use cfn_render::store::Directory;
use cfn_render::{PackageOptions, Template};

#[path = "../../../cfn-render/tests/support/cpu_time.rs"]
mod cpu_time;

use cpu_time::cpu_now;

/// The maximum cost of packaging 1 MB as a multiple of the bare parse: parse, edit, parse again.
const MOST_TIMES_THE_PARSE: f64 = 2.5;
/// The minimum factor by which a template of 1 MB costs less than with the AWS CLI.
const LEAST_TIMES_LESS: f64 = 60.0;
/// The maximum CPU time of a tree of 500 small templates.
const MOST_FOR_A_TREE: f64 = 1.0;
const PEER: &str = "AWS CLI";
const ROUNDS: usize = 3;

fn main() -> ExitCode {
    let mut report = Report::new("package");
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir_all(folder.path().join("src")).expect("the folder is created");
    std::fs::write(folder.path().join("src/index.py"), "1").expect("the code is written");
    let aws = Aws::start(Contents::default()).expect("a free port");
    let bench = Bench { scene: Scene::new(folder.path(), &aws), meter: Meter::start(folder.path()).expect("python3 starts") };
    for (size, name) in [(1_000, "1 KB"), (100_000, "100 KB"), (1_000_000, "1 MB")] {
        let text = template(size);
        let path = folder.path().join(format!("{size}.yml"));
        std::fs::write(&path, &text).expect("the template is written");
        let is_large = size == 1_000_000;
        bench.whole(&mut report, name, &path, is_large.then_some((LEAST_TIMES_LESS, Of::Saving)));
        library(&mut report, name, &text, &path, is_large);
    }
    let (path, bytes) = tree(folder.path(), 500);
    bench.whole(&mut report, &format!("a tree of 500 templates, {bytes} bytes"), &path, None);
    report.exit()
}

struct Bench {
    scene: Scene,
    meter: Meter,
}

impl Bench {
    /// Whole processes, which upload to the simulated bucket.
    fn whole(&self, report: &mut Report, name: &str, path: &Path, goal: Option<(f64, Of)>) {
        let arguments = |output: &str| {
            format!("package --template-file {} --s3-bucket artifacts-111111111111 --output-template-file {output}", path.display())
        };
        let ours = self.scene.process(&program(), &arguments("ours.yml"));
        let theirs = self.scene.process("aws", &format!("cloudformation {}", arguments("theirs.yml")));
        let has_peer = Command::new("aws").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        let (ours, theirs): (Usage, Option<Usage>) = if has_peer {
            let [ours, theirs] = alternating(ROUNDS, [&mut || self.meter.run(&ours), &mut || self.meter.run(&theirs)]);
            (ours, Some(theirs))
        } else {
            let [ours] = alternating(ROUNDS, [&mut || self.meter.run(&ours)]);
            (ours, None)
        };
        let mut cpu = report.figure(format!("CPU time of the process: {name}"), ours.cpu, "CPU s");
        let mut memory = report.figure(format!("peak memory: {name}"), ours.peak_mib, "MiB");
        let mut duration = report.figure(format!("duration: {name}"), ours.wall, "s");
        if let Some(theirs) = theirs {
            cpu = cpu.beside(PEER, theirs.cpu);
            memory = memory.beside(PEER, theirs.peak_mib);
            duration = duration.beside(PEER, theirs.wall);
        }
        if let Some((limit, of)) = goal {
            cpu = cpu.at_least(limit, of);
        }
        for figure in [cpu, memory, duration] {
            report.add(&figure);
        }
        if name.starts_with("a tree") {
            report.add(&report.figure("CPU time of the tree", ours.cpu, "CPU s").at_most(MOST_FOR_A_TREE, Of::Value));
        }
    }
}

/// The library's CPU time beside the bare parse.
fn library(report: &mut Report, name: &str, text: &str, path: &Path, is_large: bool) {
    let store = Directory::new(path.with_extension("out"), "bucket", "eu-west-1");
    let [bare, whole] = least([
        &mut || {
            for event in granit_parser::Parser::new_from_str(text) {
                black_box(event.expect("it parses"));
            }
        },
        &mut || drop(black_box(package(path, &store))),
    ]);
    let figure = report.figure(format!("CPU time of the library: {name}"), whole.as_secs_f64(), "CPU s");
    let figure = figure.beside("the bare parse", bare.as_secs_f64());
    report.add(&if is_large { figure.at_most(MOST_TIMES_THE_PARSE, Of::Ratio) } else { figure });
}

/// The least CPU time of each alternative, in alternating runs. Runs are grouped until the clock's own
/// cost is negligible: the system updates a thread's time at its clock tick, every few milliseconds.
fn least<const N: usize>(mut alternatives: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let (start, mut least, mut groups) = (Instant::now(), [Duration::MAX; N], [1_u32; N]);
    while start.elapsed() < Duration::from_secs(5) || least.contains(&Duration::MAX) {
        for (index, work) in alternatives.iter_mut().enumerate() {
            let before = cpu_now();
            for _ in 0..groups[index] {
                work();
            }
            let taken = cpu_now().saturating_sub(before);
            if taken < Duration::from_millis(100) && groups[index] < 1 << 16 {
                groups[index] *= 2;
            } else {
                least[index] = least[index].min(taken / groups[index]);
            }
        }
    }
    least
}

fn package(path: &Path, store: &Directory) -> String {
    let text = std::fs::read_to_string(path).expect("the file exists");
    let template = Template::parse(text, path).expect("it parses");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(template.package(store, &PackageOptions::default())).expect("it packages").text
}
