//! `plan` and `deploy` for up to 4,000 instances of a stack set: duration, CPU time, peak memory and
//! requests. CloudFormation responds after 50 ms, with 100 instances a page.

use std::process::ExitCode;
use std::time::Duration;

use benchmarks::aws::{Aws, Contents, account};
use benchmarks::scene::{Scene, program};
use benchmarks::{Meter, Of, Report, Usage};

const LATENCY: Duration = Duration::from_millis(50);
const MOST_CPU: f64 = 0.1;
const ROUNDS: usize = 3;

fn main() -> ExitCode {
    let mut report = Report::new("instances");
    for accounts in [4, 1000, 2000, 4000] {
        measured(&mut report, accounts);
    }
    report.exit()
}

fn measured(report: &mut Report, accounts: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let aws = Aws::start(Contents { accounts, latency: LATENCY, ..Contents::default() }).expect("a free port");
    let mut scene = Scene::new(folder.path(), &aws);
    scene.set("STAGING_ACCOUNT_LIST", &(0..accounts).map(account).collect::<Vec<_>>().join(","));
    let meter = Meter::start(folder.path()).expect("python3 starts");
    meter.run(&scene.process(&program(), "build --registry examples/registry.json"));
    for (name, arguments) in [("plan", "plan --stage staging"), ("deploy", "deploy --stage staging --no-preflight")] {
        let process = scene.process(&program(), arguments);
        let mut runs = Vec::new();
        let mut requests = 0;
        for _ in 0..ROUNDS {
            aws.take_requests();
            runs.push(meter.run(&process));
            requests = aws.take_requests();
        }
        let usage = Usage::median(&runs);
        let mut cpu = report.figure(format!("CPU time of {name}: {accounts} instances"), usage.cpu, "CPU s");
        if name == "plan" && accounts == 4000 {
            cpu = cpu.at_most(MOST_CPU, Of::Value);
        }
        report.add(&cpu);
        report.add(&report.figure(format!("duration of {name}: {accounts} instances"), usage.wall, "s"));
        report.add(&report.figure(format!("peak memory of {name}: {accounts} instances"), usage.peak_mib, "MiB"));
        #[expect(clippy::cast_precision_loss, reason = "some thousand")]
        report.add(&report.figure(format!("requests of {name}: {accounts} instances"), requests as f64, "requests"));
    }
}
