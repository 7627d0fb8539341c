//! `test-staging` for many accounts, with a latency of 50 ms for every response: one account after
//! another, and all at once.

use std::process::ExitCode;
use std::time::Duration;

use benchmarks::aws::{Aws, Contents, account};
use benchmarks::scene::{Scene, program};
use benchmarks::{Meter, Of, Report, Usage};

const LATENCY: Duration = Duration::from_millis(50);
/// The goals: fifty accounts beside one, five hundred beside fifty, and the memory of another account.
const MOST_FOR_FIFTY: f64 = 1.25;
const MOST_FOR_FIVE_HUNDRED: f64 = 1.5;
const MOST_KIB_AN_ACCOUNT: f64 = 50.0;
/// More accounts take minutes.
const MOST_ONE_AFTER_ANOTHER: usize = 50;
const ROUNDS: usize = 5;

/// The tests of some accounts.
struct Stage {
    accounts: usize,
    folder: tempfile::TempDir,
    aws: Aws,
    scene: Scene,
    meter: Meter,
}

fn main() -> ExitCode {
    let mut report = Report::new("accounts");
    let stages = [1, 10, 50, 500].map(Stage::new);
    let mut runs = stages.each_ref().map(|_| Vec::new());
    // Alternating, after one run that is not counted.
    for round in 0..=ROUNDS {
        for (stage, runs) in stages.iter().zip(&mut runs) {
            let usage = stage.test("");
            if round > 0 {
                runs.push(usage);
            }
        }
    }
    let medians = runs.map(|runs| Usage::median(&runs));
    let [one, _, fifty, all] = medians;
    for (stage, usage) in stages.iter().zip(medians) {
        let accounts = stage.accounts;
        let mut figure = report.figure(format!("duration: {accounts} accounts"), usage.wall, "s");
        stage.aws.take_requests();
        if accounts <= MOST_ONE_AFTER_ANOTHER {
            // One run: it waits for seconds, and its duration hardly differs.
            figure = figure.beside("one after another", stage.test("--jobs 1").wall);
        } else {
            stage.test("");
        }
        #[expect(clippy::cast_precision_loss, reason = "some thousand")]
        let requests = stage.aws.take_requests() as f64;
        report.add(&figure);
        report.add(&report.figure(format!("CPU time: {accounts} accounts"), usage.cpu, "CPU s"));
        report.add(&report.figure(format!("peak memory: {accounts} accounts"), usage.peak_mib, "MiB"));
        report.add(&report.figure(format!("requests: {accounts} accounts"), requests, "requests"));
    }
    let figure = report.figure("50 accounts beside the critical path of one", fifty.wall, "s").beside("one account", one.wall);
    report.add(&figure.at_most(MOST_FOR_FIFTY, Of::Ratio));
    let figure = report.figure("500 accounts beside 50", all.wall, "s").beside("50 accounts", fifty.wall);
    report.add(&figure.at_most(MOST_FOR_FIVE_HUNDRED, Of::Ratio));
    let kib = (all.peak_mib - fifty.peak_mib) * 1024.0 / 450.0;
    report.add(&report.figure("memory of another account", kib, "KiB").at_most(MOST_KIB_AN_ACCOUNT, Of::Value));
    report.exit()
}

impl Stage {
    /// A release for this many accounts, built without AWS.
    fn new(accounts: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let aws = Aws::start(Contents { latency: LATENCY, ..Contents::default() }).expect("a free port");
        let mut scene = Scene::new(folder.path(), &aws);
        scene.set("STAGING_ACCOUNT_LIST", &(0..accounts).map(account).collect::<Vec<_>>().join(","));
        let meter = Meter::start(folder.path()).expect("python3 starts");
        meter.run(&scene.process(&program(), "build --registry examples/registry.json"));
        Self { accounts, folder, aws, scene, meter }
    }

    fn test(&self, options: &str) -> Usage {
        let usage = self.meter.run(&self.scene.process(&program(), &format!("test-staging {options}")));
        let output = self.meter.output();
        assert!(output.contains(&format!("{} passed", self.accounts)), "{}: {output}", self.folder.path().display());
        usage
    }
}
