//! How a load over HTTP shows a second without responses, by the machine's own clock: `cargo xtask
//! bench stalled_second`.
//!
//! 200 requests per second for six seconds, and one user. The tests in `tests/load` check the same
//! in virtual time on any machine; this benchmark needs a machine with nothing else to do. It
//! prints each figure with its goal, and fails if one is not met.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints, and rounds")]

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use endpoint_test::{ContainerTarget, LoadReport, Outcome, Run, Suite, TargetInfo};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A container that responds at once, except during one second. Returns its URL.
async fn stalling(from: Duration, until: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // The first invocation is the suite's case; the load begins with the second.
    let start: Arc<tokio::sync::OnceCell<Instant>> = Arc::default();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    if buffer[..count].starts_with(b"POST") {
                        let elapsed = start.get_or_init(|| async { Instant::now() }).await.elapsed();
                        if elapsed >= from && elapsed < until {
                            tokio::time::sleep(until.saturating_sub(elapsed)).await;
                        }
                    }
                    if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsetosa").await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

async fn load(url: &str, load: &str) -> LoadReport {
    let text = format!(
        "version: 1\ncases:\n  - {{ name: flower, payload: {{ csv: '1' }}, expect: {{ text: {{ equals: setosa }} }} }}\nload:\n{load}"
    );
    let suite = Suite::parse(&text, Path::new("suite.yaml")).unwrap();
    let target = ContainerTarget::new(url).unwrap();
    let report = Run::new(&target, &suite).start(TargetInfo::default(), |_| {}).await;
    *report.load.unwrap()
}

fn main() -> ExitCode {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(measured())
}

async fn measured() -> ExitCode {
    let url = stalling(Duration::from_secs(2), Duration::from_secs(3)).await;
    let thresis_met = "  thresis_met: [p99 < 500ms, dropped == 0]\n  max_in_flight: 400\n";
    let open = format!("  phases: [{{ rate: 200/s, for: 6s }}]\n{thresis_met}");
    let closed = format!("  phases: [{{ users: 1, for: 6s }}]\n{thresis_met}");
    let (open, closed) = tokio::join!(load(&url, &open), load(&url, &closed));

    let p99 = |report: &LoadReport| {
        let total = report.total.as_ref().expect("requests were sent");
        total.response_time.percentiles.iter().find(|point| (point.percentile - 99.0).abs() < 1e-9).map_or(0.0, |point| point.ms)
    };
    let total = closed.total.as_ref().expect("requests were sent");
    let seen =
        open.series.as_ref().map_or(0, |series| series.steps.iter().filter(|step| step.p95_ms.is_some_and(|p95| p95 > 300.0)).count());
    let at_least = |limit: f64| json!({ "at_least": limit });
    let goals = [
        // 200 of 1200 waited, evenly between zero and a second: p99 is near the slowest of them.
        ("p99 of 200 requests per second", p99(&open), "ms", json!({ "at_least": 800, "at_most": 2000 })),
        ("failed thresholds of 500 ms", f64::from(open.outcome != Outcome::Passed), "thresholds", at_least(1.0)),
        ("steps of the chart that show the stall", seen as f64, "steps", at_least(1.0)),
        // The one user waited once, among hundreds of fast responses.
        ("requests of one user", total.sent as f64, "requests", at_least(300.0)),
        ("longest response time of one user", total.response_time.max_ms, "ms", at_least(500.0)),
        ("p99 of one user, which does not show the stall", p99(&closed), "ms", json!({ "at_most": 200 })),
    ];
    let mut all_met = true;
    for (name, value, unit, goal) in goals {
        let is_met =
            goal["at_least"].as_f64().is_none_or(|least| value >= least) && goal["at_most"].as_f64().is_none_or(|most| value <= most);
        println!("{:>8} {name}: {value:.0} {unit} {goal}", if is_met { "met" } else { "MISSED" });
        report(&json!({ "benchmark": "stalled_second", "name": name, "value": value, "unit": unit, "goal": goal }));
        all_met &= is_met;
    }
    if all_met || results().is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The file to which a benchmark appends its figures; `cargo xtask bench` sets it and judges them.
fn results() -> Option<std::ffi::OsString> {
    std::env::var_os("BENCH_RESULTS")
}

fn report(figure: &Json) {
    let Some(path) = results() else { return };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("the file of the figures");
    writeln!(file, "{figure}").expect("a line");
}
