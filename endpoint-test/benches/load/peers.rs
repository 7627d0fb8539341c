//! Other load generators, on the same server.

use std::process::{Command, Stdio};

use serde_json::Value;

const BODY: &str = "5.1,3.5,1.4,0.2";

/// A program that is measured as well, if it is on the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Oha,
    Wrk,
}

/// The figures of one run.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) rate: f64,
    pub(crate) per_cpu_second: f64,
    pub(crate) p99_ms: f64,
}

/// The CPU seconds of this process, and of its children that have ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuSeconds {
    pub(crate) own: f64,
    children: f64,
}

/// What Linux counts; zero elsewhere.
pub(crate) fn cpu_seconds() -> CpuSeconds {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in parentheses: utime, stime, cutime and cstime are the fields 14 to 17.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<f64> = rest.split_whitespace().skip(11).take(4).filter_map(|field| field.parse().ok()).collect();
    let sum = |range: std::ops::Range<usize>| ticks.get(range).map_or(0.0, |ticks| ticks.iter().sum::<f64>() / 100.0);
    CpuSeconds { own: sum(0..2), children: sum(2..4) }
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Oha => "oha",
            Self::Wrk => "wrk",
        }
    }

    pub(crate) fn is_installed(self) -> bool {
        Command::new(self.name()).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }

    /// Users who wait for each response.
    pub(crate) fn closed(self, url: &str, users: usize, seconds: u64) -> Measured {
        match self {
            Self::Oha => Self::oha(url, users, None, seconds),
            Self::Wrk => Self::wrk(url, users, seconds),
        }
    }

    /// A fixed rate, which only `oha` has.
    pub(crate) fn open(self, url: &str, users: usize, rate: u64, seconds: u64) -> Measured {
        assert_eq!(self, Self::Oha);
        Self::oha(url, users, Some(rate), seconds)
    }

    fn oha(url: &str, users: usize, rate: Option<u64>, seconds: u64) -> Measured {
        let mut command = Command::new("oha");
        command.args(["--no-tui", "--output-format", "json", "-m", "POST", "-T", "text/csv", "-d", BODY]);
        command.args(["-c", &users.to_string(), "-z", &format!("{seconds}s")]);
        if let Some(rate) = rate {
            command.args(["-q", &rate.to_string()]);
        }
        let (text, cpu) = run(command.arg(format!("{url}/invocations")));
        let found: Value = serde_json::from_str(&text).unwrap();
        let rate = found["summary"]["requestsPerSec"].as_f64().unwrap();
        let total = rate * found["summary"]["total"].as_f64().unwrap();
        let p99 = found["latencyPercentiles"]["p99"].as_f64().unwrap();
        Measured { rate, per_cpu_second: total / cpu, p99_ms: p99 * 1000.0 }
    }

    #[expect(clippy::cast_precision_loss, reason = "some seconds")]
    fn wrk(url: &str, users: usize, seconds: u64) -> Measured {
        let script = tempfile::NamedTempFile::with_suffix(".lua").unwrap();
        let text = format!("wrk.method = \"POST\"\nwrk.body = \"{BODY}\"\nwrk.headers[\"Content-Type\"] = \"text/csv\"\n");
        std::fs::write(script.path(), text).unwrap();
        let mut command = Command::new("wrk");
        command.args(["-t", "1", "-c", &users.to_string(), "-d", &format!("{seconds}s"), "--latency", "-s"]).arg(script.path());
        let (text, cpu) = run(command.arg(format!("{url}/invocations")));
        let field = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name).map(|rest| rest.trim().to_owned()));
        let rate: f64 = field("Requests/sec:").unwrap().parse().unwrap();
        Measured { rate, per_cpu_second: rate * seconds as f64 / cpu, p99_ms: f64::NAN }
    }
}

/// Runs a program to its end; returns its output and its CPU seconds.
fn run(command: &mut Command) -> (String, f64) {
    let before = cpu_seconds().children;
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), cpu_seconds().children - before)
}
