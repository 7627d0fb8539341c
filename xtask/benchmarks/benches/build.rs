//! `setup` and `build`, whole processes, beside the same work with boto3 and the AWS CLI: CPU time,
//! peak memory, duration and requests, by the number of approved versions and the latency of AWS.

use std::process::ExitCode;
use std::time::Duration;

use benchmarks::aws::{Aws, Contents};
use benchmarks::scene::{Scene, program};
use benchmarks::{Meter, Of, Report, Usage, alternating};

const PEER: &str = "Python";
/// The goals for one build without latency.
const LEAST_TIMES_LESS: f64 = 60.0;
const MOST_CPU: f64 = 0.018;
const MOST_MIB: f64 = 18.0;
const ROUNDS: usize = 7;

fn main() -> ExitCode {
    let mut report = Report::new("build");
    for latency in [Duration::ZERO, Duration::from_millis(50)] {
        for versions in [10, 1_000, 10_000] {
            measured(&mut report, versions, latency);
        }
    }
    report.exit()
}

fn measured(report: &mut Report, versions: usize, latency: Duration) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let aws = Aws::start(Contents { versions, latency, ..Contents::default() }).expect("a free port");
    let scene = Scene::new(folder.path(), &aws);
    let meter = Meter::start(folder.path()).expect("python3 starts");
    let (setup, build) = (scene.process(&program(), "setup"), scene.process(&program(), "build --output-dir ours"));
    let script = format!("{}/benches/python_build.py theirs", env!("CARGO_MANIFEST_DIR"));
    let python = scene.process("python3", &script);
    let has_peer = std::process::Command::new("python3").args(["-c", "import boto3, awscli"]).status().is_ok_and(|status| status.success());

    let (mut our_requests, mut their_requests) = (0, 0);
    let mut ours = || {
        aws.take_requests();
        let usage = meter.run(&setup) + meter.run(&build);
        our_requests = aws.take_requests();
        usage
    };
    let (ours, theirs): (Usage, Option<Usage>) = if has_peer {
        let mut theirs = || {
            let usage = meter.run(&python);
            their_requests = aws.take_requests();
            usage
        };
        // A round of the slowest alternative takes seconds.
        let rounds = if latency.is_zero() { ROUNDS } else { 3 };
        let [ours, theirs] = alternating(rounds, [&mut ours, &mut theirs]);
        (ours, Some(theirs))
    } else {
        let [ours] = alternating(ROUNDS, [&mut ours]);
        (ours, None)
    };
    for name in ["staging-config.json", "prod-config.json", "cfn-sm-endpoint.yaml"] {
        assert!(folder.path().join("ours").join(name).is_file(), "`build` writes {name}");
        assert!(!has_peer || folder.path().join("theirs").join(name).is_file(), "the script writes {name}");
    }

    let what = format!("{versions} versions, {} ms", latency.as_millis());
    let mut add = |name: &str, unit: &str, value: f64, their: Option<f64>, goal: Option<f64>| {
        let mut figure = report.figure(format!("{name}: {what}"), value, unit);
        if let Some(their) = their {
            figure = figure.beside(PEER, their);
        }
        report.add(&match goal {
            Some(least) => figure.at_least(least, Of::Saving),
            None => figure,
        });
    };
    let is_plain = latency.is_zero();
    add("CPU time", "CPU s", ours.cpu, theirs.map(|usage| usage.cpu), is_plain.then_some(LEAST_TIMES_LESS));
    add("peak memory", "MiB", ours.peak_mib, theirs.map(|usage| usage.peak_mib), None);
    add("duration", "s", ours.wall, theirs.map(|usage| usage.wall), None);
    #[expect(clippy::cast_precision_loss, reason = "a few requests")]
    add("requests", "requests", our_requests as f64, has_peer.then_some(their_requests as f64), None);
    if is_plain {
        report.add(&report.figure(format!("CPU time of both commands: {what}"), ours.cpu, "CPU s").at_most(MOST_CPU, Of::Value));
        report.add(&report.figure(format!("peak memory of the larger: {what}"), ours.peak_mib, "MiB").at_most(MOST_MIB, Of::Value));
    }
}
