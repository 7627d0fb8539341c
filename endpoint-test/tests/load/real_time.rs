//! The same over HTTP and by the machine's own clock.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use endpoint_test::{ContainerTarget, Expected, LoadReport, Options, Outcome, Suite, TargetInfo, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A container that answers at once, but for a second in which it does nothing. Gives its URL.
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
    let report = run(&target, TargetInfo::default(), &suite, &Expected::default(), &Options::default(), |_| {}).await;
    *report.load.unwrap()
}

/// 200 requests a second for six seconds, in the third of which nobody is answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_second_shows_in_p99_and_a_closed_loop_beside_it_does_not_see_it() {
    let url = stalling(Duration::from_secs(2), Duration::from_secs(3)).await;
    let thresholds = "  thresholds: [p99 < 500ms, dropped == 0]\n  max_in_flight: 400\n";
    let open = format!("  phases: [{{ rate: 200/s, for: 6s }}]\n{thresholds}");
    let closed = format!("  phases: [{{ users: 1, for: 6s }}]\n{thresholds}");
    let (open, closed) = tokio::join!(load(&url, &open), load(&url, &closed));

    let p99 = |report: &LoadReport| {
        let total = report.total.as_ref().unwrap();
        total.response_time.percentiles.iter().find(|point| (point.percentile - 99.0).abs() < 1e-9).unwrap().ms
    };
    // 200 of 1200 waited, evenly from nothing to a second: p99 is near the slowest of them.
    assert!((800.0..2000.0).contains(&p99(&open)), "{:#?}", open.total);
    assert_ne!(open.outcome, Outcome::Passed);
    let seen = open.series.unwrap().steps.iter().filter(|step| step.p95_ms.is_some_and(|p95| p95 > 300.0)).count();
    assert!(seen >= 1);
    // The one user waited once, among hundreds of quick answers.
    let total = closed.total.as_ref().unwrap();
    assert!(total.sent > 300 && total.response_time.max_ms > 500.0, "{total:#?}");
    assert!(p99(&closed) < 200.0, "{total:#?}");
}
