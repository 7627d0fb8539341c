//! A load on an endpoint in another account.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use endpoint_test::aws::{SageMakerTarget, SessionRequest, session};
use endpoint_test::{Expected, Options, Suite, TargetInfo, Verdict, run};

use crate::canned::{Answer, Canned, error, header, json};

const SUITE: &str = "version: 1\ncases: [{ name: it, payload: { csv: '1' }, expect: { text: { contains: setosa } } }]\n";

fn described(operation: &str) -> Option<Answer> {
    Some(match operation {
        "DescribeEndpoint" => json(
            r#"{"EndpointName":"iris","EndpointStatus":"InService","EndpointConfigName":"c","ProductionVariants":[{"VariantName":"A","CurrentWeight":1.0}]}"#,
        ),
        "DescribeEndpointConfig" => json(r#"{"EndpointConfigName":"c","ProductionVariants":[{"VariantName":"A","ModelName":"m"}]}"#),
        "DescribeModel" => json(r#"{"ModelName":"m"}"#),
        _ => return None,
    })
}

/// Keys that last for so many seconds more. The SDK asks for new ones ten seconds before they run out.
fn keys(number: usize, seconds: u64) -> Answer {
    let expiry = SystemTime::now() + Duration::from_secs(seconds);
    let expiry = iso(expiry.duration_since(UNIX_EPOCH).unwrap().as_secs());
    let body = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
         <SessionToken>t</SessionToken><Expiration>{expiry}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    Answer { status: 200, headers: "content-type: text/xml\r\n".to_owned(), body }
}

/// `2026-01-01T00:00:00Z` of seconds since 1970, by the civil calendar.
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
fn a_date_is_written_as_aws_writes_it() {
    assert_eq!(iso(0), "1970-01-01T00:00:00Z");
    assert_eq!(iso(1_772_323_199), "2026-02-28T23:59:59Z");
    assert_eq!(iso(1_709_164_800), "2024-02-29T00:00:00Z");
}

/// AWS refuses keys that have run out: with them the load would be full of errors.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_run_out_during_a_load_are_replaced() {
    let assumed = std::sync::atomic::AtomicUsize::new(0);
    let aws = Canned::serving(move |call| {
        if call.operation == "AssumeRole" {
            let number = assumed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            // The first two sets run out within the load.
            return keys(number, if number < 2 { 11 } else { 3600 });
        }
        described(&call.operation).unwrap_or_else(|| Answer { body: "setosa".to_owned(), ..json("") })
    })
    .await;
    let request = SessionRequest {
        account: "222222222222".to_owned(),
        region: "us-east-1".to_owned(),
        role: "tester".to_owned(),
        session_name: "load".to_owned(),
        ..SessionRequest::default()
    };
    let config = session(&aws.config(), &request).await.unwrap();
    let suite = format!("{SUITE}load: {{ phases: [{{ rate: 20/s, for: 5s }}], thresholds: [errors == 0] }}\n");
    let suite = Suite::parse(&suite, Path::new("suite.yaml")).unwrap();
    let target = SageMakerTarget::from_config(&config, "iris");
    let report = run(&target, TargetInfo::default(), &suite, &Expected::default(), &Options::default(), |_| {}).await;
    // No request fails for want of credentials. How well the generator keeps pace on a busy machine is not the matter here.
    let load = report.load.unwrap();
    assert!(load.errors.is_empty(), "{load:#?}");
    let total = load.total.unwrap();
    assert_eq!(total.passed + total.dropped, 100, "{total:#?}");

    let calls = aws.calls();
    let invoked = calls.iter().filter(|call| call.operation == "InvokeEndpoint");
    let used: BTreeSet<_> = invoked
        .map(|call| header(&call.head, "authorization").unwrap().split("Credential=").nth(1).unwrap().split('/').next().unwrap().to_owned())
        .collect();
    assert!(used.contains("ASIA2"), "{used:?}");
    assert!(calls.iter().filter(|call| call.operation == "AssumeRole").count() >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn throttles_under_load_are_counted_by_their_code_and_never_repeated() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let aws = Canned::serving(move |call| {
        if let Some(answer) = described(&call.operation) {
            return answer;
        }
        // The first request is the suite's case.
        match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 4 {
            3 => error(429, "ThrottlingException", "Rate exceeded"),
            _ => Answer { body: "setosa".to_owned(), ..json("") },
        }
    })
    .await;
    let suite = format!("{SUITE}load: {{ phases: [{{ rate: 40/s, for: 1s }}], thresholds: [throttles == 0] }}\n");
    let suite = Suite::parse(&suite, Path::new("suite.yaml")).unwrap();
    let target = crate::target(&aws);
    let report = run(&target, TargetInfo::default(), &suite, &Expected::default(), &Options::default(), |_| {}).await;
    let load = report.load.unwrap();
    assert_eq!(
        (load.errors[0].kind.as_str(), load.errors[0].code.as_deref(), load.errors[0].count),
        ("throttled", Some("ThrottlingException"), 10)
    );
    assert_eq!(load.errors[0].request_id.as_deref(), Some("req-1"));
    assert_eq!(report.verdict, Verdict::Failed);
    // A case and forty requests of the load: a retry would be one more.
    assert_eq!(aws.operations().iter().filter(|operation| *operation == "InvokeEndpoint").count(), 41);
}
