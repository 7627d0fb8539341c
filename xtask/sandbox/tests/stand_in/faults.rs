use std::time::{Duration, Instant};

use sandbox::stand_in::{Error, Fault, StandIn};
use serde_json::{Value, json};

use super::{REGISTRY, STAGING, start};

fn list_groups(aws: &StandIn) -> (u16, Value) {
    let reply = aws.call_as_program(REGISTRY, "sagemaker", "ListModelPackageGroups", &json!({})).unwrap();
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[test]
fn a_fault_skips_requests_applies_and_is_used_up() {
    let aws = start();
    let fault = Fault::error(400, "ThrottlingException", "Rate exceeded").on("sagemaker", "ListModelPackageGroups");
    aws.fault(&fault.after_requests(1).times(2)).unwrap();
    assert_eq!((0..5).map(|_| list_groups(&aws).0).collect::<Vec<_>>(), [200, 400, 400, 200, 200]);
}

#[test]
fn a_fault_stays_until_it_is_cleared() {
    let aws = start();
    aws.fault(&Fault::error(500, "InternalFailure", "no luck")).unwrap();
    assert_eq!((list_groups(&aws).0, list_groups(&aws).0), (500, 500));
    aws.clear_faults().unwrap();
    assert_eq!(list_groups(&aws).0, 200);
}

#[test]
fn a_fault_applies_only_to_its_account_region_and_text() {
    let aws = start();
    let describe = |account: &str, group: &str| {
        aws.call_as_program(account, "sagemaker", "DescribeModelPackageGroup", &json!({ "ModelPackageGroupName": group })).unwrap().status
    };
    aws.fault(&Fault::error(503, "Busy", "busy").of_account(STAGING).in_region("us-east-1").containing("iris")).unwrap();
    assert_eq!([describe(STAGING, "iris"), describe(STAGING, "rose"), describe(REGISTRY, "iris")], [503, 400, 400]);
}

#[test]
fn errors_have_the_format_of_each_protocol() {
    let aws = start();
    aws.fault(&Fault::error(400, "ThrottlingException", "Rate <exceeded>").retry_after(2)).unwrap();
    let json_error = aws.call_as_program(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap();
    assert_eq!(json_error.text(), r#"{"__type": "ThrottlingException", "message": "Rate <exceeded>"}"#);
    assert_eq!((json_error.header("content-type"), json_error.header("retry-after")), (Some("application/x-amz-json-1.1"), Some("2")));

    let query_error = aws.query_as_program(REGISTRY, "cloudformation", "ListStacks", &[]).unwrap().text();
    assert!(query_error.contains("<Error><Type>Sender</Type><Code>ThrottlingException</Code>"), "{query_error}");
    assert!(query_error.contains("<Message>Rate &lt;exceeded&gt;</Message></Error><RequestId>"), "{query_error}");

    let rest_error = aws.invoke(REGISTRY, "iris", "text/csv", "1", &[]).unwrap();
    assert_eq!(
        (rest_error.header("x-amzn-errortype"), rest_error.text().as_str()),
        (Some("ThrottlingException"), r#"{"Message": "Rate <exceeded>"}"#)
    );
}

#[test]
fn latency_delays_the_response_and_no_other_request() {
    let aws = start();
    aws.fault(&Fault::latency(Duration::from_millis(200)).on("sagemaker", "ListModelPackageGroups")).unwrap();
    let started = Instant::now();
    assert_eq!(list_groups(&aws).0, 200);
    assert!(started.elapsed() >= Duration::from_millis(200));

    aws.clear_faults().unwrap();
    aws.fault(&Fault::latency(Duration::from_hours(1)).on("sagemaker", "ListModelPackageGroups")).unwrap();
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..4).map(|_| scope.spawn(|| list_groups(&aws).0)).collect();
        aws.call_as_program(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap();
        assert!(!slow.iter().any(std::thread::ScopedJoinHandle::is_finished), "these wait until the faults are cleared");
        aws.clear_faults().unwrap();
        assert!(slow.into_iter().all(|thread| thread.join().unwrap() == 200));
    });
}

#[test]
fn a_dropped_connection_has_no_response_and_is_in_the_log() {
    let aws = start();
    aws.fault(&Fault::dropped().times(1)).unwrap();
    let dropped = aws.call_as_program(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap_err();
    assert!(matches!(dropped, Error::Request { .. }), "{dropped}");
    assert_eq!(aws.call_as_program(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap().status, 200);
    assert_eq!(aws.requests().unwrap().iter().map(|request| request.status).collect::<Vec<_>>(), [None, Some(200)]);
    assert_eq!(aws.standard_error(), "");
}

#[test]
fn a_role_can_refuse_while_others_are_assumed() {
    let aws = start();
    let assume = |account: &str| {
        let arn = format!("arn:aws:iam::{account}:role/Tester");
        aws.query_as_program(REGISTRY, "sts", "AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "test")]).unwrap().status
    };
    aws.fault(&Fault::refused_role("arn:aws:iam::222222222222:role/Tester")).unwrap();
    assert_eq!((assume(STAGING), assume("333333333333")), (403, 200));
}

#[test]
fn a_repeated_request_that_met_a_fault_has_the_same_digest_and_another_one_does_not() {
    let aws = StandIn::start(&sandbox::stand_in::Options::new(super::cache())).unwrap();
    aws.fault(&Fault::error(400, "ThrottlingException", "slow down").on("sagemaker", "ListModels")).unwrap();
    for input in [json!({}), json!({}), json!({ "MaxResults": 1 })] {
        aws.call_as_program(STAGING, "sagemaker", "ListModels", &input).unwrap();
    }
    aws.call_as_program(STAGING, "sagemaker", "ListModelPackages", &json!({})).unwrap();
    let met = aws.requests_with_faults().unwrap();
    assert_eq!(met.len(), 3);
    assert!(met[0] == met[1] && met[1] != met[2]);
    let logged: Vec<_> = aws.requests().unwrap().into_iter().map(|request| request.digest).collect();
    assert_eq!(logged[..3], met);
    aws.clear_faults().unwrap();
    assert!(aws.requests_with_faults().unwrap().is_empty());
}

#[test]
fn the_log_has_the_programs_requests_and_not_the_tests_calls() {
    let folder = tempfile::tempdir().unwrap();
    let log_file = folder.path().join("requests.jsonl");
    let options = sandbox::stand_in::Options { log_file: Some(log_file.clone()), ..sandbox::stand_in::Options::new(super::cache()) };
    let aws = StandIn::start(&options).unwrap();
    aws.call(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap();
    aws.call_as_program(STAGING, "sagemaker", "ListModelPackages", &json!({ "MaxResults": 1 })).unwrap();
    aws.query_as_program(REGISTRY, "sts", "GetCallerIdentity", &[]).unwrap();
    let requests = aws.requests().unwrap();
    let seen: Vec<_> =
        requests.iter().map(|request| (request.service.as_str(), request.action.as_str(), request.account.as_str())).collect();
    assert_eq!(seen, [("sagemaker", "ListModelPackages", STAGING), ("sts", "GetCallerIdentity", REGISTRY)]);
    assert_eq!((requests[0].status, requests[0].request_bytes, requests[0].region.as_str()), (Some(200), 16, "us-east-1"));
    assert!(requests[0].response_bytes > 20 && requests[0].ms > 0.0);
    aws.clear_requests().unwrap();
    assert_eq!(aws.requests().unwrap(), []);
    let lines = std::fs::read_to_string(&log_file).unwrap();
    assert_eq!(
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["action"].clone()).collect::<Vec<_>>(),
        ["ListModelPackages", "GetCallerIdentity"]
    );
}
