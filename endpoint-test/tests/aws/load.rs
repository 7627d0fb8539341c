//! A load on an endpoint in another account.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::TimeSource;
use endpoint_test::aws::{SageMakerTarget, SessionRequest, session};
use endpoint_test::{Clock as _, Run, Suite, TargetInfo, Verdict};

use crate::canned::{Canned, CannedResponse, error, header, json};
use crate::stepped_clock::SteppedClock;

/// The clock may advance while a response is in flight: with this timeout none is late.
const SUITE: &str = "version: 1\ncases: [{ name: it, payload: { csv: '1' }, timeout: 1h, expect: { text: { contains: setosa } } }]\n";

fn described(operation: &str) -> Option<CannedResponse> {
    Some(match operation {
        "DescribeEndpoint" => json(
            r#"{"EndpointName":"iris","EndpointStatus":"InService","EndpointConfigName":"c","ProductionVariants":[{"VariantName":"A","CurrentWeight":1.0}]}"#,
        ),
        "DescribeEndpointConfig" => json(r#"{"EndpointConfigName":"c","ProductionVariants":[{"VariantName":"A","ModelName":"m"}]}"#),
        "DescribeModel" => json(r#"{"ModelName":"m"}"#),
        _ => return None,
    })
}

/// The start of these tests' clock, in seconds since 1970.
const BEGINNING: u64 = 1_772_323_200;

/// The load's clock as the time of day, which the SDK uses for signatures and credentials.
#[derive(Debug)]
struct TimeOfDay(SteppedClock);

impl TimeSource for TimeOfDay {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(BEGINNING) + self.0.now()
    }
}

/// Credentials that expire at `expiry`, in seconds since 1970.
fn keys(number: usize, expiry: u64) -> CannedResponse {
    let expiry = iso(expiry);
    let body = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
         <SessionToken>t</SessionToken><Expiration>{expiry}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    CannedResponse { status: 200, headers: "content-type: text/xml\r\n".to_owned(), body }
}

/// The access key of a request's signature.
fn key(head: &str) -> &str {
    header(head, "authorization").unwrap().split("Credential=").nth(1).unwrap().split('/').next().unwrap()
}

/// Seconds since 1970 as `2026-01-01T00:00:00Z`, by the civil calendar.
fn iso(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let (date, month) = (day_of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[test]
fn a_date_has_the_format_of_aws() {
    assert_eq!(iso(0), "1970-01-01T00:00:00Z");
    assert_eq!(iso(1_772_323_199), "2026-02-28T23:59:59Z");
    assert_eq!(iso(1_709_164_800), "2024-02-29T00:00:00Z");
}

/// Forty minutes of load, with a clock that each request advances by a minute, and credentials that
/// last fifteen.
#[tokio::test]
async fn credentials_that_expire_during_a_load_are_renewed() {
    let clock = SteppedClock::default();
    let (time, expiries) = (clock.clone(), Mutex::new(Vec::new()));
    let aws = Canned::serving(move |call| {
        let mut expiries = expiries.lock().unwrap();
        if call.operation == "AssumeRole" {
            let expiry = time.now() + Duration::from_mins(15);
            expiries.push(expiry);
            return keys(expiries.len() - 1, BEGINNING + expiry.as_secs());
        }
        if let Some(response) = described(&call.operation) {
            return response;
        }
        let number: usize = key(&call.head).strip_prefix("ASIA").unwrap().parse().unwrap();
        if time.now() >= expiries[number] {
            return error(403, "ExpiredTokenException", "The security token included in the request is expired");
        }
        time.advance(Duration::from_mins(1));
        CannedResponse { body: "setosa".to_owned(), ..json("") }
    })
    .await;
    let request = SessionRequest {
        account: "222222222222".to_owned(),
        region: "us-east-1".to_owned(),
        role: "tester".to_owned(),
        session_name: "load".to_owned(),
        ..SessionRequest::default()
    };
    let config = aws.config().into_builder().time_source(TimeOfDay(clock.clone())).build();
    let config = session(&config, &request).await.unwrap();
    let suite = format!("{SUITE}load: {{ phases: [{{ rate: 1/m, for: 40m }}], thresholds: [errors == 0, dropped == 0] }}\n");
    let suite = Suite::parse(&suite, Path::new("suite.yaml")).unwrap();
    let target = SageMakerTarget::from_config(&config, "iris");
    let report = Run::new(&target, &suite).clock(&clock).start(TargetInfo::default(), |_| {}).await;
    assert_eq!(report.verdict, Verdict::Passed, "{:#?}", report.load);
    assert_eq!(report.load.unwrap().total.unwrap().passed, 40);

    let calls = aws.calls();
    let used: BTreeSet<_> = calls.iter().filter(|call| call.operation == "InvokeEndpoint").map(|call| key(&call.head)).collect();
    assert_eq!(used.len(), 3, "{used:?}");
}

#[tokio::test]
async fn throttled_requests_are_counted_by_code_and_not_retried() {
    let clock = SteppedClock::default();
    let (time, requests) = (clock.clone(), std::sync::atomic::AtomicUsize::new(0));
    let aws = Canned::serving(move |call| {
        if let Some(response) = described(&call.operation) {
            return response;
        }
        time.advance(Duration::from_millis(25));
        // The first request is the suite's case.
        match requests.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 4 {
            3 => error(429, "ThrottlingException", "Rate exceeded"),
            _ => CannedResponse { body: "setosa".to_owned(), ..json("") },
        }
    })
    .await;
    let suite = format!("{SUITE}load: {{ phases: [{{ rate: 40/s, for: 1s }}], thresholds: [throttles == 0] }}\n");
    let suite = Suite::parse(&suite, Path::new("suite.yaml")).unwrap();
    let target = crate::target(&aws);
    let report = Run::new(&target, &suite).clock(&clock).start(TargetInfo::default(), |_| {}).await;
    let load = report.load.unwrap();
    assert_eq!(
        (load.errors[0].kind.as_str(), load.errors[0].code.as_deref(), load.errors[0].count),
        ("throttled", Some("ThrottlingException"), 10)
    );
    assert_eq!(load.errors[0].request_id.as_deref(), Some("req-1"));
    assert_eq!(report.verdict, Verdict::Failed);
    // One case and forty requests of the load: a retry would be one more.
    assert_eq!(aws.operations().iter().filter(|operation| *operation == "InvokeEndpoint").count(), 41);
}
