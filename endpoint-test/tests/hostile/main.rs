//! Hostile and broken containers: each gets the right outcome in time, and no report passes its
//! text on unescaped.

#[path = "../support/harmless.rs"]
mod harmless;
mod server;
#[path = "../support/stepped_clock.rs"]
mod stepped_clock;

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use endpoint_test::{
    Baseline, CaseReport, Clock, ContainerTarget, MAX_BODY, Outcome, Run, RunOptions, Suite, SystemClock, TargetInfo, TargetReport,
};

use self::harmless::harmless;
use self::server::{Server, chunk, with_length};
use self::stepped_clock::SteppedClock;

/// The expectation of the cases: it reads every byte of a response.
const EXPECT: &str = "{ text: { contains: setosa }, json: [{ at: /0/score, between: [0, 1] }] }";

async fn test(server: &Server, case: &str) -> TargetReport {
    test_by(server, case, &SystemClock::new()).await
}

async fn test_by(server: &Server, case: &str, clock: &impl Clock) -> TargetReport {
    let text = format!("version: 1\ncases:\n  - {case}\n");
    let suite = Suite::parse(&text, Path::new("suite.yaml")).unwrap_or_else(|errors| panic!("{errors}"));
    let target = ContainerTarget::new(&server.url).unwrap();
    let info = TargetInfo { account_id: "local".into(), region: "local".into(), endpoint: server.url.clone(), ..TargetInfo::default() };
    let options = RunOptions { wait: Duration::from_secs(5), ..RunOptions::default() };
    let report = Run::new(&target, &suite).options(options.clone()).clock(clock).start(info, |_| {}).await;
    harmless(&report);
    report
}

/// A case that checks everything.
async fn tested(server: &Server) -> CaseReport {
    let case = format!("{{ name: all, payload: {{ csv: '1' }}, timeout: 10m, expect: {EXPECT} }}");
    test(server, &case).await.cases.remove(0)
}

#[tokio::test]
async fn an_endless_body_is_cut_off_and_is_the_models_failure() {
    let server = Server::start(|stream| async move {
        server::send(&stream, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let chunk = chunk(&vec![b'x'; 1 << 18]);
        while server::send(&stream, &chunk).await {}
    })
    .await;
    let case = tested(&server).await;
    assert_eq!(case.outcome, Outcome::Failed);
    assert!(case.checks[0].message.as_ref().unwrap().contains(&format!("longer than {MAX_BODY} bytes")), "{case:#?}");
}

#[tokio::test]
async fn a_slow_body_ends_with_the_cases_timeout() {
    let server = Server::start(|stream| async move {
        server::send(&stream, b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
        while server::send(&stream, b"x").await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let report = test(&server, "{ name: slow, payload: { csv: '1' }, timeout: 300ms }").await;
    assert_eq!((report.cases[0].outcome, report.cases[0].message.as_deref()), (Outcome::Errored, Some("no response within 300 ms")));
    // With an expected latency, the timeout is a proven failure.
    let report = test(&server, "{ name: slow, payload: { csv: '1' }, timeout: 300ms, expect: { latency: { max: 200ms } } }").await;
    assert_eq!(report.cases[0].outcome, Outcome::Failed);
}

#[tokio::test]
async fn endless_headers_are_an_error() {
    let server = Server::start(|stream| async move {
        server::send(&stream, b"HTTP/1.1 200 OK\r\n").await;
        while server::send(&stream, b"x-more: and more and more and more and more and more and more\r\n").await {}
    })
    .await;
    let case = tested(&server).await;
    assert_eq!(case.outcome, Outcome::Errored, "{case:#?}");
}

#[tokio::test]
async fn long_keys_and_headers_are_cut_in_reports() {
    let key = "k".repeat(1 << 20);
    let body = format!("[{{\"label\": \"setosa\", \"{key}\": {{\"{key}\": \"{key}\"}}}}]");
    let response = with_length(&format!("text/{}", "x".repeat(200_000)), body.as_bytes());
    let schema = "{ items: { additionalProperties: { type: string, maxLength: 2 } } }";
    let case = format!(
        "{{ name: it, payload: {{ csv: '1' }}, timeout: 10m, expect: {{ content_type: text/csv, schema: {schema}, json: [{{ at: '$..*', type: number }}, {{ at: /0, equals: {{}} }}] }} }}"
    );
    // `test` checks the reports.
    let report = test(&Server::responding(response).await, &case).await;
    assert_eq!(report.cases[0].outcome, Outcome::Failed, "{report:#?}");
    assert!(report.cases[0].checks.iter().all(|check| check.outcome != Outcome::Errored));
}

#[tokio::test]
async fn long_keys_are_cut_in_the_comparison_with_a_baseline() {
    let key = "k".repeat(1 << 18);
    let members = |value: &str| (0..30).map(|member| format!("\"{member}\": \"{value}\"")).collect::<Vec<_>>().join(",");
    let body = |value: &str| with_length("application/json", format!("{{\"{key}\": {{{}}}}}", members(value)).as_bytes());
    let tested = Server::responding(body(&"a".repeat(1 << 16))).await;
    let other = Server::responding(body(&"b".repeat(1 << 16))).await;
    let baseline = ContainerTarget::new(&other.url).unwrap();
    let suite =
        Suite::parse("version: 1\ncases:\n  - { name: it, payload: { csv: '1' }, timeout: 10m }\n", Path::new("suite.yaml")).unwrap();
    let report = Run::new(&ContainerTarget::new(&tested.url).unwrap(), &suite)
        .compared_with(Baseline { target: &baseline, title: &other.url, fail_on_difference: true, is_production: false })
        .start(TargetInfo::default(), |_| {})
        .await;
    harmless(&report);
    let comparison = report.cases[0].comparison.as_ref().unwrap();
    assert_eq!((comparison.different, comparison.differences.len()), (1, 20), "{comparison:#?}");
    for found in &comparison.differences {
        let at = found.at.as_ref().unwrap();
        assert!(at.starts_with("/kkk") && at.contains("bytes in all") && at.len() < 6000, "{at}");
        assert!(found.this.len() < 6000 && found.other.len() < 6000);
    }
}

#[tokio::test]
async fn interim_responses_without_end_are_an_error() {
    let server = Server::start(|stream| async move {
        let many = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        while server::send(&stream, many.as_bytes()).await {}
    })
    .await;
    let case = tested(&server).await;
    assert_eq!(case.outcome, Outcome::Errored, "{case:#?}");
    assert!(case.message.as_ref().unwrap().contains("more than 16 interim responses"), "{case:#?}");
    // So is the ping.
    let server =
        Server::everything(|stream| async move { while server::send(&stream, b"HTTP/1.1 103 Early Hints\r\n\r\n").await {} }).await;
    let target = ContainerTarget::new(&server.url).unwrap();
    let error = endpoint_test::Target::describe(&target).await.unwrap_err();
    assert!(error.to_string().contains("more than 16 interim responses"), "{error}");
}

#[tokio::test]
async fn some_interim_responses_are_skipped() {
    let response = [b"HTTP/1.1 100 Continue\r\n\r\n".repeat(16), with_length("text/csv", b"setosa")].concat();
    let report =
        test(&Server::responding(response).await, "{ name: it, payload: { csv: '1' }, expect: { text: { equals: setosa } } }").await;
    assert_eq!(report.cases[0].outcome, Outcome::Passed, "{report:#?}");
}

#[tokio::test]
async fn the_largest_response_is_read_whole_and_one_byte_more_is_a_failure() {
    for (bytes, outcome) in [(MAX_BODY, Outcome::Passed), (MAX_BODY + 1, Outcome::Failed)] {
        let mut body = b"setosa".to_vec();
        body.resize(bytes, b' ');
        let server = Server::responding(with_length("text/csv", &body)).await;
        let report = test(&server, "{ name: large, payload: { csv: '1' }, timeout: 10m, expect: { text: { contains: setosa } } }").await;
        assert_eq!(report.cases[0].outcome, outcome, "{bytes}");
    }
}

#[tokio::test]
async fn binary_data_is_a_wrong_response() {
    let server = Server::responding(with_length("text/csv", b"\xff\xfe\x00setosa\x80\n")).await;
    let case = tested(&server).await;
    assert_eq!(case.outcome, Outcome::Failed);
    assert!(case.checks.iter().any(|check| check.name == "text" && check.outcome == Outcome::Failed), "{case:#?}");
}

#[tokio::test]
async fn a_compression_bomb_is_never_unpacked() {
    // A hundred megabytes of spaces, compressed to a hundredth of a megabyte.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..100 {
        encoder.write_all(&spaces).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    let mut response =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len())
            .into_bytes();
    response.extend_from_slice(&bomb);
    let server = Server::responding(response).await;
    let case = tested(&server).await;
    assert_eq!(case.outcome, Outcome::Failed, "{case:#?}");
    // Nor did the request accept compression.
    assert!(!server.heads().iter().any(|head| head.to_lowercase().contains("accept-encoding")));
}

#[tokio::test]
async fn a_wrong_length_is_an_error_if_bytes_are_missing() {
    let server = Server::responding(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsetosa".to_vec()).await;
    assert_eq!(tested(&server).await.outcome, Outcome::Errored);
    for length in ["-1", "six", "99999999999999999999999", "6, 7"] {
        let server = Server::responding(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nsetosa").into_bytes()).await;
        assert_eq!(tested(&server).await.outcome, Outcome::Errored, "{length}");
    }
    // Of a longer body only the announced bytes are the response.
    let server = Server::responding(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsetosavirginica".to_vec()).await;
    let report = test(&server, "{ name: short, payload: { csv: '1' }, expect: { text: { equals: setosa } } }").await;
    assert_eq!(report.cases[0].outcome, Outcome::Passed);
}

#[tokio::test]
async fn control_sequences_and_scripts_are_escaped() {
    let poison = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}<script>alert(1)</script><img src=x onerror=alert(2)>'\"]]>&\u{0}";
    for status in ["200 OK", "500 Internal Server Error", "302 Found"] {
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html\r\nlocation: javascript:alert(1)\r\ncontent-length: {}\r\n\r\n{poison}",
            poison.len()
        );
        let case = tested(&Server::responding(response.into_bytes()).await).await;
        assert_eq!(case.outcome, Outcome::Failed, "{status}");
    }
    // The same in a header and in the reason of a status.
    let response = "HTTP/1.1 200 <script>alert(1)</script>\r\ncontent-type: text/<script>alert(1)</script>\r\ncontent-length: 1\r\n\r\nx";
    assert_eq!(tested(&Server::responding(response.as_bytes().to_vec()).await).await.outcome, Outcome::Failed);
}

#[tokio::test]
async fn invalid_numbers_are_a_wrong_response() {
    for score in ["NaN", "Infinity", "-Infinity", "1e999", "nan", "0x1", "1.", "\"0.5\"", "null", "true"] {
        let server =
            Server::responding(with_length("application/json", format!("[{{\"label\":\"setosa\",\"score\":{score}}}]").as_bytes())).await;
        let case = tested(&server).await;
        assert_eq!(case.outcome, Outcome::Failed, "{score}: {case:#?}");
    }
}

#[tokio::test]
async fn deep_json_is_a_wrong_response_and_not_a_crash() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let count = (1 << 20) / (open.len() + close.len());
        let closed = format!("{}1{}", open.repeat(count), close.repeat(count));
        for body in [closed, open.repeat(1 << 20)] {
            let case = tested(&Server::responding(with_length("application/json", body.as_bytes())).await).await;
            assert_eq!(case.outcome, Outcome::Failed);
        }
    }
}

#[tokio::test]
async fn the_ping_of_a_hostile_container_ends_too() {
    let server = Server::everything(|stream| async move {
        server::send(&stream, b"HTTP/1.1 200 OK\r\n\r\n").await;
        let chunk = vec![b'x'; 1 << 16];
        while server::send(&stream, &chunk).await {}
    })
    .await;
    let report = test(&server, "{ name: it, payload: { csv: '1' } }").await;
    // It is ready, whatever else it sends.
    assert_eq!(report.cases[0].outcome, Outcome::Failed, "{report:#?}");
}

#[tokio::test]
async fn a_container_that_turns_hostile_under_load_is_counted_and_ends_in_time() {
    // Each finished request advances the clock to the next one, and a request that never gets a
    // response does so at its start: no response is late, however busy the machine is. The case is
    // request number zero.
    let clock = SteppedClock::default();
    let time = clock.clone();
    let server = Server::start(move |stream| {
        let time = time.clone();
        async move {
            let number = stream.number;
            match number % 4 {
                0 if number > 0 => {
                    server::send(&stream, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n").await;
                    // After the last one, the requests without a response time out.
                    time.advance(if number == 40 { Duration::from_secs(1) } else { Duration::from_millis(25) });
                    return server::gone(&stream).await;
                }
                1 if number > 3 => _ = server::send(&stream, b"\x1b[2J not http \r\n\r\n").await,
                2 if number > 3 => _ = server::send(&stream, &with_length("text/csv", b"\xff<script>\x1b[31m")).await,
                _ => _ = server::send(&stream, &with_length("text/csv", b"setosa")).await,
            }
            server::gone(&stream).await;
            if number > 0 {
                time.advance(Duration::from_millis(25));
            }
        }
    })
    .await;
    let suite = "{ name: it, payload: { csv: '1' }, timeout: 300ms, expect: { text: { contains: setosa } } }\nload:\n  phases: [{ rate: 40/s, for: 1s }]\n  abort_when: never";
    let load = test_by(&server, suite, &clock).await.load.unwrap();
    let mut kinds: Vec<_> = load.errors.iter().map(|error| (error.kind.as_str(), error.count)).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [("network", 9), ("timeout", 10), ("wrong answer", 9)], "{:#?}", load.errors);
    let total = load.total.unwrap();
    assert_eq!((total.sent, total.passed, total.dropped), (40, 12, 0));
}
