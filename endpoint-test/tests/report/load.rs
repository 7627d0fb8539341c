//! A load in the reports.

use endpoint_test::{Report, report};
use insta::assert_snapshot;

use crate::sample;

/// The report of the one target with a load.
fn loaded() -> Report {
    let mut report = sample::loaded();
    report.targets.retain(|target| target.load.as_ref().is_some_and(|load| load.total.is_some()));
    report.targets[0].checks.clear();
    report.targets[0].cases.clear();
    report
}

#[test]
fn the_table_has_the_thresholds_with_their_values() {
    assert_snapshot!(report::table(&loaded()), @r#"
    endpoint iris-p-abc123xyz-staging
    VERDICT  ACCOUNT       REGION     STATUS     CHECKS  CASES  SLOWEST
    failed   222222222222  us-east-1  InService  -       -      -

    failed load on 222222222222/us-east-1/iris-p-abc123xyz-staging
      1200 sent in 61.2 s: 1197 right, 3 errors, 2 dropped; 19.95/s
      response time p50 12.0 ms  p95 18.0 ms  p99 412.0 ms  max 412.0 ms
      service time  p50 12.0 ms  p95 18.0 ms  p99 40.0 ms  max 40.0 ms
      sent late by  p50 0.4 ms  p95 1.1 ms  max 3.0 ms
      passed   p95 < 250ms         18 ms
      failed   p99 < 100ms         412 ms
               hint: response time includes the network
      errored  <ramp>: p99.9 < 1s
               too few responses: 1200, and 10000 are needed
      3 × model error 500, first at "one flower gets a species": <img src=x onerror=alert(1)>\u{1b}[31m out of memory

    failed (3 targets: 1 passed, 1 failed, 1 errored)
    "#);
}

#[test]
fn the_junit_file_has_a_test_case_for_each_threshold() {
    assert_snapshot!(report::junit(&loaded()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="xtask staging" tests="3" skipped="0" failures="1" errors="1" time="41.200">
        <testsuite name="222222222222/us-east-1/iris-p-abc123xyz-staging" tests="3" skipped="0" errors="1" failures="1" time="41.200">
            <properties>
                <property name="role" value="ml/endpoint-tester"/>
                <property name="endpoint_config" value="iris-config-12"/>
                <property name="status" value="InService"/>
            </properties>
            <testcase name="p95 &lt; 250ms" classname="load"/>
            <testcase name="p99 &lt; 100ms" classname="load">
                <failure message="`p99 &lt; 100ms` failed: the value is 412 ms" type="load">`p99 &lt; 100ms` failed: the value is 412 ms
      hint: response time includes the network</failure>
            </testcase>
            <testcase name="&lt;ramp&gt;: p99.9 &lt; 1s" classname="load">
                <error message="too few responses: 1200, and 10000 are needed" type="load">too few responses: 1200, and 10000 are needed</error>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn a_load_that_did_not_run_is_skipped_in_every_report() {
    let mut report = sample::loaded();
    report.targets.retain(|target| target.load.as_ref().is_some_and(|load| load.total.is_none()));
    assert!(
        report::table(&report)
            .contains("skipped load on 333333333333/eu-west-1/iris-p-abc123xyz-staging\n  the target is not in service\n")
    );
    assert!(report::junit(&report).contains(
        "<testcase name=\"load\" classname=\"load\" time=\"0.000\">\n            <skipped message=\"the target is not in service\"/>"
    ));
    assert!(report::html(&report).contains("the target is not in service"));
}

#[test]
fn a_load_reads_back_from_json_unchanged() {
    let report = sample::loaded();
    assert_eq!(serde_json::from_str::<Report>(&report::json(&report)).unwrap(), report);
}
