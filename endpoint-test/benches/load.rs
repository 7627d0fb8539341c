//! What the load generator can do, beside `oha` and `wrk` on the same server: `cargo xtask bench
//! load`.
//!
//! Every response of ours is checked against its expectation; `oha` and `wrk` check none. Runs
//! alternate, and each figure is the median of its runs. Rates are requests per CPU second of the
//! generator, so that they do not depend on what the server or another program takes.
//!
//! The server is this program in a second process. The environment variable `BENCH_RESULTS` names a
//! file to which each figure is added as a line of JSON. `BENCH_SECONDS` is the time of a run, 5 by
//! default, and `BENCH_ROUNDS` their number, 3 by default. `BENCH_MEMORY_SECONDS` is that of the run
//! whose memory is measured, 30 by default. `BENCH_ONLY` selects `closed`, `open`, `connections` or
//! `memory`.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

#[path = "load/peers.rs"]
mod peers;
#[path = "load/server.rs"]
mod server;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use endpoint_test::{ContainerTarget, LoadReport, Run, Suite, TargetInfo};
use serde_json::{Value, json};

use self::peers::{Measured, Peer, cpu_seconds};
use self::server::Server;

/// The requests in flight of a closed loop, for all generators.
const USERS: usize = 64;

/// A figure, and what it must be.
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    peer: Option<(&'static str, f64)>,
    goal: Option<Goal>,
}

enum Goal {
    /// At least this part of the peer's.
    PartOfPeer(f64),
    /// At most this many times the peer's.
    TimesPeer(f64),
    /// At most this.
    AtMost(f64),
}

impl Figure {
    fn ratio(&self) -> Option<f64> {
        self.peer.map(|(_, value)| self.value / value)
    }

    fn is_met(&self) -> Option<bool> {
        match self.goal.as_ref()? {
            Goal::PartOfPeer(part) => Some(self.ratio()? >= *part),
            Goal::TimesPeer(times) => Some(self.ratio()? <= *times),
            Goal::AtMost(most) => Some(self.value <= *most),
        }
    }

    fn json(&self) -> Value {
        let goal = self.goal.as_ref().map(|goal| match goal {
            Goal::PartOfPeer(part) => json!({ "at_least": part, "of": "ratio" }),
            Goal::TimesPeer(times) => json!({ "at_most": times, "of": "ratio" }),
            Goal::AtMost(most) => json!({ "at_most": most, "of": "value" }),
        });
        let mut line = json!({ "benchmark": "load", "name": self.name, "value": self.value, "unit": self.unit });
        if let Some((name, value)) = self.peer {
            line["peer"] = json!({ "name": name, "value": value });
        }
        if let Some(goal) = goal {
            line["goal"] = goal;
        }
        line
    }
}

/// Our own load, with the CPU seconds of this process.
fn ours(url: &str, load: &str) -> (LoadReport, f64) {
    let text = format!(
        "version: 1\ncases:\n  - {{ name: flower, payload: {{ csv: '5.1,3.5,1.4,0.2' }}, expect: {{ text: {{ equals: setosa }} }} }}\nload:\n{load}"
    );
    let suite = Suite::parse(&text, Path::new("suite.yaml")).unwrap();
    let target = ContainerTarget::new(url).unwrap();
    // Like the runtime of the program.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let before = cpu_seconds().own;
    let report = runtime.block_on(Run::new(&target, &suite).start(TargetInfo::default(), |_| {}));
    let cpu = cpu_seconds().own - before;
    let load = *report.load.unwrap();
    let total = load.total.as_ref().unwrap_or_else(|| panic!("{:?}", load.message));
    assert_eq!(total.errors, 0, "{:?}", load.errors);
    (load, cpu)
}

#[expect(clippy::cast_precision_loss, reason = "some millions")]
fn closed(url: &str, seconds: u64) -> Measured {
    let (report, cpu) = ours(url, &format!("  phases: [{{ users: {USERS}, for: {seconds}s }}]\n"));
    let total = report.total.unwrap();
    Measured { rate: total.sent as f64 / seconds as f64, per_cpu_second: total.sent as f64 / cpu, p99_ms: p99(&total.service_time) }
}

fn open(url: &str, rate: u64, seconds: u64) -> (Measured, f64) {
    let (report, cpu) = ours(url, &format!("  max_in_flight: {USERS}\n  phases: [{{ rate: {rate}/s, for: {seconds}s }}]\n"));
    let (total, pace) = (report.total.unwrap(), report.pace.unwrap());
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    let per_cpu_second = total.sent as f64 / cpu;
    (Measured { rate: total.throughput_per_second, per_cpu_second, p99_ms: p99(&total.service_time) }, pace.p99_ms)
}

/// How much the resident memory grows during a load of 5000 requests a second, after its first
/// sixth.
fn memory(url: &str, seconds: u64) -> Figure {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    // A sample each ten seconds of ten minutes, and sixty in any case.
    let pause = (Duration::from_secs(seconds) / 60).min(Duration::from_secs(10));
    let sampler = std::thread::spawn(move || {
        let mut samples = Vec::new();
        while stopped.recv_timeout(pause).is_err() {
            samples.push(resident_mib());
            if pause == Duration::from_secs(10) {
                println!("{:.1} MiB", samples[samples.len() - 1]);
            }
        }
        samples
    });
    let load = format!("  max_in_flight: {USERS}\n  max_requests: 100000000\n  phases: [{{ rate: 5000/s, for: {seconds}s }}]\n");
    let (report, _) = ours(url, &load);
    stop.send(()).unwrap();
    let resident = sampler.join().unwrap();
    let start = resident.len() / 6;
    let growth = resident[start..].iter().copied().fold(0.0, f64::max) - resident[start];
    let sent = report.total.unwrap().sent;
    let name = format!("growth of memory in {seconds} s, {sent} requests, from {:.1} MiB", resident[start]);
    // The series of a chart has at most 90 steps of 21 KB, whatever the number of requests.
    Figure { name, value: growth, unit: "MiB", peer: None, goal: Some(Goal::AtMost(2.0)) }
}

/// What Linux reports; zero elsewhere.
fn resident_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

fn p99(latencies: &endpoint_test::report::Latencies) -> f64 {
    latencies.percentiles.iter().find(|point| (point.percentile - 99.0).abs() < 1e-9).map_or(f64::NAN, |point| point.ms)
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn main() -> ExitCode {
    if server::is_server() {
        server::serve();
        return ExitCode::SUCCESS;
    }
    let server = Server::start();
    let url = server.url.as_str();
    let (seconds, rounds) = (setting("BENCH_SECONDS", 5), setting("BENCH_ROUNDS", 3));
    let only = std::env::var("BENCH_ONLY").ok();
    let wants = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let peers: Vec<Peer> = [Peer::Oha, Peer::Wrk].into_iter().filter(|peer| peer.is_installed()).collect();
    let mut figures = Vec::new();

    if wants("closed") {
        let (mut own, mut others) = (Vec::new(), vec![Vec::new(); peers.len()]);
        for _ in 0..rounds {
            own.push(closed(url, seconds));
            for (peer, runs) in peers.iter().zip(&mut others) {
                runs.push(peer.closed(url, USERS, seconds));
            }
        }
        let value = median(own.iter().map(|run| run.per_cpu_second));
        let name = format!("{USERS} users, requests per CPU second");
        if peers.is_empty() {
            figures.push(Figure { name: name.clone(), value, unit: "1/s", peer: None, goal: None });
        }
        for (peer, runs) in peers.iter().zip(&others) {
            let theirs = median(runs.iter().map(|run| run.per_cpu_second));
            let goal = (*peer == Peer::Oha).then_some(Goal::PartOfPeer(0.75));
            figures.push(Figure { name: name.clone(), value, unit: "1/s", peer: Some((peer.name(), theirs)), goal });
            let theirs = median(runs.iter().map(|run| run.rate));
            let value = median(own.iter().map(|run| run.rate));
            figures.push(Figure {
                name: format!("{USERS} users, requests per second"),
                value,
                unit: "1/s",
                peer: Some((peer.name(), theirs)),
                goal: None,
            });
        }
    }
    for rate in [1000, 5000, 20_000] {
        if !wants("open") {
            break;
        }
        let (mut own, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            own.push(open(url, rate, seconds));
            theirs.extend(peers.contains(&Peer::Oha).then(|| Peer::Oha.open(url, USERS, rate, seconds)));
        }
        let peer = (!theirs.is_empty()).then(|| (Peer::Oha.name(), median(theirs.iter().map(|run| run.p99_ms))));
        figures.push(Figure {
            name: format!("service time p99 at {rate}/s"),
            value: median(own.iter().map(|(run, _)| run.p99_ms)),
            unit: "ms",
            peer,
            goal: peer.map(|_| Goal::TimesPeer(1.1)),
        });
        let lag = Figure {
            name: format!("schedule lag p99 at {rate}/s"),
            value: median(own.iter().map(|(_, lag)| *lag)),
            unit: "ms",
            peer: None,
            goal: (rate == 5000).then_some(Goal::AtMost(2.0)),
        };
        figures.push(lag);
        let peer = (!theirs.is_empty()).then(|| (Peer::Oha.name(), median(theirs.iter().map(|run| run.per_cpu_second))));
        let value = median(own.iter().map(|(run, _)| run.per_cpu_second));
        figures.push(Figure { name: format!("requests per CPU second at {rate}/s"), value, unit: "1/s", peer, goal: None });
    }
    if wants("connections") {
        let before = server.connections();
        let (report, _) = ours(url, &format!("  max_in_flight: {USERS}\n  phases: [{{ rate: 10000/s, for: {seconds}s }}]\n"));
        let opened = server.connections() - before;
        figures.push(Figure {
            name: format!("connections for {} requests, {USERS} in flight at most", report.total.unwrap().sent),
            value: opened,
            unit: "",
            peer: None,
            // One for the ping and one for the case.
            #[expect(clippy::cast_precision_loss, reason = "64")]
            goal: Some(Goal::AtMost((USERS + 2) as f64)),
        });
    }
    if wants("memory") {
        figures.push(memory(url, setting("BENCH_MEMORY_SECONDS", 30)));
    }
    print(&figures);
    for peer in [Peer::Oha, Peer::Wrk] {
        if !peers.contains(&peer) {
            println!("NO COMPARISON WITH {}: not installed", peer.name());
        }
    }
    if let Some(path) = std::env::var_os("BENCH_RESULTS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        for figure in &figures {
            writeln!(file, "{}", figure.json()).unwrap();
        }
    }
    if figures.iter().any(|figure| figure.is_met() == Some(false)) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn print(figures: &[Figure]) {
    println!("{:<8} {:<52} {:>12} {:>12} {:>7}", "GOAL", "FIGURE", "OURS", "PEER", "RATIO");
    for figure in figures {
        let goal = match figure.is_met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        let peer = figure.peer.map(|(name, value)| format!("{name} {value:.2}")).unwrap_or_default();
        let ratio = figure.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        println!("{goal:<8} {:<52} {:>9.2} {:<4} {peer:>14} {ratio:>7}", figure.name, figure.value, figure.unit);
        println!("{}", figure.json());
    }
}
